"""How many days the models in use have left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from realtime_adapter.models import DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL, RETIREMENTS
from realtime_server import RealtimeServer
from support import radar
from support.radar import FINE, RED, WARNING, CannotTell, ask, known_to_be_in_use, sighted

ENDS = RETIREMENTS["gpt-realtime-mini"].ends
KEY = "sk-a-key-of-a-test"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with RealtimeServer() as server:
        yield server.url


@pytest.mark.parametrize(
    ("days_before", "level"), [(91, FINE), (90, WARNING), (15, WARNING), (14, RED), (0, RED), (-5, RED)]
)
def test_the_level_goes_by_the_days_that_are_left(days_before: int, level: str) -> None:
    today = date.fromordinal(ENDS.toordinal() - days_before)
    (found,) = sighted(["gpt-realtime-mini"], today)
    assert (found.level, found.days_left) == (level, days_before)
    assert ("gpt-realtime-2.1-mini" in str(found)) is (level != FINE)


def test_a_model_without_an_announced_end_is_fine() -> None:
    (found,) = sighted([DEFAULT_MODEL], date(2026, 11, 25))
    assert (found.level, found.ends, str(found)) == (FINE, None, f"{DEFAULT_MODEL}: no end is announced")


@pytest.mark.parametrize(
    ("told", "said", "level"),
    [
        ({DEFAULT_MODEL: date(2026, 12, 1)}, "the endpoint says 2026-12-01, the project knows none", RED),
        ({DEFAULT_MODEL: date(2027, 2, 1)}, "the endpoint says 2027-02-01, the project knows none", WARNING),
        ({}, "the endpoint does not offer it to this key", RED),
        ({DEFAULT_MODEL: None}, "", FINE),
    ],
)
def test_what_the_endpoint_says_otherwise_is_named_and_the_earlier_end_counts(
    told: dict[str, date | None], said: str, level: str
) -> None:
    (found,) = sighted([DEFAULT_MODEL], date(2026, 11, 25), told)
    assert (found.contradiction, found.level) == (said, level)


def test_an_end_that_the_endpoint_has_put_off_is_a_contradiction_too() -> None:
    (found,) = sighted(["gpt-realtime-mini"], date(2026, 11, 25), {"gpt-realtime-mini": None})
    assert (found.ends, found.contradiction) == (ENDS, f"the endpoint says no end, the project knows {ENDS}")


def test_the_models_in_use_are_those_of_the_adapter_and_of_the_recorded_scenarios() -> None:
    assert {DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL, "another"} <= set(known_to_be_in_use("another"))


def test_the_endpoint_is_asked_for_each_model(address: str) -> None:
    told = ask(address, KEY, ["gpt-realtime-mini", DEFAULT_MODEL, "gpt-no-such-model"])
    assert told == {"gpt-realtime-mini": ENDS, DEFAULT_MODEL: None}


def test_an_endpoint_that_refuses_the_key_cannot_tell(address: str) -> None:
    with pytest.raises(CannotTell, match="HTTP 401"):
        ask(address, "wrong-key", [DEFAULT_MODEL])


def test_an_endpoint_that_nobody_serves_cannot_tell() -> None:
    with pytest.raises(CannotTell, match="did not tell its models"):
        ask("ws://127.0.0.1:1/v1/realtime", KEY, [DEFAULT_MODEL])


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str, key: str = "") -> int:
    for name in radar.KEY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    if key:
        monkeypatch.setenv("OPENAI_API_KEY", key)
    return radar.main(list(arguments))


def test_the_command_works_by_the_known_dates_without_a_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "--today", "2026-11-25", "gpt-realtime-mini") == 0
    said = capsys.readouterr().out
    assert (
        "warning  gpt-realtime-mini: ends on 2027-01-20, in 56 days; use gpt-realtime-2.1-mini instead"
        in said
    )
    assert "asked: nobody" in said
    assert command(monkeypatch, "--today", "2027-01-15", "gpt-realtime-mini") == 1


def test_the_command_asks_an_endpoint_with_a_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    assert command(monkeypatch, "--endpoint", address, key=KEY) == 0
    assert "asked: an endpoint on this machine" in capsys.readouterr().out
    assert command(monkeypatch, "--endpoint", address, key="wrong-key") == 2
    with pytest.raises(SystemExit):
        command(monkeypatch, "--endpoint", "http://127.0.0.1/")
