"""Steps of sessions without await, and of several at once."""

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, empty, equal_to, is_

from realtime_server import Answer, Reply
from support import sessions
from support.phrases import column, world


@given('an endpoint with an answer to "{one}", "{its}", and one to "{other}", "{others}"')
def endpoint_that_answers_two(context: Context, one: str, its: str, other: str, others: str) -> None:
    replies = [Reply(one, Answer(transcript=its)), Reply(other, Answer(transcript=others))]
    world(context).open_endpoint(replies=replies)


@given("an endpoint that repeats what it is told")
def endpoint_that_repeats(context: Context) -> None:
    world(context).open_endpoint(
        replies=[Reply(f"^{word}$", Answer(transcript=word)) for word in sessions.WORDS]
    )


@when('a session without await asks "{first}", then "{second}"')
def a_session_asks(context: Context, first: str, second: str) -> None:
    world(context).told = sessions.ask(world(context).client_options(), [first, second])


@when('a session without await asks "{words}", while an event loop runs')
async def a_session_asks_inside_a_loop(context: Context, words: str) -> None:
    world(context).told = sessions.ask(world(context).client_options(), [words])


@when("a session without await asks the question aloud and takes the answer slice by slice")
def a_session_takes_slices(context: Context) -> None:
    world(context).turn.heard = sessions.slices(world(context).client_options())


@when("a session without await tries to connect")
async def a_session_tries_to_connect(context: Context) -> None:
    await world(context).attempt(sessions.attempt(sessions.ask, world(context).client_options(), []))


@when("a session without await is used after it was closed")
async def a_session_is_used_after_its_end(context: Context) -> None:
    await world(context).attempt(
        sessions.attempt(sessions.used_after_its_end, world(context).client_options())
    )


@when("{count:d} sessions without await speak at the same time")
def sessions_in_threads(context: Context, count: int) -> None:
    world(context).told = sessions.in_threads(world(context).client_options(), sessions.WORDS[:count])


@when("{count:d} sessions on one event loop speak at the same time")
async def sessions_on_one_loop(context: Context, count: int) -> None:
    world(context).told = await sessions.on_one_loop(world(context).client_options(), sessions.WORDS[:count])


@then("it was answered")
def it_was_answered(context: Context) -> None:
    assert_that(world(context).told, equal_to(column(context, "answer")))


@then("each was told what it had said itself")
def each_was_told_what_it_had_said(context: Context) -> None:
    assert_that(world(context).told, equal_to(list(sessions.WORDS[: len(world(context).told)])))
    assert_that(len(world(context).dialled()), equal_to(len(world(context).told)))


@then("the slices are the answer byte for byte")
def the_slices_are_the_answer(context: Context) -> None:
    world(context).require_heard(turn=0)


@then("no thread of a session is left")
def no_thread_is_left(context: Context) -> None:
    assert_that(sessions.threads(), is_(empty()))
