"""The bridge between a step and its World: typed words, and the World of the running scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from behave import register_type
from behave.runner import Context
from parse import with_pattern
from parse_type import TypeBuilder

from support.world import World


def world(context: Context) -> World:
    """Return the World of the running scenario."""
    owned: World = context.world
    return owned


def choice(name: str, words: Mapping[str, Any]) -> None:
    """Let steps write ``{x:name}`` for one of ``words``; any other word is an undefined step."""
    register_type(**{name: TypeBuilder.make_enum(dict(words))})


def column(context: Context, heading: str) -> list[str]:
    """Return one column of the step's table."""
    return [row[heading] for row in context.table]


def _byte_counts(text: str) -> tuple[int, ...]:
    """Read ``4,800`` as one number and ``1, 3, 999`` as three: a comma before a space ends a number."""
    return tuple(int(number.replace(",", "")) for number in text.split(", "))


register_type(Milliseconds=with_pattern(r"\d[\d,]*")(lambda text: int(text.replace(",", ""))))
register_type(ByteCounts=with_pattern(r"\d[\d,]*(?:, \d[\d,]*)*")(_byte_counts))
