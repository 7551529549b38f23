"""What things cost: the arithmetic, and what cannot be told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from realtime_adapter.errors import UnknownPrice
from realtime_adapter.models import DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL
from realtime_adapter.pricing import PRICES, MinutePrice, TokenPrice, cost_usd

# Each kind at a price of its own, so that no two can be mistaken for each other.
TABLE = {
    "m": TokenPrice(
        date(2026, 1, 1),
        "made up",
        text_input=Decimal(1),
        cached_text_input=Decimal(10),
        text_output=Decimal(100),
        audio_input=Decimal(1_000),
        cached_audio_input=Decimal(10_000),
        audio_output=Decimal(100_000),
        image_input=Decimal(1_000_000),
        cached_image_input=Decimal(10_000_000),
    ),
    "words only": TokenPrice(date(2026, 1, 1), "made up", text_input=Decimal(1), text_output=Decimal(1)),
    "by the minute": MinutePrice(date(2026, 1, 1), "made up", Decimal("0.006")),
}


def used(**changes: Any) -> dict[str, Any]:
    usage: dict[str, Any] = {
        "total_tokens": 47,
        "input_tokens": 36,
        "output_tokens": 11,
        "input_token_details": {
            "text_tokens": 9,
            "audio_tokens": 12,
            "image_tokens": 15,
            "cached_tokens": 18,
            "cached_tokens_details": {"text_tokens": 7, "audio_tokens": 6, "image_tokens": 5},
        },
        "output_token_details": {"text_tokens": 3, "audio_tokens": 8},
    }
    return {**usage, **changes}


def millionths(amount: Decimal) -> Decimal:
    return amount * 1_000_000


def test_each_kind_of_token_is_charged_at_its_own_price() -> None:
    # Not cached: 2 text, 6 audio, 10 image. Cached: 7, 6, 5. Put out: 3 text, 8 audio.
    expected = (
        2 * 1 + 7 * 10 + 3 * 100 + 6 * 1_000 + 6 * 10_000 + 8 * 100_000 + 10 * 1_000_000 + 5 * 10_000_000
    )
    assert millionths(cost_usd("m", used(), TABLE)) == expected


def test_cached_tokens_of_untold_kind_are_charged_as_if_they_were_not_cached() -> None:
    details = {"text_tokens": 9, "audio_tokens": 12, "cached_tokens": 18}
    usage = used(input_token_details=details, output_tokens=0, output_token_details={})
    assert millionths(cost_usd("m", usage, TABLE)) == 9 * 1 + 12 * 1_000


def test_reasoning_is_charged_as_text_whether_or_not_the_text_tokens_hold_it() -> None:
    within = used(
        output_tokens=20, output_token_details={"text_tokens": 12, "audio_tokens": 8, "reasoning_tokens": 9}
    )
    beside = used(
        output_tokens=20, output_token_details={"text_tokens": 3, "audio_tokens": 8, "reasoning_tokens": 9}
    )
    assert cost_usd("m", within, TABLE) == cost_usd("m", beside, TABLE)
    assert millionths(cost_usd("m", within, TABLE) - cost_usd("m", used(), TABLE)) == 9 * 100


def test_a_session_that_did_nothing_costs_nothing() -> None:
    assert cost_usd("m", {"input_tokens": 0, "output_tokens": 0}, TABLE) == 0


def test_a_transcription_is_charged_by_the_second() -> None:
    assert cost_usd("by the minute", {"type": "duration", "seconds": 90}, TABLE) == Decimal("0.009")


def test_a_transcription_in_tokens_is_charged_by_the_token() -> None:
    usage = {
        "type": "tokens",
        "input_tokens": 40,
        "input_token_details": {"text_tokens": 0, "audio_tokens": 40},
        "output_tokens": 10,
    }
    assert cost_usd("gpt-4o-transcribe", usage) == Decimal("0.0002")


def test_a_dated_model_costs_what_its_model_does() -> None:
    assert cost_usd("m-2026-01-02", used(), TABLE) == cost_usd("m", used(), TABLE)


@pytest.mark.parametrize(
    ("model", "usage", "words"),
    [
        ("gpt-nobody-knows", used(), "No price is known for the model gpt-nobody-knows. Pass prices="),
        ("words only", used(), "cached text input of words only"),
        ("by the minute", {"type": "tokens", "input_tokens": 3}, "tells no seconds"),
        ("m", {"input_tokens": 3, "output_tokens": 1}, "has no input_token_details"),
        ("m", {"type": "duration", "seconds": 3}, "has no input_token_details"),
    ],
)
def test_what_cannot_be_told_is_an_error_that_says_why(model: str, usage: dict[str, Any], words: str) -> None:
    with pytest.raises(UnknownPrice) as told:
        cost_usd(model, usage, TABLE)
    assert words in str(told.value)
    assert isinstance(told.value, LookupError)


def test_every_price_says_when_and_where_it_was_read() -> None:
    for model, price in PRICES.items():
        assert price.read_on >= date(2026, 11, 1), model
        assert "http" in price.source, model


def test_the_defaults_have_a_price() -> None:
    assert isinstance(PRICES[DEFAULT_MODEL], TokenPrice)
    assert isinstance(PRICES[DEFAULT_TRANSCRIPTION_MODEL], MinutePrice)
