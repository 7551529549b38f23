"""The traceability matrix as one page that opens from disk, needs no script, and calls nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from support.page import document

_STYLE = """
details { border-top: 1px solid var(--line); padding: .5rem 0 }
details details { margin-left: 1.2rem }
summary { cursor: pointer }
ol { margin: .4rem 0 .4rem 1.2rem; padding-left: 1rem }
.where, .note { color: var(--quiet); font-size: .85rem }
.count { color: var(--quiet); float: right }
.problems { border-left: 4px solid var(--bad); padding: .2rem 1rem }
"""


def page(criteria: Sequence[Mapping[str, Any]], problems: Sequence[str]) -> str:
    """Return the page for the ``criteria`` and ``problems`` of ``traceability.json``."""
    listed = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    head = f'<section class="problems"><h2>Problems</h2><ul>{listed}</ul></section>'
    if not problems:
        head = '<p class="note">No problems: each criterion has its scenarios, each step one definition.</p>'
    body = "".join(_criterion(each) for each in criteria)
    return document("From criterion to code", f"<h1>From criterion to code</h1>{head}{body}", _STYLE)


def _criterion(criterion: Mapping[str, Any]) -> str:
    scenarios = criterion["scenarios"]
    listed = "".join(_scenario(each) for each in scenarios) or '<p class="note">No scenario.</p>'
    proofs = [each["last_live_proof"]["date"] for each in scenarios if each["last_live_proof"]]
    proof = f"last proven live {escape(max(proofs))}" if proofs else "never proven live here"
    count = f"{len(scenarios)} scenario{'s' * (len(scenarios) != 1)}"
    heading = escape(f"{criterion['id']} · {criterion['title']}")
    requirement = f'<a href="{escape(criterion["link"])}">The requirement</a>'
    return (
        f"<details><summary>{_badge(criterion['status'])} <strong>{heading}</strong> "
        f'<span class="count">{count} · {proof}</span></summary>'
        f"<p>{escape(criterion['text'])} {requirement}</p>{listed}</details>"
    )


def _scenario(scenario: Mapping[str, Any]) -> str:
    steps = "".join(_step(step) for step in scenario["steps"])
    reason = f'<p class="note">{escape(scenario["reason"])}</p>' if scenario["reason"] else ""
    proof = scenario["last_live_proof"]
    live = (
        f'<p class="note">last proven live {escape(proof["date"])} with {escape(proof["model"])}</p>'
        if proof
        else ""
    )
    where = f"{scenario['level'] or 'no level'} · {scenario['file']}:{scenario['line']}"
    return (
        f"<details><summary>{_badge(scenario['status'])} {escape(scenario['name'])} "
        f'<span class="where">{escape(where)}</span></summary>{reason}{live}<ol>{steps}</ol></details>'
    )


def _step(step: Mapping[str, Any]) -> str:
    where = escape(step["definition"] or "no definition")
    return f'<li>{escape(step["text"])} <span class="where">{where}</span></li>'


def _badge(status: str) -> str:
    return f'<span class="badge {escape(status)}">{escape(status)}</span>'
