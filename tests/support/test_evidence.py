"""The exchange as a reader sees it, its frames and its audio."""

from __future__ import annotations

import json
import re
import struct
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from html import escape

import allure_commons
import numpy as np
import pytest
from behave.model import Step
from numpy.typing import NDArray

from realtime_server.rules import RULES
from realtime_server.transcript import Frame, Sender, Transcript
from support.audio_page import PLAYED_MS, audio_page
from support.evidence import AFTERWARDS, LAST_FRAMES, Evidence, audio_of, json_lines
from support.pcm import BYTES_PER_MS
from support.rules_page import linked
from support.scenarios import NEAR_MISS, explain
from support.wire_page import Section, Seen, meaning, rows, sequence, tokens
from support.wire_page import wire_page as drawn

KEY = "sk-evidence-0123456789abcdef"
TONE = (np.sin(np.arange(24 * 1480) / 8) * 9000).astype("<i2").tobytes()


def frame(sender: str, event: dict[str, object], **more: object) -> Frame:
    """Return a text frame."""
    return Frame(1.0, Sender(sender), "text", json.dumps(event), **more)  # type: ignore[arg-type]


def audio(sender: str, pcm: bytes, size: int) -> list[Frame]:
    """Return ``pcm`` in events of ``size`` bytes."""
    kind, field = (
        ("input_audio_buffer.append", "audio")
        if sender == "client"
        else ("response.output_audio.delta", "delta")
    )
    slices = [pcm[start : start + size] for start in range(0, len(pcm), size)]
    return [frame(sender, {"type": kind, field: b64encode(each).decode()}) for each in slices]


def words(text: str) -> Frame:
    """Return a piece of the spoken words."""
    return frame("server", {"type": "response.output_audio_transcript.delta", "delta": text})


def read(frames: Iterable[Frame]) -> list[Seen]:
    """Return frames as they are read."""
    return [Seen.of(each) for each in frames]


def wire_page(title: str, frames: Iterable[Frame]) -> str:
    """Return the page of an exchange that was the doing of one step."""
    seen = read(frames)
    return drawn(title, seen, [Section.of("When it happens", seen)])


@pytest.fixture
def transcript() -> Transcript:
    answer = audio("server", TONE[::-1], 999)
    return Transcript(
        [
            Frame(0.0, Sender.CLIENT, "request", f"GET /v1/realtime HTTP/1.1\nAuthorization: Bearer {KEY}"),
            Frame(0.5, Sender.SERVER, "upgrade", "HTTP/1.1 101 Switching Protocols", 101),
            frame("client", {"type": "session.update", "session": {"voice": "<alloy>"}}),
            frame(
                "server",
                {
                    "type": "error",
                    "error": {"code": "unknown_parameter", "param": "session.voice", "message": "no"},
                },
                rule="RT-SES-03",
                note="GA wants session.audio.output.voice",
            ),
            *audio("client", TONE, 4800),
            frame("client", {"type": "input_audio_buffer.commit"}),
            words("Good "),
            answer[0],
            words("day"),
            *answer[1:],
            Frame(9.0, Sender.SERVER, "close", "invalid_request_error.beta_api_shape_disabled", 4000),
        ]
    )


def test_deltas_that_follow_one_another_are_folded_by_kind(transcript: Transcript) -> None:
    named = [(row.count, row.event) for row in rows(read(transcript.frames))]
    assert named == [
        (1, "handshake: request"),
        (1, "handshake: answer 101"),
        (1, "session.update"),
        (1, "error"),
        (15, "input_audio_buffer.append"),
        (1, "input_audio_buffer.commit"),
        (2, "response.output_audio_transcript.delta"),
        (72, "response.output_audio.delta"),
        (1, "close"),
    ]


def test_audio_is_told_as_time_and_words_as_words(transcript: Transcript) -> None:
    shown = {row.event: dict(row.fields) for row in rows(read(transcript.frames))}
    assert shown["input_audio_buffer.append"] == {"audio": "1,480 ms of audio, 35,520 samples"}
    assert shown["response.output_audio.delta"] == {"audio": "1,480 ms of audio, 35,520 samples"}
    assert shown["response.output_audio_transcript.delta"] == {"delta": "Good day"}
    assert shown["session.update"] == {"session.voice": "<alloy>"}


def test_the_page_explains_the_close_and_the_refusal_and_holds_no_script(transcript: Transcript) -> None:
    page = wire_page("one", transcript.frames)
    assert "4000, the endpoint refuses the shape of the request" in page
    assert "refused by rule RT-SES-03" in page, "also a rule that nobody knows"
    assert "<div class=why>GA wants session.audio.output.voice</div>" in page
    assert "&lt;alloy&gt;" in page
    assert "<alloy>" not in page
    assert "<script" not in page
    assert not re.search(r"[A-Za-z0-9+/]{200}", page), "base64 is nothing for readers"


