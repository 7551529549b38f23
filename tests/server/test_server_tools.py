"""Function calls: the round of a call and its output, several calls, commentary before them."""

from __future__ import annotations

import pytest

from realtime_server import Answer, ToolCall, rules

TOOL = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}
LONDON = ToolCall("get_weather", '{"city": "London"}')
CALL = [
    "response.output_item.added",
    "conversation.item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "conversation.item.done",
    "response.output_item.done",
]
END = ["response.done", "rate_limits.updated"]


def types(events) -> list[str]:
    names = [e["type"] for e in events]
    return [n for i, n in enumerate(names) if i == 0 or n != names[i - 1] or not n.endswith("delta")]


def of(events, event_type):
    return [e for e in events if e["type"] == event_type]


@pytest.fixture
def answered(server, open_client, play):
    """Play one response in a session that offers the tool."""

    def played(answer: Answer, *, query="?model=gpt-realtime", session=None, **response):
        server.script.answers = [answer]

        async def scene():
            async with open_client(query) as client:
                await client.update(tools=[TOOL], **(session or {}))
                await client.respond(**response)
                return await client.until("rate_limits.updated")

        return play(scene())

    return played


@pytest.mark.shows(rules.CALL_ORDER)
def test_the_round_of_a_call_and_its_output_comes_in_the_recorded_order(server, open_client, play):
    server.script.answers = [Answer.calling(LONDON), Answer("It is foggy in London.")]

    async def scene():
        async with open_client() as client:
            await client.update(tools=[TOOL], output_modalities=["text"])
            await client.say("What is the weather in London?")
            await client.respond()
            first = await client.until("response.done")
            call_id = first[-1]["response"]["output"][0]["call_id"]
            output = {"type": "function_call_output", "call_id": call_id, "output": "foggy"}
            await client.send({"type": "conversation.item.create", "item": output})
            await client.respond()
            await client.until("rate_limits.updated")
            return first, await client.until("rate_limits.updated")

    first, second = play(scene())
    added, done = "conversation.item.added", "conversation.item.done"
    assert types(first) == [added, done, "response.created", *CALL, "response.done"]
    assert types(second) == [
        added, done, "response.created", "response.output_item.added", added, "response.content_part.added",
        "response.output_text.delta", "response.output_text.done", "response.content_part.done", done,
        "response.output_item.done", *END,
    ]  # fmt: skip
    (asked, call), (output, answer) = of(first, added), of(second, added)
    assert call["previous_item_id"] == asked["item"]["id"]
    assert output["previous_item_id"] == call["item"]["id"]
    assert answer["previous_item_id"] == output["item"]["id"]
    # The predecessor of the call is the conversation's first item, so its done event names none.
    assert [e["previous_item_id"] for e in of(first, done)] == [None, None]
    assert of(second, done)[1]["previous_item_id"] == output["item"]["id"]
    assert list(output["item"]) == ["id", "type", "call_id", "output"]


def test_the_fields_of_a_call_are_the_recorded_ones(answered):
    events = answered(Answer.calling(LONDON))
    place = {"type", "event_id", "response_id", "item_id", "output_index", "call_id"}
    deltas = of(events, "response.function_call_arguments.delta")
    (done,) = of(events, "response.function_call_arguments.done")
    (added,) = of(events, "response.output_item.added")
    assert set(deltas[0]) == place | {"delta", "obfuscation"}
    assert set(done) == place | {"name", "arguments"}
    assert "".join(e["delta"] for e in deltas) == done["arguments"] == LONDON.arguments
    item = added["item"]
    assert list(item) == ["id", "type", "status", "name", "call_id", "arguments"]
    assert (item["status"], item["name"], item["arguments"]) == ("in_progress", "get_weather", "")
    assert item["call_id"].startswith("call_")
    assert len(item["call_id"]) == len("call_") + 16
    (response,) = (e["response"] for e in of(events, "response.done"))
    assert response["output"] == [{**item, "status": "completed", "arguments": LONDON.arguments}]
    assert response["usage"]["output_token_details"] == {"text_tokens": len(deltas), "audio_tokens": 0}


