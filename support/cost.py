"""What a night costs: read off the usage that the endpoint itself reported, at list prices that have a date.

Arithmetic and prices are those of ``realtime_adapter.pricing``. ``-D prices=FILE`` names others, in TOML::

    ["gpt-realtime-2.1-mini"]        # US dollars per million tokens; what is left out has no price
    text_input = 0.60
    audio_input = 10.00
    audio_output = 20.00

    ["gpt-transcribe"]               # or per minute of audio
    minute = 0.0045
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from realtime_adapter.errors import UnknownPrice
from realtime_adapter.models import undated
from realtime_adapter.pricing import PRICES, MinutePrice, Price, TokenPrice, cost_usd
from realtime_server.transcript import Frame, Sender

TRANSCRIBED = "conversation.item.input_audio_transcription.completed"
DEARER = 3
"""A live answer is longer than the embedded one, by which it is known beforehand what a scenario may cost."""
TELLS_COST = frozenset({"session.created", "session.updated", "response.done", TRANSCRIBED})
"""The events that say what was used, and by which model."""

_KINDS = frozenset(field.name for field in fields(TokenPrice)) - {"read_on", "source"}


class PriceError(ValueError):
    """A table of prices that cannot be used; the sentence names the file, the place and the remedy."""


@dataclass(frozen=True)
class Cost:
    """What something cost.

    Attributes:
        tokens: Input and output tokens of responses, and of transcriptions that are counted in tokens.
        usd: US dollars of all that has a price.
        unpriced: What has none, in words; then ``usd`` is a lower bound.
    """

    tokens: int = 0
    usd: Decimal = Decimal(0)
    unpriced: tuple[str, ...] = ()

    def __add__(self, other: Cost) -> Cost:
        unpriced = tuple(dict.fromkeys((*self.unpriced, *other.unpriced)))
        return Cost(self.tokens + other.tokens, self.usd + other.usd, unpriced)

    def __str__(self) -> str:
        missing = f" and what has no price: {'; '.join(self.unpriced)}" if self.unpriced else ""
        return f"{self.tokens:,} tokens, ${dollars(self.usd)}{missing}"


def dollars(usd: Decimal) -> str:
    """Return an amount with four decimals, a hundredth of a cent."""
    return f"{usd:.4f}"


def cost_of(frames: Iterable[Frame], prices: Mapping[str, Price] = PRICES) -> Cost:
    """Return what an exchange cost, by the usage in what the endpoint sent."""
    total = Cost()
    for model, usage in _used(frames):
        tokens = sum(int(usage.get(f"{side}_tokens") or 0) for side in ("input", "output"))
        try:
            total += Cost(tokens, cost_usd(model, usage, prices))
        except UnknownPrice as error:
            total += Cost(tokens, unpriced=(str(error),))
    return total


def _used(frames: Iterable[Frame]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the model and the usage of each response and each transcription."""
    session: Mapping[str, Any] = {}
    for frame in frames:
        event = frame.event if frame.sender is Sender.SERVER else None
        match event:
            case {"type": "session.created" | "session.updated", "session": dict(shown)}:
                session = shown
            case {"type": "response.done", "response": {"usage": dict(usage)}}:
                yield str(session.get("model")), usage
            case {"type": name, "usage": dict(usage)} if name == TRANSCRIBED:
                transcription = ((session.get("audio") or {}).get("input") or {}).get("transcription") or {}
                yield str(transcription.get("model")), usage


def require_price(model: str, prices: Mapping[str, Price]) -> None:
    """Refuse to keep a budget for a model without a price.

    Raises:
        PriceError: the table has none.
    """
    if model not in prices and undated(model) not in prices:
        raise PriceError(
            f"the price table has no {model}, so a budget cannot be kept; "
            "add it in a file for -D prices=FILE, or leave -D budget_usd out"
        )


def read_prices(path: Path, today: datetime | None = None) -> dict[str, Price]:
    """Return the known prices with those of a file in their place.

    Raises:
        PriceError: the file cannot be read, or a price in it cannot be used.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise PriceError(f"{path}: {error.strerror}; name a table of prices there is") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PriceError(f"{path} is no TOML: {error}") from None
    read_on = (today or datetime.now(UTC)).date()
    prices: dict[str, Price] = dict(PRICES)
    for model, table in told.items():
        place = f'{path}, ["{model}"]'
        if not isinstance(table, dict):
            raise PriceError(f"{place} is no table; write the model in brackets and its prices below")
        amounts = {kind: _amount(place, kind, value) for kind, value in table.items()}
        if set(amounts) == {"minute"}:
            prices[model] = MinutePrice(read_on, str(path), amounts["minute"])
        elif unknown := set(amounts) - _KINDS:
            known = f"minute alone, or {', '.join(sorted(_KINDS))}"
            raise PriceError(f"{place}: {sorted(unknown)[0]} is no kind of price; known are {known}")
        else:
            prices[model] = TokenPrice(read_on, str(path), **amounts)
    return prices


def _amount(place: str, kind: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        raise PriceError(f"{place}: {kind} is {value!r}, not US dollars as a number from 0 up")
    return Decimal(value)
