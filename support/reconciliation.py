"""Compares what behave saw with what the report will show; every difference is a reason for red."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.criteria import CRITERIA
from support.run_record import ScenarioRecord

CLOCK_MS = 2_000  # two clocks of one machine may disagree by rounding


@dataclass(frozen=True)
class Shown:
    """One result file.

    Attributes:
        id: Identity of the scenario it speaks of.
        title: The title it shows.
        status: The status it shows.
        start_ms: When its scenario began, Unix time.
        file: Its name in the results folder.
    """

    id: str
    title: str
    status: str
    start_ms: int
    file: str


def shown_in(results: Path) -> tuple[list[Shown], list[str]]:
    """Return what the result files in ``results`` show, and a sentence for each that cannot be read."""
    shown, unreadable = [], []
    for path in sorted(results.glob("*-result.json")):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            shown.append(
                Shown(
                    data["historyId"], data["name"], data.get("status", "none"), int(data["start"]), path.name
                )
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            unreadable.append(f"the report cannot read {path.name} ({type(error).__name__}: {error})")
    return shown, unreadable


def differences(
    seen: Iterable[ScenarioRecord], results: Path, started_ms: int, open_ids: Collection[str] = ()
) -> Iterator[str]:
    """Yield one sentence for each difference between behave's view and the result files.

    Args:
        seen: Every scenario that was selected, as behave saw it.
        results: The folder with the result files.
        started_ms: When the run began, Unix time; an earlier result belongs to another run.
        open_ids: Scenarios of which nobody knows how they ended: a run was killed before it said so.
    """
    seen = list(seen)
    shown, unreadable = shown_in(results)
    yield from unreadable
    names = Counter(record.id for record in seen)
    for record in {record.id: record for record in seen}.values():
        name, times = f"«{record.title}» ({record.file}:{record.line})", names[record.id]
        if times > 1:
            places = ", ".join(f"{each.file}:{each.line}" for each in seen if each.id == record.id)
            yield f"{name} stands {times} times under one name ({places}); rename all but one"
        if record.id in open_ids:
            continue
        found = [each for each in shown if each.id == record.id]
        files = ", ".join(each.file for each in found)
        if not found:
            yield f"the report has no result for {name}, which {record.status}"
        elif len(found) > times + bool(record.retried):  # the report shows the first attempt as well
            yield f"the report has {len(found)} results for {name}: {files}"
        elif record.status not in {each.status for each in found}:
            yield f"the report shows {found[0].status} for {name}, which {record.status} ({files})"
    for each in shown:
        if each.id not in names:
            yield f"the report shows «{each.title}» ({each.file}), which this run did not select"
        elif each.start_ms < started_ms - CLOCK_MS:
            yield f"the report shows a result of an older run for «{each.title}» ({each.file})"


def unlisted(criteria: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield one sentence for each criterion that is missing from the matrix the report is made of."""
    listed = {each["id"] for each in criteria}
    for criterion in CRITERIA.values():
        if criterion.id not in listed:
            yield f"the report does not list {criterion.id} ({criterion.title})"
