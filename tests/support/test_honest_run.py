"""What a run of behave leaves behind: each way in which a report can say more than was seen."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from support.honest_allure import PINNED
from support.scenarios import LONGEST, explain
from tests.support.project import Project, Run

LIARS_STEPS = """
import sys
from behave import given, then, when
from behave.api.pending_step import StepNotImplementedError

@given("a thing that cannot be put away")
def cannot_be_put_away(context):
    def put_away():
        raise RuntimeError("it is stuck")
    context.add_cleanup(put_away)

@given("these values")
def values(context):
    assert context.table or context.text

@given("a step nobody has written")
def unwritten(context):
    raise StepNotImplementedError("later")

@then("it does not hold")
def does_not_hold(context):
    error = AssertionError("expected one, seen two")
    error.add_note("the endpoint refused: rule RT-1: a near miss")
    raise error

@then("it crashes")
def crashes(context):
    raise KeyError("sk-abcdefghijklmnop")

@then("{value} is seen")
def is_seen(context, value):
    assert value
"""

TABLE_AND_TEXT = """      Given these values
        | a |
        | 1 |
      And these values
        \"\"\"
        a text
        \"\"\"
"""

LIARS = f"""
@AC1
Feature: Liars

  @unit
  Scenario: Broken before
    Given a thing
    Then it holds

  @unit
  Scenario: Broken after
    Given a thing
    Then it holds

  @unit
  Scenario: Broken around a step
    Given a thing
    Then it holds

  @unit
  Scenario: Broken cleanup
    Given a thing that cannot be put away
    Then it holds

  @unit @fixture.no_beginning
  Scenario: Broken fixture
    Given a thing
    Then it holds

  @unit @fixture.no_end
  Scenario: Broken end of a fixture
    Given a thing
    Then it holds

  @unit
  Scenario: Crashing with a key
    Then it crashes

  @unit @wip
  Scenario: Unwritten
    Given a step nobody has written
    Then it holds

  @unit
  Scenario: Undefined
    Given a step with no definition
    Then it holds

  @unit
  Scenario: Without a verdict
    Given a thing

  @unit
  Scenario: Empty

  @e2e
  Scenario: Live
    Given a thing
    Then it holds

  @unit
  Scenario: Skipped for nothing
    Given a thing
    Then it holds

  @critical
  Rule: The ruled are seen

    @unit
    Scenario: Ruled and holding
{TABLE_AND_TEXT}      Then it holds

    @unit
    Scenario: Ruled and failing
      Given a thing
      Then it does not hold

    @unit
    Scenario Outline: Seeing <value>
      Given a thing
      Then <value> is seen

      Examples:
        | value | why   |
        | red   | first |
        | blue  | last  |

    @unit
    Scenario: After all of them
      Given a thing
      Then it holds
"""

LIARS_HOOKS = """
from behave import fixture, use_fixture

@fixture
def no_beginning(context):
    raise ValueError("no bench")
    yield

@fixture
def no_end(context):
    yield
    raise ValueError("the bench is taken")

def before_tag(context, tag):
    if tag.startswith("fixture."):
        use_fixture({"fixture.no_beginning": no_beginning, "fixture.no_end": no_end}[tag], context)

def before_scenario(context, scenario):
    if scenario.name == "Broken before":
        raise ValueError("no room")
    if "e2e" in scenario.effective_tags:
        scenario.skip("unproven: no key")
    if scenario.name == "Skipped for nothing":
        scenario.skip()

def after_scenario(context, scenario):
    if scenario.name == "Broken after":
        raise ValueError("still busy")

def before_step(context, step):
    if context.scenario.name == "Broken around a step" and step.step_type == "then":
        raise ValueError("no pencil")
