"""What was used, in the words of a scenario's table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from behave.model import Row

_COUNTS = {
    "input": ("input_tokens",),
    "input text": ("input_token_details", "text_tokens"),
    "input audio": ("input_token_details", "audio_tokens"),
    "output": ("output_tokens",),
    "output text": ("output_token_details", "text_tokens"),
    "output audio": ("output_token_details", "audio_tokens"),
}


def told(usage: Mapping[str, Any], row: Row) -> dict[str, str]:
    """Return the counts of a ``usage`` object that the headings of ``row`` name, as they stand in a table.

    Raises:
        KeyError: ``usage`` does not have one of them.
    """
    return {
        heading: str(reduce(lambda tree, name: tree[name], _COUNTS[heading], usage))
        for heading in row.headings
        if heading in _COUNTS
    }
