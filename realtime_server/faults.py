"""Faults by name: what can go wrong at the server's end of the line.

A fault is a name and a few parameters, written ``close code=1011 after=3`` on the command line and in a
scenario; :func:`fault` reads it. :attr:`realtime_server.script.Script.faults` holds those in force. Where the
model's answer has a setting for it, the fault sets that; the rest changes what goes over the wire.

Events are counted, and shares drawn from a seed, on each connection anew: the same faults, the same trouble.
"""

from __future__ import annotations

import difflib
import shlex
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from random import Random
from typing import Any, ClassVar

from realtime_server.oracle import schema
from realtime_server.script import (
    Answer,
    CloseWith,
    Ending,
    EndOfStream,
    ResetConnection,
    TranscriptionFailure,
)
from realtime_server.trouble import Line, Packet, Pause, Step, Trouble

AUDIO_DELTA = "response.output_audio.delta"
_UNHEARD_OF = {"unheard_of": {"since": "tomorrow"}}
_BYTES_PER_100_MS = 4_800


class FaultError(ValueError):
    """A fault that cannot be had; the sentence names what is wrong with it and the remedy."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong. What a fault does not override goes on as usual.

    Attributes:
        name: What it is called.
        pongs: Whether the client's pings are answered.
        reading_pause_ms: How long the server waits before it reads the next frame.
    """

    name: ClassVar[str] = ""
    pongs: ClassVar[bool] = True

    @property
    def reading_pause_ms(self) -> float:
        """How long the server waits before it reads the client's next frame."""
        return 0

    def answered(self, answer: Answer) -> Answer:
        """Return what the model does instead of ``answer``."""
        return answer

    def heard(self, words: str | TranscriptionFailure | None) -> str | TranscriptionFailure | None:
        """Return what the user's audio is heard as instead of ``words``; None to recognise it."""
        return words

    def line(self, _random: Random) -> Line | None:
        """Return what this fault makes of each event of one connection, or None for nothing."""
        return None

    def __str__(self) -> str:
        given = (f"{one.name}={_written(getattr(self, one.name))}" for one in fields(self))
        return " ".join([self.name, *given])


# --- what the model does --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Delay(Fault):
    """Every delta of an answer comes ``ms`` milliseconds late."""

    name = "delay"
    ms: float = 50

    def __post_init__(self) -> None:
        _at_least(self, "ms", 0)

    def answered(self, answer: Answer) -> Answer:
        """Pause between the deltas."""
        return replace(answer, pause_ms=self.ms)


@dataclass(frozen=True)
class OddSlices(Fault):
    """Answers are cut into slices of odd sizes from 1 to ``largest`` bytes, drawn from ``seed``."""

    name = "odd-slices"
    largest: int = 999
    seed: int = 1

    def __post_init__(self) -> None:
        _at_least(self, "largest", 1)

    def answered(self, answer: Answer) -> Answer:
        """Cut samples in two, wherever it happens."""
        random, left, sizes = _random(self.seed), len(answer.audio), list[int]()
        while left > 0:
            sizes.append(random.randrange(1, self.largest + 1, 2))
            left -= sizes[-1]
        return replace(answer, slice_bytes=tuple(sizes))


@dataclass(frozen=True)
class Failed(Fault):
    """The response fails with ``code`` after ``slices`` slices of 100 ms."""

    name = "failed"
    code: str = "server_error"
    message: str = "The server had an error while processing your request."
    slices: int = 2

    def __post_init__(self) -> None:
        _at_least(self, "slices", 0)

    def answered(self, answer: Answer) -> Answer:
        """Cut the answer short and end it as failed."""
        error = {"type": self.code, "code": self.code, "message": self.message}
        return replace(_cut_short(answer, self.slices), status="failed", error=error)


@dataclass(frozen=True)
class RateLimit(Failed):
    """The rate limit is reached inside the response, after ``slices`` slices of 100 ms."""

    name = "rate-limit"
    code: str = "rate_limit_exceeded"
    message: str = "Rate limit reached for this model; try again in a moment."


