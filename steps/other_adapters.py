"""Steps of the other adapters: releases of langwatch-scenario, judged by the suite's own scenarios."""

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, contains_string, empty, equal_to, has_item, is_

from support.other_adapters import BETA, NEWEST, differences, failed, gone, judge, surprises
from support.phrases import choice, column, world

choice(
    "Mends",
    {
        "as it is": (),
        "with its header mended": ("wire=header-mended",),
        "with its header and session mended": ("wire=session-mended",),
    },
)


@given("the release of the beta")
def the_release_of_the_beta(context: Context) -> None:
    context.release = BETA


@given("the newest release")
def the_newest_release(context: Context) -> None:
    context.release = NEWEST


@when("the migration's scenarios of {criterion:w} judge it {mends:Mends}")
def the_scenarios_of_a_criterion_judge(context: Context, criterion: str, mends: tuple[str, ...]) -> None:
    context.judged = judge(context.release, f"@migration and @{criterion} and not @e2e", *mends)


@when("the migration's scenarios judge it, the live ones on that endpoint")
def the_migrations_scenarios_judge(context: Context) -> None:
    context.judged = judge(context.release, "@migration", live=world(context).address)


@when("every unit scenario of the criteria judges it")
def every_unit_scenario_judges(context: Context) -> None:
    context.judged = judge(context.release, "@unit")


@then("the guard of the criterion is red")
def the_guard_of_the_criterion_is_red(context: Context) -> None:
    first = min(context.judged.scenarios, key=lambda each: each.line)
    assert_that(first.status, equal_to("failed"), first.title)


@then('a reason is "{words}"')
def a_reason_is(context: Context, words: str) -> None:
    assert_that([each.reason for each in failed(context.judged)], has_item(contains_string(words)))


@then("{count:d} scenarios have judged it, an outline of {rows:d} among the {written:d}")
def so_many_have_judged(context: Context, count: int, rows: int, written: int) -> None:
    judged = [each for each in context.judged.scenarios if each.status != "skipped"]
    assert_that((len(judged), len(judged) - rows + 1), equal_to((count, written)))


@then("it is green but on")
def it_is_green_but_on(context: Context) -> None:
    assert_that([each.title for each in failed(context.judged)], equal_to(column(context, "scenario")))


@then("every difference is named and explained")
def every_difference_is_named(context: Context) -> None:
    assert_that(list(surprises(context.judged.scenarios, differences())), is_(empty()))


@then("every difference that is explained is one")
def every_difference_that_is_explained_is_one(context: Context) -> None:
    assert_that(gone(context.judged.scenarios, differences()), is_(empty()))
