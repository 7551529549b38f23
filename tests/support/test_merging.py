"""Several runs as one: what is missing, doubled, cut short or of another kind is named, and is red."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from support import merging
from support.merging import Shard
from support.run_record import FINISHED, INTERRUPTED, LOADING, RUNNING, RunRecord, ScenarioRecord
from support.scenarios import NOT_REACHED
from support.summary import summarise
from support.traceability import Trace, bare_criteria

STARTED = "2026-11-23T05:00:00+00:00"
SCENARIOS = {
    each: ScenarioRecord(each, f"The {each}", f"AC{n}", "unit", f"features/ac{n}.feature", 3, "passed")
    for n, each in enumerate(("first", "second", "third"), 1)
}

Make = Callable[..., Shard]


@pytest.fixture
def shard(tmp_path: Path) -> Make:
    """Make what one of several runs leaves: record, results and matrix."""

    def make(name: str, *ran: str, suite: tuple[str, ...] = tuple(SCENARIOS), **record: object) -> Shard:
        folder = tmp_path / name / "allure-results"
        folder.mkdir(parents=True)
        scenarios = [SCENARIOS[each] for each in ran]
        facts = {"commit": "c1", "adapter": "a:B", "python": name}
        known = RunRecord(FINISHED, STARTED, STARTED, "@unit", facts, scenarios)
        replace(known, **record).write(folder.parent)  # type: ignore[arg-type]
        for each in ran:
            result = {
                "historyId": each,
                "name": f"The {each}",
                "status": "passed",
                "start": 2_000_000_000_000,
            }
            (folder / f"{each}-result.json").write_text(json.dumps(result))
        criteria = bare_criteria()
        for criterion in criteria:
            criterion["scenarios"] = [
                {"id": each.id, "name": each.title, "level": "unit", "rule": "", "tags": ["unit"]}
                | {"file": each.file, "line": each.line, "steps": [], "status": "unproven", "reason": ""}
                | {"last_live_proof": None}
                for each in SCENARIOS.values()
                if each.criterion == criterion["id"] and each.id in suite
            ]
        Trace(criteria, []).write(folder.parent)
        return Shard.of(folder)

    return make


def told(*shards: Shard, tags: str | None = None) -> tuple[str, list[str], str]:
    """Return the verdict on the merged runs, the statuses of the first three criteria, and what is said."""
    record = merging.merged(shards)
    criteria = merging.matrix(shards, record, tags)
    record.problems += merging.never_run(criteria)
    summary = summarise(record, criteria, [])
    statuses = [each["status"] for each in summary["criteria"][:3]]
    return summary["verdict"], statuses, "\n".join(summary["why"])


def test_shards_that_ran_everything_once_are_green(shard: Make) -> None:
    assert told(shard("one", "first"), shard("two", "second", "third")) == ("green", ["proven"] * 3, "")


def test_a_lost_shard_is_red_and_what_it_would_have_run_is_named(shard: Make) -> None:
    verdict, statuses, why = told(shard("one", "first"), shard("two", "second"))
    assert (verdict, statuses) == ("red", ["proven", "proven", "unproven"])
    assert why == "features/ac3.feature:3 «The third» ran in none of the merged runs; one is missing"


def test_a_lost_shard_of_other_tags_is_seen_when_it_is_said_what_was_to_run(shard: Make) -> None:
    one = shard("one", "first", selection="@AC1")
    assert told(one)[0] == "green", "what it was given itself, it ran"
    verdict, statuses, why = told(one, tags="@unit")
    assert (verdict, statuses) == ("red", ["proven", "unproven", "unproven"])
    assert why.count("ran in none of the merged runs") == 2


def test_a_scenario_of_two_shards_is_red_and_counts_with_its_worst_status(shard: Make) -> None:
    failed = replace(SCENARIOS["first"], status="failed", reason="no")
    one, two = shard("one", "first", "second", "third"), shard("two", "first", scenarios=[failed])
    verdict, statuses, why = told(one, two)
    assert (verdict, statuses) == ("red", ["failed", "proven", "proven"])
    assert "«The first» ran in 2 of the merged runs; give each run its own features" in why
    assert told(one, one)[0] == "red", "one folder named twice"


@pytest.mark.parametrize(("fact", "value"), [("commit", "c2"), ("adapter", "c:D")])
def test_a_shard_of_another_commit_or_adapter_is_red(shard: Make, fact: str, value: str) -> None:
    facts = {"commit": "c1", "adapter": "a:B"} | {fact: value}
    verdict, _, why = told(shard("one", "first"), shard("two", "second", "third", facts=facts))
    assert verdict == "red"
    assert f"the merged runs are not of one {fact}: " in why
    assert f"{value} (" in why
    assert "two/allure-results)" in why


def test_a_shard_of_another_suite_is_red_also_without_a_commit_to_tell(shard: Make) -> None:
    suite = ("first", "second")
    verdict, statuses, why = told(shard("one", "third"), shard("two", "first", "second", suite=suite))
    assert (verdict, statuses) == ("red", ["proven"] * 3)
    assert "two/allure-results lacks 1 of the scenarios of the other runs; it is another one" in why


def test_a_shard_of_another_selection_does_not_hide_what_the_others_were_to_run(shard: Make) -> None:
    verdict, statuses, why = told(
        shard("one", "first"), shard("two", "second", selection="@unit and not @slow")
    )
    assert (verdict, statuses) == ("red", ["proven", "proven", "unproven"])
    assert "«The third» ran in none of the merged runs" in why


@pytest.mark.parametrize(
    ("state", "words"),
    [(INTERRUPTED, "was interrupted"), (RUNNING, "was killed"), (LOADING, "did not start")],
)
def test_a_shard_that_did_not_come_to_its_end_is_named_and_nothing_is_green(
    shard: Make, state: str, words: str
) -> None:
    reached = [SCENARIOS["second"]]
    if state != LOADING:
        reached.append(replace(SCENARIOS["third"], status="skipped", reason=NOT_REACHED))
    cut = shard("two", "second", state=state, scenarios=reached)
    if state == INTERRUPTED:
        skipped = {"historyId": "third", "name": "The third", "status": "skipped", "start": 2_000_000_000_000}
        (cut.results / "third-result.json").write_text(json.dumps(skipped))
    verdict, statuses, why = told(shard("one", "first"), cut)
    assert verdict == "interrupted"
    assert statuses == ["proven", "proven", "unproven"]
    assert f"two/allure-results {words}; run it again" in why
    assert "has no result" not in why


def test_a_shard_without_its_record_or_with_results_of_another_run_is_red(shard: Make) -> None:
    bare, mixed = shard("one", "first"), shard("two", "second", "third")
    (bare.results.parent / "run.json").unlink()
    (mixed.results / "first-result.json").write_text((bare.results / "first-result.json").read_text())
    verdict, _, why = told(Shard.of(bare.results), mixed)
    assert verdict == "red"
    assert "one/run.json is missing" in why
    assert "the report shows «The first» (first-result.json), which this run did not select" in why


def test_the_newest_live_proof_of_all_runs_is_kept(shard: Make) -> None:
    one, two = shard("one", "first"), shard("two", "second", "third")
    for each, day in ((one, "21"), (two, "22")):
        proof = {"first": {"date": f"2026-11-{day}T05:00:00+00:00", "model": "m"}}
        (each.results.parent / "live-proof.json").write_text(json.dumps(proof))
    criteria = merging.matrix([one, two], merging.merged([one, two]))
    assert criteria[0]["scenarios"][0]["last_live_proof"]["date"].startswith("2026-11-22")
