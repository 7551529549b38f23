"""The report's first page: what is proven, at a glance, by a reader who knows the product and no Python.

It stands in Allure's own file and is shown when the file is opened; a scenario opens in Allure. Above Allure
stays one line with the verdict, so that nothing there can be taken for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from support.criteria import CRITERIA, LEVELS
from support.rules_page import rules_section
from support.settings import ENDPOINT_FACT
from support.summary import CUT_SHORT, GREEN, NOT_STARTED, RED, age, moment, much
from support.traceability import FAILED, NOT_SELECTED, PROVEN, UNPROVEN

TITLE = "Acceptance of the realtime adapter"
_VERDICTS = {
    GREEN: ("✓", "Green", "everything that ran held"),
    RED: ("✗", "Red", "something did not hold"),
    CUT_SHORT: ("!", "Interrupted", "the run did not come to its end"),
    NOT_STARTED: ("!", "Did not start", "no scenario was run"),
}
_MARKS = {PROVEN: "✓", FAILED: "✗", UNPROVEN: "○", NOT_SELECTED: "–"}  # noqa: RUF001 - a dash is meant
_LABELS = {ENDPOINT_FACT: "Live endpoint"}
_SHOWN_CHANGES = 12
_HEADINGS = (
    '<div class="headings quiet" aria-hidden="true"><span>in this run</span><span></span>'
    "<span>its scenarios</span><span>the live endpoint</span><span>the last runs</span></div>"
)

_HERE = Path(__file__).parent
STYLE = (_HERE / "overview.css").read_text(encoding="utf-8")

SCRIPT = (_HERE / "overview.js").read_text(encoding="utf-8")


def overview(summary: Mapping[str, Any], links: Mapping[str, str]) -> str:
    """Return the first page, as HTML to stand at the beginning of the body.

    Args:
        summary: As in ``summary.json``.
        links: Allure's name for the page of each scenario, by the scenario's identity.
    """
    seven = [each for each in summary["criteria"] if each["id"] in CRITERIA]
    beyond = [each for each in summary["criteria"] if each["id"] not in CRITERIA]
    mark, word, meaning = _VERDICTS[summary["verdict"]]
    if summary["verdict"] == RED and not any(each["status"] == FAILED for each in summary["criteria"]):
        meaning = "what was asked for was not shown"
    colour = f"o-{summary['verdict'].replace(' ', '-')}"
    banner = (
        f'<div class="banner {colour}" role="status"><strong>{mark} {word}: {summary["headline"]}</strong>'
        f"<p>{_ran(summary)}; {meaning}.</p><p>{_live(seven, summary)}</p></div>"
    )
    return (
        f'<main id="overview"><h1>{TITLE}</h1>{_trust(summary)}{banner}{_reasons(summary["why"])}'
        f'<section class="criteria" aria-label="The criteria"><h2>The seven criteria</h2>{_HEADINGS}'
        f"{''.join(_criterion(each, summary, links) for each in seven)}</section>"
        f"{_changed(summary)}{_beyond(beyond, summary, links)}{_facts(summary['facts'])}{rules_section()}"
        '<p><a href="?scenarios">All scenarios: search, timeline and charts</a></p></main>'
        f'<nav id="verdict" aria-label="Verdict"><a href="?">Overview</a> · '
        f'<span class="{colour}">{mark} {word}</span>: {summary["headline"]}</nav>'
    )


def _trust(summary: Mapping[str, Any]) -> str:
    """Return the first line: whether the adapter can be trusted today, and what that rests on."""
    verdict = summary.get("trust")
    if verdict is None:
        return ""
    reasons = "".join(f"<li>{escape(each)}</li>" for each in verdict["reasons"])
    word = escape(verdict["verdict"])
    colour = {"trusted": "proven", "refused": "failed"}.get(word, word)
    return (
        f'<details id="trust"><summary>Can the adapter be trusted today? <b class="o-{colour}">{word}</b> '
        f'<span class="quiet">{escape(verdict["why"])}</span></summary><ul>{reasons}</ul></details>'
    )


def _ran(summary: Mapping[str, Any]) -> str:
    asked = escape(summary["facts"].get(ENDPOINT_FACT, ""))  # which may be another than the live one
    places = {**LEVELS, **({"e2e": f"that ask the endpoint ({asked})"} if asked else {})}
    what = {f"@{level}": f"the scenarios {where} (@{level})" for level, where in places.items()}
    selection = summary["selection"]
    chosen = what.get(selection, f"the scenarios {selection}") if selection else "the whole suite"
    only = f" in {escape(summary['narrowed'])} only" if summary["narrowed"] else ""
    return f"Run of {escape(chosen)}{only} on {moment(summary['finished'] or summary['started'])}"


def _live(criteria: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> str:
    dates = [each["last_live_proof"]["date"] for each in criteria if each["last_live_proof"]]
    if not dates:
        return "Nothing was proven against the live endpoint yet."
    until = summary["finished"] or summary["started"]
    last = age(max(dates), until)
    return f"{len(dates)} of {len(criteria)} were proven against the live endpoint, last {last}."


def _reasons(reasons: Sequence[str]) -> str:
    listed = "".join(f"<li>{escape(each)}</li>" for each in reasons)
    return f"<section><h2>Why it is not green</h2><ul>{listed}</ul></section>" if reasons else ""


def _criterion(criterion: Mapping[str, Any], summary: Mapping[str, Any], links: Mapping[str, str]) -> str:
    status = criterion["status"]
    until = summary["finished"] or summary["started"]
    live = _proven_live(criterion["last_live_proof"], until)
    if not criterion["last_live_proof"] and all(each["level"] != "e2e" for each in criterion["scenarios"]):
        live = "no live scenario"
    rules = "".join(
        f"<h3>{escape(rule)}</h3><ul>{''.join(_scenario(each, links, until) for each in group)}</ul>"
        for rule, group in groupby(criterion["scenarios"], key=lambda each: each["rule"] or "Scenarios")
    )
    missing = "<p>No scenario claims it, so nothing shows whether it holds.</p>"
    return (
        f'<details id="{criterion["id"]}"><summary>'
        f'<span class="status {_colour(status)}">{_MARKS[status]} {status}</span>'
        f"<span>{_named(criterion)}</span>"
        f'<span class="quiet wide">{much(criterion["counts"])}</span><span class="quiet wide">{live}</span>'
        f"{_trend(criterion['id'], summary['trend'])}</summary>"
        f'<div class="inside"><p>{escape(criterion["text"])} '
        f'<a href="{escape(criterion["link"])}">The requirement'
        f"<span hidden> of {criterion['id']}</span></a></p>{rules or missing}</div></details>"
    )


def _named(criterion: Mapping[str, Any]) -> str:
    """Return id and title; a reader knows the seven by their ids, and the others by their titles."""
    title = escape(criterion["title"])
    return f"<b>{criterion['id']}</b> {title}" if criterion["id"] in CRITERIA else title


def _proven_live(proof: Mapping[str, str] | None, until: str) -> str:
    return f"proven live {age(proof['date'], until)}" if proof else "never proven live"


def _colour(status: str) -> str:
    return f"o-{status.replace(' ', '-')}"


def _trend(criterion: str, runs: Sequence[Mapping[str, Any]]) -> str:
    """Return the last runs, newest at the right, with words for who cannot see them."""
    statuses = [run["criteria"].get(criterion, NOT_SELECTED) for run in runs]
    drawn = "".join(f'<span class="{_colour(each)}">{_MARKS[each]}</span>' for each in statuses)
    told = f"the last {len(statuses)} runs, oldest first: {', '.join(statuses)}"
    return f'<span class="trend wide" role="img" aria-label="{told}" title="{told}">{drawn}</span>'


def _scenario(scenario: Mapping[str, Any], links: Mapping[str, str], until: str) -> str:
    status, page = scenario["status"], links.get(scenario["id"])
    name = escape(scenario["name"])
    shown = f'<a href="#{page}">{name}</a>' if page else name
    kind = f"{scenario['kind']}: " if scenario["kind"] else ""
    told = [f"{kind}{scenario['step']}"] if scenario["step"] else []
    told.append(scenario["reason"] if told else kind + scenario["reason"])
    if scenario["level"] == "e2e":
        told.append(f"against the live endpoint; {_proven_live(scenario['last_live_proof'], until)}")
    reason = escape("\n".join(filter(None, told)))
    reason = f'<span class="quiet reason">{reason}</span>' if reason else ""
    mark = f'<span class="{_colour(status)}" role="img" aria-label="{status}">{_MARKS[status]}</span>'
    return f"<li>{mark} {shown}{reason}</li>"


def _changed(summary: Mapping[str, Any]) -> str:
    changes = summary["changes"]
    listed = "".join(f"<li>{escape(each)}</li>" for each in changes[:_SHOWN_CHANGES])
    more = f"<li>… and {len(changes) - _SHOWN_CHANGES} more</li>" if len(changes) > _SHOWN_CHANGES else ""
    if summary["since"] is None:
        said = "<p>This is the first run of this selection that is remembered here.</p>"
    else:
        said = (
            f"<p>Since {moment(summary['since'])}:</p>"
            if changes
            else f"<p>Nothing since {moment(summary['since'])}.</p>"
        )
    return (
        f"<section><h2>What changed since the last run</h2>{said}<ul>{listed}{more}</ul></section>".replace(
            "<ul></ul>", ""
        )
    )


def _beyond(
    criteria: Sequence[Mapping[str, Any]], summary: Mapping[str, Any], links: Mapping[str, str]
) -> str:
    """Return the capabilities; those that this run did not select are only named."""
    ran = [each for each in criteria if each["status"] != NOT_SELECTED]
    others = ", ".join(_named(each) for each in criteria if each not in ran)
    listed = "".join(_criterion(each, summary, links) for each in ran)
    named = f'<p class="quiet">Not selected in this run: {others}.</p>' if others else ""
    if not criteria:
        return ""
    return f'<section class="criteria"><h2>Beyond the criteria</h2>{listed}{named}</section>'


def _facts(facts: Mapping[str, str]) -> str:
    listed = "".join(
        f"<dt>{escape(_LABELS.get(name, name[:1].upper() + name[1:]))}</dt><dd>{escape(fact)}</dd>"
        for name, fact in facts.items()
    )
    return f"<section><h2>What it ran against</h2><dl>{listed}</dl></section>" if facts else ""
