"""What a request overrides for its own response: the conversation, its input, limits, the voice."""

from __future__ import annotations

import base64

import pytest

from realtime_server import Answer, rules, speech

CONVERSATION_EVENTS = {"conversation.item.added", "conversation.item.done"}


def done(events, response_id):
    return next(
        e["response"] for e in events if e["type"] == "response.done" and e["response"]["id"] == response_id
    )


@pytest.mark.shows(rules.OUT_OF_BAND)
def test_several_responses_out_of_band_run_beside_that_of_the_conversation(server, open_client, play):
    server.script.answers = [Answer(hold_after=1), Answer("Two.", hold_after=1), Answer("Three.")]

    async def scene():
        async with open_client() as client:
            await client.respond()
            events = await client.until("response.output_audio.delta")
            for topic in ("a", "b"):
                text = {"conversation": "none", "output_modalities": ["text"], "metadata": {"topic": topic}}
                await client.respond(**text)
            events += await client.until("response.done")
            server.script.release()
            server.script.release()
            return events + await client.until("response.done") + await client.until("response.done")

    events = play(scene())
    first, second, third = (e["response"]["id"] for e in events if e["type"] == "response.created")
    assert [done(events, name)["conversation_id"] is None for name in (first, second, third)] == [
        False, True, True,
    ]  # fmt: skip
    assert done(events, second)["metadata"] == {"topic": "a"}
    assert done(events, third)["metadata"] == {"topic": "b"}
    assert done(events, third)["output"][0]["content"] == [{"type": "output_text", "text": "Three."}]
    finished = [e["response"]["id"] for e in events if e["type"] == "response.done"]
    assert finished[0] == third, "it did not have to wait for the others"
    announced = {e["item"]["id"] for e in events if e["type"] in CONVERSATION_EVENTS}
    assert announced == {item["id"] for item in done(events, first)["output"]}


def test_an_item_out_of_band_is_not_in_the_conversation(open_client, play):
    async def scene():
        async with open_client() as client:
            await client.respond(conversation="none")
            item_id = (await client.until("rate_limits.updated"))[-2]["response"]["output"][0]["id"]
            gone = await client.ask({"type": "conversation.item.retrieve", "item_id": item_id})
            # Nobody in the conversation has spoken, so the voice can still be chosen.
            return gone, await client.update(audio={"output": {"voice": "cedar"}})

    gone, updated = play(scene())
    assert gone["error"]["code"] == "item_retrieve_invalid_item_id"
    assert updated["type"] == "session.updated"


def test_one_of_several_is_cancelled_by_its_id(server, open_client, play):
    server.script.answers = [Answer(hold_after=0), Answer(hold_after=0)]

    async def scene():
        async with open_client() as client:
            await client.respond()
            await client.until("response.created")
            await client.respond(conversation="none")
            apart = (await client.until("response.created"))[-1]["response"]["id"]
            await client.send({"type": "response.cancel", "response_id": apart})
            first = (await client.until("response.done"))[-1]["response"]
            await client.send({"type": "response.cancel"})
            return apart, first, (await client.until("response.done"))[-1]["response"]

    apart, first, second = play(scene())
    assert (first["id"], first["status"]) == (apart, "cancelled")
    assert second["status"] == "cancelled"
    assert second["conversation_id"]


def test_without_an_id_only_the_response_of_the_conversation_is_cancelled(server, open_client, play):
    server.script.answers = [Answer(hold_after=0)]

    async def scene():
        async with open_client() as client:
            await client.respond(conversation="none")
            await client.until("response.created")
            return await client.ask({"type": "response.cancel"})

    assert play(scene())["error"]["code"] == "response_cancel_not_active"


def test_a_response_answers_the_input_it_is_given_instead_of_the_conversation(open_client, play):
    def used(events):
        return events[-2]["response"]["usage"]["input_token_details"]

    async def scene():
        async with open_client() as client:
            await client.update(instructions="Be brief.")
            event = {"type": "message", "id": "m1", "role": "user"}
            content = [{"type": "input_text", "text": "one two three four five"}]
            await client.send({"type": "conversation.item.create", "item": {**event, "content": content}})
            await client.until("conversation.item.done")
            audio = base64.b64encode(bytes(48_000)).decode()
            heard = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": audio}]}
            found = []
            for given in ([], [{"type": "item_reference", "id": "m1"}], [heard]):
                await client.respond(input=given, output_modalities=["text"], conversation="none")
                found.append(used(await client.until("rate_limits.updated")))
            return found

    nothing, reference, sound = play(scene())
    assert (nothing["text_tokens"], nothing["audio_tokens"]) == (3, 0)
    assert (reference["text_tokens"], reference["audio_tokens"]) == (8, 0)
    assert (sound["text_tokens"], sound["audio_tokens"]) == (3, 10)


@pytest.mark.shows(rules.TOKEN_LIMIT)
def test_a_response_that_needs_more_tokens_than_it_may_is_incomplete(server, open_client, play):
    server.script.default_answer = Answer("one two three four", bytes(19_200))

    async def scene(limit):
        async with open_client() as client:
            await client.respond(max_output_tokens=limit)
            return (await client.until("rate_limits.updated"))[-2]["response"]

    cut, whole = play(scene(11)), play(scene(12))
    assert (cut["status"], cut["status_details"]) == (
        "incomplete",
        {"type": "incomplete", "reason": "max_output_tokens"},
    )
    assert cut["output"][0]["status"] == "incomplete"
    assert cut["usage"]["output_tokens"] <= 11
    assert cut["output"][0]["content"][0]["transcript"] == "one two three"
    assert (whole["status"], whole["usage"]["output_tokens"]) == ("completed", 12)


def test_the_voice_and_format_of_a_response_are_its_own(open_client, play):
    async def scene():
        async with open_client() as client:
            own = {"voice": "cedar", "format": {"type": "audio/pcmu"}}
            await client.respond(audio={"output": own})
            return own, await client.until("rate_limits.updated")

    own, events = play(scene())
    assert events[0]["response"]["audio"]["output"] == {"format": own["format"], "voice": "cedar"}
    sound = b"".join(
        base64.b64decode(e["delta"]) for e in events if e["type"] == "response.output_audio.delta"
    )
    assert len(sound) == -(-len(speech("answer").pcm) // 6)
