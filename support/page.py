"""The frame of every page of the report: light and dark, any width, no script, nothing from outside."""

from __future__ import annotations

from html import escape

_BASE = """
:root { color-scheme: light dark; --ink: #1d2129; --quiet: #5b6472; --paper: #fff; --tint: #f3f5f8;
  --line: #d9dee5; --good: #1a7f37; --bad: #c62828; --open: #8a6100; --client: #0b57d0; --server: #7b3fb8 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --quiet: #9aa4b2; --paper: #16191f;
  --tint: #20252d; --line: #343b46; --good: #57c776; --bad: #ff7b72; --open: #e0b04c;
  --client: #7fb2ff; --server: #c79bf2 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem }
a { color: var(--client) }
.badge { display: inline-block; border-radius: .7rem; padding: 0 .6rem; font-size: .8rem; border: 1px solid }
.proven { color: var(--good) } .failed { color: var(--bad) } .unproven { color: var(--open) }
"""


def document(title: str, body: str, style: str = "") -> str:
    """Return a whole HTML document.

    Args:
        title: Plain text.
        body: HTML, already escaped.
        style: CSS beyond the common frame; its colours are ``--ink``, ``--quiet``, ``--paper``, ``--tint``,
            ``--line``, ``--good``, ``--bad``, ``--open``, ``--client`` and ``--server``.
    """
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_BASE}{style}</style></head>"
        f"<body>{body}</body></html>\n"
    )
