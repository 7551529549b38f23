"""Python functions that the model may call: offered with their signature, called with checked arguments.

A call always comes to an end that the model can read. Arguments that do not fit, an exception in the
function, a result that cannot be written as JSON and a function that takes too long each become the call's
output, so that the conversation goes on.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic_core import PydanticSerializationError, to_json

from realtime_adapter.errors import ConfigurationError

logger = logging.getLogger("realtime_adapter")

DEFAULT_TIMEOUT_S = 30.0


class FunctionTool:
    """A Python function as a tool.

    Its name, its docstring and the types of its arguments are what the model is told of it.

    Args:
        function: Any function whose arguments can be given by name; it may be asynchronous. One that is not
            runs in a thread, where it is left behind when it takes too long.
        timeout_s: How long one call may take, in seconds.

    Raises:
        ConfigurationError: the signature cannot be offered; names the function.
    """

    def __init__(self, function: Callable[..., Any], *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self.name = getattr(function, "__name__", type(function).__name__)
        self.timeout_s = timeout_s
        self._asynchronous = inspect.iscoroutinefunction(function)
        try:
            self._checked: TypeAdapter[Any] = TypeAdapter(_resolved(function))
            self._parameters = self._checked.json_schema()
        except (PydanticUserError, NameError, TypeError) as error:
            raise self._unusable(str(error).splitlines()[0]) from None
        if self._parameters.get("type") != "object":
            raise self._unusable("it has arguments that cannot be given by name")
        self.definition: dict[str, Any] = {
            "type": "function",
            "name": self.name,
            "description": inspect.getdoc(function) or "",
            "parameters": self._parameters,
        }

    def _unusable(self, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"The function {self.name} cannot be a tool: {why}.",
            remedy="Give each argument a name and a type that JSON Schema has.",
            param="tools",
        )

    async def call(self, arguments: str) -> str:
        """Return what the function returns for ``arguments``, as the output the model is given.

        Args:
            arguments: JSON text as the model wrote it.

        Returns:
            Text as it is, anything else as JSON; ``{"error": …}`` for whatever went wrong.
        """
        try:
            async with asyncio.timeout(self.timeout_s):
                if self._asynchronous:
                    result = await self._checked.validate_json(arguments)
                else:
                    result = await asyncio.to_thread(self._checked.validate_json, arguments)
            return result if isinstance(result, str) else to_json(result).decode()
        except ValidationError as error:
            return self._failed(_flaws(error))
        except TimeoutError:
            return self._failed(f"{self.name} took longer than {self.timeout_s:g} s")
        except PydanticSerializationError as error:
            return self._failed(f"what {self.name} returned cannot be written as JSON: {error}")
        except Exception as error:  # whatever it is: the model must be told, and the conversation go on
            logger.warning("the tool %s failed", self.name, exc_info=error)
            return self._failed(f"{type(error).__name__}: {error}")

    def _failed(self, why: str) -> str:
        logger.info("the tool %s did not return: %s", self.name, why)
        return json.dumps({"error": why})


def _resolved(function: Callable[..., Any]) -> Any:
    """Return ``function`` with its annotations looked up where it was written, also when it is a method."""

    @functools.wraps(function)
    def resolved(*positional: Any, **named: Any) -> Any:
        return function(*positional, **named)

    resolved.__annotations__ = get_type_hints(function, include_extras=True)
    return resolved


def _flaws(error: ValidationError) -> str:
    flaws = error.errors(include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, flaw['loc'])) or 'arguments'}: {flaw['msg']}" for flaw in flaws)


def split_tools(tools: Sequence[Any]) -> tuple[list[Any], Mapping[str, FunctionTool]]:
    """Return the definitions of ``tools`` as on the wire, and the functions among them by name.

    Args:
        tools: Definitions as on the wire, Python functions, and ``FunctionTool``.

    Raises:
        ConfigurationError: a function cannot be offered, or two have one name.
    """
    definitions: list[Any] = []
    functions: dict[str, FunctionTool] = {}
    for tool in tools:
        if not isinstance(tool, FunctionTool) and not callable(tool):
            definitions.append(tool)
            continue
        function = tool if isinstance(tool, FunctionTool) else FunctionTool(tool)
        if function.name in functions:
            raise ConfigurationError(
                f"Two tools are called {function.name}.", remedy="Give each a name of its own.", param="tools"
            )
        functions[function.name] = function
        definitions.append(function.definition)
    return definitions, functions
