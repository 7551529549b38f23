"""Every way in which result files can differ from what behave saw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.criteria import CRITERIA
from support.reconciliation import differences, unlisted
from support.run_record import ScenarioRecord

STARTED_MS = 1_000_000
SEEN = [
    ScenarioRecord("a", "One", "AC1", "unit", "features/ac1.feature", 3, "passed"),
    ScenarioRecord("b", "Two", "AC1", "unit", "features/ac1.feature", 9, "skipped", "unproven: no key"),
]


def shown(folder: Path, file: str, /, **result: object) -> None:
    """Write a result file."""
    whole = {"historyId": "a", "name": "One", "status": "passed", "start": STARTED_MS + 5, **result}
    (folder / f"{file}-result.json").write_text(json.dumps(whole))


@pytest.fixture
def results(tmp_path: Path) -> Path:
    shown(tmp_path, "1")
    shown(tmp_path, "2", historyId="b", name="Two", status="skipped")
    return tmp_path


def found(results: Path, seen: list[ScenarioRecord] | None = None) -> str:
    """Return the differences, one line each."""
    return "\n".join(differences(SEEN if seen is None else seen, results, STARTED_MS))


def test_what_agrees_has_no_differences(results: Path) -> None:
    assert found(results) == ""


def test_a_missing_result_is_named_with_its_place(results: Path) -> None:
    (results / "1-result.json").unlink()
    assert found(results) == "the report has no result for «One» (features/ac1.feature:3), which passed"


@pytest.mark.parametrize("status", ["failed", "broken", "skipped", "unknown", None])
def test_another_status_is_named(results: Path, status: str | None) -> None:
    shown(results, "1", status=status)
    assert found(results).startswith(f"the report shows {status} for «One»")


def test_a_doubled_result_is_named(results: Path) -> None:
    shown(results, "3")
    assert "the report has 2 results for «One»" in found(results)
    assert "1-result.json, 3-result.json" in found(results)


def test_a_result_of_another_run_is_named(results: Path) -> None:
    shown(results, "3", historyId="c", name="Three")
    shown(results, "1", start=STARTED_MS - 60_000)
    assert "the report shows «Three» (3-result.json), which this run did not select" in found(results)
    assert "the report shows a result of an older run for «One» (1-result.json)" in found(results)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "One"}'])
def test_a_result_that_cannot_be_read_is_named(results: Path, text: str) -> None:
    (results / "9-result.json").write_text(text)
    assert "the report cannot read 9-result.json" in found(results)


def test_two_scenarios_of_one_name_are_named_for_the_report_would_show_one(results: Path) -> None:
    shown(results, "3")
    twin = ScenarioRecord("a", "One", "AC1", "unit", "features/ac1.feature", 20, "passed")
    assert "stands 2 times under one name (features/ac1.feature:3, features/ac1.feature:20)" in found(
        results, [*SEEN, twin]
    )


def test_a_criterion_that_is_not_listed_is_named() -> None:
    listed = [{"id": criterion} for criterion in CRITERIA]
    assert list(unlisted(listed)) == []
    del listed[2]
    assert list(unlisted(listed)) == ["the report does not list AC3 (Audio received)"]
