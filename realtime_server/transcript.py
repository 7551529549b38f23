"""What went over one WebSocket connection, frame by frame.

Independent of the server: whatever sees the frames of a connection can keep them in a
:class:`Transcript`, so that evidence has one form whoever gathered it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from itertools import repeat
from typing import Any, Literal, NamedTuple

FrameKind = Literal["request", "upgrade", "text", "binary", "close"]

_FORMAT = "realtime-transcript"
_VERSION = 1


class Sender(StrEnum):
    """Who put a frame on the wire."""

    CLIENT = "client"
    SERVER = "server"


class TranscriptOpen(AssertionError):  # noqa: N818 - it names the state that was found, not a fault
    """Absence was asked of a transcript to which frames may still be added."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, or one half of the opening handshake.

    Attributes:
        at_ms: Milliseconds since the upgrade request arrived, on a monotonic clock.
        sender: Who sent it.
        kind: ``request`` and ``upgrade`` are the two halves of the handshake.
        payload: A text frame verbatim; the head of a request or response with the credential masked;
            the reason of a close; ``<n bytes>`` for a binary frame.
        code: Close code (RFC 6455 §7.4) or HTTP status.
        rule: Id of the rule by which the server refused something, when this frame says so.
        note: What the refused construct looks like and what GA wants instead.
    """

    at_ms: float
    sender: Sender
    kind: FrameKind
    payload: str
    code: int | None = None
    rule: str | None = None
    note: str = ""

    @property
    def event(self) -> dict[str, Any] | None:
        """The JSON object of a text frame, or None when this frame holds none."""
        if self.kind != "text":
            return None
        try:
            parsed = json.loads(self.payload)
        except (ValueError, RecursionError):
            return None
        return parsed if isinstance(parsed, dict) else None

    @property
    def type(self) -> str | None:
        """The ``type`` of the event in this frame, or None."""
        event = self.event
        name = event.get("type") if event else None
        return name if isinstance(name, str) else None


_FIELDS = tuple(field.name for field in fields(Frame))
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode  # made once: there are thousands of frames


class Run(NamedTuple):
    """Text frames that left the server together and are put together when somebody reads the transcript.

    The audio of an answer is the same object in every session that hears it. To copy it into each
    transcript would take longer than to send it.

    Attributes:
        at_ms: As in :class:`Frame`.
        head: How each payload begins.
        ids: What follows, and is different in each of them.
        middle: What follows that.
        deltas: What each of them is about.
        tail: How each payload ends.
    """

    at_ms: float
    head: bytes
    ids: Sequence[bytes]
    middle: bytes
    deltas: Sequence[bytes]
    tail: bytes

    def payloads(self) -> Iterable[tuple[bytes, ...]]:
        """Return each payload in its pieces of UTF-8."""
        head, middle, tail = repeat(self.head), repeat(self.middle), repeat(self.tail)
        return zip(head, self.ids, middle, self.deltas, tail, strict=False)

    def frames(self) -> list[Frame]:
        """Return the frames."""
        texts = (b"".join(pieces).decode() for pieces in self.payloads())
        return [Frame(self.at_ms, Sender.SERVER, "text", text) for text in texts]


class Transcript:
    """The frames of one connection in the order they were seen; append-only and thread-safe."""

    def __init__(self, frames: Iterable[Frame] = ()) -> None:
        self._kept: list[Frame | Run] = list(frames)
        self._changed = threading.Condition()

    def __repr__(self) -> str:
        return f"<Transcript of {len(self.frames)} frames, {'closed' if self.closed else 'open'}>"

    def append(self, *frames: Frame | Run) -> None:
        """Add frames in one step and wake everyone who waits for them."""
        with self._changed:
            self._kept.extend(frames)
            self._changed.notify_all()

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Every frame so far."""
        with self._changed:
            return tuple(self._from(0))

    def events(self, sender: Sender) -> list[dict[str, Any]]:
        """The JSON objects ``sender`` sent, in order."""
        return [event for f in self.frames if f.sender == sender and (event := f.event) is not None]

    def types(self, sender: Sender) -> list[str]:
        """The event types ``sender`` sent, in order."""
        return [name for f in self.frames if f.sender == sender and (name := f.type) is not None]

    @property
    def closed(self) -> bool:
        """Whether the connection has ended, so that nothing can be added by the other side."""
        with self._changed:
            return any(isinstance(one, Frame) and one.kind == "close" for one in self._kept)

    def complete(self) -> Transcript:
        """Return this transcript once nothing can be added to it.

        Raises:
            TranscriptOpen: the connection is still open, so a frame may be on its way.
        """
        if not self.closed:
            raise TranscriptOpen("hang up first: absence is proven only over a closed transcript")
        return self

    def wait_for(self, wanted: Callable[[Frame], bool], timeout_s: float, count: int = 1) -> Frame | None:
        """Block until ``count`` frames satisfy ``wanted``; return the last of them, None when time is up."""
        deadline = time.monotonic() + timeout_s
        seen = found = 0
        with self._changed:
            while True:
                for frame in self._from(seen):
                    found += wanted(frame)
                    if found == count:
                        return frame
                seen = len(self._kept)
                left_s = deadline - time.monotonic()
                late = left_s <= 0 or not self._changed.wait(left_s)
                if late and len(self._kept) == seen:  # else a frame came together with the deadline
                    return None

    def _from(self, start: int) -> list[Frame]:
        kept = self._kept[start:]
        return [frame for one in kept for frame in (one.frames() if isinstance(one, Run) else [one])]

    def to_jsonl(self) -> str:
        """JSON lines: the first names the format and its version, each further one is a frame."""
        head = {"format": _FORMAT, "version": _VERSION}
        lines = [head, *({name: getattr(frame, name) for name in _FIELDS} for frame in self.frames)]
        return "".join(f"{_ENCODE(line)}\n" for line in lines)

    @classmethod
    def from_jsonl(cls, text: str) -> Transcript:
        """Read what :meth:`to_jsonl` wrote.

        Raises:
            ValueError: not such a text; says which line is wrong and what it should be.
        """
        head, *lines = text.splitlines() or [""]
        try:
            known = json.loads(head) == {"format": _FORMAT, "version": _VERSION}
        except ValueError:
            known = False
        if not known:
            raise ValueError(
                f"line 1: not a transcript of version {_VERSION}; write it with Transcript.to_jsonl()"
            )
        frames = []
        for number, line in enumerate(lines, start=2):
            try:
                values = json.loads(line)
                frames.append(Frame(**{**values, "sender": Sender(values["sender"])}))
            except (ValueError, TypeError, KeyError) as error:
                raise ValueError(f"line {number}: not a frame of a transcript ({error})") from None
        return cls(frames)