"""


def write_liars(project: Project) -> None:
    project.feature("ac1_plain", LIARS, LIARS_STEPS)
    environment = project.root / "environment.py"
    environment.write_text(environment.read_text() + LIARS_HOOKS)


@pytest.fixture(scope="module")
def liars(shared_project: Callable[[str], Project]) -> Run:
    """One run with every lie a single scenario can tell."""
    project = shared_project("liars")
    write_liars(project)
    return project.behave("--tags=not @nothing")


@pytest.mark.parametrize("package", PINNED)
def test_the_mended_packages_are_those_that_were_mended(package: str) -> None:
    assert version(package) == PINNED[package], "read support/honest_allure.py against the new version"


def test_a_run_in_order_is_green_and_says_what_is_proven(project: Project) -> None:
    run = project.behave("--tags=@unit")
    assert run.code == 0, run.output
    assert run.json("run.json")["state"] == "finished"
    assert [line for line in run.output.splitlines() if line.startswith("AC1 ")] == [
        "AC1   proven    1 proven                           GA handshake"
    ]
    assert {result["status"] for result in run.results()} == {"passed"}
    assert run.global_errors() == ""


def test_a_part_of_the_suite_is_green_and_says_what_it_did_not_select(project: Project) -> None:
    run = project.behave("--tags=@AC2")
    assert run.code == 0, run.output
    statuses = {each["id"]: each["status"] for each in run.json("traceability.json")["criteria"]}
    assert statuses["AC2"] == "proven"
    assert set(statuses.values()) == {"proven", "not selected"}
    assert len(run.results()) == 1
    assert "Not selected: AC1, AC3, AC4, AC5, AC6, AC7\n" in run.output
    assert "unproven" not in run.output


def test_liars_make_the_run_red(liars: Run) -> None:
    assert liars.code == 1
    assert "AC1   failed" in liars.output
    assert "AC2   proven" in liars.output


def test_every_selected_scenario_is_in_the_report_once(liars: Run) -> None:
    shown = sorted(result["historyId"] for result in liars.results())
    assert shown == sorted({record["id"] for record in liars.json("run.json")["scenarios"]})
    assert len(shown) == 18 + 6
    assert not [problem for problem in liars.json("run.json")["problems"] if problem.startswith("the report")]


def test_a_scenario_under_a_rule_has_its_own_steps_tables_and_texts(liars: Run) -> None:
    result = liars.result("Ruled and holding")
    assert result["status"] == "passed"
    assert [step["name"] for step in result["steps"]] == [
        "Given these values",
        "And these values",
        "Then it holds",
    ]
    assert [len(step.get("attachments", [])) for step in result["steps"]] == [1, 1, 0]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Ruled and failing", "expected one, seen two"),
        ("Broken before", "HOOK-ERROR in before_scenario: ValueError: no room"),
        ("Broken after", "HOOK-ERROR in after_scenario: ValueError: still busy"),
        ("Broken around a step", "HOOK-ERROR around «Then it holds»: ValueError: no pencil"),
        ("Broken cleanup", "CLEANUP-ERROR in put_away: RuntimeError: it is stuck"),
        ("Broken fixture", "HOOK-ERROR in before_tag(tag=fixture.no_beginning): ValueError: no bench"),
        ("Broken end of a fixture", "ValueError: the bench is taken"),
        ("Unwritten", "a step is not written yet: Given a step nobody has written"),
        ("Undefined", "no step definition matches: Given a step with no definition"),
        ("Empty", "it has no Then"),
        ("Without a verdict", "it has no Then"),
    ],
)
def test_what_did_not_hold_is_failed_with_its_reason(liars: Run, name: str, reason: str) -> None:
    result = liars.result(name)
    assert result["status"] == "failed"
    assert reason in result["statusDetails"]["message"]


def test_the_console_ends_with_what_failed_where_and_why(liars: Run) -> None:
    told = liars.output[liars.output.index("AC1   failed") :]
    place = (
        f"features/ac1_plain.feature:{LIARS[: LIARS.index('Scenario: Ruled and failing')].count(chr(10)) + 1}"
    )
    assert (
        f"FAILED   {place}  Ruled and failing\n         Then it does not hold\n"
        "         expected one, seen two\n         the endpoint refused: rule RT-1: a near miss\n"
    ) in told
    assert "Empty\n         it has no Then" in told
    assert told.count("it has no Then, so it proves nothing; say what must be seen\n") == 1 + 2, (
        "what fails alike is told once, and each place is a problem of its own"
    )


def test_an_unproven_scenario_is_skipped_and_says_why(liars: Run) -> None:
    result = liars.result("Live")
    assert (result["status"], result["statusDetails"]["message"]) == ("skipped", "unproven: no key")


def test_no_steps_leak_into_the_next_scenario(liars: Run) -> None:
    assert [step["name"] for step in liars.result("After all of them")["steps"]] == [
        "Given a thing",
        "Then it holds",
    ]


def test_no_steps_leak_from_a_scenario_that_was_not_selected(project: Project) -> None:
    left_out = "  @integration\n  Scenario: Left out\n    Given a thing\n    And a thing\n    Then it holds\n"
    chosen = "  @unit\n  Scenario: Chosen\n    When something happens\n    Then it holds\n"
    project.feature("ac1_plain", f"@AC1\nFeature: Leaks\n{left_out}{chosen}")
    run = project.behave("--show-skipped", "--tags=@unit", "features/ac1_plain.feature")
    assert run.code == 0, run.output
    (result,) = run.results()
    assert [step["name"] for step in result["steps"]] == ["When something happens", "Then it holds"]


def test_a_key_in_an_error_reaches_neither_result_nor_record(liars: Run) -> None:
    assert "[hidden]" in liars.result("Crashing")["statusDetails"]["message"]
    written = [path for path in liars.reports.rglob("*") if path.is_file()]
    assert not [path for path in written if b"sk-abcdefghijklmnop" in path.read_bytes()]


def test_titles_and_groups_are_for_readers(liars: Run) -> None:
    titles = {result["name"] for result in liars.results()}
    assert {"Seeing red — why: first", "Seeing blue — why: last"} <= titles
    result = liars.result("Seeing red")
    labels = {(label["name"], label["value"]) for label in result["labels"]}
    assert {
        ("epic", "AC1 · GA handshake"),
        ("feature", "Liars"),
        ("story", "The ruled are seen"),
        ("severity", "critical"),
        ("layer", "unit"),
    } <= labels
    assert result["links"][0]["url"].endswith("/issues/602")


@pytest.mark.parametrize(
    "problem",
    [
        "«Without a verdict»: it has no Then, so it proves nothing",
        "no definition matches «Given a step with no definition»",
        "was skipped without a reason; give the skip a reason",
    ],
)
def test_what_proves_nothing_is_a_problem_that_is_named(liars: Run, problem: str) -> None:
    assert problem in liars.output
    assert problem in liars.global_errors()


def test_the_stock_formatter_still_needs_mending(project: Project) -> None:
    """When this fails, the vendor has mended something: support/honest_allure.py can lose it."""
    write_liars(project)
    feature = (project.root / "features/ac1_plain.feature").read_text()
    environment = (project.root / "environment.py").read_text()
    project.write("environment.py", environment.replace("run.begin_loading()", ""))
    project.write("features/ac1_plain.feature", feature.replace(TABLE_AND_TEXT, ""))
    run = project.behave("features/ac1_plain.feature")
    names = {result["name"]: result.get("status") for result in run.results()}
    assert "Ruled and failing" not in names
    assert names["Broken after"] == names["Broken cleanup"] == names["Without a verdict"] == "passed"
    assert (names["Broken before"], names["Unwritten"]) == ("skipped", None)
    assert run.code == 1
    assert "no Allure results were written" in run.output


def test_the_time_it_took_counts_scenarios_under_rules(project: Project) -> None:
    scenario = "    @unit\n    Scenario: S\n      Given a while\n      Then it holds\n"
    slow = "import time\nfrom behave import given\n\n@given('a while')\ndef wait(context): time.sleep(0.05)\n"
    project.feature("ac1_plain", f"@AC1\nFeature: Slow\n  Rule: R\n{scenario}", slow)
    run = project.behave("features/ac1_plain.feature")
    took = re.search(r"Took 0min ([0-9.]+)s", run.output)
    assert took, run.output
    assert 0.05 <= float(took[1]) < 5


def test_a_reason_is_bounded_and_says_what_was_left_out() -> None:
    assert explain(AssertionError("x" * LONGEST)) == "x" * LONGEST
    long = explain(AssertionError("a" + "x" * 1_000_000 + "z"))
    assert len(long) < LONGEST + 40
    assert long.startswith("axx")
    assert long.endswith("xxz")
    assert "(1,000,002 characters)" in long


def test_audio_in_a_reason_is_counted_not_quoted() -> None:
    error = AssertionError(f"Expected: {b'a' + bytes(5000)!r}\n     but: was {bytes(4998)!r} or {b'short'!r}")
    assert explain(error) == "Expected: 5,001 bytes\n     but: was 4,998 bytes or b'short'"


def test_an_inserted_row_moves_no_history(project: Project) -> None:
    write_liars(project)
    before = {each["name"]: each["historyId"] for each in project.behave("-n", "Seeing").results()}
    project.write("features/ac1_plain.feature", LIARS.replace("| red ", "| green | new |\n        | red "))
    after = {each["name"]: each["historyId"] for each in project.behave("-n", "Seeing").results()}
    assert len(after) == len(before) + 1 == 3
    assert {name: after[name] for name in before} == before


def test_an_error_in_before_all_fails_what_it_kept_from_running(project: Project) -> None:
    environment = project.root / "environment.py"
    environment.write_text(environment.read_text() + "    raise ValueError('no network')\n")
    run = project.behave("--tags=@unit")
    assert run.code == 1
    assert len(run.results()) == 7
    assert {result["status"] for result in run.results()} == {"failed"}
    assert all("ValueError: no network" in result["statusDetails"]["message"] for result in run.results())
    assert "before_all: ValueError: no network" in run.global_errors()
    assert "AC7   failed" in run.output


def test_errors_around_a_feature_and_the_run_are_shown(project: Project) -> None:
    hooks = """
