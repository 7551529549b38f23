"""Turn detection: speech found in the audio that arrived, and what follows from it."""

from __future__ import annotations

import asyncio
import base64

import numpy as np
import pytest

from realtime_server import Answer, ToolCall, TranscriptionFailure, rules, speech
from realtime_server.turn_detection import SpeechDetector, SpeechStarted, SpeechStopped

STARTED, STOPPED, COMMITTED = (
    f"input_audio_buffer.{name}" for name in ("speech_started", "speech_stopped", "committed")
)
TRANSCRIPTION = "conversation.item.input_audio_transcription"
TRANSCRIBED = {"transcription": {"model": "gpt-4o-transcribe"}}
QUESTION = speech("question")


def silence(ms: int) -> bytes:
    return bytes(48 * ms)


def noise(ms: int, amplitude: int = 8_000) -> bytes:
    """A square wave of 500 Hz: its RMS is its amplitude."""
    return np.where(np.arange(24 * ms) // 24 % 2, amplitude, -amplitude).astype("<i2").tobytes()


def types(events) -> list[str]:
    names = [e["type"] for e in events]
    return [n for i, n in enumerate(names) if i == 0 or n != names[i - 1] or not n.endswith("delta")]


def of(events, event_type):
    return [e for e in events if e["type"] == event_type]


def detection(**fields):
    return {"audio": {"input": {"turn_detection": {"type": "server_vad", **fields}}}}


@pytest.fixture
def heard(open_client, play):
    """Append audio in slices to a session and return everything up to the event that is awaited."""

    def played(sound: bytes, /, *, slice_ms=100, until="rate_limits.updated", **session):
        async def scene():
            async with open_client() as client:
                await client.update(**session)
                size = 48 * slice_ms
                for start in range(0, len(sound), size):
                    await client.append(sound[start : start + size])
                return await (client.until(until) if until else client.nothing_more())

        return play(scene())

    return played


@pytest.mark.shows(rules.VAD_TURN)
def test_a_spoken_turn_comes_in_the_recorded_order(heard):
    events = heard(silence(1_000) + QUESTION.pcm + silence(500), audio={"input": TRANSCRIBED})
    assert types(events) == [
        STARTED,
        STOPPED,
        COMMITTED,
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        f"{TRANSCRIPTION}.delta",
        f"{TRANSCRIPTION}.completed",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        *["response.output_audio_transcript.delta", "response.output_audio.delta"] * 14,
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    started, stopped, committed, added = events[:4]
    assert set(started) == {"type", "event_id", "audio_start_ms", "item_id"}
    assert set(stopped) == {"type", "event_id", "audio_end_ms", "item_id"}
    ids = {started["item_id"], stopped["item_id"], committed["item_id"], added["item"]["id"]}
    assert len(ids) == 1
    assert of(events, f"{TRANSCRIPTION}.completed")[0]["transcript"] == QUESTION.words
    assert of(events, f"{TRANSCRIPTION}.completed")[0]["item_id"] == started["item_id"]


@pytest.mark.parametrize("slice_ms", [1, 20, 33, 100, 5_000])
def test_a_turn_is_the_same_however_the_audio_is_cut(heard, slice_ms):
    audio = silence(700) + noise(400) + silence(700)
    started, stopped = heard(audio, slice_ms=slice_ms, until="response.created")[:2]
    assert (started["audio_start_ms"], stopped["audio_end_ms"]) == (400, 1_300)


@pytest.mark.parametrize(
    ("fields", "start_ms", "end_ms"),
    [
        ({}, 700, 1_600),
        ({"prefix_padding_ms": 0}, 1_000, 1_600),
        ({"prefix_padding_ms": 5_000}, 0, 1_600),
        ({"silence_duration_ms": 500}, 700, 1_900),
        ({"silence_duration_ms": 0}, 700, 1_400),
    ],
)
@pytest.mark.shows(rules.VAD_BOUNDS)
def test_padding_and_silence_bound_the_turn(heard, fields, start_ms, end_ms):
    audio = silence(1_000) + noise(400) + silence(1_000)
    events = heard(audio, until="response.created", **detection(**fields))
    assert (events[0]["audio_start_ms"], events[1]["audio_end_ms"]) == (start_ms, end_ms)


def test_the_item_holds_exactly_the_audio_between_start_and_end(open_client, play):
    audio = silence(1_000) + noise(400) + silence(1_000)

    async def scene():
        async with open_client() as client:
            await client.append(audio)
            item_id = (await client.until(COMMITTED))[-1]["item_id"]
            await client.until("rate_limits.updated")
            await client.send({"type": "conversation.item.retrieve", "item_id": item_id})
            return (await client.until("conversation.item.retrieved"))[-1]

    sound = base64.b64decode(play(scene())["item"]["content"][0]["audio"])
    assert sound == audio[48 * 700 : 48 * 1_600]


def test_a_second_turn_counts_from_the_first_audio_ever_appended_and_not_into_the_first_turn(heard):
    one = noise(400) + silence(300)
    events = heard(one + one, until=None, **detection(create_response=False))
    assert [e["audio_start_ms"] for e in of(events, STARTED)] == [0, 600]
    assert [e["audio_end_ms"] for e in of(events, STOPPED)] == [600, 1_300]
    first, second = of(events, COMMITTED)
    assert second["previous_item_id"] == first["item_id"]


@pytest.mark.parametrize(
    ("threshold", "amplitude", "speech_found"),
    [(0.5, 320, False), (0.5, 340, True), (0, 32, False), (0, 34, True), (1, 3_200, False), (1, 3_400, True)],
)
@pytest.mark.shows(rules.VAD_ENERGY)
def test_the_threshold_decides_what_is_loud_enough(heard, threshold, amplitude, speech_found):
    events = heard(noise(200, amplitude) + silence(300), until=None, **detection(threshold=threshold))
    assert (STARTED in types(events)) == speech_found


@pytest.mark.parametrize(("ms", "speech_found"), [(40, False), (60, True)])
def test_a_click_is_not_speech(heard, ms, speech_found):
    events = heard(silence(100) + noise(ms) + silence(400), until=None, **detection(create_response=False))
    assert (STARTED in types(events)) == speech_found


def test_a_turn_does_not_end_before_the_silence_has_arrived(heard):
    events = heard(noise(500) + silence(180), until=None)
    assert types(events) == [STARTED]


def test_nobody_listens_when_turn_detection_is_off(heard):
    off = {"audio": {"input": {"turn_detection": None}}}
    assert heard(noise(500) + silence(500), until=None, **off) == []


@pytest.mark.shows(rules.VAD_FLAGS)
def test_both_flags_off_leave_the_events_of_detection_only(heard):
    flags = {"create_response": False, "interrupt_response": False}
    events = heard(noise(500) + silence(500), until=None, **detection(**flags))
    assert types(events) == [STARTED, STOPPED, COMMITTED, "conversation.item.added", "conversation.item.done"]


@pytest.mark.parametrize(("eagerness", "wait_ms"), [("low", 8_000), ("auto", 4_000), ("high", 2_000)])
@pytest.mark.shows(rules.SEMANTIC_WAITS)
def test_semantic_detection_waits_as_long_as_its_eagerness_says(heard, eagerness, wait_ms):
    semantic = {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": eagerness}}}}
    events = heard(noise(500) + silence(wait_ms), slice_ms=1_000, until="response.created", **semantic)
    assert events[1]["audio_end_ms"] == 500 + wait_ms
    short = heard(noise(500) + silence(wait_ms - 40), slice_ms=1_000, until=None, **semantic)
    assert types(short) == [STARTED]


@pytest.mark.shows(rules.BARGE_IN)
def test_speech_interrupts_the_answer_and_the_client_truncates_what_it_did_not_play(
    server, open_client, play
):
    server.script.answers = [Answer(hold_after=5)]

    async def scene():
        async with open_client() as client:
            await client.respond()
            for _ in range(5):
                await client.until("response.output_audio.delta")
            await client.append(noise(300))
            events = await client.until("rate_limits.updated")
            item = of(events, "response.done")[0]["response"]["output"][0]
            cut = {"item_id": item["id"], "content_index": 0}
            beyond = await client.ask({"type": "conversation.item.truncate", **cut, "audio_end_ms": 501})
            cut_off = await client.ask({"type": "conversation.item.truncate", **cut, "audio_end_ms": 500})
            await client.append(silence(300))
            return events, beyond, cut_off, await client.until("response.done")

    events, beyond, cut_off, after = play(scene())
    done = of(events, "response.done")[0]["response"]
    assert types(events)[0] == STARTED
    assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert done["output"][0]["status"] == "incomplete"
    assert beyond["error"]["message"] == "Audio content of 500ms is already shorter than 501ms"
    assert (cut_off["type"], cut_off["audio_end_ms"]) == ("conversation.item.truncated", 500)
    assert after[-1]["response"]["status"] == "completed"


def test_a_whole_turn_in_one_append_interrupts_first_and_is_then_answered(server, open_client, play):
    server.script.answers = [Answer(hold_after=1), Answer("Yes.", bytes(4_800))]

    async def scene():
        async with open_client() as client:
            await client.respond()
            await client.until("response.output_audio.delta")
            await client.append(noise(300) + silence(300))
            await client.until("response.done")
            return await client.until("response.done")

    events = play(scene())
    assert types(events)[:5] == ["rate_limits.updated", STOPPED, COMMITTED, "conversation.item.added",
                                 "conversation.item.done"]  # fmt: skip
    assert events[-1]["response"]["status"] == "completed"


@pytest.mark.shows(rules.VAD_BUSY)
def test_an_answer_that_may_not_be_interrupted_goes_on_and_the_turn_gets_none(server, open_client, play):
    server.script.answers = [Answer(hold_after=1)]

    async def scene():
        async with open_client() as client:
            await client.update(**detection(interrupt_response=False))
            await client.respond()
            await client.until("response.output_audio.delta")
            await client.append(noise(300) + silence(300))
            error = (await client.until("error"))[-1]["error"]
            server.script.release()
            return error, await client.until("rate_limits.updated"), await client.nothing_more()

    error, events, more = play(scene())
    assert (error["code"], error["event_id"]) == ("conversation_already_has_active_response", None)
    assert of(events, "response.done")[0]["response"]["status"] == "completed"
    assert more == []


@pytest.mark.shows(rules.COMMIT_UNDER_VAD)
def test_a_commit_by_hand_ends_the_turn_under_the_id_that_was_announced(open_client, play):
    async def scene():
        async with open_client() as client:
            await client.append(noise(300))
            started = (await client.until(STARTED))[-1]
            committed = await client.ask({"type": "input_audio_buffer.commit"})
            await client.append(silence(500))
            return started, committed, await client.nothing_more()

    started, committed, more = play(scene())
    assert committed["item_id"] == started["item_id"]
    assert types(more) == ["conversation.item.added", "conversation.item.done"]


def test_a_commit_after_a_detected_turn_finds_too_little(open_client, play):
    async def scene():
        async with open_client() as client:
            await client.append(noise(300) + silence(220))
            await client.until("rate_limits.updated")
            return await client.ask({"type": "input_audio_buffer.commit"})

    error = play(scene())["error"]
    assert error["code"] == "input_audio_buffer_commit_empty"
    assert "only has 20.00ms" in error["message"]


def test_clearing_forgets_the_turn(open_client, play):
    async def scene():
        async with open_client() as client:
            await client.append(noise(300))
            await client.until(STARTED)
            await client.ask({"type": "input_audio_buffer.clear"})
            await client.append(silence(500))
            return await client.nothing_more()

    assert play(scene()) == []


def test_words_may_run_ahead_of_the_commit_under_the_announced_id(server, heard):
    server.script.transcription = "before commit"
    events = heard(QUESTION.pcm + silence(300), audio={"input": TRANSCRIBED})
    names = types(events)
    assert names[:4] == [STARTED, STOPPED, f"{TRANSCRIPTION}.delta", COMMITTED]
    assert {e["item_id"] for e in of(events, f"{TRANSCRIPTION}.delta")} == {events[0]["item_id"]}
    assert of(events, f"{TRANSCRIPTION}.completed")[0]["transcript"] == QUESTION.words


def test_a_turn_whose_transcription_fails_is_answered_all_the_same(server, heard):
    server.script.user_transcripts = [TranscriptionFailure()]
    events = heard(QUESTION.pcm + silence(300), audio={"input": TRANSCRIBED})
    assert len(of(events, f"{TRANSCRIPTION}.failed")) == 1
    assert of(events, "response.done")[0]["response"]["status"] == "completed"


def test_whisper_is_counted_in_seconds(heard):
    whisper = {"transcription": {"model": "gpt-realtime-whisper"}}
    events = heard(QUESTION.pcm + silence(300), audio={"input": whisper})
    assert of(events, f"{TRANSCRIPTION}.completed")[0]["usage"] == {"type": "duration", "seconds": 3}


def test_a_detected_turn_can_be_answered_by_a_call(server, heard):
    tool = {"type": "function", "name": "look_up", "parameters": {"type": "object"}}
    server.script.answers = [Answer.calling(ToolCall("look_up"))]
    events = heard(noise(300) + silence(300), tools=[tool])
    assert of(events, "response.done")[0]["response"]["output"][0]["type"] == "function_call"


@pytest.mark.parametrize("streamed_ms", [0, 6_000])
@pytest.mark.shows(rules.IDLE_TIMEOUT)
def test_a_user_who_stays_silent_is_spoken_to_again(server, clock, open_client, play, streamed_ms):
    server.script.answers = [Answer("Hello.", silence(1_000))]

    async def scene():
        async with open_client() as client:
            await client.update(**detection(idle_timeout_ms=5_000))
            await client.respond()
            await client.until("rate_limits.updated")
            await asyncio.to_thread(clock.advance, 1_000)  # the answer is played
            await client.append(silence(20))
            if streamed_ms:
                await client.append(silence(streamed_ms))
            early = await client.nothing_more() if not streamed_ms else []
            await asyncio.to_thread(clock.advance, 4_999)
            await asyncio.to_thread(clock.advance, 1)
            return early, await client.until("response.done")

    early, events = play(scene())
    assert early == []
    timeout, committed = events[:2]
    assert timeout["type"] == "input_audio_buffer.timeout_triggered"
    assert set(timeout) == {"type", "event_id", "audio_start_ms", "audio_end_ms", "item_id"}
    assert timeout["audio_end_ms"] - timeout["audio_start_ms"] == (streamed_ms + 20)
    assert (committed["type"], committed["item_id"]) == (COMMITTED, timeout["item_id"])
    assert types(events)[2:5] == ["conversation.item.added", "conversation.item.done", "response.created"]


def test_a_user_who_speaks_in_time_is_not_interrupted(clock, open_client, play):
    async def scene():
        async with open_client() as client:
            await client.update(**detection(idle_timeout_ms=5_000))
            await client.respond()
            await client.until("rate_limits.updated")
            await asyncio.to_thread(clock.advance, 8_000)
            await client.append(noise(200))
            await client.until(STARTED)
            await asyncio.to_thread(clock.advance, 60_000)
            return await client.nothing_more()

    assert play(scene()) == []


def test_a_user_who_speaks_since_before_the_answer_ended_is_not_called_silent(
    server, clock, open_client, play
):
    server.script.answers = [Answer(hold_after=1)]

    async def scene():
        async with open_client() as client:
            await client.update(**detection(idle_timeout_ms=5_000, interrupt_response=False))
            await client.respond()
            await client.until("response.output_audio.delta")
            await client.append(noise(300))
            await client.until(STARTED)
            server.script.release()
            await client.until("rate_limits.updated")
            await asyncio.to_thread(clock.advance, 60_000)
            return await client.nothing_more()

    assert play(scene()) == []


def test_a_detector_keeps_what_does_not_fill_a_window():
    fields = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 0, "silence_duration_ms": 20}
    loud = np.full(480 * 4, 9_000, np.int16)
    quiet = np.zeros(480 * 4, np.int16)
    whole = list(SpeechDetector(fields, 0, 24).hear(np.concatenate([loud, quiet])))
    assert whole == [SpeechStarted(0), SpeechStopped(100)]
    detector, pieces = SpeechDetector(fields, 0, 24), []
    for sample in np.array_split(np.concatenate([loud, quiet]), 777):
        pieces += detector.hear(sample)
    assert pieces == whole
