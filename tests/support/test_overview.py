"""The first page: what a reader sees, and that nothing of it can be mistaken."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from realtime_server.rules import RULES
from support.overview import overview
from support.run_record import FINISHED, LOADING, RunRecord, ScenarioRecord
from support.settings import ENDPOINT_FACT
from support.summary import Summary, summarise
from support.traceability import bare_criteria, restated

SCENARIO = ScenarioRecord("a", "One <b>", "AC1", "unit", "features/ac1.feature", 3, "passed")
RECORD = RunRecord(
    FINISHED, "2026-11-23T05:00:00+00:00", "2026-11-23T05:01:00+00:00", "@unit", {"model": "<m>"}, [SCENARIO]
)


def summary(record: RunRecord = RECORD, **proof: dict[str, str]) -> Summary:
    """Return the summary of a run with one scenario of AC1."""
    known = bare_criteria()
    known[0]["scenarios"] = [
        {
            "id": "a",
            "name": SCENARIO.title,
            "level": "unit",
            "rule": "R & r",
            "file": SCENARIO.file,
            "line": 3,
        }
    ]
    return summarise(record, restated(known, record, proof), [])


def test_seven_criteria_stand_with_status_text_and_requirement() -> None:
    page = overview(summary(), {"a": "f" * 32})
    assert re.findall(r'status o-(\w+)">. (\w+)', page) == [
        ("proven", "proven"),
        *[("unproven", "unproven")] * 6,
    ]
    assert page.partition("How the embedded endpoint is known")[0].count("issues/602") == 7
    assert "No scenario claims it" in page
    assert f'<a href="#{"f" * 32}">One &lt;b&gt;</a>' in page
    assert "R &amp; r" in page
    assert "&lt;m&gt;" in page
    assert "Nothing was proven against the live endpoint yet." in page


def test_what_was_not_selected_is_told_apart_from_what_is_unproven() -> None:
    other = ScenarioRecord("b", "Two", "AC2", "unit", "features/ac2.feature", 3, "skipped", "unproven: no")
    known = summary(replace(RECORD, scenarios=[other], narrowed="features/ac2.feature"))
    page = overview(known, {})
    assert re.findall(r'status o-([\w-]+)">. ([\w ]+)<', page)[0] == ("not-selected", "not selected")
    assert "in features/ac2.feature only on" in page
    assert "what was asked for was not shown" in page


def test_fifteen_capabilities_stand_in_rows_and_those_not_selected_in_one_line() -> None:
    known = summary()
    entry = known["criteria"][0]
    for number in range(15):
        status = "proven" if number < 12 else "not selected"
        known["criteria"].append(
            {**entry, "id": f"CAP-{number}", "title": f"Promise {number}", "status": status}
        )
    _, _, beyond = overview(known, {}).partition("Beyond the criteria")
    assert re.findall(r'<details id="CAP-(\d+)"', beyond) == [str(number) for number in range(12)]
    assert "Not selected in this run: Promise 12, Promise 13, Promise 14." in beyond


def test_a_failed_capability_is_in_the_headline() -> None:
    known = bare_criteria()
    failed = {**known[0], "id": "CAP-X", "status": "failed", "scenarios": []}
    criteria = [*restated(known, RECORD, {}), failed]
    headline = summarise(replace(RECORD, problems=["no"]), criteria, [])["headline"]
    assert headline == "7 unproven of 7 criteria, 1 capability failed"


def test_the_rules_of_the_embedded_endpoint_stand_with_their_sources() -> None:
    page = overview(summary(), {})
    listed = re.findall(r"<tr><td>(RT-[\w-]+)</td>", page)
    assert sorted(listed) == sorted(RULES)
    assert f"It keeps {sum(rule.emulated for rule in RULES.values())} rules: " in page


def test_the_age_of_the_last_live_proof_is_told() -> None:
    page = overview(summary(a={"date": "2026-11-20T05:00:00+00:00", "model": "m"}), {})
    assert "1 of 7 were proven against the live endpoint, last 3 days ago." in page
    assert "proven live 3 days ago" in page


@pytest.mark.parametrize(
    ("record", "headline"),
    [
        (RECORD, "✓ Green: 1 proven, 6 unproven of 7 criteria"),
        (replace(RECORD, problems=["the <report> differs"]), "✗ Red: 1 proven, 6 unproven of 7 criteria"),
        (replace(RECORD, state="interrupted"), "! Interrupted: 1 proven, 6 unproven of 7 criteria"),
        (replace(RECORD, state=LOADING, scenarios=[]), "! Did not start: 7 unproven of 7 criteria"),
    ],
)
def test_the_verdict_heads_the_page_and_stands_above_every_other(record: RunRecord, headline: str) -> None:
    page = overview(summary(record), {})
    assert f"<strong>{headline}</strong>" in page
    above = re.sub(r"<[^>]+>", "", page[page.index('<nav id="verdict"') :])
    assert above == f"Overview · {headline}"
    assert ("Why it is not green" in page) is not headline.startswith("✓")
    assert "<report>" not in page


def test_a_failure_shows_its_kind_and_reason_and_a_scenario_without_a_page_no_link() -> None:
    failed = replace(SCENARIO, status="failed", reason="SessionRefused: no <b>")
    page = overview(summary(replace(RECORD, scenarios=[failed])), {})
    assert "Refused session: SessionRefused: no &lt;b&gt;" in page
    assert "AC1 failed in its scenario, first in «One &lt;b&gt;»: SessionRefused: no &lt;b&gt;" in page
    assert 'href="#' not in page


def test_a_run_of_e2e_says_which_endpoint_it_asked_and_live_of_none_but_the_live_one() -> None:
    elsewhere = {**RECORD.facts, ENDPOINT_FACT: "ws://127.0.0.1:8765/v1/realtime"}
    page = overview(summary(replace(RECORD, selection="@e2e", facts=elsewhere)), {})
    (ran,) = re.findall(r"<p>(Run of .*?)</p>", page)
    assert "that ask the endpoint (ws://127.0.0.1:8765/v1/realtime)" in ran
    assert "live" not in ran


@pytest.mark.parametrize(
    ("trust", "colour"),
    [
        ({"verdict": "trusted", "why": "", "reasons": []}, "proven"),
        ({"verdict": "unproven", "why": "no <night>", "reasons": ["unproven: no <night>"]}, "unproven"),
        ({"verdict": "refused", "why": "red", "reasons": ["refused: red"]}, "failed"),
    ],
)
def test_the_first_line_says_whether_the_adapter_can_be_trusted_and_why(
    trust: dict[str, object], colour: str
) -> None:
    page = overview({**summary(), "trust": trust}, {})
    line = page.partition('id="trust"')[2].partition("</details>")[0]
    assert f'<b class="o-{colour}">{trust["verdict"]}</b>' in line
    assert "<night>" not in line
    assert line.count("<li>") == len(list(trust["reasons"]))
