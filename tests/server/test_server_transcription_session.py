"""Sessions that only transcribe (intent=transcription), in the shape that was recorded."""

from __future__ import annotations

import pytest

from realtime_server import rules, speech

TRANSCRIPTION = "conversation.item.input_audio_transcription"
QUERY = "?intent=transcription"


def session(**heard):
    return {"type": "session.update", "session": {"type": "transcription", "audio": {"input": heard}}}


@pytest.mark.shows(rules.TRANSCRIPTION_SHAPE)
def test_the_session_begins_as_recorded(open_client, play):
    async def scene():
        async with open_client(QUERY, greeted=False) as client:
            return (await client.receive())["session"]

    begun = play(scene())
    assert begun.pop("id").startswith("sess_")
    assert begun.pop("expires_at") > 0
    assert begun == {
        "type": "transcription",
        "object": "realtime.transcription_session",
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.5,
                    "prefix_padding_ms": 300,
                    "silence_duration_ms": 200,
                },
            }
        },
        "include": None,
    }


def test_a_committed_buffer_is_transcribed_and_never_answered(open_client, play):
    question = speech("question")

    async def scene():
        async with open_client(QUERY) as client:
            updated = await client.ask(
                session(transcription={"model": "gpt-realtime-whisper"}, turn_detection=None)
            )
            await client.append(question.pcm)
            await client.send({"type": "input_audio_buffer.commit"})
            return updated, await client.nothing_more()

    updated, events = play(scene())
    heard = updated["session"]["audio"]["input"]
    assert heard["transcription"] == {"model": "gpt-realtime-whisper", "language": None, "prompt": None}
    names = list(dict.fromkeys(e["type"] for e in events))
    assert names == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        f"{TRANSCRIPTION}.delta",
        f"{TRANSCRIPTION}.completed",
    ]
    assert events[-1]["transcript"] == question.words
    assert events[-1]["usage"] == {"type": "duration", "seconds": 4}


def test_a_detected_turn_is_transcribed_and_never_answered(open_client, play):
    async def scene():
        async with open_client(QUERY) as client:
            await client.ask(session(transcription={"model": "whisper-1"}))
            await client.append(speech("question").pcm + bytes(24_000))
            return await client.nothing_more()

    names = list(dict.fromkeys(e["type"] for e in play(scene())))
    assert names == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        f"{TRANSCRIPTION}.delta",
        f"{TRANSCRIPTION}.completed",
    ]


def test_what_only_a_conversation_has_is_unknown_here(open_client, play):
    async def scene():
        async with open_client(QUERY) as client:
            errors = []
            for extra in (
                {"instructions": "Be brief."},
                {"tools": []},
                {"audio": {"output": {"voice": "alloy"}}},
            ):
                update = {"type": "session.update", "session": {"type": "transcription", **extra}}
                errors.append((await client.ask(update))["error"])
            return errors

    assert [(e["code"], e["param"]) for e in play(scene())] == [
        ("unknown_parameter", "session.instructions"),
        ("unknown_parameter", "session.tools"),
        ("unknown_parameter", "session.audio.output"),
    ]


def test_a_refused_rate_leaves_the_session_listening_but_without_a_transcript(open_client, play):
    async def scene():
        async with open_client(QUERY) as client:
            slow = session(format={"type": "audio/pcm", "rate": 16000}, transcription={"model": "whisper-1"})
            refused = await client.ask(slow)
            await client.append(speech("question").pcm)
            await client.send({"type": "input_audio_buffer.commit"})
            return refused["error"], await client.nothing_more()

    error, events = play(scene())
    assert error["code"] == "integer_below_min_value"
    assert not [e for e in events if e["type"].startswith(TRANSCRIPTION)]
    assert [e for e in events if e["type"] == "input_audio_buffer.committed"]
