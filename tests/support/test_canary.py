"""The key that nothing may show: how a trace of it is known, and that a trace turns a run red."""

from __future__ import annotations

import logging
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from support import canary
from tests.support.project import Project

KEY = canary.KEY.encode()

LEAKING = """
import logging, sys
from base64 import b64encode
from pathlib import Path
import allure
from behave import given
from support import canary

@given("a key in an attachment")
def attachment(context):
    allure.attach("Authorization: Bearer " + canary.KEY, name="wire")

@given("a key in a recording")
def recording(context):
    text = b64encode(b"GET / " + canary.KEY.encode())
    Path("reports/recordings").mkdir(exist_ok=True)
    Path("reports/recordings/one.json").write_bytes(b'{"head": "' + text + b'"}')

@given("a key in a transcript")
def transcript(context):
    from realtime_server.transcript import Frame, Sender, Transcript
    seen = Transcript([Frame(0.0, Sender.CLIENT, "request", "Authorization: Bearer " + canary.KEY)])
    if context.config.userdata.getbool("redacted"):
        from support.evidence import Evidence
        class World:
            def exchanges(self):
                return [type("Exchange", (), {"title": "one", "transcript": seen})]
        Evidence(World()).finish()
    else:
        allure.attach(seen.to_jsonl(), name="Every frame", extension="jsonl")

@given("a key in the log")
def log(context):
    logging.getLogger("wire").error("sent %s", canary.KEY)

@given("a key on the console")
def console(context):
    sys.__stdout__.write(canary.KEY)
"""


@pytest.mark.parametrize("shift", range(6))
def test_a_trace_is_seen_through_two_layers_of_base64(shift: int) -> None:
    text = b"." * shift + KEY + b" and more"
    once = b'{"a": "' + b64encode(text) + b'"}'
    assert canary.shows(text)
    assert canary.shows(once)
    assert canary.shows(b"<p>" + b64encode(once) + b"</p>")


@pytest.mark.parametrize("shift", range(4))
def test_a_trace_is_seen_where_base64_is_glued_to_other_letters(shift: int) -> None:
    assert canary.shows(b"x" * shift + b64encode(KEY))


def test_the_key_of_an_earlier_run_is_seen_too() -> None:
    assert canary.shows(b"sk-canary-0123456789abcdef0123456789abcdef")


@pytest.mark.parametrize("text", [b"", b"sk-canary-", b"sk-canary-ab***ef", b"sk-other-0123456789abcdef"])
def test_what_is_no_key_is_no_trace(text: bytes) -> None:
    assert not canary.shows(text)


def test_leaks_are_named_by_file_and_older_runs_are_left_alone(tmp_path: Path) -> None:
    for name in ("allure-results/1-attachment.html", "run.json", "previous-results/old/1-result.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(KEY if "run.json" not in name else b"{}")
    assert canary.leaks(tmp_path) == ["allure-results/1-attachment.html"]


def test_log_and_console_are_watched_and_left_as_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    watch, handlers = canary.Watch(), list(logging.getLogger().handlers)
    stop = watch.begin()
    try:
        logging.getLogger("any").warning("harmless")
        print("harmless")  # noqa: T201 - what the console shows is the subject
        assert watch.seen == set()
        logging.getLogger("any").warning("with %s", canary.KEY)
        assert watch.seen == {"the log"}
        sys.stderr.write(canary.KEY)
        assert watch.seen == {"the log", "the console"}
    finally:
        stop()
    assert logging.getLogger().handlers == handlers
    assert "write" not in vars(sys.stdout)
    assert "harmless" in capsys.readouterr().out


@pytest.mark.parametrize("redacted", [True, False])
def test_a_key_in_a_transcript_turns_the_run_red_unless_it_is_redacted(
    project: Project, redacted: bool
) -> None:
    text = (
        "@AC1\nFeature: One\n  @unit\n  Scenario: One\n    Given a key in a transcript\n    Then it holds\n"
    )
    project.feature("ac1_plain", text, LEAKING)
    run = project.behave("features/ac1_plain.feature", "-D", f"redacted={redacted}")
    shown = [problem for problem in run.json("run.json")["problems"] if "the key of this run" in problem]
    assert len(shown) == (0 if redacted else 1)
    assert all("reports/allure-results/" in problem for problem in shown)
    (attached,) = (run.reports / "allure-results").glob("*.jsonl")
    assert "Authorization: Bearer" in attached.read_text()


def test_a_key_anywhere_turns_the_run_red_and_the_place_is_named(project: Project) -> None:
    steps = ("a key in an attachment", "a key in a recording", "a key in the log", "a key on the console")
    text = "".join(f"    {'And' if n else 'Given'} {step}\n" for n, step in enumerate(steps))
    project.feature(
        "ac1_plain", f"@AC1\nFeature: Leaks\n  @unit\n  Scenario: One\n{text}    Then it holds\n", LEAKING
    )
    run = project.behave("--no-capture", "--no-logcapture")
    assert run.code == 1
    problems = [each for each in run.json("run.json")["problems"] if "the key of this run" in each]
    assert len(problems) == 4
    for place in ("the log", "the console", "reports/allure-results/", "reports/recordings/one.json"):
        assert any(f"the key of this run shows in {place}" in problem for problem in problems), place
    assert run.json("summary.json")["verdict"] == "red"
