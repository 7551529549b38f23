"""Every construct of the retired beta that a client may still send, and what the evidence says of it."""

from __future__ import annotations

import pytest

from realtime_server import Sender


def update(**session):
    return {"type": "session.update", "session": {"type": "realtime", **session}}


def respond(**response):
    return {"type": "response.create", "response": response}


def create(**item):
    return {"type": "conversation.item.create", "item": item}


def message(role, part):
    return create(type="message", role=role, content=[part])


FUNCTION = {"type": "function", "name": "look_up"}

BETA = [
    ({"type": "session.update", "session": {"modalities": ["text"], "voice": "alloy"}}, "`session.type`"),
    (update(modalities=["text", "audio"]), "`session.output_modalities`"),
    (update(output_modalities=["text", "audio"]), "exactly one"),
    (update(voice="alloy"), "`session.audio.output.voice`"),
    (update(input_audio_format="pcm16"), "`session.audio.input.format`"),
    (update(output_audio_format="g711_ulaw"), "`session.audio.output.format`"),
    (update(audio={"input": {"format": "pcm16"}}), '{"type": "audio/pcm", "rate": 24000}'),
    (update(audio={"output": {"format": "g711_ulaw"}}), '{"type": "audio/pcmu"}'),
    (update(audio={"output": {"format": "g711_alaw"}}), '{"type": "audio/pcma"}'),
    (update(input_audio_transcription={"model": "whisper-1"}), "`session.audio.input.transcription`"),
    (update(input_audio_noise_reduction=None), "`session.audio.input.noise_reduction`"),
    (update(audio={"input": {"input_audio_noise_reduction": None}}), "`session.audio.input.noise_reduction`"),
    (update(audio={"input": {"input_audio_transcription": None}}), "`session.audio.input.transcription`"),
    (update(turn_detection=None), "`session.audio.input.turn_detection`"),
    (update(max_response_output_tokens=1), "`session.max_output_tokens`"),
    (update(temperature=0.8), "no such field"),
    (update(speed=1.0), "`session.audio.output.speed`"),
    (update(client_secret={}), "no such field"),
    (update(tools=[FUNCTION], tool_choice="look_up"), '{"type": "function", "name": ...}'),
    (
        update(tools=[FUNCTION], tool_choice={"type": "function", "function": {"name": "look_up"}}),
        '{"type": "function", "name": ...}',
    ),
    ({"type": "transcription_session.update", "session": {}}, "`type` transcription"),
    (respond(modalities=["text"]), "`response.output_modalities`"),
    (respond(voice="alloy"), "`response.audio.output.voice`"),
    (respond(output_audio_format="pcm16"), "`response.audio.output.format`"),
    (respond(max_response_output_tokens=1), "`response.max_output_tokens`"),
    (respond(temperature=0.8), "no such field"),
    (message("assistant", {"type": "text", "text": "hi"}), "output_text out"),
    (message("assistant", {"type": "audio", "transcript": "hi"}), "output_text out"),
    (message("assistant", {"type": "input_text", "text": "hi"}), "GA wants output_text"),
    (message("system", {"type": "text", "text": "hi"}), "input_text"),
    (message("user", {"type": "text", "text": "hi"}), "input_text"),
    (create(type="item_reference", id="item_1"), "`response.input` only"),
]


@pytest.mark.parametrize(("event", "wanted"), BETA, ids=range(len(BETA)))
def test_a_beta_construct_is_refused_and_explained_in_the_evidence_only(
    server, open_client, play, event, wanted
):
    async def scene():
        async with open_client() as client:
            return await client.ask(event), await client.nothing_more()

    error, more = play(scene())
    assert (error["type"], more) == ("error", [])
    assert set(error["error"]) == {"type", "code", "message", "param", "event_id"}
    connection = server.wait_for_connection()
    connection.wait_closed()
    (refusal,) = connection.refusals
    assert wanted in refusal.near_miss
    assert refusal.near_miss.startswith("you sent")
    (frame,) = [f for f in connection.transcript.frames if f.sender is Sender.SERVER and f.type == "error"]
    assert frame.note == refusal.near_miss


@pytest.mark.parametrize(
    "event",
    [
        create(
            type="message",
            object="realtime.item",
            role="user",
            content=[{"type": "input_text", "text": "hi"}],
        ),
        update(tools=[FUNCTION], tool_choice={"type": "function", "name": "look_up"}),
        update(instructions="Be brief.", tracing="auto"),
    ],
)
def test_what_beta_and_ga_share_is_accepted(open_client, play, event):
    async def scene():
        async with open_client() as client:
            return await client.ask(event)

    assert play(scene())["type"] != "error"