def before_feature(context, feature):
    if feature.name == "GA handshake":
        raise ValueError("no door")
    if feature.name == "Transcripts":
        context.add_cleanup(lambda: 1 / 0)

def after_feature(context, feature):
    if feature.name == "GA session":
        raise ValueError("door stays open")

def after_all(context):
    context.add_cleanup(lambda: [][1])
    raise ValueError("lights stay on")
"""
    environment = project.root / "environment.py"
    environment.write_text(environment.read_text() + hooks)
    run = project.behave()
    statuses = {each["id"]: each["status"] for each in run.json("traceability.json")["criteria"]}
    assert run.code == 1
    assert [statuses[f"AC{n}"] for n in range(1, 6)] == ["failed", "failed", "proven", "failed", "proven"]
    shown = run.global_errors()
    for words in (
        "before_feature: ValueError: no door",
        "door stays open",
        "ZeroDivisionError",
        "lights stay on",
    ):
        assert words in shown
    assert "IndexError" in shown
    (not_run,) = [result for result in run.results() if result["status"] == "failed"]
    assert "not run: HOOK-ERROR in before_feature: ValueError: no door" in not_run["statusDetails"]["message"]


def test_a_criterion_without_a_scenario_is_red_and_visible(project: Project) -> None:
    (project.root / "features/ac7_plain.feature").unlink()
    (project.root / "steps/ac7_plain.py").unlink()
    run = project.behave("--tags=@unit")
    assert run.code == 1
    assert "PROBLEM  AC7 (Documentation) has no scenario; tag a feature with @AC7" in run.output
    seventh = run.json("summary.json")["criteria"][6]
    assert (seventh["id"], seventh["status"], seventh["scenarios"]) == ("AC7", "unproven", [])
    assert run.json("summary.json")["headline"] == "6 proven, 1 unproven of 7 criteria"


def test_what_a_part_of_the_suite_left_out_is_no_change(project: Project) -> None:
    assert project.behave().code == 0
    run = project.behave("features/ac1_plain.feature")
    summary = run.json("summary.json")
    assert (summary["narrowed"], summary["since"], summary["changes"]) == (
        "features/ac1_plain.feature",
        None,
        [],
    )
    assert project.behave("-n", "plain").json("summary.json")["narrowed"] == "«plain»"
    assert project.behave().json("summary.json")["changes"] == []


def test_a_mistyped_tag_is_red_and_says_what_was_meant(project: Project) -> None:
    run = project.behave("--tags=@unti")
    assert run.code == 1
    assert (
        "nothing was executed: no scenario matches --tags=@unti; no scenario has @unti; did you mean @unit?"
        in run.output
    )


def test_a_run_that_only_skips_is_red_and_says_why(project: Project) -> None:
    write_liars(project)
    run = project.behave("--tags=@e2e")
    assert run.code == 1
    assert "nothing was executed: the 1 selected scenarios were all left out (unproven: no key)" in run.output
    assert "AC1   unproven" in run.output


def test_results_of_an_older_run_are_set_aside_and_kept(project: Project) -> None:
    stale = project.write(
        "reports/allure-results/0-result.json", json.dumps({"name": "stale", "status": "passed"})
    )
    foreign = project.write("reports/allure-results/notes.txt", "mine")
    dry = project.behave("--dry-run")
    assert dry.code == 0, dry.output
    assert [path.name for path in stale.parent.iterdir() if path != foreign] == [stale.name]
    run = project.behave("--tags=@AC1")
    assert run.code == 0, run.output
    assert "allure-results held 1 files of an older run" in run.output
    assert len(run.results()) == 1
    assert foreign.read_text() == "mine"
    (kept,) = (run.reports / "previous-results").rglob("0-result.json")
    assert "stale" in kept.read_text()


def test_a_result_that_is_lost_flipped_doubled_stale_or_foreign_turns_the_run_red(project: Project) -> None:
    tamper = """
