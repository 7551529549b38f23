"""Several runs as one: the shards of a CI job, or the processes of a machine.

Each folder of results has its run's record beside it. What is merged is reconciled like a single run: a
scenario that ran twice, a shard without a record, of another commit, or that did not come to its end, a
scenario that none of them ran, a result that is not what was recorded, are all reasons for red.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from behave.tag_expression import make_tag_expression

from support.reconciliation import differences
from support.run_record import (
    FILE,
    FINISHED,
    INTERRUPTED,
    LOADING,
    RUNNING,
    RunRecord,
    ScenarioRecord,
    timestamp,
)
from support.scenarios import FAILED, NOT_REACHED, PASSED, SKIPPED
from support.traceability import bare_criteria, read_live_proof, restated

SAME = ("commit", "adapter")
"""Facts that runs have in common when they are of one thing; a Python or an endpoint may differ."""

NEVER_RUN = "unproven: none of the merged runs ran it"
_WORST_FIRST = (FAILED, SKIPPED, PASSED)


@dataclass(frozen=True)
class Shard:
    """One run that is to be reported.

    Attributes:
        results: Its folder of Allure results.
        record: What behave saw, or None when nothing was recorded beside the results.
    """

    results: Path
    record: RunRecord | None

    @classmethod
    def of(cls, results: Path) -> Shard:
        """Return the shard whose results lie in ``results``.

        Raises:
            ValueError: the record beside them cannot be read.
        """
        return cls(results, RunRecord.read(results.parent))

    def differences(self) -> Iterator[str]:
        """Yield what its results say otherwise than its record."""
        if self.record is None:
            yield (
                f"{self.results.parent / FILE} is missing, so nobody knows what {self.results} should hold; "
                "keep both together"
            )
        else:
            started_ms = int(datetime.fromisoformat(self.record.started).timestamp() * 1000)
            seen = self.record.scenarios
            killed = self.record.state == RUNNING
            open_ids = {each.id for each in seen if killed and each.reason == NOT_REACHED}
            yield from differences(seen, self.results, started_ms, open_ids)

    def unfinished(self) -> Iterator[str]:
        """Yield that it did not come to its end; among several runs, which it was has to be said."""
        ends = {LOADING: "did not start", RUNNING: "was killed", INTERRUPTED: "was interrupted"}
        if self.record is not None and self.record.state in ends:
            yield f"the run of {self.results.as_posix()} {ends[self.record.state]}; run it again"


def merged(shards: Sequence[Shard]) -> RunRecord:
    """Return one record for all of ``shards``; one shard alone stays what it is."""
    records = [shard.record for shard in shards if shard.record is not None]
    by_id: dict[str, list[ScenarioRecord]] = {}
    for record in records:
        for each in record.scenarios:
            by_id.setdefault(each.id, []).append(each)
    scenarios = [min(same, key=lambda each: _WORST_FIRST.index(each.status)) for same in by_id.values()]
    problems = [problem for record in records for problem in record.problems]
    problems += [problem for shard in shards for problem in shard.differences()]
    if len(records) > 1:
        problems += [problem for shard in shards for problem in shard.unfinished()]
        problems += _at_odds(shards)
        problems += [
            f"«{same[0].title}» ran in {len(same)} of the merged runs; give each run its own features"
            for same in by_id.values()
            if len(same) > 1
        ]
    facts: dict[str, list[str]] = {}
    for record in records:
        for name, fact in record.facts.items():
            facts.setdefault(name, []).append(fact)
    return RunRecord(
        state=_state(records),
        started=min((record.started for record in records), default=timestamp()),
        finished=max((record.finished for record in records), default=""),
        selection=" | ".join(dict.fromkeys(record.selection for record in records)),
        narrowed=records[0].narrowed if len(records) == 1 else "",
        facts={name: " / ".join(dict.fromkeys(found)) for name, found in facts.items()},
        scenarios=scenarios,
        incidents=[incident for record in records for incident in record.incidents],
        problems=list(dict.fromkeys(problems)),
    )


def matrix(shards: Sequence[Shard], record: RunRecord, tags: str | None = None) -> list[dict[str, Any]]:
    """Return the criteria with the statuses of ``record``, and the newest live proof of each scenario.

    Args:
        shards: The merged runs.
        record: Of all of them.
        tags: What was to run in all, a tag expression; otherwise it is told by the runs' own.
    """
    proofs: dict[str, dict[str, str]] = {}
    for shard in shards:
        for identity, proof in read_live_proof(shard.results.parent).items():
            if proof["date"] >= proofs.get(identity, proof)["date"]:
                proofs[identity] = proof
    found = [_criteria(shard.results.parent) for shard in shards]
    known = next((criteria for criteria in found if criteria), None) or _from(record)
    lost = [
        ScenarioRecord(each["id"], each["name"], None, None, each["file"], each["line"], SKIPPED, NEVER_RUN)
        for each in _lost(shards, known, record, tags)
    ]
    return restated(known, replace(record, scenarios=[*record.scenarios, *lost]), proofs)


def never_run(criteria: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield each scenario of ``matrix`` that was to run and that none of the merged runs ran."""
    for each in (scenario for criterion in criteria for scenario in criterion["scenarios"]):
        if each["reason"] == NEVER_RUN:
            named = f"{each['file']}:{each['line']} «{each['name']}»"
            yield f"{named} ran in none of the merged runs; one is missing"