def test_a_refusal_leads_to_the_rules_sentence_its_mark_and_its_source() -> None:
    for rule in RULES.values():
        page = wire_page("one", [frame("server", {"type": "error"}, rule=rule.id)])
        assert f"Refused by rule {rule.id}: {escape(rule.sentence)}" in page
        assert f"This rule is {rule.mark}: " in page
    page = wire_page("one", [frame("server", {"type": "error"}, rule="RT-connect-01")])
    assert re.search(r'<a href="https://github\.com/[\w/.-]+" target="_blank" rel="noopener">', page)
    assert '<a href="https://pypi.org/project/openai/3.54.0/"' in linked("types of PyPI openai 3.54.0")
    assert '<a href="https://www.rfc-editor.org/rfc/rfc6455"' in linked("RFC 6455 section 4.2.2")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (1000, "normal closure (RFC 6455)"),
        (4444, "a code of the application"),
        (2999, "not assigned"),
        (None, "without"),
    ],
)
def test_every_close_code_has_words(code: int | None, said: str) -> None:
    assert said in meaning(code)


def test_audio_comes_out_of_the_events_byte_for_byte(transcript: Transcript) -> None:
    frames = read(transcript.frames)
    assert audio_of(frames, Sender.CLIENT) == TONE
    assert audio_of(frames, Sender.SERVER) == TONE[::-1]


def test_audio_that_cannot_be_decoded_is_left_to_the_frames() -> None:
    bad = Transcript([frame("client", {"type": "input_audio_buffer.append", "audio": "no base64!"})])
    assert audio_of(read(bad.frames), Sender.CLIENT) == b""
    assert "0 ms of audio" in wire_page("bad", bad.frames)


def test_json_lines_stay_a_transcript_without_its_audio(transcript: Transcript) -> None:
    lines = json_lines(read(transcript.frames))
    again = Transcript.from_jsonl(lines)
    assert again.types(Sender.CLIENT) == transcript.types(Sender.CLIENT)
    assert len(again.frames) == len(transcript.frames)
    assert "[100 ms of audio, 2,400 samples, sha256 " in lines
    assert len(lines) < len(transcript.to_jsonl()) / 4


def played(page: str) -> list[NDArray[np.float64]]:
    """Return the samples in each player of a page: 12 kHz, mu-law undone as ITU-T G.711 says."""
    clips = []
    for encoded in re.findall(r'src="data:audio/wav;base64,([^"]+)"', page):
        file = b64decode(encoded)
        riff, size, kind, form, channels, rate_hz, bits = struct.unpack("<4sI4s8xHHI6xH", file[:36])
        assert (riff, size, kind) == (b"RIFF", len(file) - 8, b"WAVE")
        assert (form, channels, rate_hz, bits) == (7, 1, 12_000, 8)
        start = file.index(b"data") + 8
        (length,) = struct.unpack("<I", file[start - 4 : start])
        coded = ~np.frombuffer(file, dtype=np.uint8, offset=start, count=length).astype(np.int32) & 0xFF
        size_of = (((coded & 15) * 8 + 132) * 2.0 ** (coded >> 4 & 7)) - 132
        clips.append(np.where(coded & 0x80, -size_of, size_of))
    return clips


def test_both_directions_can_be_played_and_seen() -> None:
    page = audio_page("one", TONE, TONE[:480])
    sent, received = played(page)
    expected = np.frombuffer(TONE, dtype="<i2").astype(float).reshape(-1, 2).mean(axis=1)
    assert (len(sent), len(received)) == (17_760, 120)
    assert np.abs(sent - expected).max() < 9000 / 16, "mu-law keeps about four bits of each value"
    assert np.sqrt(np.mean((sent - expected) ** 2)) < 9000 / 50
    assert page.count("<svg") == 2
    assert "1,480 ms" in page
    assert "10 ms" in page
    assert sha256(TONE).hexdigest()[:16] in page
    assert "<script" not in page


def test_a_long_clip_is_cut_and_says_so() -> None:
    page = audio_page("long", bytes(2 * PLAYED_MS * BYTES_PER_MS), b"")
    assert [len(clip) for clip in played(page)] == [PLAYED_MS * 12]
    assert "120,000 ms" in page
    assert "The player holds the first 60,000 ms." in page
    assert "nothing" in page


def test_half_a_sample_is_told_and_not_played() -> None:
    page = audio_page("odd", b"\1\0\3", b"")
    assert [len(clip) for clip in played(page)] == [1]
    assert "half a sample" in page


@pytest.mark.parametrize("loudest", [-32768, 32767])
def test_the_loudest_samples_do_not_wrap(loudest: int) -> None:
    (clip,) = played(audio_page("loud", np.full(10, loudest, dtype="<i2").tobytes(), b""))
    assert np.abs(clip - loudest).max() < 700


