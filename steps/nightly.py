"""Steps of the night: a run of ``@e2e`` against the embedded endpoint in a process of its own."""

import shlex

from behave import given, then, when
from behave.runner import Context
from hamcrest import (
    assert_that,
    contains_string,
    empty,
    equal_to,
    greater_than,
    has_item,
    has_items,
    has_length,
    is_,
    is_not,
    only_contains,
    starts_with,
)

from realtime_adapter.models import DEFAULT_MODEL
from steps.ac2_ga_session import OPENING_HOURS
from support.drift import DRIFT
from support.phrases import column, world
from support.rehearsal import KEY

ANSWERS_ONCE = """
answers = [{ transcript = "We open at nine." }]
[default_answer]
unanswered = true
"""
FAILS_ONCE = """
[[answers]]
status = "failed"
error = {{ type = "{code}", code = "{code}", message = "Try again in a moment." }}
"""
SILENT = """
[default_answer]
transcript = ""
"""


@given('a client that offers the tool "opening_hours"')
def a_client_that_offers_a_tool(context: Context) -> None:
    world(context).options["tools"] = [OPENING_HOURS]


@given("the embedded endpoint in a process of its own")
def the_endpoint_alone(context: Context) -> None:
    world(context).rehearsal.serve()


@given('the embedded endpoint in a process of its own, started with "{options}"')
def the_endpoint_alone_with(context: Context, options: str) -> None:
    world(context).rehearsal.serve(*shlex.split(options))


@given("the embedded endpoint in a process of its own, that deviates")
def the_endpoint_that_deviates(context: Context) -> None:
    night = world(context).rehearsal
    night.serve(*(f"--deviate={name}" for name in column(context, "deviation")))
    night.deviations = dict(zip(column(context, "deviation"), column(context, "seen"), strict=True))


@given("an endpoint in a process of its own that answers once and then no more")
def the_endpoint_that_answers_once(context: Context) -> None:
    world(context).rehearsal.serve(scenario=ANSWERS_ONCE)


@given('an endpoint in a process of its own whose first response fails with "{code}"')
def the_endpoint_that_fails_once(context: Context, code: str) -> None:
    world(context).rehearsal.serve(scenario=FAILS_ONCE.format(code=code))


@given("an endpoint in a process of its own that answers without a sound")
def the_endpoint_without_a_sound(context: Context) -> None:
    world(context).rehearsal.serve(scenario=SILENT)


@given("a night that was run for {criterion:w}")
def a_night_that_was_run_for(context: Context, criterion: str) -> None:
    world(context).rehearsal.run(tags=f"@e2e and @{criterion}")


@given("a field of its recordings that is renamed by hand")
def a_field_that_is_renamed(context: Context) -> None:
    world(context).rehearsal.rename_by_hand(**context.table[0].as_dict())


@given("its recordings are taken for the vendor's")
def its_recordings_are_taken_for_the_vendors(context: Context) -> None:
    world(context).rehearsal.pretend_live()


@when("the night is entered into the ledger")
def the_night_is_entered(context: Context) -> None:
    assert_that(world(context).rehearsal.enter_into_ledger(), equal_to(0))


@when("the night is run")
def the_night_is_run(context: Context) -> None:
    world(context).rehearsal.run()


@when("the night is run for {criterion:w}")
def the_night_is_run_for(context: Context, criterion: str) -> None:
    world(context).rehearsal.run(tags=f"@e2e and @{criterion}")


@when('the night is run for {criterion:w} with the key "{key}"')
def the_night_is_run_with_the_key(context: Context, criterion: str, key: str) -> None:
    world(context).rehearsal.run(tags=f"@e2e and @{criterion}", key=key)


@when("the night is run without a key")
def the_night_is_run_without_a_key(context: Context) -> None:
    world(context).rehearsal.run(key="")


@when("the night is run with a key that holds a line break")
def the_night_is_run_with_a_broken_key(context: Context) -> None:
    world(context).rehearsal.run(key="key-of-a\nrehearsal")


@when("the night is run for {criterion:w} with a budget that reaches for its dearest scenario alone")
def the_night_is_run_with_a_budget(context: Context, criterion: str) -> None:
    world(context).rehearsal.run_within_budget(criterion)


@when('the night is run for {criterion:w} in the dialect "{dialect}"')
def the_night_is_run_in_the_dialect(context: Context, criterion: str, dialect: str) -> None:
    world(context).rehearsal.run("-D", f"dialect={dialect}", tags=f"@e2e and @{criterion}")


@when("the night is cut after {criterion:w}")
def the_night_is_cut_after(context: Context, criterion: str) -> None:
    world(context).rehearsal.cut(lambda night: night.has_passed(criterion))


@when("its recordings are replayed for {criterion:w}")
def its_recordings_are_replayed(context: Context, criterion: str) -> None:
    world(context).rehearsal.replay(tags=f"@e2e and @{criterion}")


