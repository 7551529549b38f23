"""Usage summed count by count."""

from __future__ import annotations

from decimal import Decimal

import pytest

from realtime_adapter.errors import UnknownPrice
from realtime_adapter.usage import SessionUsage, summed


def test_counts_are_summed_at_their_place_whatever_their_name() -> None:
    one = {
        "input_tokens": 3,
        "details": {"text": 1, "deeper": {"seconds": 0.5}},
        "type": "tokens",
        "flag": True,
    }
    two = {
        "input_tokens": 4,
        "details": {"text": 2, "new": 5, "deeper": {"seconds": 0.25}},
        "late": 7,
        "nothing": None,
    }
    assert summed([one, two]) == {
        "input_tokens": 7,
        "output_tokens": 0,
        "details": {"text": 3, "new": 5, "deeper": {"seconds": 0.75}},
        "late": 7,
    }


def test_a_sum_leaves_what_it_was_made_of_alone() -> None:
    one = {"details": {"text": 1}}
    summed([one, one])
    assert one == {"details": {"text": 1}}


def test_nothing_is_zeros() -> None:
    assert SessionUsage().total == {"input_tokens": 0, "output_tokens": 0}
    assert SessionUsage().cost_usd() == 0


def test_what_is_told_twice_counts_once_and_what_is_told_without_an_id_counts_each_time() -> None:
    usage = SessionUsage()
    for response_id in ("resp_1", "resp_1", "resp_2", None, None):
        usage.response_done(response_id, "m", {"output_tokens": 1})
    usage.response_done("resp_3", "m", None)
    assert usage.total["output_tokens"] == 4


def test_a_session_costs_its_responses_and_its_transcriptions() -> None:
    usage = SessionUsage()
    details = {
        "input_token_details": {"audio_tokens": 1_000_000},
        "input_tokens": 1_000_000,
        "output_tokens": 0,
    }
    usage.response_done("resp_1", "gpt-realtime-2.1-mini", details)
    usage.transcribed("item_1", "gpt-transcribe", {"type": "duration", "seconds": 60})
    assert usage.cost_usd() == Decimal("10.0045")
    usage.transcribed("item_2", "gpt-of-another-house", {"type": "duration", "seconds": 60})
    with pytest.raises(UnknownPrice, match="gpt-of-another-house"):
        usage.cost_usd()
