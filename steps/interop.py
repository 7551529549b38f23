"""Steps of the interoperation with clients that nobody here wrote."""

import json

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, contains_exactly, equal_to, has_entries

from realtime_server import Answer, Sender, ToolCall
from support.interop import runs_named_once
from support.phrases import choice, column, world

choice("Guest", {"the vendor's SDK": "openai_sdk", "the vendor's agents framework": "openai_agents"})
choice(
    "Errand",
    {
        "has a text turn": "text_turn",
        "has an audio turn": "audio_turn",
        "calls a tool": "tool_call",
        "cancels its turn": "cancelled_turn",
        "connects as of the beta": "beta_session",
    },
)


@given("an endpoint that asks for the opening hours of {day:w} before it answers")
def endpoint_that_calls_a_tool(context: Context, day: str) -> None:
    world(context).open_endpoint(Answer.calling(ToolCall("opening_hours", json.dumps({"day": day}))))


@when("{guest:Guest} {errand:Errand}")
def the_guest_runs_its_errand(context: Context, guest: str, errand: str) -> None:
    world(context).receive(guest, errand)


@then("the guest was given the words of the answer")
def the_guest_was_given_the_words(context: Context) -> None:
    assert_that(world(context).visit.words, equal_to(world(context).script.default_answer.transcript))


@then("the guest was given its audio byte for byte")
def the_guest_was_given_the_audio(context: Context) -> None:
    assert_that(world(context).visit.pcm, equal_to(world(context).script.default_answer.audio))


@then('the guest was asked to call "{name}" with the day "{day}"')
def the_guest_was_asked_to_call(context: Context, name: str, day: str) -> None:
    (call,) = world(context).visit.calls
    assert_that((call["name"], json.loads(call["arguments"])), equal_to((name, {"day": day})))


@then('the guest has seen its response end as "{status}" because of "{reason}"')
def the_guest_has_seen_its_response_end(context: Context, status: str, reason: str) -> None:
    assert_that((world(context).visit.status, world(context).visit.reason), equal_to((status, reason)))


@then("the guest has received one error and nothing else")
def the_guest_has_received_one_error(context: Context) -> None:
    expected = dict(context.table.rows) | {"param": None, "event_id": None}
    assert_that(world(context).visit.frames, contains_exactly(has_entries(type="error", error=expected)))


@then('the guest has been closed with {code:d} "{reason}"')
def the_guest_has_been_closed(context: Context, code: int, reason: str) -> None:
    assert_that(
        (world(context).visit.close_code, world(context).visit.close_reason), equal_to((code, reason))
    )


@then('the endpoint was given the result "{result}"')
def the_endpoint_was_given_the_result(context: Context, result: str) -> None:
    items = [
        event["item"]
        for event in world(context).transcript.events(Sender.CLIENT)
        if event["type"] == "conversation.item.create"
    ]
    assert_that(items[-1], has_entries(type="function_call_output", output=result))


@then("the endpoint has sent, a run of deltas named once")
def the_endpoint_has_sent(context: Context) -> None:
    sent = world(context).transcript.types(Sender.SERVER)
    assert_that(runs_named_once(sent), equal_to(column(context, "event")))


@then("the endpoint has sent, of these events, exactly")
async def the_endpoint_has_sent_of_these(context: Context) -> None:
    expected = column(context, "event")
    sent = (await world(context).closed_transcript()).types(Sender.SERVER)
    assert_that([event for event in sent if event in expected], equal_to(expected))
