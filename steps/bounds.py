"""Steps of what is held within bounds."""

import asyncio

from behave import given, then, when
from behave.runner import Context
from hamcrest import all_of, assert_that, equal_to, greater_than, less_than, less_than_or_equal_to

from realtime_server import Answer, fault
from support.phrases import world


@given("a client that holds at most {size:Milliseconds} bytes")
def a_client_that_holds_at_most(context: Context, size: int) -> None:
    world(context).options["max_backlog_bytes"] = size


@given("a client that holds at most {size:d} bytes, which is refused")
async def a_client_that_holds_nothing(context: Context, size: int) -> None:
    await world(context).attempt(world(context).connect(max_backlog_bytes=size))


@given("a client that wants a sign of life every {ms:d} ms")
def a_client_that_wants_a_sign_of_life(context: Context, ms: int) -> None:
    world(context).options["ping_interval_s"] = ms / 1000


@given("an endpoint that pauses after {slices:d} slices of its answer and gives no sign of life")
def endpoint_without_a_sign_of_life(context: Context, slices: int) -> None:
    world(context).open_endpoint(Answer(hold_after=slices), faults=[fault("no-pong")])


@given("a reader who takes no events")
async def a_reader_who_takes_no_events(context: Context) -> None:
    world(context).hold_unread_events()


@when("what comes is left to come")
async def what_comes_is_left_to_come(context: Context) -> None:
    context.held_bytes = await world(context).fill_up()


@when("the reader lets go")
def the_reader_lets_go(context: Context) -> None:
    world(context).unread = None


@when("the client gives up waiting after {ms:d} ms")
async def the_client_gives_up(context: Context, ms: int) -> None:
    await world(context).give_up_hearing(ms / 1000)


@when("{clients:d} clients ask the question at once")
async def clients_ask_at_once(context: Context, clients: int) -> None:
    context.answers = await world(context).ask_together(clients)


@then("each is answered whole")
def each_is_answered_whole(context: Context) -> None:
    assert_that(set(context.answers), equal_to({world(context).scripted(0).audio}))


@then("the client holds more than {least:Milliseconds} bytes, and at most {most:Milliseconds}")
def the_client_holds(context: Context, least: int, most: int) -> None:
    assert_that(context.held_bytes, all_of(greater_than(least), less_than_or_equal_to(most)))


@then("the client hangs up in less than a second")
async def the_client_hangs_up_in_less_than_a_second(context: Context) -> None:
    began_s = asyncio.get_running_loop().time()
    await world(context).client.disconnect()
    assert_that(asyncio.get_running_loop().time() - began_s, less_than(1.0))