import json, pathlib

def after_all(context):
    folder = pathlib.Path("reports/allure-results")
    lost, flipped, twin, old, *_ = sorted(folder.glob("*-result.json"))
    lost.unlink()
    twin.with_name("twin-result.json").write_text(twin.read_text())
    older = json.loads(old.read_text())
    old.write_text(json.dumps({**older, "start": older["start"] - 60_000}))
    data = json.loads(flipped.read_text())
    flipped.write_text(json.dumps({**data, "status": "failed"}))
    flipped.with_name("x-result.json").write_text(json.dumps({**data, "historyId": "0", "name": "Foreign"}))
"""
    environment = project.root / "environment.py"
    environment.write_text(environment.read_text() + tamper)
    run = project.behave()
    assert run.code == 1
    assert "the report has no result for «The plain case holds»" in run.output
    assert "the report shows failed for «The plain case holds»" in run.output
    assert "the report has 2 results for «The plain case holds»" in run.output
    assert "the report shows a result of an older run for «The plain case holds»" in run.output
    assert "the report shows «Foreign» (x-result.json), which this run did not select" in run.output


def test_an_interrupted_run_keeps_what_it_proved_and_is_not_green(project: Project) -> None:
    waiting = """
import pathlib, time
from behave import given

@given("a long wait")
def wait(context):
    pathlib.Path("waiting").touch()
    time.sleep(30)