@dataclass(frozen=True)
class Incomplete(Fault):
    """The response ends as incomplete, for ``reason``, after ``slices`` slices of 100 ms."""

    name = "incomplete"
    reason: str = "max_output_tokens"
    slices: int = 2

    def __post_init__(self) -> None:
        _at_least(self, "slices", 0)
        _one_of(self, "reason", ("max_output_tokens", "content_filter"))

    def answered(self, answer: Answer) -> Answer:
        """Cut the answer short and end it as incomplete."""
        return replace(_cut_short(answer, self.slices), status="incomplete", reason=self.reason)


@dataclass(frozen=True)
class TranscriptionFailed(Fault):
    """What the user said is not written down, for ``code``."""

    name = "transcription-failure"
    code: str = "audio_unintelligible"
    message: str = "The audio could not be transcribed."

    def heard(self, _words: str | TranscriptionFailure | None) -> TranscriptionFailure:
        """Hear nothing."""
        return TranscriptionFailure(self.message, self.code)


# --- what goes over the wire ----------------------------------------------------------------------------


@dataclass(frozen=True)
class OnEvents(Fault):
    """A fault that strikes some events, counted on each connection.

    Attributes:
        on: The type of the events it strikes; ``*`` stands for any letters.
        after: How many of them come through unharmed first.
        times: How many of those that follow it strikes; 0 for all.
    """

    on: str = AUDIO_DELTA
    after: int = 0
    times: int = 1

    def __post_init__(self) -> None:
        _known_events(self)
        _at_least(self, "after", 0)
        _at_least(self, "times", 0)

    def line(self, _random: Random) -> Line:
        """Count the events and strike those whose turn it is."""
        seen = 0

        def passed(packet: Packet) -> Sequence[Step]:
            nonlocal seen
            if not _is(packet, self.on):
                return [packet]
            seen += 1
            due = seen > self.after and (not self.times or seen <= self.after + self.times)
            return self.strike(packet) if due else [packet]

        return passed

    def strike(self, packet: Packet) -> Sequence[Step]:
        """Return what becomes of an event that is struck."""
        raise NotImplementedError


@dataclass(frozen=True)
class Stall(OnEvents):
    """The line stands still for ``ms`` milliseconds before an event, with all that follows it."""

    name = "stall"
    ms: float = 300
    after: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        _at_least(self, "ms", 0)

    def strike(self, packet: Packet) -> Sequence[Step]:
        """Wait, then go on."""
        return [Pause(self.ms), replace(packet, note=self.name)]


@dataclass(frozen=True)
class Forgotten(OnEvents):
    """An event is not sent at all."""

    name = "forgotten"
    on: str = "response.done"

    def strike(self, _packet: Packet) -> Sequence[Step]:
        """Send nothing."""
        return []


@dataclass(frozen=True)
class Malformed(OnEvents):
    """An event is cut off in the middle, so that it is no JSON."""

    name = "malformed"
    after: int = 2

    def strike(self, packet: Packet) -> Sequence[Step]:
        """Keep the first few characters."""
        return [replace(packet, text='{"type": "response.outp', note=self.name)]


@dataclass(frozen=True)
class Oversized(OnEvents):
    """An event comes in a frame of ``padding_bytes`` more than it needs."""

    name = "oversized"
    after: int = 2
    padding_bytes: int = 17 * 1024 * 1024

    def __post_init__(self) -> None:
        super().__post_init__()
        _at_least(self, "padding_bytes", 1)

    def strike(self, packet: Packet) -> Sequence[Step]:
        """Fill the frame up."""
        return [replace(packet, padding_bytes=self.padding_bytes, note=self.name)]


@dataclass(frozen=True)
class UnknownEvent(OnEvents):
    """An event comes after one that no client has heard of."""

    name = "unknown-event"
    on: str = "*"
    times: int = 0

    def strike(self, packet: Packet) -> Sequence[Step]:
        """Put the other one first; it has the same event_id, as a careless server's would."""
        unknown = {**packet.event, **_UNHEARD_OF, "type": "session.unheard_of"}
        return [Packet(unknown, note=self.name), packet]


