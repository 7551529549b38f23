"""The transcript: append-only, waited for, and read back from its text."""

from __future__ import annotations

import threading

import pytest

from realtime_server import Frame, Sender, Transcript, TranscriptOpen

CREATED = Frame(1.5, Sender.SERVER, "text", '{"type": "session.created"}', rule="RT-x-01", note="a note")
BINARY = Frame(2.0, Sender.CLIENT, "binary", "<2 bytes>")
CLOSE = Frame(3.0, Sender.CLIENT, "close", "bye", 1000)


@pytest.mark.parametrize("payload", ["not json", "[1]", "5", "[" * 100_000])
def test_a_text_frame_without_an_event_has_none(payload):
    frame = Frame(0, Sender.CLIENT, "text", payload)
    assert (frame.event, frame.type) == (None, None)


def test_a_type_that_is_not_text_is_none():
    assert Frame(0, Sender.CLIENT, "text", '{"type": 5}').type is None


def test_events_and_types_are_told_apart_by_sender():
    transcript = Transcript([CREATED, BINARY])
    assert transcript.types(Sender.SERVER) == ["session.created"]
    assert transcript.events(Sender.SERVER) == [{"type": "session.created"}]
    assert transcript.types(Sender.CLIENT) == []


def test_absence_cannot_be_asked_of_an_open_transcript():
    transcript = Transcript([CREATED])
    with pytest.raises(TranscriptOpen, match="hang up first"):
        transcript.complete()
    transcript.append(CLOSE)
    assert transcript.complete() is transcript


def test_it_is_read_back_as_it_was_written():
    transcript = Transcript([CREATED, BINARY, CLOSE])
    assert Transcript.from_jsonl(transcript.to_jsonl()).frames == transcript.frames


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("{}", 1),
        ('{"format": "realtime-transcript", "version": 99}', 1),
        (Transcript().to_jsonl() + "nonsense", 2),
        (Transcript([CREATED]).to_jsonl() + '{"sender": "nobody"}', 3),
    ],
)
def test_what_is_not_a_transcript_is_refused_with_the_line(text, line):
    with pytest.raises(ValueError, match=rf"^line {line}: "):
        Transcript.from_jsonl(text)


def test_a_waiting_thread_is_woken_by_the_frame_it_waits_for():
    transcript = Transcript()
    found = []
    waiter = threading.Thread(target=lambda: found.append(transcript.wait_for(lambda f: f is CREATED, 2.0)))
    waiter.start()
    transcript.append(BINARY)
    transcript.append(CREATED)
    waiter.join(2)
    assert found == [CREATED]


def test_waiting_counts_and_gives_up():
    transcript = Transcript([CREATED, BINARY, CREATED])
    assert transcript.wait_for(lambda f: f is CREATED, 0.0, count=2) is CREATED
    assert transcript.wait_for(lambda f: f is CREATED, 0.01, count=3) is None
