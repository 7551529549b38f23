"""What a run amounts to, and what changed since the last one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support import history
from support.run_record import FINISHED, INTERRUPTED, LOADING, RUNNING, Incident, RunRecord, ScenarioRecord
from support.summary import age, keep, markdown, moment, summarise, verdict_of
from support.traceability import bare_criteria, restated

ONE = ScenarioRecord("a", "One | <two>", "AC1", "unit", "features/ac1.feature", 3, "passed")
GREEN = RunRecord(FINISHED, "2026-11-23T05:00:00+00:00", "2026-11-23T05:01:00+00:00", "@unit", {}, [ONE])
PROOF = {"a": {"date": "2026-11-20T05:00:00+00:00", "model": "m"}}


def criteria(record: RunRecord) -> list[dict[str, Any]]:
    """Return the seven criteria, of which AC1 has one scenario."""
    entry = {"id": "a", "name": ONE.title, "level": "unit", "rule": "", "file": ONE.file, "line": 3}
    known = bare_criteria()
    known[0]["scenarios"] = [entry]
    return restated(known, record, PROOF)


def with_status(status: str, started: str = GREEN.started, reason: str = "") -> RunRecord:
    """Return a run whose one scenario ended with ``status``."""
    return replace(GREEN, started=started, scenarios=[replace(ONE, status=status, reason=reason)])


@pytest.mark.parametrize(
    ("record", "verdict"),
    [
        (GREEN, "green"),
        (with_status("failed"), "red"),
        (with_status("skipped"), "red"),
        (replace(GREEN, scenarios=[]), "red"),
        (replace(GREEN, problems=["a difference"]), "red"),
        (replace(GREEN, incidents=[Incident("a hook broke")]), "red"),
        (replace(GREEN, state=INTERRUPTED), "interrupted"),
        (replace(GREEN, state=RUNNING), "interrupted"),
        (replace(GREEN, state=LOADING), "not started"),
    ],
)
def test_only_a_finished_run_in_which_nothing_failed_is_green(record: RunRecord, verdict: str) -> None:
    summary = summarise(record, criteria(record), [])
    assert verdict_of(record) == summary["verdict"] == verdict
    assert (summary["badge"]["color"] == "brightgreen") is (verdict == "green")
    assert bool(summary["why"]) is (verdict != "green")


def test_a_criterion_without_a_scenario_is_unproven_and_counted() -> None:
    summary = summarise(GREEN, criteria(GREEN), [])
    assert [each["status"] for each in summary["criteria"]] == ["proven", *["unproven"] * 6]
    assert summary["headline"] == "1 proven, 6 unproven of 7 criteria"
    assert summary["badge"]["message"] == "green: 1/7 proven"


def test_what_changed_is_told_against_the_last_run_of_the_same_selection(tmp_path: Path) -> None:
    keep(tmp_path, GREEN, criteria(GREEN))
    other = replace(with_status("skipped", "2026-11-23T06:00:00+00:00"), selection="@e2e")
    keep(tmp_path, other, criteria(other))
    record = with_status("failed", "2026-11-23T07:00:00+00:00", "SessionRefused: no")
    record.scenarios.append(replace(ONE, id="b", title="Another"))
    summary = keep(tmp_path, record, criteria(record))
    assert summary["since"] == GREEN.started
    assert summary["changes"] == [
        "AC1: now failed, was proven",
        "«One | <two>» fails; it had passed",
        "«Another» is new",
    ]
    assert [run["criteria"]["AC1"] for run in summary["trend"]] == ["proven", "failed"]
    mended = with_status("passed", "2026-11-23T08:00:00+00:00")
    assert keep(tmp_path, mended, criteria(mended))["changes"] == [
        "AC1: now proven, was failed",
        "«One | <two>» holds; it had failed",
        "«Another» is gone",
    ]


def test_many_changes_of_one_kind_are_one_line() -> None:
    def run(status: str, *titles: str) -> history.PastRun:
        return history.PastRun("", "", scenarios={title: (title, status) for title in titles})

    told = list(history.changes(run("skipped", *"abcdef"), run("passed", *"abcdexyz")))
    assert told == [
        "5 scenarios are unproven now, among them «a», «b», «c»",
        "«x» is gone",
        "«y» is gone",
        "«z» is gone",
        "«f» is new",
    ]
    told = list(history.changes(run("passed", *"abcde"), run("skipped", *"abcde")))
    assert told == ["5 scenarios are proven now, among them «a», «b», «c»"]
    assert list(history.changes(run("failed", "a"), run("skipped", "a"))) == ["«a» fails; it was unproven"]


def test_a_run_told_twice_is_remembered_once(tmp_path: Path) -> None:
    keep(tmp_path, GREEN, criteria(GREEN))
    assert keep(tmp_path, GREEN, criteria(GREEN))["since"] is None
    assert len(history.read(tmp_path)) == 1


def test_history_is_bounded_and_survives_a_line_cut_short(tmp_path: Path) -> None:
    for number in range(history.KEPT + 5):
        history.remember(tmp_path, history.PastRun(f"{number:04}", "green"))
    assert len(history.read(tmp_path)) == history.KEPT
    with (tmp_path / history.FILE).open("a") as file:
        file.write('{"started": "9')
    assert [run.started for run in history.read(tmp_path)][-1] == f"{history.KEPT + 4:04}"


def test_the_markdown_names_what_failed_and_breaks_no_table() -> None:
    record = with_status("failed", reason="SessionRefused: a | b\nand more")
    text = markdown(summarise(record, criteria(record), []))
    assert text.startswith("### ❌ Acceptance: red, 1 failed, 6 unproven of 7 criteria")
    assert "| ❌ | **AC1** GA handshake | failed | 1 failed | 2026-11-20 |" in text
    assert (
        "One \\| &lt;two> (`features/ac1.feature:3`), Refused session: SessionRefused: a \\| b and more"
        in text
    )


def test_the_markdown_names_no_more_than_can_be_read() -> None:
    record = with_status("failed", reason="no")
    summary = summarise(record, criteria(record), [])
    summary["criteria"][0]["scenarios"] *= 50
    text = markdown(summary)
    assert text.count("features/ac1.feature:3") == 20
    assert "- … and 30 more, in the report" in text


def test_moments_and_ages_are_in_words() -> None:
    assert moment("2026-11-03T07:05:09.123+02:00") == "3 November 2026, 05:05 UTC"
    until = "2026-11-23T05:00:00+00:00"
    days = [age(f"2026-11-{day}T05:00:01+00:00", until) for day in ("22", "21", "10")]
    assert days == ["today", "1 day ago", "12 days ago"]
