"""What a scenario leaves in the report: the exchange in readable form, its frames, and its audio."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from typing import Any, Protocol

import allure_commons
from allure_commons.types import AttachmentType
from behave.model import Step

from realtime_server.transcript import Frame, Sender, Transcript
from support.audio_page import audio_page
from support.page import document
from support.pcm import AUDIO_FIELDS, audio_in, described, pcm_of
from support.redaction import redact
from support.scenarios import explain
from support.wire_page import STYLE, table, wire_page

LAST_FRAMES = 8  # shown with a failure


class Exchange(Protocol):
    """The evidence of one connection: a title for the reader, and what went over the wire."""

    title: str
    transcript: Transcript


class World(Protocol):
    """Whatever a scenario owns, as far as its evidence goes."""

    def exchanges(self) -> Iterable[Any]:
        """Return the exchanges of the scenario, in order."""


def attach_world(world: World) -> None:
    """Attach every exchange of a scenario to its result; called in ``after_scenario``."""
    for exchange in world.exchanges():
        transcript: Transcript = exchange.transcript
        attach_exchange(exchange.title, transcript, audio_sent(transcript), audio_received(transcript))


class Steps:
    """Attaches to each step the frames it caused; the exchanges are read up to where the step ended.

    A frame belongs to the step that was running when it was seen. Between two steps the client stands still,
    so what comes then is the endpoint's doing, and is shown with the step that follows.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._read: dict[int, int] = {}

    def attach(self, step: Step) -> None:
        """Attach what was seen since the last call, and why the step failed; called in ``after_step``."""
        parts, count = [], 0
        for exchange in self._world.exchanges():
            frames = exchange.transcript.frames
            new = frames[self._read.get(id(exchange.transcript), 0) :]
            self._read[id(exchange.transcript)] = len(frames)
            if new:
                parts.append(f"<h2>{escape(exchange.title)}</h2>{table(new)}")
                count += len(new)
        if parts:
            note = "<p>Every frame of the scenario is attached below its steps.</p>"
            name = f"On the wire in this step · {count} frame{'s' * (count > 1)}"
            _attach(name, redact(document(name, "".join(parts) + note, STYLE)), AttachmentType.HTML)
        if step.exception is not None:
            self._attach_failure(step.exception)

    def _attach_failure(self, error: BaseException) -> None:
        misses, last = [], ""
        for exchange in self._world.exchanges():
            frames = exchange.transcript.frames
            misses += [f"rule {frame.rule}: {frame.note or frame.payload}" for frame in frames if frame.rule]
            if frames:
                title = escape(exchange.title)
                last = f"<h2>The last frames · {title}</h2>{table(frames[-LAST_FRAMES:])}"
        near = "".join(f"<li>{escape(each)}</li>" for each in dict.fromkeys(misses))
        body = (
            f"<h2>Expected and seen</h2><pre>{escape(explain(error))}</pre>"
            f"{f'<h2>What the endpoint refused</h2><ul class=why>{near}</ul>' if near else ''}{last}"
        )
        _attach("Why it failed", redact(document("Why it failed", body, STYLE)), AttachmentType.HTML)


def attach_exchange(title: str, transcript: Transcript, sent_pcm: bytes, received_pcm: bytes) -> None:
    """Attach one exchange to the result of the scenario that is running.

    Args:
        title: Which exchange it is, for the reader.
        transcript: Its frames.
        sent_pcm: The audio the client sent; PCM16 little-endian, mono, 24 kHz.
        received_pcm: The audio the client was sent, likewise.
    """
    frames = transcript.frames
    if not frames:
        return
    _attach(f"What went over the wire · {title}", redact(wire_page(title, frames)), AttachmentType.HTML)
    if sent_pcm or received_pcm:
        _attach(
            f"What was said and heard · {title}",
            audio_page(title, sent_pcm, received_pcm),
            AttachmentType.HTML,
        )
    _attach(f"Every frame · {title}", redact(json_lines(transcript)), "application/x-ndjson", "jsonl")


def audio_sent(transcript: Transcript) -> bytes:
    """Return the audio the client put on the wire; PCM16 little-endian, mono, 24 kHz."""
    return _audio(transcript, Sender.CLIENT)


def audio_received(transcript: Transcript) -> bytes:
    """Return the audio the endpoint put on the wire; PCM16 little-endian, mono, 24 kHz."""
    return _audio(transcript, Sender.SERVER)


def json_lines(transcript: Transcript) -> str:
    """Return the transcript as JSON lines; audio, which the player has, gives way to length and digest."""
    return "".join(_without_audio(line) + "\n" for line in transcript.to_jsonl().splitlines())


def _audio(transcript: Transcript, sender: Sender) -> bytes:
    return b"".join(pcm_of(event) for event in transcript.events(sender))


def _without_audio(line: str) -> str:
    if not any(name in line for name in AUDIO_FIELDS):  # most lines, and parsing each would cost
        return line
    record = json.loads(line)
    event = Frame(**{**record, "sender": Sender(record["sender"])}).event
    found = audio_in(event) if event else None
    if event is None or found is None:
        return line
    pcm = pcm_of(event)
    shortened = {**event, found: f"[{described(len(pcm))}, sha256 {sha256(pcm).hexdigest()}]"}
    return json.dumps({**record, "payload": json.dumps(shortened)}, ensure_ascii=False)


def _attach(name: str, body: str, kind: AttachmentType | str, extension: str | None = None) -> None:
    allure_commons.plugin_manager.hook.attach_data(
        body=body, name=name, attachment_type=kind, extension=extension
    )
