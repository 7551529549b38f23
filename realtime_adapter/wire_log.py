"""What went over the wire, as JSON lines: one for each frame, numbered, without secrets and without audio.

The numbers are those that ``realtime_adapter.telemetry`` puts on its spans, so a trace leads to its frames.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from realtime_adapter.connection import FrameListener

# The fields that hold audio, by the event they stand in; ``delta`` alone is text in other events.
_AUDIO = {
    "input_audio_buffer.append": "audio",
    "response.output_audio.delta": "delta",
    "response.audio.delta": "delta",
}
# Keys and client secrets of the vendor and of gateways, and whatever stands behind "Bearer".
_SECRETS = re.compile(r"\b(?:sk|ek|vk)[-_][\w-]{6,}|(?<=Bearer )[^\s\"\\]+", re.ASCII)


def scrubbed(text: str) -> str:
    """Return ``text`` with three asterisks in place of everything that looks like a credential."""
    return _SECRETS.sub("***", text)


class WireLog:
    """A listener for ``on_frame=`` that writes a line for each frame.

    A line is a JSON object: ``connection`` and ``frame`` count from 1, ``at_s`` is in seconds since 1970,
    ``direction`` is ``client`` or ``server``, ``kind`` is ``request``, ``upgrade``, ``text``, ``binary`` or
    ``close``. An event stands under ``event``, anything else under ``payload``; a close has its ``code``.
    Base64 audio is replaced by its length.

    Example:
        >>> with WireLog("wire.jsonl") as log:
        ...     async with OpenAIRealtimeAgentAdapter(on_frame=log) as adapter:
        ...         ...

    Args:
        target: A path, to which is added, or a text file open for writing.
        clock: Tells the time, in seconds since 1970.

    Raises:
        OSError: ``target`` cannot be written.
    """

    def __init__(self, target: str | PathLike[str] | IO[str], clock: Callable[[], float] = time.time) -> None:
        self._owned = isinstance(target, str | PathLike)
        if isinstance(target, str | PathLike):
            target = Path(target).open("a", encoding="utf-8")  # noqa: SIM115 - close() closes it
        self._file: IO[str] = target
        self._clock = clock
        self._connection = 0
        self._frame = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(self, direction: str, kind: str, payload: str, code: int | None) -> None:
        """Write a line."""
        if kind == "request":
            self._connection += 1
            self._frame = 0
        self._frame += 1
        line: dict[str, Any] = {
            "connection": self._connection,
            "frame": self._frame,
            "at_s": round(self._clock(), 3),
            "direction": direction,
            "kind": kind,
        }
        event = _event(payload) if kind == "text" else None
        line |= {"payload": payload} if event is None else {"event": event}
        if code is not None:
            line["code"] = code
        self._file.write(scrubbed(json.dumps(line, ensure_ascii=False)) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file, if it was opened here."""
        if self._owned:
            self._file.close()


def each(*listeners: FrameListener) -> FrameListener:
    """Return a listener for ``on_frame=`` that tells each of several."""

    def tell(direction: str, kind: str, payload: str, code: int | None) -> None:
        for listener in listeners:
            listener(direction, kind, payload, code)

    return tell


def _event(payload: str) -> dict[str, Any] | None:
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    field = _AUDIO.get(str(event.get("type")))
    if field and isinstance(event.get(field), str):
        event[field] = f"<{len(event[field])} characters of base64>"
    return event