def test_a_call_alone_has_neither_audio_nor_text(answered):
    events = answered(Answer.calling(LONDON, ToolCall("get_weather", "{}", call_id="mine")))
    assert types(events) == ["response.created", *CALL, *CALL, *END]
    assert [e["output_index"] for e in of(events, "response.output_item.added")] == [0, 1]
    assert of(events, "response.function_call_arguments.done")[1]["call_id"] == "mine"


@pytest.mark.shows(rules.PHASES, rules.UNTYPED_PHASE, rules.UNTYPED_REASONING)
def test_a_spoken_commentary_comes_before_the_call_and_says_that_it_is_one(answered):
    answer = Answer("One moment.", bytes(4_800), tool_calls=[LONDON])
    events = answered(answer, query="?model=gpt-realtime-2.1")
    message, call = of(events, "response.done")[0]["response"]["output"]
    assert (message["phase"], message["content"][0]["type"]) == ("commentary", "output_audio")
    assert (message["status"], call["status"]) == ("completed", "completed")
    assert "phase" not in call
    assert types(events)[-8:] == [*CALL, *END]
    usage = of(events, "response.done")[0]["response"]["usage"]
    assert usage["output_token_details"]["reasoning_tokens"] == 0


def test_an_answer_without_a_call_is_the_final_one_and_other_models_do_not_tell(answered):
    final = answered(Answer("Done.", bytes(4_800)), query="?model=gpt-realtime-2.1-mini")
    assert of(final, "response.done")[0]["response"]["output"][0]["phase"] == "final_answer"
    plain = answered(Answer("Done.", bytes(4_800)))
    assert "phase" not in of(plain, "response.done")[0]["response"]["output"][0]


@pytest.mark.parametrize(
    "response",
    [
        {"tool_choice": "none"},
        {"tools": []},
        {"tools": [{**TOOL, "name": "other"}], "tool_choice": {"type": "function", "name": "other"}},
    ],
)
@pytest.mark.shows(rules.OFFERED_ONLY)
def test_what_was_not_offered_is_not_called_and_the_evidence_says_so(server, answered, response):
    events = answered(Answer.calling(LONDON), **response)
    assert types(events) == ["response.created", *END]
    assert of(events, "response.done")[0]["response"]["output"] == []
    (frame,) = [f for f in server.wait_for_connection().transcript.frames if f.type == "response.created"]
    assert "get_weather was left out" in frame.note
    assert "RT-response-09" in frame.note


def test_what_one_request_offers_can_be_called(answered):
    tool = {**TOOL, "name": "other"}
    events = answered(Answer.calling(ToolCall("other")), tools=[tool])
    assert of(events, "response.done")[0]["response"]["output"][0]["name"] == "other"


def test_a_call_can_be_cut_short(server, open_client, play):
    server.script.answers = [Answer.calling(LONDON, hold_after=2)]

    async def scene():
        async with open_client() as client:
            await client.update(tools=[TOOL])
            await client.respond()
            await client.until("response.function_call_arguments.delta")
            await client.send({"type": "response.cancel"})
            return await client.until("response.done")

    done = play(scene())[-1]["response"]
    (call,) = done["output"]
    assert (done["status"], call["status"]) == ("cancelled", "incomplete")
    assert call["arguments"] == '{"'
    assert LONDON.arguments.startswith(call["arguments"])


def test_the_last_item_of_a_failed_response_is_incomplete_and_those_before_it_are_not(answered):
    error = {"type": "server_error", "code": "rate_limit_exceeded", "message": "Slow down."}
    answer = Answer("Wait.", bytes(4_800), tool_calls=[LONDON], status="failed", error=error)
    done = of(answered(answer), "response.done")[0]["response"]
    assert [item["status"] for item in done["output"]] == ["completed", "incomplete"]
    assert done["status_details"]["error"]["code"] == "rate_limit_exceeded"
