"""Steps of responses beside the conversation."""

import asyncio

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, contains_inanyorder, equal_to, has_entries

from realtime_server import Answer, CloseWith, Sender
from support.phrases import world

INSTRUCTIONS = "Say in one sentence what the user wants."
TIMEOUT_S = 5.0


@given("an endpoint that pauses, and then answers beside the conversation")
def endpoint_that_pauses_then_answers_beside(context: Context) -> None:
    world(context).open_endpoint(Answer(hold_after=2), Answer(transcript="A question about the hours."))


@given('an endpoint that answers in turn "{one}", "{two}", "{three}"')
def endpoint_that_answers_in_turn(context: Context, one: str, two: str, three: str) -> None:
    world(context).open_endpoint(*(Answer(transcript=words) for words in (one, two, three)))


@given("an endpoint that fails beside the conversation")
def endpoint_that_fails_beside(context: Context) -> None:
    error = {"type": "server_error", "code": "server_error", "message": "The model is overloaded."}
    world(context).open_endpoint(Answer(status="failed", error=error))


@given("an endpoint that is lost beside the conversation")
def endpoint_that_is_lost_beside(context: Context) -> None:
    world(context).open_endpoint(Answer(ending=CloseWith(1011, "internal error"), ending_after=1))


@when("the client asks beside the conversation")
async def the_client_asks_beside(context: Context) -> None:
    await ask(context)


@when("the client tries to ask beside the conversation")
async def the_client_tries_to_ask_beside(context: Context) -> None:
    await world(context).attempt(ask(context))


async def ask(context: Context) -> None:
    context.beside = await world(context).client.respond_out_of_band(INSTRUCTIONS, timeout=TIMEOUT_S)


@when("the client asks {times:d} times at once beside the conversation")
async def the_client_asks_at_once(context: Context, times: int) -> None:
    client = world(context).client
    asked = (client.respond_out_of_band(INSTRUCTIONS, timeout=TIMEOUT_S) for _ in range(times))
    context.beside = await asyncio.gather(*asked)


@when('the client asks beside the conversation, about "{words}" alone')
async def the_client_asks_about(context: Context, words: str) -> None:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": words}]}
    context.item = item
    await world(context).client.respond_out_of_band(
        INSTRUCTIONS, timeout=TIMEOUT_S, input=[item], metadata={"topic": "check"}
    )


@then('it is answered "{words}"')
def it_is_answered(context: Context, words: str) -> None:
    assert_that(context.beside.text, equal_to(words))


@then('they are answered "{one}", "{two}", "{three}", each its own')
def they_are_answered(context: Context, one: str, two: str, three: str) -> None:
    assert_that([turn.text for turn in context.beside], contains_inanyorder(one, two, three))
    assert_that(len({turn.response_id for turn in context.beside}), equal_to(3))


@then('the client has asked about "{words}" alone, marked as "{topic}"')
def the_client_has_asked_about(context: Context, words: str, topic: str) -> None:
    asked = world(context).first_event(Sender.CLIENT, "response.create")["response"]
    assert_that(asked, has_entries(conversation="none", input=[context.item], instructions=INSTRUCTIONS))
    assert_that(asked["metadata"], has_entries(topic=topic))
    assert_that(context.item["content"][0]["text"], equal_to(words))


@then("the whole second answer is heard in its first turn")
def the_second_answer_is_heard_first(context: Context) -> None:
    assert_that(world(context).turns[0].pcm, equal_to(world(context).scripted(1).audio))
