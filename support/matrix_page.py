"""The falsification matrix as one page: who turned red at which mutant, in words, colours and evidence.

It opens from disk, needs no script, and calls nobody; the Allure report carries it as an attachment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from support.criteria import CRITERIA
from support.page import document

_PLANES = {
    "wire": (
        "A wrong client",
        "What it does wrong stands before each row; each criterion has to notice what is its.",
    ),
    "server": (
        "A lenient endpoint",
        "A criterion that stays green on it may prove nothing; so its own tests judge it, too.",
    ),
    "report": (
        "A report that lies",
        "The reconciliation at the end of a run has to notice, and to say what.",
    ),
    "benign": ("What must not matter", "Here a red would be a false alarm."),
}
_JUDGES = {"SERVER": "the endpoint's own tests", "REPORT": "the reconciliation"}
_STYLE = """
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; position: relative }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .4rem; text-align: left; vertical-align: top }
thead th { position: sticky; top: 0; background: var(--paper) }
tbody th { font-weight: normal; min-width: 14rem }
.id { color: var(--quiet); font-size: .8rem }
.killed { color: var(--good) } .surprise { color: var(--bad); font-weight: bold }
.survived { color: var(--ink) } .unmet, .note { color: var(--quiet) }
summary { cursor: pointer; white-space: nowrap }
.evidence { position: absolute; left: 1rem; right: 1rem; z-index: 1; padding: .6rem 1rem; margin-top: .3rem;
  background: var(--tint); border: 1px solid var(--line); border-radius: .5rem; color: var(--ink);
  font-weight: normal; white-space: normal }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .2rem 0 .6rem }
dt { color: var(--quiet); font-size: .85rem }
dd { margin: 0 }
.problems { border-left: 4px solid var(--bad); padding: .2rem 1rem }
"""
TITLE = "The proof that it can fail"


def page(matrix: Mapping[str, Any]) -> str:
    """Return the page for a matrix.

    Args:
        matrix: As ``falsification.json`` has it.
    """
    problems = "".join(f"<li>{escape(each)}</li>" for each in matrix["problems"])
    head = (
        f'<section class="problems"><h2>Not as predicted</h2><ul>{problems}</ul></section>'
        if problems
        else ""
    )
    planes = dict.fromkeys(mutant["plane"] for mutant in matrix["mutants"])
    body = "".join(_plane(plane, matrix["mutants"]) for plane in planes)
    return document(TITLE, f"<h1>{TITLE}</h1>{_summary(matrix)}{head}{body}", _STYLE)


def _summary(matrix: Mapping[str, Any]) -> str:
    mutants = matrix["mutants"]
    harmful = [each for each in mutants if each["plane"] != "benign"]
    killed = len(harmful) - len(matrix["survivors"])
    facts = ", ".join(f"{name} {value}" for name, value in matrix["ran against"].items())
    kills = "".join(
        f"<li>{escape(criterion.heading)}: {_caught(mutants, id_)}</li>"
        for id_, criterion in CRITERIA.items()
    )
    verdict = (
        "Every verdict is as predicted." if not matrix["problems"] else "Not every verdict is as predicted."
    )
    return (
        f"<p><strong>{killed} of {len(harmful)} mutants that do harm are caught, "
        f"{len(mutants) - len(harmful)} benign ones are to be let pass. {verdict}</strong></p>"
        f'<p class="note">{escape(matrix["finished"])}, {escape(facts)}; {matrix["seconds"]} s</p>'
        f"{_code(matrix.get('code'))}"
        "<p>A mutant is a small way to be wrong. Who has to notice it, and for which reason, is said "
        "beforehand; everybody else must not. A cell opens to what was seen.</p>"
        f"<details><summary>How many each criterion catches</summary><ul>{kills}</ul></details>"
    )


def _code(code: Mapping[str, Any] | None) -> str:
    """Say what became of changes of the adapter's code, when that was tried."""
    if code is None:
        return ""
    drawn = f"{code['judged']} of {code['changes']} changes in {', '.join(code['modules'])}"
    left = "".join(f"<li>{escape(each)}</li>" for each in code["unexplained"])
    return (
        f"<details><summary>The adapter's code: {code['caught']} of {code['judged']} changes caught</summary>"
        f"<p>{escape(drawn)}, {escape(code['finished'])}; {len(code['survivors'])} survived. Those not "
        f"explained: {'none' if not left else ''}</p><ul>{left}</ul></details>"
    )


def _caught(mutants: Sequence[Mapping[str, Any]], judge: str) -> int:
    return sum(each["observed"].get(judge) == "kill" for each in mutants)


def _plane(plane: str, mutants: Sequence[Mapping[str, Any]]) -> str:
    rows = [each for each in mutants if each["plane"] == plane]
    judges = list(dict.fromkeys(judge for each in rows for judge in each["predicted"]))
    title, note = _PLANES[plane]
    heads = "".join(f'<th scope="col" title="{escape(_named(judge))}">{judge}</th>' for judge in judges)
    body = "".join(
        f'<tr><th scope="row">{escape(each["title"])} <span class="id">{each["id"]}</span></th>'
        f"{''.join(_cell(each, judge) for judge in judges)}</tr>"
        for each in rows
    )
    return (
        f"<section><h2>{title}</h2><p>{note}</p><div class=scroll><table><thead><tr>"
        f"<th>{len(rows)} mutants</th>{heads}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def _named(judge: str) -> str:
    return CRITERIA[judge].heading if judge in CRITERIA else _JUDGES[judge]


def _cell(mutant: Mapping[str, Any], judge: str) -> str:
    if judge not in mutant["predicted"]:
        return "<td></td>"
    seen, ran = mutant["observed"][judge], mutant["ran"][judge]
    if seen != mutant["predicted"][judge]:
        kind, word = "surprise", f"! {seen}, predicted {mutant['predicted'][judge]}"
    elif seen == "kill":
        kind, word = "killed", "✗ caught"
    elif ran:
        kind, word = "survived", "○ not noticed"
    else:
        return '<td class="unmet">· not met</td>'
    return (
        f'<td class="{kind}"><details><summary>{word}</summary>{_evidence(mutant, judge, ran)}</details></td>'
    )


def _evidence(mutant: Mapping[str, Any], judge: str, ran: int) -> str:
    reason = mutant["reason"].get(judge)
    if reason is None:
        return f'<div class="evidence">{ran} scenarios or tests met it, and stayed green.</div>'
    shown = {
        "Scenario": reason["scenario"],
        "Step that failed": reason["step"],
        "Reason": reason["reason"],
        "A frame as it was": reason["before"],
        "What stood in for it": reason["after"] or ("nothing: it was dropped" if reason["before"] else ""),
    }
    listed = "".join(
        f"<dt>{name}</dt><dd><pre>{escape(_short(text))}</pre></dd>" for name, text in shown.items() if text
    )
    return f'<div class="evidence"><strong>{escape(_named(judge))}</strong><dl>{listed}</dl></div>'


def _short(text: str, limit: int = 700) -> str:
    """Return ``text`` with its middle left out; a frame may hold seconds of audio."""
    return text if len(text) <= limit else f"{text[: limit - 100]} … {text[-100:]}"
