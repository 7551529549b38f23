"""The runs so far, one line each in ``reports/runs.jsonl``: what a trend and a change are read from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from support.run_record import RunRecord

FILE = "runs.jsonl"
KEPT = 100
_WAS = {"passed": "had passed", "failed": "had failed", "skipped": "was unproven"}
FEW = 3  # scenarios that are named one by one


@dataclass(frozen=True)
class PastRun:
    """One run, as far as later ones are compared with it.

    Attributes:
        started: When it began, ISO 8601, UTC.
        verdict: As in the summary: ``green``, ``red`` and so on.
        selection: The tag expression it was given, and what else narrowed it; only runs of one selection are
            compared.
        criteria: The status of each criterion, by id.
        scenarios: Title and status of each selected scenario, by its identity.
    """

    started: str
    verdict: str
    selection: str = ""
    criteria: Mapping[str, str] = field(default_factory=dict)
    scenarios: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def read(reports: Path) -> list[PastRun]:
    """Return the runs that are remembered, oldest first; a line that cannot be read is left out."""
    path = reports / FILE
    runs = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            data = json.loads(line)
            data["scenarios"] = {each: (title, status) for each, (title, status) in data["scenarios"].items()}
            runs.append(PastRun(**data))
        except (ValueError, TypeError, KeyError, AttributeError):  # a run that was killed while it wrote
            continue
    return runs


def as_past(record: RunRecord, verdict: str, criteria: Iterable[Mapping[str, Any]]) -> PastRun:
    """Return ``record`` as later runs will see it."""
    return PastRun(
        record.started,
        verdict,
        _selected(record),
        {each["id"]: each["status"] for each in criteria},
        {each.id: (each.title, each.status) for each in record.scenarios},
    )


def remember(reports: Path, run: PastRun) -> None:
    """Add a run, or replace what was remembered of it; the oldest are forgotten."""
    kept = [each for each in read(reports) if each.started != run.started][-KEPT + 1 :]
    lines = [json.dumps(asdict(each), ensure_ascii=False) for each in (*kept, run)]
    draft = reports / f"{FILE}.tmp"
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft.replace(reports / FILE)


def before(runs: Iterable[PastRun], record: RunRecord) -> list[PastRun]:
    """Return the runs of the same selection that began earlier, oldest first."""
    same = _selected(record)
    return [each for each in runs if each.selection == same and each.started < record.started]


def _selected(record: RunRecord) -> str:
    return " in ".join(part for part in (record.selection, record.narrowed) if part)


def changes(now: PastRun, then: PastRun) -> Iterator[str]:
    """Yield what is otherwise than before, most important first."""
    for criterion, status in now.criteria.items():
        old = then.criteria.get(criterion)
        if old is not None and old != status:
            yield f"{criterion}: now {status}, was {old}"
    both = [each for each in now.scenarios if each in then.scenarios]
    for status, words in (("failed", "fails"), ("passed", "holds")):
        for each in both:
            title, is_now = now.scenarios[each]
            was = then.scenarios[each][1]
            if is_now == status != was and (was != "skipped" or status == "failed"):
                yield f"«{title}» {words}; it {_WAS[was]}"
    shown = [now.scenarios[each] for each in both if then.scenarios[each][1] == "skipped"]
    yield from _together((title for title, is_now in shown if is_now == "passed"), "proven now")
    lost = [now.scenarios[each] for each in both if then.scenarios[each][1] != "skipped"]
    yield from _together((title for title, is_now in lost if is_now == "skipped"), "unproven now")
    yield from _together((title for each, (title, _) in then.scenarios.items() if each not in both), "gone")
    yield from _together((title for each, (title, _) in now.scenarios.items() if each not in both), "new")


def _together(titles: Iterable[str], what: str) -> Iterator[str]:
    """Yield what is the same of several scenarios: each while they are few, else how many."""
    named = [f"«{title}»" for title in titles]
    if len(named) > FEW:
        yield f"{len(named)} scenarios are {what}, among them {', '.join(named[:FEW])}"
    else:
        yield from (f"{name} is {what}" for name in named)
