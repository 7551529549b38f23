"""The tools that scenarios offer: definitions, and functions that keep what they were called with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal

from realtime_adapter import FunctionTool

SOON_S = 0.05  # how long a function may take that never returns

DEFINITIONS: dict[str, dict[str, Any]] = {
    name: {
        "type": "function",
        "name": name,
        "description": purpose,
        "parameters": {"type": "object", "properties": {"day": {"type": "string"}}},
    }
    for name, purpose in (("opening_hours", "Say when the shop is open."), ("stock", "Count what is left."))
}


class Functions:
    """The functions of one scenario.

    Attributes:
        calls: Name and argument of each call, in order.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self._go_on = asyncio.Event()

    def tool(self, name: str) -> FunctionTool:
        """Return the function called ``name`` as a tool.

        Raises:
            LookupError: no scenario has such a function.
        """
        known: dict[str, Callable[..., Any]] = {
            each.__name__: each
            for each in (self.opening_hours, self.broken, self.stuck, self.odd, self.patient)
        }
        return FunctionTool(known[name], timeout_s=SOON_S if name == "stuck" else 5.0)

    def release(self) -> None:
        """Let the patient function return."""
        self._go_on.set()

    def opening_hours(self, day: Literal["mon", "tue"]) -> str:
        """Say when the shop is open."""
        self.calls.append(("opening_hours", day))
        return "from nine to six"

    def broken(self) -> str:
        """Look it up."""
        raise LookupError("the book is lost")

    async def stuck(self) -> None:
        """Never return."""
        await asyncio.Event().wait()

    def odd(self) -> object:
        """Return what JSON has not."""
        return object()

    async def patient(self) -> str:
        """Return when it is told to."""
        await self._go_on.wait()
        return "done"
