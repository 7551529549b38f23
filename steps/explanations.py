"""Steps of the explanations of codes."""

from behave import then, when
from behave.runner import Context
from hamcrest import assert_that, contains_string, empty, equal_to, is_

from support import command
from support.phrases import column, world


@when('the code "{code}" is looked up')
def the_code_is_looked_up(context: Context, code: str) -> None:
    world(context).command = command.explain(code)


@when("each error code of the endpoint's rules is looked up")
def each_code_is_looked_up(context: Context) -> None:
    world(context).command = command.explain(*command.codes_of_the_endpoint())


@then("the command succeeds")
def the_command_succeeds(context: Context) -> None:
    assert_that(world(context).command.exit_code, equal_to(0), world(context).command.complaint)


@then("the command fails with {code:d}")
def the_command_fails_with(context: Context, code: int) -> None:
    assert_that(world(context).command.exit_code, equal_to(code))


@then('it says "{words}"')
def it_says(context: Context, words: str) -> None:
    assert_that(world(context).command.said, contains_string(words))


@then("it says that the same again {again}")
def it_says_that_the_same_again(context: Context, again: str) -> None:
    assert_that(world(context).command.explained[0]["again"], equal_to(again))


@then("it explains exactly")
def it_explains_exactly(context: Context) -> None:
    explained = [each["code"] for each in world(context).command.explained]
    assert_that(explained, equal_to(column(context, "code")))


@then('it complains "{words}"')
def it_complains(context: Context, words: str) -> None:
    assert_that(world(context).command.complaint, contains_string(words))


@then("none of them is unknown")
def none_of_them_is_unknown(context: Context) -> None:
    assert_that(world(context).command.complaint, is_(empty()))
    asked = set(command.codes_of_the_endpoint())
    assert_that(asked - {each["code"] for each in world(context).command.explained}, is_(empty()))
