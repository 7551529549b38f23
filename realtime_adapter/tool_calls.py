"""The function calls of a response, put together from the events that describe them.

The wire describes one call several times: its arguments piece by piece and then whole
(``response.function_call_arguments.*``), the item it is (``response.output_item.*``), and the list of all
items at the end (``response.done``). One ``call_id`` is one call, whichever of them arrive.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from realtime_adapter.events import (
    FunctionCallArgumentsDelta,
    FunctionCallArgumentsDone,
    OutputEvent,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
)

logger = logging.getLogger("realtime_adapter")

NO_ARGUMENTS = "{}"


@dataclass(frozen=True)
class ToolCall:
    """The model has called a function.

    Attributes:
        call_id: The server's id of the call; what the function returns is sent back under it.
        name: The function; empty when the server never named it.
        arguments: JSON text as the model wrote it; it may be no JSON at all. ``{}`` when there was none.
    """

    call_id: str
    name: str
    arguments: str = NO_ARGUMENTS

    def as_chat(self) -> dict[str, Any]:
        """Return the call as an entry of ``tool_calls`` in a message of OpenAI's chat API."""
        return {
            "id": self.call_id,
            "type": "function",
            "function": {"name": self.name, "arguments": self.arguments},
        }


@dataclass
class _Draft:
    name: str = ""
    streamed: str = ""
    whole: str = ""
    final: bool = False


class ToolCalls:
    """The calls of one response, in the order in which they arrived."""

    def __init__(self) -> None:
        self._drafts: dict[str, _Draft] = {}

    def take(self, event: OutputEvent) -> None:
        """Take in what an event says of a call; events about anything else are left alone."""
        match event:
            case FunctionCallArgumentsDelta():
                if draft := self._draft(event.call_id):
                    draft.streamed += event.delta
            case FunctionCallArgumentsDone():
                self._finish(event.call_id, event.name, event.arguments)
            case ResponseOutputItemAdded():
                if event.item.get("type") == "function_call" and (
                    draft := self._draft(event.item.get("call_id"))
                ):
                    draft.name = draft.name or _text(event.item.get("name"))
            case ResponseOutputItemDone():
                self.take_item(event.item)

    def take_item(self, item: Mapping[str, Any]) -> None:
        """Take in an item that is final; a call that was cut short is none."""
        if item.get("type") != "function_call":
            return
        if item.get("status") == "incomplete":
            self._drafts.pop(_text(item.get("call_id")), None)
            return
        self._finish(item.get("call_id"), item.get("name"), item.get("arguments"))

    @property
    def final(self) -> tuple[ToolCall, ...]:
        """The calls that the server has described to their end, each once, in order of arrival."""
        return tuple(
            ToolCall(call_id, draft.name, draft.whole or draft.streamed or NO_ARGUMENTS)
            for call_id, draft in self._drafts.items()
            if draft.final
        )

    def _finish(self, call_id: Any, name: Any, arguments: Any) -> None:
        if draft := self._draft(call_id):
            draft.name = draft.name or _text(name)
            draft.whole = max(draft.whole, _text(arguments), key=len)  # the fuller of two descriptions
            draft.final = True

    def _draft(self, call_id: Any) -> _Draft | None:
        if not _text(call_id):
            logger.debug("a function call without call_id was skipped: nothing could be returned to it")
            return None
        return self._drafts.setdefault(call_id, _Draft())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
