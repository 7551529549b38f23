"""What models cost, with the day each price was read and where; and the cost of what was used.

Prices are the vendor's list prices in US dollars, without discounts or taxes, as its page of each model
showed them in the copy that was read. A model whose page could not be read is not here: no price is better
than a guess. ``prices=`` takes another table, for example ``{**PRICES, "my-model": TokenPrice(…)}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from realtime_adapter.errors import UnknownPrice
from realtime_adapter.models import undated

_PER_MILLION = Decimal(1_000_000)
_SECONDS_PER_MINUTE = Decimal(60)


@dataclass(frozen=True)
class TokenPrice:
    """What a model's tokens cost, in US dollars per million; None for a kind it has no price for.

    Attributes:
        read_on: The day on which the price was read.
        source: Where.
        cached_text_input: Text that the model has heard before, part of what counts as text input; likewise
            ``cached_audio_input`` and ``cached_image_input``.
    """

    read_on: date
    source: str
    text_input: Decimal | None = None
    cached_text_input: Decimal | None = None
    text_output: Decimal | None = None
    audio_input: Decimal | None = None
    cached_audio_input: Decimal | None = None
    audio_output: Decimal | None = None
    image_input: Decimal | None = None
    cached_image_input: Decimal | None = None


@dataclass(frozen=True)
class MinutePrice:
    """What a minute of audio costs to transcribe, in US dollars.

    Attributes:
        read_on: The day on which the price was read.
        source: Where.
        minute: The price.
    """

    read_on: date
    source: str
    minute: Decimal


Price = TokenPrice | MinutePrice

_READ_ON = date(2026, 11, 25)


def _page(model: str) -> str:
    return f"stored copy of https://developers.openai.com/api/docs/models/{model}"


def _tokens(source: str, **prices: str) -> TokenPrice:
    return TokenPrice(_READ_ON, source, **{kind: Decimal(price) for kind, price in prices.items()})


def _conversation(
    source: str, *, text: tuple[str, str, str], audio: tuple[str, str, str], image: tuple[str, str]
) -> TokenPrice:
    """Return the prices of a page of a realtime model: each input, cached input, output."""
    return _tokens(
        source,
        text_input=text[0],
        cached_text_input=text[1],
        text_output=text[2],
        audio_input=audio[0],
        cached_audio_input=audio[1],
        audio_output=audio[2],
        image_input=image[0],
        cached_image_input=image[1],
    )


PRICES: Mapping[str, Price] = {
    "gpt-realtime-2.1": _conversation(
        "stored copy of https://developers.openai.com/zh-Hans/api/docs/models/gpt-realtime-2.1",
        text=("4.00", "0.40", "24.00"), audio=("32.00", "0.40", "64.00"), image=("5.00", "0.50"),
    ),
    "gpt-realtime-2.1-mini": _conversation(
        _page("gpt-realtime-2.1-mini"),
        text=("0.60", "0.06", "2.40"), audio=("10.00", "0.30", "20.00"), image=("0.80", "0.08"),
    ),
    "gpt-realtime-2": _conversation(
        _page("gpt-realtime-2"),
        text=("4.00", "0.40", "24.00"), audio=("32.00", "0.40", "64.00"), image=("5.00", "0.50"),
    ),
    "gpt-realtime-1.5": _conversation(
        _page("gpt-realtime-1.5"),
        text=("4.00", "0.40", "16.00"), audio=("32.00", "0.40", "64.00"), image=("5.00", "0.50"),
    ),
    "gpt-realtime-mini": _conversation(
        "stored copy, of 2025, of https://platform.openai.com/docs/models/gpt-realtime-mini",
        text=("0.60", "0.06", "2.40"), audio=("10.00", "0.30", "20.00"), image=("0.80", "0.08"),
    ),
    # Its page files both under audio tokens; what a transcription puts out is text.
    "gpt-4o-transcribe": _tokens(_page("gpt-4o-transcribe"), audio_input="2.50", text_output="10.00"),
    "gpt-4o-mini-transcribe": _tokens(
        "stored copy of https://developers.openai.com/api/docs/models/compare?model=gpt-4o-mini-transcribe",
        audio_input="1.25", text_output="5.00",
    ),
    "gpt-transcribe": MinutePrice(_READ_ON, _page("gpt-transcribe"), Decimal("0.0045")),
    "gpt-live-transcribe": MinutePrice(_READ_ON, _page("gpt-live-transcribe"), Decimal("0.017")),
    "gpt-realtime-whisper": MinutePrice(_READ_ON, _page("gpt-realtime-whisper"), Decimal("0.017")),
}  # fmt: skip
"""The price of each model by its id; a dated id (``…-2025-12-15``) costs what its model does."""


def cost_usd(
    model: str,
    usage: Mapping[str, Any],
    prices: Mapping[str, Price] = PRICES,
) -> Decimal:
    """Return what a response or a transcription cost, in US dollars, exactly.

    Cached tokens are part of the input tokens (the vendor's published types say so) and are charged at their
    own price; cached tokens whose kind is not told are charged as if they were not cached. What is put out
    and is no audio is text, reasoning included.

    Args:
        model: That did the work.
        usage: The ``usage`` of ``response.done``, or of
            ``conversation.item.input_audio_transcription.completed``.
        prices: Prices by model.

    Raises:
        UnknownPrice: the model, or a kind of token that was used, has no price; or the usage does not tell
            what the price is asked for.
    """
    price = prices.get(model) or prices.get(undated(model))
    if price is None:
        raise UnknownPrice(
            f"No price is known for the model {model}.",
            remedy="Pass prices={**PRICES, …} with its TokenPrice or MinutePrice.",
            param="model",
        )
    if isinstance(price, MinutePrice):
        return _by_the_minute(model, usage, price)
    return _by_the_token(model, usage, price)


def _by_the_minute(model: str, usage: Mapping[str, Any], price: MinutePrice) -> Decimal:
    seconds = usage.get("seconds")
    if seconds is None:
        raise UnknownPrice(
            f"{model} is paid by the minute, and its usage tells no seconds.",
            remedy="Pass prices={**PRICES, …} with a TokenPrice for it.",
            param="usage",
        )
    return Decimal(str(seconds)) * price.minute / _SECONDS_PER_MINUTE


def _by_the_token(model: str, usage: Mapping[str, Any], price: TokenPrice) -> Decimal:
    total = Decimal(0)
    for kind, tokens in _counted(model, usage).items():
        rate: Decimal | None = getattr(price, kind)
        if tokens and rate is None:
            raise UnknownPrice(
                f"No price is known for the {kind.replace('_', ' ')} of {model}.",
                remedy="Pass prices={**PRICES, …} with a TokenPrice that has it.",
                param="model",
            )
        total += tokens * (rate or Decimal(0)) / _PER_MILLION
    return total


def _counted(model: str, usage: Mapping[str, Any]) -> dict[str, int]:
    """Return the tokens that are paid for, by the name of their price."""
    details = usage.get("input_token_details")
    if not isinstance(details, Mapping):
        if usage.get("input_tokens") or "output_tokens" not in usage:
            raise UnknownPrice(
                f"The usage of {model} does not tell text from audio: it has no input_token_details.",
                remedy="Pass the usage object as the server sent it.",
                param="usage",
            )
        details = {}
    cached = details.get("cached_tokens_details") or {}
    counted: dict[str, int] = {}
    for kind in ("text", "audio", "image"):
        heard_before = _count(cached, f"{kind}_tokens")
        counted[f"cached_{kind}_input"] = heard_before
        counted[f"{kind}_input"] = _count(details, f"{kind}_tokens") - heard_before
    spoken = _count(usage.get("output_token_details") or {}, "audio_tokens")
    counted["audio_output"] = spoken
    counted["text_output"] = _count(usage, "output_tokens") - spoken
    return counted


def _count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
