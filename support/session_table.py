"""A session as a table a product owner can read: setting and value, instead of paths on the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from behave.model import Table

from realtime_server.oracle import known_transcription_models


@dataclass(frozen=True, eq=False)
class OneOf:
    """Stands for any of some values."""

    values: tuple[str, ...]

    def __eq__(self, other: object) -> bool:
        return other in self.values

    __hash__ = None  # type: ignore[assignment]


_PCM16 = {"type": "audio/pcm", "rate": 24_000}

# setting → where the GA session holds it
_PATHS = {
    "session type": "type",
    "instructions": "instructions",
    "tools": "tools",
    "tool choice": "tool_choice",
    "input audio": "audio.input.format",
    "input transcription": "audio.input.transcription.model",
    "turn detection": "audio.input.turn_detection",
    "output audio": "audio.output.format",
    "voice": "audio.output.voice",
}
# words of the table that stand for something other than themselves
_WORDS: dict[tuple[str, str], Any] = {
    ("input audio", "PCM16 at 24 kHz"): _PCM16,
    ("output audio", "PCM16 at 24 kHz"): _PCM16,
    ("input transcription", "any known model"): OneOf(known_transcription_models()),
    ("turn detection", "off"): None,  # present and null: absent would leave the endpoint's default on
}


def flat(session: dict[str, Any], path: str = "") -> dict[str, Any]:
    """Return the leaves of a session by their path; a list is one leaf."""
    leaves: dict[str, Any] = {}
    for key, value in session.items():
        here = f"{path}.{key}" if path else key
        leaves.update(flat(value, here) if isinstance(value, dict) else {here: value})
    return leaves


def settings_of_table(table: Table, tools: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the leaves that a ``| setting | value |`` table describes.

    Args:
        table: The step's table.
        tools: The definitions of the tools that the table may name.

    Raises:
        AssertionError: a setting that no session has.
    """
    leaves: dict[str, Any] = {}
    for setting, words in table:
        assert setting in _PATHS, f"no session has the setting {setting!r}; known: {', '.join(_PATHS)}"
        value = _WORDS.get((setting, words), words)
        if setting == "tools":
            value = [tool for tool in tools if tool["name"] in words.split(", ")]
        path = _PATHS[setting]
        leaves.update(flat(value, path) if isinstance(value, dict) else {path: value})
    return leaves


def unlike(session: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Say in which settings a session is not as expected; what it has beyond them is left out."""
    leaves = flat(session)
    return [
        f"{path} is {_shown(leaves, path)} where {_worded(value)} is due"
        for path, value in expected.items()
        if path not in leaves or leaves[path] != value
    ]


def beyond(session: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Say which settings a session has that are not expected at all."""
    leaves = flat(session)
    return [f"{path} is {_shown(leaves, path)} and not expected" for path in leaves if path not in expected]


def _shown(leaves: dict[str, Any], path: str) -> str:
    return json.dumps(leaves[path]) if path in leaves else "missing"


def _worded(value: Any) -> str:
    return f"one of {', '.join(value.values)}" if isinstance(value, OneOf) else json.dumps(value)
