"""What a run amounts to, said once: ``summary.json`` for bots, ``summary.md`` for people, the first page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from support import history
from support.categories import kind_of
from support.criteria import CRITERIA
from support.run_record import FINISHED, LOADING, RunRecord, write_json
from support.traceability import FAILED, NOT_SELECTED, PROVEN, STATUSES, UNPROVEN

SCHEMA = 1
NAMED = 20  # failed scenarios where there is little room
TREND = 8  # runs shown side by side

GREEN, RED, CUT_SHORT, NOT_STARTED = "green", "red", "interrupted", "not started"
WHY_NOT_STARTED = (
    "The run did not start: behave ended before the first scenario, and its console says why. "
    "Results of an earlier run are not shown."
)
WHY_CUT_SHORT = "The run was interrupted: what it proved until then stands, the rest is unproven."
_COLOURS = {GREEN: "brightgreen", RED: "red", CUT_SHORT: "orange", NOT_STARTED: "orange"}
_MARKS = {PROVEN: "✅", FAILED: "❌", UNPROVEN: "⚠️", NOT_SELECTED: "⚪"}

Summary = dict[str, Any]


def verdict_of(record: RunRecord) -> str:
    """Return what the run amounts to: ``green`` only when it finished, and nothing failed or broke."""
    if record.state == LOADING:
        return NOT_STARTED
    if record.state != FINISHED:  # one that says it is running was killed, or is not over
        return CUT_SHORT
    failed = any(each.status == FAILED for each in record.scenarios)
    passed = any(each.status == "passed" for each in record.scenarios)
    return RED if failed or not passed or record.problems or record.incidents else GREEN


def summarise(
    record: RunRecord, criteria: Sequence[Mapping[str, Any]], runs: Iterable[history.PastRun]
) -> Summary:
    """Return the summary of a run.

    Args:
        record: What behave saw.
        criteria: The criteria of the matrix, with the statuses of this run.
        runs: Earlier runs; those of the same selection are compared with this one.
    """
    verdict = verdict_of(record)
    now = history.as_past(record, verdict, criteria)
    earlier = history.before(runs, record)
    listed = [_criterion(each) for each in criteria]
    seven = [each for each in listed if each["id"] in CRITERIA]
    counted = {status: sum(each["status"] == status for each in seven) for status in STATUSES}
    said = ", ".join(f"{count} {status}" for status, count in counted.items() if count)
    return {
        "schema": SCHEMA,
        "verdict": verdict,
        "headline": f"{said} of {len(seven)} criteria{_beyond(listed)}",
        "badge": {
            "schemaVersion": 1,
            "label": "acceptance",
            "message": f"{verdict}: {counted[PROVEN]}/{len(seven)} proven",
            "color": _COLOURS[verdict],
        },
        "state": record.state,
        "started": record.started,
        "finished": record.finished,
        "selection": record.selection,
        "narrowed": record.narrowed,
        "facts": record.facts,
        "counts": counted,
        "criteria": listed,
        "why": [
            *_why(record),
            *_failures(listed),
            *(incident.message for incident in record.incidents),
            *record.problems,
        ],
        "since": earlier[-1].started if earlier else None,
        "changes": list(history.changes(now, earlier[-1])) if earlier else [],
        "trend": [
            {"started": each.started, "verdict": each.verdict, "criteria": dict(each.criteria)}
            for each in (*earlier[-TREND + 1 :], now)
        ],
    }


def keep(
    reports: Path, record: RunRecord, criteria: Sequence[Mapping[str, Any]], *, remember: bool = True
) -> Summary:
    """Write ``summary.json`` and ``summary.md``, add the run to the history, and return the summary."""
    summary = summarise(record, criteria, history.read(reports))
    write_json(reports / "summary.json", summary)
    (reports / "summary.md").write_text(markdown(summary), encoding="utf-8")
    if remember:
        history.remember(reports, history.as_past(record, summary["verdict"], criteria))
    return summary


def markdown(summary: Mapping[str, Any]) -> str:
    """Return the summary as a CI job can post it on a pull request."""
    mark = {GREEN: "✅", RED: "❌"}.get(summary["verdict"], "⚠️")
    lines = [f"### {mark} Acceptance: {summary['verdict']}, {summary['headline']}", ""]
    lines += [f"- {_cell(reason)}" for reason in summary["why"]]
    lines += ["", "| | criterion | status | scenarios | last proven live |", "|---|---|---|---|---|"]
    others = [each for each in summary["criteria"] if _is_left_out(each)]
    for each in (each for each in summary["criteria"] if each not in others):
        live = (each["last_live_proof"] or {}).get("date", "never")[:10]
        lines.append(
            f"| {_MARKS[each['status']]} | **{each['id']}** {_cell(each['title'])} | {each['status']} "
            f"| {much(each['counts'])} | {live} |"
        )
    if others:
        lines += ["", f"Not selected: {', '.join(each['id'] for each in others)}"]
    failed = [
        f"- **{each['id']}** {_cell(scenario['name'])} (`{scenario['file']}:{scenario['line']}`), "
        f"{scenario['kind']}: {_cell(scenario['reason'])}"
        for each in summary["criteria"]
        for scenario in each["scenarios"]
        if scenario["status"] == FAILED
    ]
    if failed:
        lines += ["", "**What failed**", "", *failed[:NAMED]]
        lines += [f"- … and {len(failed) - NAMED} more, in the report"] if len(failed) > NAMED else []
    if summary["changes"]:
        lines += ["", f"**Since the run of {moment(summary['since'])}**", ""]
        lines += [f"- {_cell(change)}" for change in summary["changes"]]
    about = f"`--tags={summary['selection']}`" if summary["selection"] else "the whole suite"
    about += f" in {summary['narrowed']}" if summary["narrowed"] else ""
    lines += ["", f"{about}, {moment(summary['finished'] or summary['started'])}"]
    return "\n".join(lines) + "\n"


def much(counts: Mapping[str, int]) -> str:
    """Return how many scenarios ended how: ``21 proven, 1 unproven``."""
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count) or "no scenario"


def moment(iso: str) -> str:
    """Return a moment for readers: ``23 November 2026, 05:03 UTC``."""
    at = datetime.fromisoformat(iso).astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def age(iso: str, until: str) -> str:
    """Return how long before ``until`` the moment ``iso`` was: ``today``, ``3 days``."""
    days = (datetime.fromisoformat(until) - datetime.fromisoformat(iso)).days
    return "today" if days < 1 else f"{days} day{'s' * (days > 1)} ago"


def _criterion(criterion: Mapping[str, Any]) -> dict[str, Any]:
    scenarios = [
        {
            **{
                name: each[name]
                for name in ("id", "name", "level", "rule", "status", "reason", "step", "file", "line")
            },
            "kind": kind_of(each["reason"]) if each["status"] == FAILED else "",
            "last_live_proof": each["last_live_proof"],
        }
        for each in criterion["scenarios"]
    ]
    proofs = [each["last_live_proof"] for each in scenarios if each["last_live_proof"]]
    return {
        **{name: criterion[name] for name in ("id", "title", "text", "link", "status")},
        "counts": {status: sum(each["status"] == status for each in scenarios) for status in STATUSES},
        "last_live_proof": max(proofs, key=lambda proof: str(proof["date"]), default=None),
        "scenarios": scenarios,
    }


def _is_left_out(criterion: Mapping[str, Any]) -> bool:
    """A capability that was not selected is only named; of the seven each has its line."""
    return criterion["status"] == NOT_SELECTED and criterion["id"] not in CRITERIA


def _why(record: RunRecord) -> Iterator[str]:
    if record.state == LOADING:
        yield WHY_NOT_STARTED
    elif record.state != FINISHED:
        yield WHY_CUT_SHORT
    elif all(each.status == "skipped" for each in record.scenarios) and not record.problems:
        yield "Nothing was executed, so nothing is proven."


def _beyond(criteria: Iterable[Mapping[str, Any]]) -> str:
    """Say how many capabilities failed, so that a red run whose criteria hold is no riddle."""
    failed = sum(each["status"] == FAILED and each["id"] not in CRITERIA for each in criteria)
    return f", {failed} {'capability' if failed == 1 else 'capabilities'} failed" if failed else ""


def _failures(criteria: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for criterion in criteria:
        failed = [each for each in criterion["scenarios"] if each["status"] == FAILED]
        if failed:
            ran = sum(criterion["counts"].values()) - criterion["counts"][NOT_SELECTED]
            much = f"{len(failed)} of {ran} scenarios" if ran > 1 else "its scenario"
            cause = failed[0]["reason"].partition("\n")[0]
            yield f"{criterion['id']} failed in {much}, first in «{failed[0]['name']}»: {cause}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
