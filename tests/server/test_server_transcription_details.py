"""What a transcription tells besides the words: how sure it is, and who spoke when."""

from __future__ import annotations

import pytest

from realtime_server import rules, speech

ABOUT = "conversation.item.input_audio_transcription"
LOGPROBS = "item.input_audio_transcription.logprobs"
WORDS = "Is it open? I think so."


@pytest.fixture
def transcribed(server, open_client, play):
    """Commit a clip heard as ``WORDS``; return the events about its transcription."""
    server.script.user_transcripts = [WORDS]

    def run(model, include=None):
        async def scene():
            async with open_client() as client:
                heard = {"turn_detection": None, "transcription": {"model": model}}
                asked = {"include": include} if include else {}
                updated = await client.update(audio={"input": heard}, **asked)
                assert updated["type"] == "session.updated"
                await client.append(speech("question").pcm)
                await client.send({"type": "input_audio_buffer.commit"})
                events = await client.until(f"{ABOUT}.completed")
                return [event for event in events if event["type"].startswith(ABOUT)]

        return play(scene())

    return run


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-4o-mini-transcribe"])
@pytest.mark.shows(rules.LOGPROBS)
def test_logprobs_come_with_each_delta_and_with_the_whole_where_they_are_asked_for(transcribed, model):
    *deltas, completed = transcribed(model, [LOGPROBS])
    assert [delta["logprobs"][0]["token"] for delta in deltas] == [delta["delta"] for delta in deltas]
    told = completed["logprobs"]
    assert "".join(one["token"] for one in told) == WORDS
    assert bytes(told[1]["bytes"]).decode() == told[1]["token"]
    assert {one["logprob"] for one in told} == {0.0}


@pytest.mark.parametrize(("model", "include"), [("gpt-4o-transcribe", None), ("whisper-1", [LOGPROBS])])
def test_logprobs_come_only_where_they_are_asked_for_and_of_models_that_tell(transcribed, model, include):
    assert not [event for event in transcribed(model, include) if "logprobs" in event]


@pytest.mark.shows(rules.SEGMENTS)
def test_a_model_that_tells_speakers_apart_sends_a_segment_for_each_sentence(transcribed):
    events = transcribed("gpt-4o-transcribe-diarize")
    segments = [event for event in events if event["type"] == f"{ABOUT}.segment"]
    assert [segment["text"] for segment in segments] == ["Is it open?", "I think so."]
    assert [segment["speaker"] for segment in segments] == ["A", "A"]
    first, second = segments
    assert (first["start"], second["start"]) == (0, first["end"])
    assert second["end"] == pytest.approx(speech("question").duration_ms / 1000, abs=0.01)
    assert len({segment["id"] for segment in segments}) == 2
    assert events[-1]["item_id"] == first["item_id"]


@pytest.mark.shows(rules.TRANSCRIPTION_BY_THE_MINUTE)
@pytest.mark.parametrize(
    ("model", "kind"),
    [("gpt-transcribe", "duration"), ("gpt-live-transcribe", "duration"), ("gpt-4o-transcribe", "tokens")],
)
def test_what_a_model_is_paid_by_is_what_its_usage_counts(transcribed, model, kind):
    assert transcribed(model)[-1]["usage"]["type"] == kind


def test_other_models_send_no_segments(transcribed):
    assert not [event for event in transcribed("gpt-4o-transcribe") if event["type"].endswith("segment")]
