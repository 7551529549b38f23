"""Steps of the end of a session, and of connecting again."""

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, close_to, empty, equal_to, has_length, is_

from realtime_adapter import Reconnect
from realtime_server import Answer, CloseWith, ResetConnection, Sender, VirtualClock
from realtime_server.clips import speech
from support.phrases import choice, world

AT_ONCE = (0.0, 0.0, 0.0)
QUESTION = {"the question": speech("question").words}
choice(
    "Loss",
    {
        "1006": ResetConnection(),
        **{str(code): CloseWith(code) for code in (1000, 1001, 1008, 1011, 1012, 1013, 3000, 4000, 4321)},
    },
)


@given("an endpoint on whose clock the hours pass at will")
def endpoint_with_a_clock(context: Context) -> None:
    world(context).clock = clock = VirtualClock()
    world(context).open_endpoint()
    world(context).options["clock"] = clock.unix_s


@given("a client that is to be told {seconds:d} s before its session ends")
async def a_client_that_is_to_be_told(context: Context, seconds: int) -> None:
    await world(context).connect(expiry_notice_s=seconds, on_expiring=world(context).announced.append)


@given("an endpoint whose second answer ends with {loss:Loss}")
def endpoint_that_is_lost(context: Context, loss: CloseWith | ResetConnection) -> None:
    world(context).open_endpoint(Answer(), Answer(ending=loss, ending_after=3))


@given("an endpoint whose second answer, and the next, end with {loss:Loss}")
def endpoint_that_is_lost_twice(context: Context, loss: CloseWith | ResetConnection) -> None:
    lost = Answer(ending=loss, ending_after=3)
    world(context).open_endpoint(Answer(), lost, lost)


@given("a client that connects again")
def a_client_that_connects_again(context: Context) -> None:
    world(context).options["reconnect"] = Reconnect(AT_ONCE)


@given("a client that connects again with nothing")
def a_client_that_connects_again_with_nothing(context: Context) -> None:
    world(context).options["reconnect"] = Reconnect(AT_ONCE, replay=False)


@when("{seconds:d} s pass")
@when("{seconds:d} s passes")
def seconds_pass(context: Context, seconds: int) -> None:
    world(context).let_pass(seconds)


@when("the client tries to ask once more")
async def the_client_tries_to_ask_once_more(context: Context) -> None:
    await world(context).attempt(world(context).ask_anew())


@then("nothing has been announced")
def nothing_has_been_announced(context: Context) -> None:
    assert_that(world(context).announced, is_(empty()))


@then("the end has been announced once, {seconds:d} s before it")
def the_end_has_been_announced(context: Context, seconds: int) -> None:
    assert_that(world(context).announced, has_length(1))
    assert_that(world(context).announced[0], close_to(seconds, 1))


@then("the third answer is heard whole")
def the_third_answer_is_heard(context: Context) -> None:
    world(context).require_heard(turn=2)


@then("{count:d} connection was dialled")
@then("{count:d} connections were dialled")
def connections_were_dialled(context: Context, count: int) -> None:
    assert_that(world(context).dialled(), has_length(count))


@then("the new session was given, before anything else")
def the_new_session_was_given(context: Context) -> None:
    expected = [(row["role"], QUESTION.get(row["words"], row["words"])) for row in context.table]
    sent = world(context).connection.transcript.events(Sender.CLIENT)[1 : len(expected) + 1]
    given_again = [(event["item"]["role"], event["item"]["content"][0]["text"]) for event in sent]
    assert_that(given_again, equal_to(expected))


@then("the new session was given nothing")
async def the_new_session_was_given_nothing(context: Context) -> None:
    sent = (await world(context).closed_transcript()).types(Sender.CLIENT)
    assert_that([name for name in sent if name == "conversation.item.create"], is_(empty()))