@dataclass(frozen=True)
class ExtraFields(OnEvents):
    """An event, and the object in it, carry a field that no client has heard of."""

    name = "extra-fields"
    on: str = "*"
    times: int = 0

    def strike(self, packet: Packet) -> Sequence[Step]:
        """Add the field."""
        inner = {
            key: {**value, **_UNHEARD_OF} for key, value in packet.event.items() if isinstance(value, dict)
        }
        return [replace(packet, event={**packet.event, **inner, **_UNHEARD_OF}, note=self.name)]


@dataclass(frozen=True)
class Lost(Fault):
    """A fault that ends the connection: in place of the first event ``on``, or right after so many of them.

    Attributes:
        on: The type of the events that are counted; ``*`` stands for any letters.
        after: How many of them are still sent.
    """

    on: str = AUDIO_DELTA
    after: int = 0

    def __post_init__(self) -> None:
        _known_events(self)
        _at_least(self, "after", 0)

    def line(self, _random: Random) -> Line:
        """Count the events and end the connection when the last of them is out."""
        seen = 0

        def passed(packet: Packet) -> Sequence[Step]:
            nonlocal seen
            if not _is(packet, self.on):
                return [packet]
            seen += 1
            if seen < self.after:
                return [packet]
            return [replace(packet, note=self.name), self.ending] if self.after else [self.ending]

        return passed

    @property
    def ending(self) -> Ending:
        """How the connection ends."""
        raise NotImplementedError


@dataclass(frozen=True)
class Closed(Lost):
    """The server closes the WebSocket with ``code`` and ``reason``."""

    name = "close"
    code: int = 1011
    reason: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            _ = self.ending
        except ValueError as error:
            raise FaultError(f"{self.name}: {error}") from None

    @property
    def ending(self) -> Ending:
        """A close frame."""
        return CloseWith(self.code, self.reason)


@dataclass(frozen=True)
class Reset(Lost):
    """The TCP connection is reset."""

    name = "reset"

    @property
    def ending(self) -> Ending:
        """A TCP reset."""
        return ResetConnection()


@dataclass(frozen=True)
class Ended(Lost):
    """The TCP stream ends without a close frame."""

    name = "end-of-stream"

    @property
    def ending(self) -> Ending:
        """The end of the stream."""
        return EndOfStream()


@dataclass(frozen=True)
class Duplicated(Fault):
    """A share of the events ``on`` is sent twice, drawn from ``seed``."""

    name = "duplicate"
    on: str = AUDIO_DELTA
    share: float = 0.5
    seed: int = 1

    def __post_init__(self) -> None:
        _known_events(self)
        _a_share(self)

    def line(self, random: Random) -> Line:
        """Say some things twice."""

        def passed(packet: Packet) -> Sequence[Step]:
            if not _is(packet, self.on) or random.random() >= self.share:
                return [packet]
            return [packet, replace(packet, note=self.name)]

        return passed


@dataclass(frozen=True)
class Reordered(Fault):
    """A share of the events ``on`` changes places with the next of them, drawn from ``seed``."""

    name = "reorder"
    on: str = AUDIO_DELTA
    share: float = 0.5
    seed: int = 1

    def __post_init__(self) -> None:
        _known_events(self)
        _a_share(self)

    def line(self, random: Random) -> Line:
        """Keep one back until the next of its kind has gone, or until there is none."""
        kept: Packet | None = None

        def passed(packet: Packet) -> Sequence[Step]:
            nonlocal kept
            late, kept = kept, None
            if not _is(packet, self.on):
                # What closes the content must not overtake the one kept back; anything else may.
                if late is not None and _type(packet).endswith("done"):
                    return [late, packet]
                kept = late
                return [packet]
            if late is not None:
                return [packet, replace(late, note=self.name)]
            if random.random() < self.share:
                kept = packet
                return []
            return [packet]

        return passed


# --- the line itself ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NoPong(Fault):
    """Pings are not answered."""

    name = "no-pong"
    pongs = False


@dataclass(frozen=True)
class SlowReader(Fault):
    """The server waits ``ms`` milliseconds before it reads the next frame."""

    name = "slow-reader"
    ms: float = 20

    def __post_init__(self) -> None:
        _at_least(self, "ms", 0)

    @property
    def reading_pause_ms(self) -> float:
        """As long as it says."""
        return self.ms


