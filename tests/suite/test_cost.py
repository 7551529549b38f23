"""What a night costs, and the tables of prices it is reckoned by."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from realtime_adapter.pricing import PRICES, MinutePrice
from realtime_server.transcript import Frame, Sender
from support.cost import Cost, PriceError, cost_of, read_prices, require_price

SESSION = {
    "model": "gpt-realtime-2.1-mini",
    "audio": {"input": {"transcription": {"model": "gpt-transcribe"}}},
}
USAGE = {
    "input_tokens": 1_000,
    "output_tokens": 500,
    "input_token_details": {"text_tokens": 400, "audio_tokens": 600},
    "output_token_details": {"text_tokens": 100, "audio_tokens": 400},
}


def sent(**event: object) -> Frame:
    return Frame(0.0, Sender.SERVER, "text", json.dumps(event))


def turn(model: str = "gpt-realtime-2.1-mini") -> list[Frame]:
    return [
        sent(type="session.created", session={**SESSION, "model": model}),
        sent(
            type="conversation.item.input_audio_transcription.completed",
            usage={"type": "duration", "seconds": 60},
        ),
        sent(type="response.done", response={"usage": USAGE}),
        sent(type="response.done", response={"usage": None}),
    ]


def test_responses_and_transcriptions_are_added_up_each_at_its_own_price() -> None:
    # 400 text at 0.60, 600 audio at 10, 100 text out at 2.40, 400 audio out at 20 per million; a minute
    # 0.0045.
    spoken = Decimal("0.00024") + Decimal("0.006") + Decimal("0.00024") + Decimal("0.008")
    assert cost_of(turn()) == Cost(1_500, spoken + Decimal("0.0045"))


def test_what_has_no_price_is_counted_and_said() -> None:
    cost = cost_of(turn("gpt-of-tomorrow"))
    assert (cost.tokens, cost.usd) == (1_500, Decimal("0.0045"))
    assert "gpt-of-tomorrow" in str(cost)


def test_what_the_client_sends_costs_nothing() -> None:
    assert cost_of([Frame(0.0, Sender.CLIENT, "text", each.payload) for each in turn()]) == Cost()


def test_a_table_of_prices_stands_in_for_the_known_ones(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        '["gpt-of-tomorrow"]\ntext_input = 1\naudio_input = 2.5\n["gpt-transcribe"]\nminute = 0.01\n'
    )
    today = datetime(2026, 11, 25, tzinfo=UTC)
    prices = read_prices(file, today)
    assert prices["gpt-transcribe"] == MinutePrice(today.date(), str(file), Decimal("0.01"))
    assert getattr(prices["gpt-of-tomorrow"], "audio_input", None) == Decimal("2.5")
    assert prices["gpt-realtime-2.1"] == PRICES["gpt-realtime-2.1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "is no TOML"),
        ("gpt = 1", "is no table"),
        ('["gpt"]\naudio = 1', "audio is no kind of price"),
        ('["gpt"]\ntext_input = "1"', "not US dollars"),
        ('["gpt"]\ntext_input = -1', "not US dollars"),
        ('["gpt"]\ntext_input = true', "not US dollars"),
        ('["gpt"]\nminute = 1\ntext_input = 1', "minute is no kind of price; known are minute alone"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(PriceError) as refusal:
        read_prices(file)
    assert said in str(refusal.value)
    assert str(file) in str(refusal.value)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PriceError, match=r"none\.toml: No such file"):
        read_prices(tmp_path / "none.toml")


def test_no_budget_is_kept_for_a_model_without_a_price() -> None:
    require_price("gpt-realtime-mini-2025-12-15", PRICES)
    with pytest.raises(PriceError, match="the price table has no gpt-of-tomorrow"):
        require_price("gpt-of-tomorrow", PRICES)
