"""What a session used, as the server counts it: per response, per transcription, and in all.

The server reports each response by itself, not the session so far, so the session's usage is the sum. Every
count is summed at its own place (text, audio, cached, …), whether or not this package knows its name: each
has its own price.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from realtime_adapter.pricing import PRICES, Price, cost_usd

# What a session that did nothing has used. The counts are stated, for a report without any is refused.
NOTHING: Mapping[str, Any] = {"input_tokens": 0, "output_tokens": 0}


@dataclass(frozen=True)
class Metered:
    """What the server counted for one response or one transcription.

    Attributes:
        id: Of the response, or of the item that was transcribed; None if the server gave none.
        model: That did the work.
        usage: The server's ``usage`` object as received.
    """

    id: str | None
    model: str
    usage: Mapping[str, Any]

    def cost_usd(self, prices: Mapping[str, Price] = PRICES) -> Decimal:
        """Return what it cost in US dollars.

        Raises:
            UnknownPrice: ``prices`` does not have its model, or a kind of token in it.
        """
        return cost_usd(self.model, self.usage, prices)


@dataclass
class SessionUsage:
    """What one connection has used so far.

    Attributes:
        responses: One entry for each response that has ended, in order.
        transcriptions: One entry for each transcript of what the user said, in order.
    """

    responses: list[Metered] = field(default_factory=list)
    transcriptions: list[Metered] = field(default_factory=list)

    def response_done(self, response_id: str | None, model: str, usage: Mapping[str, Any] | None) -> None:
        """Count a response; one that is told twice counts once, one that used nothing told not at all."""
        _count(self.responses, response_id, model, usage)

    def transcribed(self, item_id: str | None, model: str, usage: Mapping[str, Any] | None) -> None:
        """Count the transcription of an item, likewise."""
        _count(self.transcriptions, item_id, model, usage)

    @property
    def total(self) -> dict[str, Any]:
        """The usage of all responses, summed count by count; zeros for a session that did nothing.

        Transcriptions are not in it: another model made them, at another price.
        """
        return summed(metered.usage for metered in self.responses)

    def cost_usd(self, prices: Mapping[str, Price] = PRICES) -> Decimal:
        """Return what the session has cost in US dollars, transcriptions included.

        Raises:
            UnknownPrice: ``prices`` does not have a model that was used, or a kind of token.
        """
        return sum((each.cost_usd(prices) for each in (*self.responses, *self.transcriptions)), Decimal(0))


def summed(usages: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sum of ``usage`` objects, count by count; ``NOTHING`` when there are none."""
    total: dict[str, Any] = dict(NOTHING)
    for usage in usages:
        _add(total, usage)
    return total


def _count(counted: list[Metered], of: str | None, model: str, usage: Mapping[str, Any] | None) -> None:
    told_already = of is not None and any(each.id == of for each in counted)
    if isinstance(usage, Mapping) and not told_already:
        counted.append(Metered(of, model, usage))


def _add(total: dict[str, Any], usage: Mapping[str, Any]) -> None:
    for name, value in usage.items():
        if isinstance(value, Mapping):
            inner = total.get(name)
            total[name] = inner = inner if isinstance(inner, dict) else {}
            _add(inner, value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            before = total.get(name)
            total[name] = value + (before if isinstance(before, int | float) else 0)
