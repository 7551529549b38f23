"""What a scenario leaves in the report: the exchange in readable form, its frames, and its audio."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html import escape
from typing import Any, Protocol

import allure_commons
from allure_commons.types import AttachmentType
from behave.model import Step

from realtime_server.transcript import Frame, Sender, Transcript
from support.audio_page import audio_page
from support.page import document
from support.pcm import audio_in, described
from support.redaction import redact
from support.scenarios import NEAR_MISS, explain
from support.wire_page import STYLE, Section, Seen, listed, wire_page

LAST_FRAMES = 8  # shown with a failure
AFTERWARDS = "After the last step"


class Exchange(Protocol):
    """The evidence of one connection: a title for the reader, and what went over the wire."""

    title: str
    transcript: Transcript


class World(Protocol):
    """Whatever a scenario owns, as far as its evidence goes."""

    def exchanges(self) -> Iterable[Any]:
        """Return the exchanges of the scenario, in order."""


class Evidence:
    """Attaches to each step the frames it caused, and to the scenario every exchange as a whole.

    A frame belongs to the step that was running when it was seen. Between two steps the client stands still,
    so what comes then is the endpoint's doing, and is shown with the step that follows. Each frame is read
    once and each row drawn once, however many pages show it.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._readings: dict[int, Reading] = {}

    def attach(self, step: Step) -> None:
        """Attach what was seen since the last call, and why the step failed; called in ``after_step``."""
        parts, count = [], 0
        for reading in self._up_to_now(f"{step.keyword} {step.name}"):
            section, frames = reading.newest
            if frames:
                parts.append(f"<h2>{escape(reading.title)}</h2>{listed([replace(section, heading='')])}")
                count += frames
        if parts:
            note = "<p>Every frame of the scenario is attached below its steps.</p>"
            name = f"On the wire in this step · {count} frame{'s' * (count > 1)}"
            _attach(name, document(name, "".join(parts) + note, STYLE), AttachmentType.HTML)
        if step.exception is not None:
            self._attach_failure(step.exception)

    def finish(self) -> None:
        """Attach every exchange of the scenario; called in ``after_scenario``, when all has been said."""
        for reading in self._up_to_now(AFTERWARDS):
            frames = reading.frames
            if not frames:
                continue
            page = wire_page(reading.title, frames, reading.sections)
            _attach(f"What went over the wire · {reading.title}", page, AttachmentType.HTML)
            sent, received = audio_of(frames, Sender.CLIENT), audio_of(frames, Sender.SERVER)
            if sent or received:
                heard = audio_page(reading.title, sent, received)
                _attach(f"What was said and heard · {reading.title}", heard, AttachmentType.HTML)
            _attach(f"Every frame · {reading.title}", json_lines(frames), "application/x-ndjson", "jsonl")

    def _up_to_now(self, heading: str) -> Sequence[Reading]:
        """Read on in every exchange; what is new stands under ``heading``."""
        readings = []
        for exchange in self._world.exchanges():
            reading = self._readings.setdefault(
                id(exchange.transcript), Reading(exchange.title, exchange.transcript)
            )
            reading.read_on(heading)
            readings.append(reading)
        return readings

    def _attach_failure(self, error: BaseException) -> None:
        misses, last = [], ""
        for reading in self._readings.values():
            misses += [near_miss(seen.frame) for seen in reading.frames if seen.frame.rule]
            if reading.frames:
                shown = Section.of("", reading.frames[-LAST_FRAMES:])
                last = f"<h2>The last frames · {escape(reading.title)}</h2>{listed([shown])}"
        near = "".join(f"<li>{escape(each)}</li>" for each in dict.fromkeys(misses))
        body = (
            f"<h2>Expected and seen</h2><pre>{escape(explain(error))}</pre>"
            f"{f'<h2>What the endpoint refused</h2><ul class=why>{near}</ul>' if near else ''}{last}"
        )
        _attach("Why it failed", document("Why it failed", body, STYLE), AttachmentType.HTML)
        for each in dict.fromkeys(misses):
            error.add_note(f"{NEAR_MISS}{each}")  # so that it is told wherever the failure is


@dataclass
class Reading:
    """One exchange, as far as it was read.

    Attributes:
        title: Which exchange it is, for the reader.
        transcript: Its frames, which may still become more.
        frames: Those that were read.
        sections: The same, by the step they belong to.
        newest: What was read last, and how many frames that was.
    """

    title: str
    transcript: Transcript
    frames: list[Seen] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    newest: tuple[Section, int] = (Section("", (), ""), 0)

    def read_on(self, heading: str) -> None:
        """Read what has come since the last time."""
        new = [Seen.of(frame) for frame in self.transcript.frames[len(self.frames) :]]
        self.newest = (Section.of(heading, new), len(new))
        if new:
            self.frames += new
            self.sections.append(self.newest[0])


def attach_text(name: str, text: str) -> None:
    """Attach a few plain lines to the result of the scenario that is running."""
    _attach(name, text, AttachmentType.TEXT)


def audio_of(frames: Iterable[Seen], sender: Sender) -> bytes:
    """Return the audio one side put on the wire; PCM16 little-endian, mono, 24 kHz."""
    return b"".join(seen.pcm for seen in frames if seen.pcm and seen.frame.sender == sender)


def json_lines(frames: Iterable[Seen]) -> str:
    """Return a transcript as JSON lines; audio, which the player has, gives way to length and digest."""
    return Transcript(map(_without_audio, frames)).to_jsonl()


def near_miss(frame: Frame) -> str:
    """Return why a frame is a refusal, in one line: the rule, and what was probably meant."""
    return f"rule {frame.rule}: {frame.note or frame.payload}"


def _without_audio(seen: Seen) -> Frame:
    name = audio_in(seen.event) if seen.event else None
    if seen.event is None or name is None or not seen.pcm:
        return seen.frame
    shortened = {**seen.event, name: f"[{described(len(seen.pcm))}, sha256 {sha256(seen.pcm).hexdigest()}]"}
    return replace(seen.frame, payload=json.dumps(shortened))


def _attach(name: str, body: str, kind: AttachmentType | str, extension: str | None = None) -> None:
    allure_commons.plugin_manager.hook.attach_data(
        body=redact(body), name=name, attachment_type=kind, extension=extension
    )
