"""The ledger, and the one verdict."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from realtime_server.recording import ELSEWHERE, EMBEDDED, LIVE, Recording
from support import ledger, trust
from support.cost import Cost
from support.criteria import CRITERIA
from support.falsify import MUTANTS
from support.ledger import Entry, LedgerError, append, entry_of, read
from support.night_record import NightRecord
from support.radar import sighted
from support.run_record import RunRecord
from support.settings import DEFAULT_ADAPTER, ENDPOINT_FACT, THE_LIVE_ENDPOINT
from support.trust import REFUSED, TRUSTED, UNPROVEN, Evidence, judge

NOW = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
LIVE_CRITERIA = ("AC1", "AC2")
NIGHT = Entry(
    (NOW - timedelta(hours=3)).isoformat(), "abc", "gpt-realtime-2.1-mini", LIVE_CRITERIA, "here", "0.01"
)


def scenario(level: str, status: str = "proven") -> dict[str, str]:
    return {"id": level, "name": "It holds", "level": level, "status": status}


def summary(**changes: Any) -> dict[str, Any]:
    criteria = [
        {"id": each, "scenarios": [scenario("unit"), *([scenario("e2e")] if each in LIVE_CRITERIA else [])]}
        for each in CRITERIA
    ]
    facts = {"commit": "abc"}
    return {
        "state": "finished",
        "verdict": "green",
        "why": [],
        "facts": facts,
        "criteria": criteria,
        **changes,
    }


EVERY_MUTANT_KILLED: dict[str, Any] = {
    "survivors": [],
    "problems": [],
    "mutants": [{"id": each} for each in MUTANTS],
    "ran against": {"adapter": DEFAULT_ADAPTER, "commit": "abc"},
}
ALL_IS_WELL = Evidence(summary(), EVERY_MUTANT_KILLED, [NIGHT], None, (), "abc")


def with_unit(status: str) -> dict[str, Any]:
    return summary(criteria=[{"id": "AC1", "scenarios": [scenario("unit", status), scenario("e2e")]}])


def test_with_a_fresh_live_night_and_nothing_wrong_it_is_trusted() -> None:
    verdict = judge(ALL_IS_WELL, NOW)
    assert (verdict.word, verdict.why) == (TRUSTED, "")


@pytest.mark.parametrize(
    ("changes", "word", "said"),
    [
        ({"summary": None}, UNPROVEN, "no run is recorded here; run make report"),
        ({"summary": summary(verdict="red", why=["AC1 failed"])}, REFUSED, "the last run is red: AC1 failed"),
        ({"summary": summary(state="running", verdict="interrupted")}, UNPROVEN, "did not come to its end"),
        ({"summary": summary(verdict="interrupted")}, UNPROVEN, "the last run was interrupted"),
        ({"summary": with_unit("unproven")}, UNPROVEN, "1 of 1 @unit scenarios were not run"),
        ({"summary": with_unit("not selected")}, UNPROVEN, "1 of 1 @unit scenarios were not run"),
        ({"summary": summary(criteria=[])}, UNPROVEN, "knows no @unit scenario"),
        ({"commit": "def"}, UNPROVEN, "the last run was of abc, this is def"),
        ({"falsification": None}, UNPROVEN, "run make falsify"),
        ({"falsification": {**EVERY_MUTANT_KILLED, "survivors": ["flat-voice"]}}, REFUSED, "flat-voice"),
        (
            {"falsification": {**EVERY_MUTANT_KILLED, "problems": ["a x b"]}},
            REFUSED,
            "not killed as predicted",
        ),
        ({"falsification": {**EVERY_MUTANT_KILLED, "mutants": []}}, UNPROVEN, "mutants were not tried"),
        (
            {"falsification": {**EVERY_MUTANT_KILLED, "ran against": {"adapter": "a:B", "commit": "abc"}}},
            UNPROVEN,
            "the mutants were tried on the adapter a:B",
        ),
        (
            {"falsification": {**EVERY_MUTANT_KILLED, "ran against": {"adapter": DEFAULT_ADAPTER}}},
            UNPROVEN,
            "the mutants were tried on , this is abc",
        ),
        (
            {"summary": summary(facts={"commit": "abc", "adapter": "a:B"})},
            UNPROVEN,
            "the last run was of the adapter a:B",
        ),
        ({"nights": []}, UNPROVEN, "nothing was ever proven against the live endpoint"),
        (
            {"nights": [replace(NIGHT, criteria=("AC1",))]},
            UNPROVEN,
            "AC2 never proven against the live endpoint",
        ),
        ({"nights": [replace(NIGHT, drift=("a.b is a new field",))]}, REFUSED, "a.b is a new field"),
        (
            {"nights": [replace(NIGHT, date=(NOW - timedelta(days=7)).isoformat())]},
            UNPROVEN,
            "where 7 days are allowed: AC1 7 days ago, AC2 7 days ago",
        ),
        (
            {"nights": [replace(NIGHT, date=(NOW + timedelta(days=1)).isoformat())]},
            UNPROVEN,
            "AC1, AC2 never proven",
        ),
        ({"night": NightRecord("", [LIVE], drift=["c is missing"])}, REFUSED, "c is missing"),
        (
            {"models": sighted(["gpt-realtime"], date(2027, 1, 10))},
            REFUSED,
            "gpt-realtime: ends on 2027-01-20",
        ),
    ],
)
def test_each_gap_is_named_and_decides(changes: dict[str, Any], word: str, said: str) -> None:
    verdict = judge(replace(ALL_IS_WELL, **changes), NOW)
    assert verdict.word == word
    assert said in verdict.reasons[0].text
    assert verdict.why


@pytest.mark.parametrize(
    "changes",
    [
        {"models": sighted(["gpt-realtime"], date(2026, 11, 25))},  # a warning
        {"night": NightRecord("", [EMBEDDED], drift=["c is missing"])},  # not the vendor's
        {
            "nights": [replace(NIGHT, criteria=("AC1",)), replace(NIGHT, criteria=("AC2",))]
        },  # a cut night and the next
        {"commit": ""},  # no git here
    ],
)
def test_what_decides_nothing_leaves_it_trusted(changes: dict[str, Any]) -> None:
    assert judge(replace(ALL_IS_WELL, **changes), NOW).word == TRUSTED


def test_what_was_refused_outweighs_what_is_unproven() -> None:
    evidence = replace(ALL_IS_WELL, nights=[], summary=summary(verdict="red", why=["x"]))
    assert judge(evidence, NOW).word == REFUSED


# --- the ledger -----------------------------------------------------------------------------------------


def made(origin: str = LIVE, outcome: str = "passed", criterion: str = "AC1") -> Recording:
    about = {"criterion": criterion, "scenario": "It holds", "outcome": outcome, "model": "gpt-realtime"}
    return Recording(origin, NOW, (), about)


FACTS = {"adapter": DEFAULT_ADAPTER, ENDPOINT_FACT: THE_LIVE_ENDPOINT, "commit": "abc"}
RUN = RunRecord("finished", NOW.isoformat(), facts=FACTS)
CRITERIA_OF_RUN = [{"id": "AC1", "scenarios": [scenario("unit", "unproven"), scenario("e2e")]}]


def entry(*recordings: Recording, run: RunRecord = RUN, criteria: Any = CRITERIA_OF_RUN) -> Entry | None:
    night = NightRecord("", spent={"It holds": Cost(10)}, drift=["d"])
    return entry_of(run, criteria, night, {str(at): each for at, each in enumerate(recordings)}, "here")


def test_a_criterion_whose_live_scenarios_passed_and_were_recorded_is_proven() -> None:
    assert entry(made()) == Entry(NOW.isoformat(), "abc", "gpt-realtime", ("AC1",), "here", "0.0000", ("d",))


@pytest.mark.parametrize("origin", [EMBEDDED, ELSEWHERE])
def test_nothing_but_the_vendor_s_own_endpoint_gets_into_the_ledger(origin: str) -> None:
    assert entry(made(origin)) is None


@pytest.mark.parametrize(
    "fact", [{"adapter": "other:Adapter"}, {ENDPOINT_FACT: "ws://127.0.0.1:1/v1/realtime"}]
)
def test_another_adapter_or_endpoint_proves_nothing_of_ours(fact: dict[str, str]) -> None:
    assert entry(made(), run=replace(RUN, facts={**FACTS, **fact})) is None


def test_a_pass_without_its_recording_or_a_recording_without_its_pass_is_no_proof() -> None:
    failed = [{"id": "AC1", "scenarios": [scenario("e2e", "failed")]}]
    assert entry() is None
    assert entry(made(outcome="failed")) is None
    assert entry(made(criterion="AC2")) is None
    assert entry(made(), criteria=failed) is None


def test_a_night_cut_in_the_middle_keeps_what_it_proved() -> None:
    cut = [*CRITERIA_OF_RUN, {"id": "AC2", "scenarios": [scenario("e2e", "unproven")]}]
    found = entry(made(), run=replace(RUN, state="interrupted"), criteria=cut)
    assert found is not None
    assert found.criteria == ("AC1",)


def test_nights_are_kept_in_order_and_each_once(tmp_path: Path) -> None:
    earlier = replace(NIGHT, date=(NOW - timedelta(days=2)).isoformat())
    for each in (NIGHT, earlier, replace(NIGHT, commit="def")):
        append(tmp_path, each)
    assert read(tmp_path) == [earlier, replace(NIGHT, commit="def")]


def test_without_a_ledger_there_was_no_night(tmp_path: Path) -> None:
    assert read(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "is no ledger"),
        ('{"schema": 2, "nights": []}', "is no ledger (of another version)"),
        ('{"schema": 1, "nights": [{}]}', "night 1 cannot be read"),
        ('{"schema": 1, "nights": [{"date": "2026-11-25", "criteria": []}]}', "night 1 cannot be read"),
    ],
)
def test_a_ledger_that_cannot_be_read_is_refused_and_left_alone(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / ledger.FILE).write_text(text)
    with pytest.raises(LedgerError) as refusal:
        append(tmp_path, NIGHT)
    assert said in str(refusal.value)
    assert (tmp_path / ledger.FILE).read_text() == text


# --- the command ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("nights", "said"), [([NIGHT], (TRUSTED, 0)), ([], (UNPROVEN, 4))])
def test_the_command_says_one_word_its_reasons_and_an_exit_code(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    nights: list[Entry],
    said: tuple[str, int],
) -> None:
    monkeypatch.setattr(trust, "checked_out", lambda: "abc")
    (tmp_path / "summary.json").write_text(json.dumps(summary()))
    (tmp_path / "falsification.json").write_text(json.dumps(EVERY_MUTANT_KILLED))
    for each in nights:
        append(tmp_path, replace(each, date=datetime.now(UTC).isoformat()))
    code = trust.main(["--reports", str(tmp_path)])
    assert (capsys.readouterr().out.splitlines()[0], code) == said


def test_the_command_names_what_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "summary.json").write_text("[")
    assert trust.main(["--reports", str(tmp_path)]) == 2
    assert "summary.json is no JSON" in capsys.readouterr().err