@when('the client returns "{output}" from the tool')
async def the_client_returns(context: Context, output: str) -> None:
    await world(context).return_from_tool(output)


@then('the client is asked to call "{name}"')
def the_client_is_asked_to_call(context: Context, name: str) -> None:
    calls = world(context).client.last_tool_calls
    assert_that([call["function"]["name"] for call in calls], equal_to([name]))


@then("the night is green")
def the_night_is_green(context: Context) -> None:
    assert_that(world(context).rehearsal.exit_code, equal_to(0), world(context).rehearsal.said)


@then('the night is red, saying "{words}"')
def the_night_is_red(context: Context, words: str) -> None:
    assert_that(world(context).rehearsal.exit_code, equal_to(1), world(context).rehearsal.said)
    assert_that(world(context).rehearsal.said, contains_string(words))


@then("each criterion that can be asked live is proven")
def each_criterion_is_proven(context: Context) -> None:
    statuses = world(context).rehearsal.statuses
    assert_that(len(statuses) >= 5, is_(True), str(statuses))
    assert_that({each for found in statuses.values() for each in found}, equal_to({"proven"}), str(statuses))


@then("{one:w} and {other:w} stay proven")
def they_stay_proven(context: Context, one: str, other: str) -> None:
    statuses = world(context).rehearsal.statuses
    assert_that({*statuses[one], *statuses[other]}, equal_to({"proven"}), str(statuses))


@then("{one:w} and {other:w} are not proven")
def they_are_not_proven(context: Context, one: str, other: str) -> None:
    statuses = world(context).rehearsal.statuses
    assert_that([*statuses[one], *statuses[other]], is_not(has_item("proven")), str(statuses))


@then("{criterion:w} is proven")
def it_is_proven(context: Context, criterion: str) -> None:
    assert_that(set(world(context).rehearsal.statuses[criterion]), equal_to({"proven"}))


@then("{criterion:w} is not proven")
def it_is_not_proven(context: Context, criterion: str) -> None:
    assert_that(world(context).rehearsal.statuses[criterion], is_not(has_item("proven")))


@then('its recordings are marked "{origin}"')
def its_recordings_are_marked(context: Context, origin: str) -> None:
    assert_that({each.origin for each in world(context).rehearsal.recorded.values()}, equal_to({origin}))


@then("its cost is told, scenario by scenario")
def its_cost_is_told(context: Context) -> None:
    night = world(context).rehearsal
    assert_that(night.json("night.json")["spent"], has_length(len(night.recorded)))
    assert_that(night.cost_usd, greater_than(0))


@then("it has cost something, and no more than its budget")
def it_has_cost_no_more(context: Context) -> None:
    spent, budget_usd = world(context).rehearsal.cost_usd, world(context).rehearsal.budget_usd
    assert_that(0 < spent <= budget_usd, is_(True), f"${spent} of ${budget_usd}")


@then("it has seen each drift, with the frame, and says so with an exit code of its own")
def it_has_seen_each_drift(context: Context) -> None:
    exit_code, found = world(context).rehearsal.drifted
    expected = [starts_with(words) for words in world(context).rehearsal.deviations.values()]
    assert_that(exit_code, equal_to(DRIFT))
    assert_that(found, has_items(*expected))
    assert_that(world(context).rehearsal.json("night.json")["drift"], has_items(*expected))
    assert_that(found, only_contains(contains_string(".jsonl, line ")))


@then("the ledger does not take it")
def the_ledger_does_not_take_it(context: Context) -> None:
    assert_that(world(context).rehearsal.enter_into_ledger(), equal_to(1))
    assert_that(world(context).rehearsal.json("ledger.json"), is_(empty()))


@then("the key stands in nothing that it left")
def the_key_stands_in_nothing(context: Context) -> None:
    assert_that(world(context).rehearsal.files_that_show(KEY), is_(empty()))


@then("the ledger holds {criterion:w} alone, with its commit, its model and its cost")
def the_ledger_holds(context: Context, criterion: str) -> None:
    night = world(context).rehearsal
    (entry,) = night.json("ledger.json")["nights"]
    assert_that(entry["criteria"], equal_to([criterion]))
    assert_that(entry["cost_usd"], equal_to(night.json("night.json")["cost_usd"]))
    ran = night.json("run.json")
    assert_that((entry["date"], entry["commit"]), equal_to((ran["started"], ran["facts"]["commit"])))
    assert_that(entry["model"], equal_to(DEFAULT_MODEL))


@then("nothing was begun a second time")
def nothing_was_begun_a_second_time(context: Context) -> None:
    assert_that(world(context).rehearsal.json("night.json")["retried"], is_(empty()))


@then('one scenario was begun a second time because of "{words}"')
def one_was_begun_a_second_time(context: Context, words: str) -> None:
    (why,) = world(context).rehearsal.json("night.json")["retried"].values()
    assert_that(why, contains_string(words))