def _lost(
    shards: Sequence[Shard], criteria: Iterable[Mapping[str, Any]], record: RunRecord, tags: str | None
) -> Iterator[Mapping[str, Any]]:
    """Yield the scenarios that ``tags``, else the tags of the merged runs, select and none of them ran."""
    selections = {shard.record.selection for shard in shards if shard.record is not None}
    if tags is None and len(shards) == 1:
        return  # one run says itself what it selected
    wanted = [make_tag_expression(each) for each in ([tags] if tags is not None else sorted(selections))]
    ran = {each.id for each in record.scenarios}
    for each in (scenario for criterion in criteria for scenario in criterion["scenarios"]):
        if each["id"] not in ran and any(expression.check(each["tags"]) for expression in wanted):
            yield each


def _at_odds(shards: Iterable[Shard]) -> Iterator[str]:
    """Yield what makes the merged runs no runs of one thing: another commit, adapter or suite."""
    for fact in SAME:
        by_value: dict[str, list[str]] = {}
        for shard in shards:
            if shard.record is not None and shard.record.state != LOADING:
                value = shard.record.facts.get(fact, "unknown")
                by_value.setdefault(value, []).append(shard.results.as_posix())
        if len(by_value) > 1:
            told = ", ".join(f"{value} ({' and '.join(where)})" for value, where in by_value.items())
            yield f"the merged runs are not of one {fact}: {told}; run them again from one"
    known = {
        shard.results.as_posix(): {each["id"] for criterion in found for each in criterion["scenarios"]}
        for shard in shards
        if (found := _criteria(shard.results.parent))
    }
    every = set().union(*known.values())
    yield from (
        f"the suite of {where} lacks {len(every - ids)} of the scenarios of the other runs; it is another one"
        for where, ids in known.items()
        if ids != every
    )


def _state(records: Sequence[RunRecord]) -> str:
    states = {record.state for record in records}
    if states == {FINISHED}:
        return FINISHED
    return LOADING if states <= {LOADING} else INTERRUPTED


def _from(record: RunRecord) -> list[dict[str, Any]]:
    """Return the criteria with the scenarios a run was seen to run; one that was killed has no matrix."""
    criteria = bare_criteria()
    for criterion in criteria:
        criterion["scenarios"] = [
            {"id": each.id, "name": each.title, "level": each.level, "rule": "", "tags": []}
            | {"file": each.file, "line": each.line, "steps": []}
            for each in record.scenarios
            if each.criterion == criterion["id"]
        ]
    return criteria


def _criteria(reports: Path) -> list[dict[str, Any]]:
    path = reports / "traceability.json"
    criteria: list[dict[str, Any]] = (
        json.loads(path.read_text(encoding="utf-8"))["criteria"] if path.exists() else []
    )
    return criteria
