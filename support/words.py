"""How close two sentences are, for transcripts that a model words differently each time."""

from __future__ import annotations

import re
from difflib import SequenceMatcher


def similarity(one: str, other: str) -> float:
    """Return 0 (nothing shared) to 1 (the same words), ignoring case and punctuation."""
    return SequenceMatcher(None, _words(one), _words(other), autojunk=False).ratio()


def _words(sentence: str) -> list[str]:
    return re.findall(r"[\w']+", sentence.casefold())
