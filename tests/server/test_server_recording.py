"""The form of a recording: what it keeps, what it hides, and what it refuses to read."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from realtime_server.clips import speech
from realtime_server.recording import EMBEDDED, Recording, RecordingError
from realtime_server.transcript import Frame, Sender

WHEN = datetime(2026, 11, 25, 3, 17, tzinfo=UTC)
KEY = "sk-a-key-of-a-test-0123456789"


def text(sender: Sender, event: dict[str, object], at_ms: float = 1.0) -> Frame:
    return Frame(at_ms, sender, "text", json.dumps(event))


def request(*headers: str) -> Frame:
    head = "\r\n".join(
        ["GET /v1/realtime?model=gpt-realtime HTTP/1.1", "Host: 127.0.0.1:1", *headers, "", ""]
    )
    return Frame(0.0, Sender.CLIENT, "request", head)


def recording(*frames: Frame) -> Recording:
    return Recording(EMBEDDED, WHEN, frames, {"scenario": "Something holds"})


def lines(made: Recording, *secrets: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in made.to_jsonl(secrets).splitlines()]


def test_what_is_written_is_read_again_frame_by_frame() -> None:
    made = recording(
        request(),
        Frame(0.5, Sender.SERVER, "upgrade", "HTTP/1.1 101 Switching Protocols", 101),
        text(Sender.SERVER, {"type": "session.created", "session": {"model": "gpt-realtime"}}),
        Frame(2.0, Sender.SERVER, "text", "no JSON"),
        Frame(3.0, Sender.CLIENT, "binary", "<3 bytes>"),
        Frame(4.0, Sender.CLIENT, "close", "", 1000),
    )
    again = Recording.from_jsonl(made.to_jsonl())
    assert (again.origin, again.recorded, again.about) == (EMBEDDED, WHEN, made.about)
    assert [(each.kind, each.sender, each.code, each.event) for each in again.frames] == [
        (each.kind, each.sender, each.code, each.event) for each in made.frames
    ]
    assert again.frames[3].payload == "no JSON"


def test_each_handshake_begins_a_connection_and_each_frame_knows_its_line() -> None:
    close = Frame(4.0, Sender.CLIENT, "close", "", 1000)
    one, other = Recording.from_jsonl(recording(request(), close, request(), close).to_jsonl()).connections
    assert [line.number for line in one] == [2, 3]
    assert [line.number for line in other] == [4, 5]


def test_audio_of_a_clip_is_written_by_name_and_comes_back_to_the_byte() -> None:
    sound = b64encode(speech("question").pcm[4_800:9_600]).decode()
    made = recording(text(Sender.CLIENT, {"type": "input_audio_buffer.append", "audio": sound}))
    assert lines(made)[1]["event"] == {
        "type": "input_audio_buffer.append",
        "audio": "clip:question@4800+4800",
    }
    assert Recording.from_jsonl(made.to_jsonl()).frames[0].event == made.frames[0].event


@pytest.mark.parametrize("sound", ["", "not base64", b64encode(b"\x01\x02" * 50 + b"\x7f").decode()])
def test_any_other_audio_stays_as_it_is(sound: str) -> None:
    made = recording(text(Sender.SERVER, {"type": "response.output_audio.delta", "delta": sound}))
    assert lines(made)[1]["event"] == {"type": "response.output_audio.delta", "delta": sound}


def test_keys_secrets_organisations_projects_and_sessions_are_hidden_wherever_they_stand() -> None:
    values = (
        KEY,
        "ek_0123456789abcdef",
        "org-AbCdEf123456",
        "proj_Zyxwvu98765",
        "sess_AbCdEf0123456789",
        "acme",
    )
    made = recording(
        request(f"Authorization: Bearer {KEY}", "OpenAI-Organization: acme", "Cookie: __cf_bm=private"),
        text(Sender.SERVER, {"type": "session.created", "session": {"id": values[4]}}),
        text(
            Sender.SERVER,
            {"type": "error", "error": {"message": f"acme, {' and '.join(values)} at rate limit"}},
        ),
        Frame(9.0, Sender.SERVER, "close", f"bye {KEY}", 1011),
    )
    written = made.to_jsonl([KEY])
    assert [value for value in (*values, "private") if value in written] == []
    assert "Authorization: ***" in written
    assert written.count("[session 1]") == 2


def test_two_sessions_are_told_apart() -> None:
    made = recording(
        *(
            text(Sender.SERVER, {"type": "session.created", "session": {"id": f"sess_{n}00000000"}})
            for n in "12"
        )
    )
    assert "[session 1]" in (written := made.to_jsonl())
    assert "[session 2]" in written


def damaged(change: dict[str, object]) -> str:
    head, *rest = recording(request()).to_jsonl().splitlines()
    return "\n".join([json.dumps({**json.loads(head), **change}), *rest])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no recording"),
        ("{}\n", "is no recording"),
        ("no JSON\n", "line 1 is no JSON"),
        (damaged({"version": 2}), "is a recording of format version 2, and this program reads version 1"),
        (damaged({"origin": "nowhere"}), "origin 'nowhere' is none of live, embedded, elsewhere"),
        (damaged({"recorded": "yesterday"}), "recorded should be a moment"),
        (damaged({"recorded": "2026-11-25"}), "recorded should be a moment"),
        (recording(request()).to_jsonl().rpartition('{"end"')[0], "is cut off"),
        (recording(request()).to_jsonl()[:-30], "is no JSON"),
        (recording(request()).to_jsonl().replace('"end": 1', '"end": 2'), "is cut off"),
        (recording(request()).to_jsonl().replace('"from"', '"form"'), "line 2 is no frame"),
        (recording(request()).to_jsonl().replace('"handshake"', '"handshook"'), "line 2 is no frame"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(RecordingError) as refusal:
        Recording.from_jsonl(text, "night.jsonl")
    assert said in str(refusal.value)
    assert str(refusal.value).startswith("night.jsonl")
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"none\.jsonl: No such file"):
        Recording.read(tmp_path / "none.jsonl")


def test_its_age_is_counted_in_whole_days() -> None:
    assert recording().age_days(datetime(2026, 11, 27, 3, 16, tzinfo=UTC)) == 1
