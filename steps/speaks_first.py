"""Steps of the agent that speaks first."""

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, equal_to, is_, none

from realtime_server import Sender
from realtime_server.clips import speech
from support.phrases import world


@given("a client that speaks first")
def a_client_that_speaks_first(context: Context) -> None:
    world(context).options["speaks_first"] = True


@when("it is the agent's turn")
def it_is_the_agents_turn(context: Context) -> None:
    world(context).client.notify_agent_turn()


@when("the client asks the question aloud and keeps the end of the answer")
async def the_client_keeps_the_end(context: Context) -> None:
    await world(context).speak(speech("question").pcm)
    context.end = await world(context).end_of_turn()


@then("nothing was put into the agent's mouth")
def nothing_was_put_into_its_mouth(context: Context) -> None:
    asked = world(context).first_event(Sender.CLIENT, "response.create")
    assert_that(set(asked), equal_to({"type", "event_id"}))


@then('the end carries the words "{words}"')
def the_end_carries(context: Context, words: str) -> None:
    assert_that(context.end.transcript, equal_to(words))


@then("the end carries no words")
def the_end_carries_none(context: Context) -> None:
    assert_that(context.end.transcript, is_(none()))
