"""The rules of the embedded endpoint, for who asks how it is known to be like the live one."""

from __future__ import annotations

import re
from collections import Counter
from html import escape

from realtime_server.rules import RULES, Mark, Rule

_PLACES = {
    r"(?:[a-z-]+\.)+(?:com|org)/[\w./#-]*\w": r"https://\g<0>",
    r"PyPI ([\w-]+) (\d[\d.]*\d)": r"https://pypi.org/project/\1/\2/",
    r"npm ([\w-]+) (\d[\d.]*\d)": r"https://www.npmjs.com/package/\1/v/\2",
    r"RFC (\d+)": r"https://www.rfc-editor.org/rfc/rfc\1",
}
"""How the sources of rules name a place, and its address."""

_MEANING = {
    Mark.CAPTURED: "captured from live traffic",
    Mark.TYPED: "stated in the vendor's published types",
    Mark.REPORTED: "reported by users who quote the service",
    Mark.INFERRED: "inferred, which is said wherever one of them refuses",
}


def linked(source: str) -> str:
    """Return the source of a rule as HTML, with a link to each place it names."""
    text = escape(source)
    for place, address in _PLACES.items():
        text = re.sub(place, rf'<a href="{address}" target="_blank" rel="noopener">\g<0></a>', text)
    return text


def rules_section() -> str:
    """Return the rules as a part of the first page: in figures, and one by one."""
    marks = Counter(rule.mark for rule in RULES.values() if rule.emulated)
    told = ", ".join(f"{marks[mark]} {words}" for mark, words in _MEANING.items() if marks[mark])
    left_out = [rule for rule in RULES.values() if not rule.emulated]
    lines = "".join(_line(rule) for rule in RULES.values() if rule.emulated)
    others = "".join(_line(rule) for rule in left_out)
    return (
        '<section class="rules"><h2>How the embedded endpoint is known</h2>'
        f"<p>It keeps {marks.total()} rules: {told}. What it does not do is listed, too.</p>"
        f"<details><summary>Every rule, with its source</summary><table>{_HEAD}{lines}</table></details>"
        f"<details><summary>{len(left_out)} things the live endpoint does and this one does not</summary>"
        f"<table>{_HEAD}{others}</table></details></section>"
    )


_HEAD = "<tr><th>rule</th><th>what holds</th><th>how it is known</th></tr>"


def _line(rule: Rule) -> str:
    return (
        f"<tr><td>{rule.id}</td><td>{escape(rule.sentence)}</td>"
        f"<td>{rule.mark}: {linked(rule.source)}</td></tr>"
    )
