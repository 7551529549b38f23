"""Keeps secrets out of what is written down: evidence, messages, results."""

from __future__ import annotations

import os
import re

from support.settings import KEY_VARIABLES

HIDDEN = "[hidden]"
SHORTEST = 8  # shorter keys are words that also stand elsewhere
_KEY_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(?:sk|ek)[-_][A-Za-z0-9_-]{12,}|(?<=[Bb]earer )(?=\S*\d)[A-Za-z0-9._~+/=-]{8,}"
)


_held: set[str] = set()


def hold(*keys: str) -> None:
    """Keep these keys out of everything from now on, also while they are out of the environment."""
    _held.update(key for key in keys if len(key) >= SHORTEST)


def redact(text: str) -> str:
    """Return ``text`` with every held key, and everything shaped like a key, replaced."""
    hold(*(os.environ.get(variable, "") for variable in KEY_VARIABLES))
    for key in sorted(_held, key=len, reverse=True):
        text = text.replace(key, HIDDEN)
    return _KEY_SHAPES.sub(HIDDEN, text)
