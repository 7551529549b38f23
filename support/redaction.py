"""Keeps secrets out of what is written down: evidence, messages, results."""

from __future__ import annotations

import os
import re

from support.settings import KEY_VARIABLES

HIDDEN = "[hidden]"
_KEY_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(?:sk|ek)[-_][A-Za-z0-9_-]{12,}|(?<=[Bb]earer )(?=\S*\d)[A-Za-z0-9._~+/=-]{8,}"
)


def redact(text: str) -> str:
    """Return ``text`` with every held key, and everything shaped like a key, replaced."""
    for variable in KEY_VARIABLES:
        key = os.environ.get(variable, "")
        if len(key) >= 8:  # shorter ones are words that also stand elsewhere
            text = text.replace(key, HIDDEN)
    return _KEY_SHAPES.sub(HIDDEN, text)
