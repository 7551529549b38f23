"""A recording: what went over the wire in one scenario, for people to read and for the server to replay.

JSON lines. The first says what it is, each further one is a frame, the last one that nothing is missing::

    {"format": "realtime-recording", "version": 1, "origin": "embedded", "recorded": "2026-11-25T03:17+00:00"}
    {"at_ms": 0.0, "from": "client", "handshake": ["GET /v1/realtime?model=gpt-realtime-mini HTTP/1.1", ...]}
    {"at_ms": 3.1, "from": "server", "event": {"type": "session.created", ...}}
    {"at_ms": 9, "from": "client", "event": {"type": "...append", "audio": "clip:question@0+4800"}}
    {"at_ms": 900.0, "from": "client", "close": 1000, "reason": ""}
    {"end": 5}

A handshake begins a connection; one recording may hold several, one after the other. Audio that is part of a
clip which comes with the server is written as its name, first byte and length; any other stays base64. Keys,
client secrets, organisations, projects and sessions are replaced by the same words wherever they stood.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from realtime_server.clips import clips
from realtime_server.transcript import Frame, Sender

FORMAT = "realtime-recording"
VERSION = 1
LIVE, EMBEDDED, ELSEWHERE = "live", "embedded", "elsewhere"
ORIGINS = (LIVE, EMBEDDED, ELSEWHERE)

AUDIO_FIELDS = {"input_audio_buffer.append": "audio", "response.output_audio.delta": "delta"}
_CLIP = re.compile(r"clip:([a-z]+)@(\d+)\+(\d+)")

# Headers that say how the connection came about and not whose it is; of others only the name is kept.
_SHOWN_HEADERS = frozenset(
    {"host", "upgrade", "connection", "user-agent", "sec-websocket-version", "sec-websocket-extensions"}
    | {"sec-websocket-protocol", "openai-beta"}
)
_HIDDEN = "***"
# What identifies somebody, by its shape; each value found is then replaced wherever it stands.
_SHAPES: Mapping[str, re.Pattern[str]] = {
    "client secret": re.compile(r"\bek_[A-Za-z0-9_-]{6,}"),
    "key": re.compile(r"\bsk-[A-Za-z0-9_-]{8,}"),
    "session": re.compile(r"\bsess_[A-Za-z0-9]{6,}"),
    "organisation": re.compile(r"\borg-[A-Za-z0-9]{6,}"),
    "project": re.compile(r"\bproj_[A-Za-z0-9]{6,}"),
}
_NAMED_BY_HEADER = {"openai-organization": "organisation", "openai-project": "project"}


class RecordingError(ValueError):
    """A recording that cannot be used; the sentence names the file, the line and the remedy."""


@dataclass(frozen=True)
class Line:
    """One frame of a recording and where it stands.

    Attributes:
        number: Its line in the file, counted from 1.
        frame: The frame, as it was on the wire but for what was scrubbed.
    """

    number: int
    frame: Frame


@dataclass(frozen=True)
class Recording:
    """What one scenario put on the wire.

    Attributes:
        origin: ``live``: the vendor's own endpoint; ``embedded``: this server; ``elsewhere``: any other.
        recorded: When it was made, with its time zone.
        frames: The frames in order; each connection begins with its handshake.
        about: What else the first line says, in words: scenario, criterion, model, endpoint, outcome.
    """

    origin: str
    recorded: datetime
    frames: tuple[Frame, ...]
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def connections(self) -> list[list[Line]]:
        """The frames of each connection, with their lines in the file."""
        found: list[list[Line]] = []
        for number, frame in enumerate(self.frames, start=2):
            if frame.kind == "request" or not found:
                found.append([])
            found[-1].append(Line(number, frame))
        return found

    def age_days(self, today: datetime) -> int:
        """Return how many whole days old the recording is."""
        return (today - self.recorded).days

    def events(self, sender: Sender) -> list[dict[str, Any]]:
        """The JSON objects ``sender`` sent, in order."""
        return [event for each in self.frames if each.sender == sender and (event := each.event) is not None]

    def to_jsonl(self, secrets: Iterable[str] = ()) -> str:
        """Return the recording as JSON lines, scrubbed.

        Args:
            secrets: Values that must not be in it, beside those that are known by their shape or place.
        """
        head = {
            "format": FORMAT,
            "version": VERSION,
            "origin": self.origin,
            "recorded": self.recorded.isoformat(timespec="seconds"),
            **self.about,
        }
        body = [head, *(_line_of(frame) for frame in self.frames), {"end": len(self.frames)}]
        names = _named(self.frames, secrets)
        return "".join(_hide(json.dumps(line, ensure_ascii=False), names) + "\n" for line in body)

    @classmethod
    def read(cls, path: Path) -> Recording:
        """Read a recording.

        Raises:
            RecordingError: it cannot be read, is of another version, or is not whole.
        """
        try:
            return cls.from_jsonl(path.read_text(encoding="utf-8"), str(path))
        except OSError as error:
            raise RecordingError(f"{path}: {error.strerror}; name a recording there is") from None
        except UnicodeDecodeError:
            raise RecordingError(f"{path} is no text; name a recording, which is JSON lines") from None

    @classmethod
    def from_jsonl(cls, text: str, name: str = "the recording") -> Recording:
        """Read what :meth:`to_jsonl` wrote; ``name`` is what messages call it.

        Raises:
            RecordingError: it is of another version, or not whole.
        """
        lines = text.splitlines()
        head = _head(lines, name)
        parsed = [_parsed(line, number, name) for number, line in enumerate(lines[1:], start=2)]
        if not parsed or parsed[-1] != {"end": len(parsed) - 1}:
            raise RecordingError(
                f"{name} is cut off: its last line should be "
                f'{{"end": <number of frames>}} after {len(parsed)} frames; fetch it again or record it anew'
            )
        frames = tuple(_frame(line, number, name) for number, line in enumerate(parsed[:-1], start=2))
        origin, recorded = head.pop("origin"), datetime.fromisoformat(head.pop("recorded"))
        del head["format"], head["version"]
        return cls(origin, recorded.astimezone(UTC), frames, {key: str(value) for key, value in head.items()})


# --- lines ----------------------------------------------------------------------------------------------


def _head(lines: Sequence[str], name: str) -> dict[str, Any]:
    head = _parsed(lines[0], 1, name) if lines else {}
    if head.get("format") != FORMAT:
        raise RecordingError(f'{name} is no recording: its first line should hold "format": "{FORMAT}"')
    if head.get("version") != VERSION:
        raise RecordingError(
            f"{name} is a recording of format version {head.get('version')}, and this program reads version "
            f"{VERSION}; record it anew"
        )
    if head.get("origin") not in ORIGINS:
        raise RecordingError(f"{name}: line 1: origin {head.get('origin')!r} is none of {', '.join(ORIGINS)}")
    try:
        dated = datetime.fromisoformat(head["recorded"])
    except (KeyError, TypeError, ValueError):
        dated = None
    if dated is None or dated.tzinfo is None:
        raise RecordingError(f"{name}: line 1: recorded should be a moment like 2026-11-25T03:17:00+00:00")
    return head


def _parsed(line: str, number: int, name: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise RecordingError(
            f"{name}: line {number} is no JSON ({error}); fetch it again or record it anew"
        ) from None
    if not isinstance(found, dict):
        raise RecordingError(f"{name}: line {number} is no JSON object; fetch it again or record it anew")
    return found


def _line_of(frame: Frame) -> dict[str, Any]:
    at: dict[str, Any] = {"at_ms": round(frame.at_ms, 1), "from": frame.sender.value}
    match frame.kind:
        case "request" | "upgrade":
            return {**at, "handshake": _shown(frame.payload)}
        case "close":
            return {**at, "close": frame.code, "reason": frame.payload}
        case "binary":
            return {**at, "binary": frame.payload}
    event = frame.event
    return {**at, "event": compact(event)} if event is not None else {**at, "text": frame.payload}


def _frame(line: Mapping[str, Any], number: int, name: str) -> Frame:
    try:
        at_ms, sender = float(line["at_ms"]), Sender(line["from"])
        match line:
            case {"handshake": [str(first), *_] as head}:
                kind = "request" if sender is Sender.CLIENT else "upgrade"
                status = int(first.split()[1]) if kind == "upgrade" else None
                return Frame(at_ms, sender, kind, "\r\n".join(head), status)  # type: ignore[arg-type]
            case {"close": code, "reason": str(reason)}:
                return Frame(at_ms, sender, "close", reason, code)
            case {"event": {"type": str()} as event}:
                return Frame(at_ms, sender, "text", json.dumps(expand(event), ensure_ascii=False))
            case {"text": str(text)}:
                return Frame(at_ms, sender, "text", text)
            case {"binary": str(size)}:
                return Frame(at_ms, sender, "binary", size)
    except (KeyError, TypeError, ValueError, IndexError):
        pass  # said below
    raise RecordingError(
        f"{name}: line {number} is no frame, which has at_ms, from, and one of handshake, event, text, "
        "binary, close with reason"
    )


def _shown(head: str) -> list[str]:
    """Return the lines of a handshake; a header that may tell whose it is keeps its name only."""
    first, *headers = head.strip().split("\r\n")
    pairs = (line.partition(":")[::2] for line in headers)
    return [first] + [
        f"{name}: {value.strip() if name.lower() in _SHOWN_HEADERS else _HIDDEN}" for name, value in pairs
    ]


# --- audio ----------------------------------------------------------------------------------------------


def compact(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``event`` with its audio named, where it is part of a clip."""
    key = AUDIO_FIELDS.get(str(event.get("type")), "")
    named = _clip_of(event[key]) if isinstance(event.get(key), str) else None
    return {**event, key: named} if named else dict(event)


