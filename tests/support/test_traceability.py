"""The matrix, made without running anything, and every gap it has to find."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from support.traceability import status_of, summary
from support.traceability_page import page
from tests.support.project import Project

GAPS = """
@AC1 @AC2
Feature: Gaps
  @unit
  Scenario: Two criteria
    Given a thing
    Then it holds

  Scenario: No level, and two definitions
    Given a doubly defined thing
    Then it holds

  @unit @e2e
  Scenario: Two levels
    Given a thing nobody defined
    Then it holds

  @unit
  Scenario Outline: No rows <x>
    Given a thing
    Then it holds
    Examples:
      | x |
"""

STEPS = """
from behave import given
@given("a {kind} defined thing")
def by_kind(context, kind): pass

@given("a doubly {kind} thing")
def doubly(context, kind): pass

@given("something unheard of")
def unheard(context): pass
"""


def traced(project: Project) -> tuple[int, str, dict[str, Any]]:
    """Run ``python -m support.traceability`` in the project."""
    done = subprocess.run(
        [sys.executable, "-m", "support.traceability"],
        cwd=project.root,
        env=project.variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return (
        done.returncode,
        done.stdout + done.stderr,
        json.loads((project.root / "reports/traceability.json").read_text()),
    )


def test_a_project_in_order_leads_from_criterion_to_code_without_a_run(project: Project) -> None:
    code, said, matrix = traced(project)
    assert (code, matrix["problems"]) == (0, []), said
    assert [criterion["id"] for criterion in matrix["criteria"]] == [f"AC{n}" for n in range(1, 8)]
    (scenario,) = matrix["criteria"][0]["scenarios"]
    assert {
        name: scenario[name] for name in ("name", "level", "file", "line", "status", "last_live_proof")
    } == {
        "name": "The plain case holds",
        "level": "unit",
        "file": "features/ac1_plain.feature",
        "line": 4,
        "status": "unproven",
        "last_live_proof": None,
    }
    assert scenario["steps"][0] == {"text": "Given a thing", "definition": "steps/shared_steps.py:4"}
    assert "AC1   unproven" in said


def test_statuses_come_from_the_last_run(project: Project) -> None:
    project.behave("--tags=@AC2")
    _, _, matrix = traced(project)
    assert [each["status"] for each in matrix["criteria"]][:3] == ["not selected", "proven", "not selected"]


def test_every_gap_is_a_problem_with_its_place(project: Project) -> None:
    project.write("features/ac1_plain.feature", GAPS)
    project.write("features/stray.feature", "@AC3\nFeature: Stray\n")
    (project.root / "features/ac7_plain.feature").unlink()
    unit_free = (project.root / "features/ac6_plain.feature").read_text().replace("@unit", "@integration")
    project.write("features/ac6_plain.feature", unit_free)
    project.write("steps/ac1_plain.py", STEPS)
    code, said, matrix = traced(project)
    problems = "\n".join(matrix["problems"])
    assert code == 1
    for gap in (
        "features/ac1_plain.feature:5 «Two criteria»: it claims 2 criteria (@AC1, @AC2)",
        "features/ac1_plain.feature:9 «No level, and two definitions»: it has no level",
        "is bound to steps/ac1_plain.py:3 «a {kind} defined thing» and to steps/ac1_plain.py:6 «a doubly",
        "«Two levels»: it has 2 levels (@unit, @e2e)",
        "no definition matches «Given a thing nobody defined»",
        "«No rows <x>» has no examples, so it never runs",
        "features/stray.feature has no step module; add steps/stray.py",
        "features/stray.feature has no scenario",
        "AC7 (Documentation) has no scenario",
        "AC6 (The guards bite) has no @unit scenario",
        "steps/ac1_plain.py:9 «something unheard of» is used by no step",
    ):
        assert gap in problems
        assert gap in said


def test_a_damaged_record_of_the_last_run_is_named_with_its_remedy(project: Project) -> None:
    project.write("reports/run.json", "{")
    done = subprocess.run(
        [sys.executable, "-m", "support.traceability"],
        cwd=project.root,
        env=project.variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "run.json is no record of a run" in done.stderr
    assert "delete it and run behave again" in done.stderr


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        ("", "unproven"),
        ("unit unproven", "unproven"),
        ("unit proven, unit proven, e2e unproven", "proven"),
        ("unit proven, unit unproven, e2e unproven", "unproven"),
        ("unit unproven, e2e proven", "proven"),
        ("unit unproven, e2e proven, e2e unproven", "unproven"),
        ("unit unproven, integration proven", "unproven"),
        ("integration proven", "proven"),
        ("unit proven, e2e failed", "failed"),
        ("unit unproven, integration failed", "failed"),
    ],
)
def test_a_criterion_is_proven_by_a_whole_level_and_no_failure(seen: str, status: str) -> None:
    entries = [dict(zip(("level", "status"), each.split(), strict=True)) for each in seen.split(", ") if each]
    assert status_of(entries) == status


def test_the_page_shows_problems_first_and_escapes_what_it_shows() -> None:
    criterion = {"id": "AC1", "title": "<b>", "text": "", "link": "", "status": "failed", "scenarios": []}
    shown = page([criterion], ["<script>"])
    assert shown.index("&lt;script&gt;") < shown.index("AC1")
    assert "<script" not in shown
    assert "No scenario." in shown
    assert "No problems" in page([criterion], [])
    assert list(summary([criterion])) == [f"AC1   failed    {'no scenario':<34} <b>"]
