"""Several runs as one: the shards of a CI job, or the processes of a machine.

Each folder of results has its run's record beside it. What is merged is reconciled like a single run: a
scenario that ran twice, a shard without a record, a scenario that none of them ran, a result that is not
what was recorded, are all reasons for red.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from behave.tag_expression import make_tag_expression

from support.reconciliation import differences
from support.run_record import FILE, FINISHED, INTERRUPTED, LOADING, RunRecord, ScenarioRecord, timestamp
from support.scenarios import FAILED, PASSED, SKIPPED
from support.traceability import bare_criteria, read_live_proof, restated

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
            yield from differences(self.record.scenarios, self.results, started_ms)


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
        facts={name: " / ".join(dict.fromkeys(found)) for name, found in facts.items()},
        scenarios=scenarios,
        incidents=[incident for record in records for incident in record.incidents],
        problems=list(dict.fromkeys(problems)),
    )


def matrix(shards: Sequence[Shard], record: RunRecord) -> list[dict[str, Any]]:
    """Return the criteria with the statuses of ``record``, and the newest live proof of each scenario."""
    proofs: dict[str, dict[str, str]] = {}
    for shard in shards:
        for identity, proof in read_live_proof(shard.results.parent).items():
            if proof["date"] >= proofs.get(identity, proof)["date"]:
                proofs[identity] = proof
    found = [_criteria(shard.results.parent) for shard in shards]
    known = next((criteria for criteria in found if criteria), None) or _from(record)
    return restated(known, record, proofs)


def never_run(
    shards: Iterable[Shard], criteria: Iterable[Mapping[str, Any]], record: RunRecord
) -> Iterator[str]:
    """Yield each scenario that the merged runs' tags select and none of them ran: a shard is missing."""
    selections = {shard.record.selection for shard in shards if shard.record is not None}
    wanted = [make_tag_expression(selection) for selection in sorted(selections)]
    ran = {each.id for each in record.scenarios}
    for each in (scenario for criterion in criteria for scenario in criterion["scenarios"]):
        if each["id"] not in ran and any(expression.check(each["tags"]) for expression in wanted):
            named = f"{each['file']}:{each['line']} «{each['name']}»"
            yield f"{named} ran in none of the merged runs; one is missing"


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