def expand(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``event`` with the audio of a named clip in its place."""
    key = AUDIO_FIELDS.get(str(event.get("type")), "")
    found = _CLIP.fullmatch(str(event.get(key)))
    if found is None:
        return dict(event)
    at, size = int(found[2]), int(found[3])
    return {**event, key: b64encode(clips()[found[1]].pcm[at : at + size]).decode()}


def _clip_of(audio: str) -> str | None:
    try:
        sound = b64decode(audio, validate=True)
    except (NotBase64, ValueError):
        return None
    if not sound or b64encode(sound).decode() != audio:
        return None
    for name, clip in clips().items():
        at = clip.pcm.find(sound)
        if at >= 0:
            return f"clip:{name}@{at}+{len(sound)}"
    return None


# --- what must not be in it -----------------------------------------------------------------------------


def _named(frames: Iterable[Frame], secrets: Iterable[str]) -> dict[str, str]:
    """Return what is to be replaced: each value with the words that stand for it."""
    found: dict[str, str] = {secret: "[key]" for secret in secrets if secret}

    def name(value: str, kind: str) -> None:
        number = sum(words.startswith(f"[{kind}") for words in found.values()) + 1
        found.setdefault(value, f"[{kind} {number}]")

    for frame in frames:
        for line in frame.payload.split("\r\n") if frame.kind in ("request", "upgrade") else ():
            header, _, value = line.partition(":")
            if (kind := _NAMED_BY_HEADER.get(header.lower())) and value.strip():
                name(value.strip(), kind)
        event = frame.event or {}
        session = event.get("session")
        if isinstance(session, dict) and isinstance(session.get("id"), str) and session["id"]:
            name(session["id"], "session")
        # Audio is long, and no secret stands in it.
        text = (
            json.dumps({**event, AUDIO_FIELDS.get(str(event.get("type")), ""): ""})
            if event
            else frame.payload
        )
        for kind, shape in _SHAPES.items():
            for value in shape.findall(text):
                name(value, kind)
    return found


def _hide(text: str, names: Mapping[str, str]) -> str:
    for value in sorted(names, key=len, reverse=True):
        text = text.replace(value, names[value])
    return text
