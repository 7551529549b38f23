"""Steps of whole turns and single events."""

import asyncio

from behave import given, then, when
from behave.runner import Context
from hamcrest import (
    assert_that,
    equal_to,
    greater_than,
    has_item,
    has_length,
    has_properties,
    is_,
    is_not,
    none,
)

from realtime_adapter import AgentTurn
from realtime_adapter.events import UnknownEvent
from realtime_server import Answer, Sender
from realtime_server.clips import speech
from support.phrases import world

SLICE_BYTES = 4_800  # 100 ms


@given("an endpoint that answers with words and no audio")
def endpoint_with_words_alone(context: Context) -> None:
    world(context).open_endpoint(Answer(transcript="At nine.", audio=b""))


@given("an endpoint that answers with nothing")
def endpoint_with_nothing(context: Context) -> None:
    world(context).open_endpoint(Answer(transcript="", audio=b""))


@given("a reader of the events")
async def a_reader_of_the_events(context: Context) -> None:
    world(context).read_events()


@when("the client speaks the question and takes the whole turn")
async def the_client_takes_a_turn(context: Context) -> None:
    await world(context).speak(speech("question").pcm)
    await world(context).take_turn()


@when("the client takes the whole turn")
async def the_client_takes_the_turn(context: Context) -> None:
    await world(context).take_turn()


@when("the client speaks the question and takes the whole turn, which goes on after a while")
async def the_client_takes_a_slow_turn(context: Context) -> None:
    await world(context).speak(speech("question").pcm)
    asyncio.get_running_loop().call_later(0.05, world(context).script.release)
    await world(context).take_turn()


@when("the client tries to take the whole turn")
async def the_client_tries_to_take_a_turn(context: Context) -> None:
    await world(context).speak(speech("question").pcm)
    await world(context).attempt(world(context).take_turn())


@when("the client tries to take the whole turn within {ms:d} ms")
async def the_client_tries_to_take_a_turn_within(context: Context, ms: int) -> None:
    await world(context).speak(speech("question").pcm)
    await world(context).attempt(world(context).client.receive_turn(ms / 1000))


@then("the turn holds the whole answer")
def the_turn_holds_the_answer(context: Context) -> None:
    assert_that(world(context).agent_turn.audio.data, equal_to(world(context).scripted(0).audio))


@then("the turn holds the whole second answer")
def the_turn_holds_the_second_answer(context: Context) -> None:
    assert_that(world(context).agent_turn.audio.data, equal_to(world(context).scripted(1).audio))


@then("the turn holds the answer after its first {slices:d} slices")
def the_turn_holds_the_rest(context: Context, slices: int) -> None:
    heard = world(context).turns[0].heard
    assert_that(heard, has_length(slices))
    whole = b"".join(heard) + world(context).agent_turn.audio.data
    assert_that(whole, equal_to(world(context).scripted(0).audio))


@then('the turn\'s words are "{words}"')
def the_turns_words_are(context: Context, words: str) -> None:
    assert_that(world(context).agent_turn.transcript, equal_to(words))


@then('the turn has the status "{status}"')
def the_turn_has_the_status(context: Context, status: str) -> None:
    assert_that(world(context).agent_turn.status, equal_to(status))


@then("the turn has called nothing and follows none")
@then("no other turn follows")
def no_other_turn_follows(context: Context) -> None:
    turn = world(context).agent_turn
    assert_that(turn, has_properties(tool_calls=(), tool_message=none(), continues=False))


@then("another turn follows by itself")
def another_turn_follows(context: Context) -> None:
    assert_that(world(context).agent_turn.continues, is_(True))


@then("the turn has used what the endpoint has told")
def the_turn_has_used(context: Context) -> None:
    told = world(context).first_event(Sender.SERVER, "response.done")["response"]
    assert_that(told["usage"], is_not(none()))
    assert_that(world(context).agent_turn, has_properties(usage=told["usage"], response_id=told["id"]))


@then("the first byte, the first audio and the end came in this order")
def the_moments_came_in_order(context: Context) -> None:
    timings = world(context).agent_turn.timings
    moments = [0.0, timings.first_byte_s, timings.first_audio_s, timings.total_s]
    assert_that(moments, equal_to(sorted(moments)))
    assert_that(timings.total_s - timings.first_audio_s, greater_than(0.0))


@then("the turn's message for the chat API has exactly the calls")
def the_message_has_the_calls(context: Context) -> None:
    calls = [
        {
            "id": row["call"],
            "type": "function",
            "function": {"name": row["function"], "arguments": row["arguments"]},
        }
        for row in context.table
    ]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    assert_that(world(context).agent_turn.tool_message, equal_to(message))


@then("the error holds a turn with the first {slices:d} slices")
def the_error_holds_a_turn(context: Context, slices: int) -> None:
    turn: AgentTurn = getattr(world(context).error, "turn")  # noqa: B009 - of the errors that have one
    assert_that(turn.audio.data, has_length(slices * SLICE_BYTES))
    assert_that(turn.audio.data, equal_to(world(context).scripted(0).audio[: slices * SLICE_BYTES]))


@then("the reader has seen every event that the endpoint has sent since")
@then("each reader has seen every event that the endpoint has sent since")
async def the_readers_have_seen(context: Context) -> None:
    sent = (await world(context).closed_transcript()).events(Sender.SERVER)
    since = sent[[event["type"] for event in sent].index("session.updated") + 1 :]
    for seen in await world(context).events_read():
        assert_that([event.fields for event in seen], equal_to(since))


@then("the reader has seen an event of unknown type, whole")
async def the_reader_has_seen_an_unknown_event(context: Context) -> None:
    (seen,) = await world(context).events_read()
    assert_that({type(event) for event in seen}, has_item(UnknownEvent))


@then("the reading has ended")
async def the_reading_has_ended(context: Context) -> None:
    (seen,) = await world(context).events_read()
    assert_that(seen[-1].type, equal_to("response.output_item.done"))