@dataclass
class Exchange:
    """One connection."""

    title: str
    transcript: Transcript


@dataclass
class World:
    """A scenario with one connection that was used and one that was not."""

    transcript: Transcript

    def exchanges(self) -> list[Exchange]:
        """Return both."""
        return [Exchange("connection 1", self.transcript), Exchange("never used", Transcript())]


class Attached:
    """Receives attachments in the place of the listener."""

    def __init__(self) -> None:
        self.named: dict[str, str] = {}

    @contextmanager
    def receiving(self) -> Iterator[dict[str, str]]:
        """Receive until the block ends."""
        allure_commons.plugin_manager.register(self)
        try:
            yield self.named
        finally:
            allure_commons.plugin_manager.unregister(self)

    @allure_commons.hookimpl
    def attach_data(self, body: str, name: str, attachment_type: object, extension: object) -> None:  # noqa: ARG002
        """Keep an attachment by its name."""
        self.named[name] = body


def test_a_world_attaches_what_was_used_and_no_key(transcript: Transcript) -> None:
    with Attached().receiving() as named:
        Evidence(World(transcript)).finish()
    assert list(named) == [
        "What went over the wire · connection 1",
        "What was said and heard · connection 1",
        "Every frame · connection 1",
    ]
    assert not [name for name, body in named.items() if KEY in body]
    assert KEY in wire_page("one", transcript.frames), "the redaction is what removes it"


def step(exception: Exception | None = None) -> Step:
    """Return a step that ended, with or without an error."""
    made = Step("any.feature", 1, "When", "when", "it happens")
    made.exception = exception
    return made


def test_each_step_shows_the_frames_that_came_while_it_ran(transcript: Transcript) -> None:
    frames = transcript.frames
    growing = Transcript(frames[:2])
    steps = Evidence(World(growing))
    with Attached().receiving() as named:
        steps.attach(step())
        (name, body) = named.popitem()
        assert name == "On the wire in this step · 2 frames"
        assert "handshake: request" in body
        assert KEY not in body
        steps.attach(step())
        assert named == {}, "a step that caused nothing has nothing to show"
        growing.append(*frames[2:3])
        steps.attach(step())
        (name, body) = named.popitem()
        growing.append(*frames[3:])
        steps.finish()
    assert name == "On the wire in this step · 1 frame"
    assert "session.update" in body
    assert "handshake" not in body
    whole = named["What went over the wire · connection 1"]
    assert re.findall(r"<h3>([^<]+)<", whole) == ["When it happens"] * 2 + [AFTERWARDS]
    assert whole.count("session.update") == body.count("session.update") + 1, "once more in the picture"
    assert named["Every frame · connection 1"].count("\n") == len(frames) + 1


def test_a_failed_step_shows_what_was_expected_the_near_miss_and_the_last_frames(
    transcript: Transcript,
) -> None:
    error = AssertionError(f"expected <one> with {KEY}, seen two")
    with Attached().receiving() as named:
        Evidence(World(transcript)).attach(step(error))
    body = named["Why it failed"]
    assert "expected &lt;one&gt; with [hidden], seen two" in body
    assert "rule RT-SES-03: GA wants session.audio.output.voice" in body
    assert "4000, the endpoint refuses the shape of the request" in body
    assert f"{NEAR_MISS}rule RT-SES-03: GA wants session.audio.output.voice" in explain(error)
    assert "session.update" not in body, f"only the last {LAST_FRAMES} frames are shown"


def test_the_exchange_is_drawn_as_a_sequence(transcript: Transcript) -> None:
    lines = list(rows(read(transcript.frames)))
    picture = sequence(lines)
    assert picture.count("<g ") == len(lines) == 9
    assert picture.count('<g class="bad">') == 1
    assert "15 \N{MULTIPLICATION SIGN} input_audio_buffer.append: 1,480 ms of audio" in picture
    assert "close: 4000<" in picture
    assert picture in wire_page("one", transcript.frames)
    assert "and 5 more" in sequence(lines * 5)


def test_the_tokens_of_all_responses_are_added_up() -> None:
    usage = {
        "total_tokens": 30,
        "input_tokens": 20,
        "output_tokens": 10,
        "input_token_details": {"audio_tokens": 15, "text_tokens": 5, "cached_tokens": 0},
        "output_token_details": {"audio_tokens": 10},
    }
    done = frame("server", {"type": "response.done", "response": {"usage": usage}})
    none = frame("server", {"type": "response.done", "response": {"usage": None}})
    assert list(tokens(read([done, none, done]))) == [
        "40 tokens of input (30 audio, 10 text)",
        "20 tokens of output (20 audio)",
    ]
    assert list(tokens(read([none]))) == []
    assert "40 tokens of input" in wire_page("one", [done, done])