FAULTS: Mapping[str, type[Fault]] = {
    kind.name: kind
    for kind in (
        Delay,
        Stall,
        OddSlices,
        Duplicated,
        Reordered,
        UnknownEvent,
        ExtraFields,
        Malformed,
        Oversized,
        Closed,
        Reset,
        Ended,
        NoPong,
        SlowReader,
        RateLimit,
        Failed,
        Incomplete,
        TranscriptionFailed,
        Forgotten,
    )
}
"""Every fault by its name."""


def fault(text: str) -> Fault:
    """Read a fault as it is written in a table or on the command line.

    Args:
        text: Its name and any parameters: ``close code=1011 reason="going away" after=3``.

    Raises:
        FaultError: there is no such fault or parameter, or a value cannot be used.
    """
    try:
        name, *given = shlex.split(text) or [""]
    except ValueError as error:
        raise FaultError(f"{text!r} cannot be read: {str(error).lower()}") from None
    kind = FAULTS.get(name)
    if kind is None:
        raise FaultError(f"no fault is called {name!r}; {_nearest(name, FAULTS)}{_KNOWN}")
    types = typing.get_type_hints(kind)
    has = {one.name: types[one.name] for one in fields(kind)}
    values: dict[str, Any] = {}
    for word in given:
        key, equals, value = word.partition("=")
        if key not in has or not equals:
            raise FaultError(
                f"{name}: {word!r} is none of its parameters; {_nearest(key, has)}it has: "
                f"{', '.join(f'{each}=' for each in has) or 'none'}"
            )
        try:
            values[key] = has[key](value)
        except ValueError:
            wanted = "a whole number" if has[key] is int else "a number"
            raise FaultError(f"{name}: {key}={value} is not {wanted}") from None
    return kind(**values)


def as_text() -> str:
    """Return every fault with its parameters and what it does, for a reader."""
    return "\n".join(f"{kind()}\n    {(kind.__doc__ or '').splitlines()[0]}" for kind in FAULTS.values())


def trouble(faults: Sequence[Fault], connection: int, struck: Callable[[str], None]) -> Trouble:
    """Return what ``faults`` make of the events of one connection.

    Args:
        faults: The faults in force when it opened.
        connection: Its number, with which every seed is mixed.
        struck: Called with the name of a fault whenever it strikes.
    """
    lines = ((one.name, one.line(_random(f"{one} {connection}"))) for one in faults)
    return Trouble([(name, line) for name, line in lines if line is not None], struck)


_KNOWN = "the faults are listed by python -m realtime_server --faults"


def _random(seed: object) -> Random:
    return Random(str(seed))  # noqa: S311 - it has to be the same every time


def _cut_short(answer: Answer, slices: int) -> Answer:
    return replace(answer, audio=answer.audio[: slices * _BYTES_PER_100_MS])


def _type(packet: Packet) -> str:
    return str(packet.event.get("type", ""))


def _is(packet: Packet, wanted: str) -> bool:
    return packet.text is None and fnmatchcase(_type(packet), wanted)


def _at_least(one: Fault, key: str, least: float) -> None:
    if getattr(one, key) < least:
        raise FaultError(f"{one.name}: {key}={getattr(one, key)} is too small; give {least:g} or more")


def _a_share(one: Duplicated | Reordered) -> None:
    if not 0 < one.share <= 1:
        raise FaultError(f"{one.name}: share={one.share} is no share; give more than 0 and at most 1")


def _one_of(one: Fault, key: str, words: Sequence[str]) -> None:
    if getattr(one, key) not in words:
        raise FaultError(f"{one.name}: {key}={getattr(one, key)} is none of {', '.join(words)}")


def _known_events(one: OnEvents | Lost | Duplicated | Reordered) -> None:
    names = schema()["server_events"]
    if not any(fnmatchcase(name, one.on) for name in names):
        raise FaultError(
            f"{one.name}: on={one.on} is no event of the server; {_nearest(one.on, names)}"
            "* stands for any letters"
        )


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]}? " if close else ""


def _written(value: object) -> str:
    return shlex.quote(f"{value:g}" if isinstance(value, float) else str(value))