"""
    text = "@AC2\nFeature: Waiting\n  @unit\n  Scenario: It waits\n    Given a long wait\n    Then it holds\n"
    project.feature("ac2_plain", text, waiting)
    started = subprocess.Popen(
        project.command(),
        cwd=project.root,
        env=project.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not (project.root / "waiting").exists():
        assert started.poll() is None, started.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    started.send_signal(signal.SIGTERM)
    output, _ = started.communicate(timeout=30)
    run = Run(started.returncode, output, project.root / "reports")
    assert run.code == 1
    assert run.json("run.json")["state"] == "interrupted"
    statuses = {each["id"]: each["status"] for each in run.json("traceability.json")["criteria"]}
    assert [statuses[f"AC{n}"] for n in range(1, 4)] == ["proven", "unproven", "unproven"]
    assert {result["status"] for result in run.results()} == {"passed", "skipped"}
    assert len(run.results()) == 7
    assert "The run was interrupted" in run.global_errors()


def test_a_live_pass_is_remembered_and_an_embedded_one_is_not(project: Project) -> None:
    steps = "    Given a thing\n    When something happens\n    Then it holds\n"
    live = f"  @e2e\n  Scenario: Live\n{steps}"
    project.feature("ac1_plain", f"@AC1\nFeature: Live\n{live}  @unit\n  Scenario: Embedded\n{steps}")
    proof = project.root / "reports/live-proof.json"
    assert project.behave("-D", "endpoint=ws://127.0.0.1:1").code == 0
    assert not proof.exists()
    assert project.behave("--tags=@AC1").code == 0
    kept = json.loads(proof.read_text())
    assert [each["model"] for each in kept.values()] == ["gpt-test"]
    run = project.behave("--tags=@unit")
    on_live, embedded = run.json("traceability.json")["criteria"][0]["scenarios"]
    assert (on_live["status"], embedded["status"]) == ("not selected", "proven")
    assert on_live["last_live_proof"]["model"] == "gpt-test"
    assert embedded["last_live_proof"] is None


def test_an_unknown_criterion_is_named(project: Project, tmp_path: Path) -> None:
    assert tmp_path == project.root
    text = "@AC9\nFeature: Nine\n  @unit\n  Scenario: Nine\n    Given a thing\n    Then it holds\n"
    project.feature("ac9_nine", text)
    run = project.behave("features/ac9_nine.feature")
    assert run.code == 1
    assert "features/ac9_nine.feature:4 «Nine»: unknown criterion @AC9" in run.output
