"""What becomes of an event between the server and the wire when faults are in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realtime_server.script import Ending


@dataclass(frozen=True)
class Pause:
    """Nothing is sent for a while.

    Attributes:
        ms: How long, on the server's clock.
    """

    ms: float


@dataclass(frozen=True)
class Packet:
    """An event on its way out.

    Attributes:
        event: The event.
        text: What is sent in its place; None for the event itself.
        padding_bytes: Spaces that follow it in the same frame, which JSON allows.
        note: The fault that changed it, for the transcript.
    """

    event: Mapping[str, Any]
    text: str | None = None
    padding_bytes: int = 0
    note: str = ""


Step = Packet | Pause | Ending
Line = Callable[[Packet], Sequence[Step]]


class Trouble:
    """What the faults of one connection make of what it sends.

    Args:
        lines: What each fault does, with the fault's name, in the order in which they meet an event.
        struck: Called with the name of a fault whenever it strikes.
    """

    def __init__(self, lines: Iterable[tuple[str, Line]], struck: Callable[[str], None]) -> None:
        self._lines = tuple(lines)
        self._struck = struck

    def steps(self, event: Mapping[str, Any]) -> Iterator[Step]:
        """Yield what is to be done instead of sending ``event``; most often just that."""
        yield from self._through(Packet(event), self._lines)

    def _through(self, step: Step, lines: Sequence[tuple[str, Line]]) -> Iterator[Step]:
        if not lines or not isinstance(step, Packet):
            yield step
            return
        (name, line), *others = lines
        steps = line(step)
        if [*steps] != [step]:
            self._struck(name)
        for each in steps:
            yield from self._through(each, others)
