"""Steps of the models that end by date."""

from datetime import UTC, datetime

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, contains_string, is_, none, not_

from realtime_adapter.models import retirement
from support.phrases import choice, world

choice("Setting", {"model": "model", "transcription model": "transcription_model"})


@given("the day is {day}")
def the_day_is(context: Context, day: str) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)
    world(context).options["clock"] = noon.timestamp


@given('a client whose {setting:Setting} is "{model}"')
def a_client_whose_setting_is(context: Context, setting: str, model: str) -> None:
    world(context).options[setting] = model


@when("the client connects anew")
async def the_client_connects_anew(context: Context) -> None:
    await world(context).reconnect()


@then("the session's model and its transcription model have no announced end")
def the_models_have_no_announced_end(context: Context) -> None:
    session = world(context).client.session
    assert_that(retirement(session["model"]), is_(none()))
    assert_that(retirement(session["audio"]["input"]["transcription"]["model"]), is_(none()))


@then('the error does not say "{words}"')
def the_error_does_not_say(context: Context, words: str) -> None:
    assert_that(str(world(context).error), not_(contains_string(words)))
