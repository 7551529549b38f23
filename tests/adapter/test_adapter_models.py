"""When models end, and what is said about it on which day."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, timedelta

import pytest

from realtime_adapter import OpenAIRealtimeAgentAdapter, RealtimeWarning
from realtime_adapter.models import (
    DEFAULT_MODEL,
    DEFAULT_TRANSCRIPTION_MODEL,
    RETIREMENTS,
    WARNED_BEFORE,
    ending,
    retirement,
)

DAY = timedelta(days=1)


def test_the_defaults_and_every_replacement_have_no_announced_end() -> None:
    for model in (
        DEFAULT_MODEL,
        DEFAULT_TRANSCRIPTION_MODEL,
        *(end.replacement for end in RETIREMENTS.values()),
    ):
        assert retirement(model) is None, model


@pytest.mark.parametrize(
    ("model", "ends", "replacement"),
    [
        ("gpt-realtime", date(2027, 1, 20), "gpt-realtime-2.1"),
        ("gpt-realtime-2025-08-28", date(2027, 1, 20), "gpt-realtime-2.1"),
        ("gpt-realtime-mini", date(2027, 1, 20), "gpt-realtime-2.1-mini"),
        ("gpt-realtime-mini-2025-10-06", date(2026, 7, 23), "gpt-realtime-2.1-mini"),
        ("gpt-realtime-mini-2025-12-15", date(2027, 1, 20), "gpt-realtime-2.1-mini"),
        ("gpt-4o-realtime-preview-2025-06-03", date(2026, 5, 7), "gpt-realtime-2.1"),
        ("whisper-1", date(2027, 2, 26), "gpt-transcribe"),
        ("gpt-4o-mini-transcribe-2025-12-15", date(2027, 2, 26), "gpt-transcribe"),
    ],
)
def test_the_announced_ends(model: str, ends: date, replacement: str) -> None:
    end = retirement(model)
    assert end is not None
    assert (end.ends, end.replacement) == (ends, replacement)


def test_what_is_said_on_which_day() -> None:
    ends = date(2027, 1, 20)
    assert ending("gpt-realtime-mini", ends - WARNED_BEFORE - DAY) == ""
    assert ending("gpt-realtime-mini", ends - WARNED_BEFORE) == (
        "The model gpt-realtime-mini will be shut down on 2027-01-20, in 90 days. "
        "Use gpt-realtime-2.1-mini instead."
    )
    assert "in 1 day." in ending("gpt-realtime-mini", ends - DAY)
    assert ending("gpt-realtime-mini", ends) == (
        "The model gpt-realtime-mini was shut down on 2027-01-20. Use gpt-realtime-2.1-mini instead."
    )
    assert ending("gpt-realtime-2.1-mini", ends) == ""


def noon(day: date) -> float:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()


def test_a_client_warns_in_python_too_and_of_either_model() -> None:
    with pytest.warns(RealtimeWarning, match="whisper-1 will be shut down on 2027-02-26, in 30 days") as said:
        OpenAIRealtimeAgentAdapter(
            api_key="sk-test", transcription_model="whisper-1", clock=lambda: noon(date(2027, 1, 27))
        )
    assert said[0].filename == __file__, "the warning shows the caller's line"


def test_a_client_with_its_defaults_warns_of_nothing_on_any_day() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        OpenAIRealtimeAgentAdapter(api_key="sk-test", clock=lambda: noon(date(2030, 1, 1)))
