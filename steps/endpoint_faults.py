"""Steps of the trouble on the line."""

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, equal_to, has_item, is_, is_not, not_

from realtime_server import fault
from support.phrases import column, world


@given('an endpoint with the fault "{written}"')
def endpoint_with_the_fault(context: Context, written: str) -> None:
    world(context).open_endpoint(faults=[fault(written)])


@given("an endpoint with the faults")
def endpoint_with_the_faults(context: Context) -> None:
    world(context).open_endpoint(faults=[fault(written) for written in column(context, "fault")])


@when("the client asks once more")
async def the_client_asks_once_more(context: Context) -> None:
    await world(context).ask_anew()


@when("the client tries to learn what the user said")
async def the_client_tries_to_learn(context: Context) -> None:
    await world(context).attempt(world(context).user_transcript())


@then("the fault has struck")
@then("every fault has struck")
def every_fault_has_struck(context: Context) -> None:
    script = world(context).script
    assert_that({one.name for one in script.faults} - {*script.struck}, is_(equal_to(set())))


@then("the client has asked for no pong")
async def the_client_has_asked_for_no_pong(context: Context) -> None:
    await world(context).closed_transcript()
    assert_that(world(context).script.struck, not_(has_item("no-pong")))


@then("the answer is heard as it was sent, and not as it was meant")
def the_answer_is_heard_as_it_was_sent(context: Context) -> None:
    heard = world(context).turns[0].pcm
    assert_that(heard, equal_to(world(context).answered_on_the_wire()))
    assert_that(heard, is_not(equal_to(world(context).scripted(0).audio)))
