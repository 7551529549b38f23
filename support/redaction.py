"""Keeps secrets out of what is written down: evidence, messages, results."""

from __future__ import annotations

import json
import os
import re
from html import escape

from support.settings import KEY_VARIABLES

HIDDEN = "[hidden]"
SHORTEST = 8  # shorter keys are words that also stand elsewhere
# Both begin with letters to search for, and look back from there: evidence is long, and most of it is no key.
_KEY = re.compile(r"[se]k[-_](?<![A-Za-z0-9]..[-_])[A-Za-z0-9_-]{12,}")
_BEARER = re.compile(r"(earer )(?<=[Bb]earer )(?=\S*\d)[A-Za-z0-9._~+/=-]{8,}")

_held: set[str] = set()


def hold(*keys: str) -> None:
    """Keep these keys out of everything from now on, also while they are out of the environment."""
    for key in keys:
        if len(key) >= SHORTEST and key not in _held:
            _held.update({key, escape(key), json.dumps(key)[1:-1]})  # as a page and as JSON write it


def redact(text: str) -> str:
    """Return ``text`` with every held key, and everything shaped like a key, replaced."""
    hold(*(os.environ.get(variable, "") for variable in KEY_VARIABLES))
    for key in sorted(_held, key=len, reverse=True):
        text = text.replace(key, HIDDEN)
    return _BEARER.sub(rf"\1{HIDDEN}", _KEY.sub(HIDDEN, text))
