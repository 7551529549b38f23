"""The report: what is said when it cannot be built, and what it says of runs that are not what they seem."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import node
from support.overview import TITLE
from support.report import GENERATOR, main
from tests.support.project import Project, Run


def test_no_results_is_one_sentence_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--results", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == f"No report: {tmp_path} holds no results; run behave first\n"


def test_a_tag_expression_that_cannot_be_read_is_one_sentence_with_the_remedy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--tags", "@unit and"]) == 2
    assert "No report: --tags=@unit and is no tag expression" in capsys.readouterr().err


def test_a_missing_node_is_one_sentence_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "1-result.json").write_text("{}")
    monkeypatch.setattr(node.importlib.util, "find_spec", lambda _name: None)
    assert main(["--results", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "run: pip install -r requirements-dev.txt" in capsys.readouterr().err


def test_the_generator_is_pinned_and_its_lock_names_no_address() -> None:
    lock = json.loads((GENERATOR / "package-lock.json").read_text())
    assert lock["packages"]["node_modules/allure"]["version"] == "3.18.0"
    assert "3.18.0" in (GENERATOR / "package.json").read_text()
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def built(project: Project, *arguments: str) -> tuple[int, str, str]:
    """Run ``python -m support.report`` in the project; return exit code, what it said, and the first page."""
    done = subprocess.run(
        [sys.executable, "-m", "support.report", *arguments],
        cwd=project.root,
        env=project.variables,
        capture_output=True,
        text=True,
        timeout=node.INSTALL_TIMEOUT_S,
        check=False,
    )
    page = project.root / "reports/allure-report/index.html"
    html = page.read_text(encoding="utf-8") if page.exists() else ""
    first = html[html.find('<main id="overview">') : html.find("</main>")]
    return done.returncode, done.stdout + done.stderr, first


def statuses(first_page: str) -> list[str]:
    """Return the status of each criterion, as the first page shows it."""
    return re.findall(r'<details id="AC\d"><summary><span class="status o-(\w+)">', first_page)


def test_a_green_run_is_one_file_whose_first_page_shows_the_criteria(project: Project) -> None:
    feature = project.root / "features/ac1_plain.feature"
    feature.write_text(feature.read_text() + '      """\n      a text\n      """\n')
    run = project.behave()
    assert run.code == 0, run.output
    code, said, first = built(project)
    assert code == 0, said
    assert TITLE in first
    assert "Green: 7 proven of 7 criteria" in first
    assert statuses(first) == ["proven"] * 7
    assert len(re.findall(r'<li>.*?<a href="#[0-9a-f]{32}">The plain case holds</a>', first)) == 7
    assert len(re.findall(r"^AC\d +proven +1 proven ", said, re.MULTILINE)) == 7
    assert said.startswith("UNPROVEN\n")
    assert '<b class="o-unproven">unproven</b>' in first
    (page,) = (run.reports / "allure-report").iterdir()
    assert "googletagmanager" not in page.read_text(encoding="utf-8")
    assert built(project)[0] == 0
    assert len((run.reports / "history.jsonl").read_text().splitlines()) == 1, "drawn twice is not run twice"
    next((run.reports / "allure-results").glob("*-attachment.txt")).unlink()
    broken = next((run.reports / "allure-results").glob("*-result.json"))
    broken.write_text(broken.read_text().replace('"passed"', '"failed"'))
    code, said, first = built(project)
    assert code == 1
    assert "the page has lost evidence of «The plain case holds»" in said
    assert "the report shows failed for «The plain case holds»" in said
    assert "Red: 7 proven of 7 criteria" in first


CRASHES = {
    "a feature that cannot be read": (
        "features/ac1_plain.feature",
        "Feature: X\n  Scenario: Y\n    Given a thing\n    Nonsense here\n",
    ),
    "a step module that cannot be imported": ("steps/ac2_plain.py", "import no_such_module\n"),
    "a step module that is no Python": ("steps/ac2_plain.py", "def\n"),
}


@pytest.mark.parametrize("crash", CRASHES)
def test_a_run_that_does_not_start_leaves_no_older_verdict(project: Project, crash: str) -> None:
    assert project.behave().code == 0
    project.write(*CRASHES[crash])
    run = project.behave()
    assert run.code == 1
    assert run.results() == []
    assert run.json("run.json")["state"] == "loading"
    assert run.json("summary.json")["verdict"] == "not started"
    assert "not started" in (run.reports / "summary.md").read_text()
    assert not (run.reports / "traceability.json").exists()
    (kept,) = (run.reports / "previous-results").rglob("run.json")
    assert json.loads(kept.read_text())["state"] == "finished", "what was recorded is not lost"


def test_the_report_of_a_run_that_did_not_start_shows_nothing_as_proven(project: Project) -> None:
    assert project.behave().code == 0
    assert built(project)[0] == 0
    project.write(*CRASHES["a feature that cannot be read"])
    assert project.behave().code == 1
    code, said, first = built(project)
    assert code == 1, said
    assert "Did not start: 7 unproven of 7 criteria" in first
    assert statuses(first) == ["unproven"] * 7
    assert "NOT STARTED" in said


def test_a_run_that_could_not_even_be_loaded_is_told_by_its_age(project: Project) -> None:
    assert project.behave().code == 0
    began = time.time() + 1  # the record is older than this, whatever the clock's resolution
    refused = project.behave("-f", "no_such_formatter")
    assert (refused.code, refused.json("run.json")["state"]) == (2, "finished"), "nothing of ours was asked"
    code, said, first = built(project, "--not-before", str(began))
    assert code == 1, said
    assert statuses(first) == ["unproven"] * 7


def test_a_killed_run_keeps_what_it_proved_and_is_not_green(project: Project) -> None:
    waiting = """
import pathlib, time
from behave import given

@given("a long wait")
def wait(context):
    pathlib.Path("waiting").touch()
    time.sleep(30)
"""
    text = "@AC2\nFeature: Waiting\n  @unit\n  Scenario: It waits\n    Given a long wait\n    Then it holds\n"
    project.feature("ac2_plain", text, waiting)
    started = subprocess.Popen(
        project.command(),
        cwd=project.root,
        env=project.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while not (project.root / "waiting").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        started.send_signal(signal.SIGKILL)
        started.wait(10)
    assert Run(1, "", project.root / "reports").json("run.json")["state"] == "running"
    code, said, first = built(project)
    assert code == 1, said
    assert "Interrupted: 1 proven, 6 unproven of 7 criteria" in first
    assert "No scenario claims it" not in first, "what was not reached is known, too"
    assert first.count("unproven: the run ended before it") == 6
    assert "PROBLEM" not in said
    assert "has no result" not in first


def test_several_runs_become_one_report(project: Project) -> None:
    first_half = [f"features/ac{n}_plain.feature" for n in range(1, 4)]
    second_half = [f"features/ac{n}_plain.feature" for n in range(4, 8)]
    for name, features in (("one", first_half), ("two", second_half)):
        run = project.behave("--tags=@unit", "-D", f"reports={name}", *features)
        assert run.code == 0, run.output
    assert not (project.root / "reports/allure-results").exists()
    both = ["--results", "one/allure-results", "--results", "two/allure-results"]
    code, said, first = built(project, *both)
    assert code == 0, said
    assert statuses(first) == ["proven"] * 7
    merged = json.loads((project.root / "reports/summary.json").read_text())
    assert merged["counts"] == {"proven": 7, "failed": 0, "unproven": 0, "not selected": 0}
    assert len(json.loads((project.root / "reports/traceability.json").read_text())["criteria"]) == 7

    shutil.copytree(project.root / "one/allure-results", project.root / "three/allure-results")
    code, said, first = built(project, "--results", "one/allure-results", "three/allure-results")
    assert code == 1, said
    assert "three/run.json is missing" in said
    assert "features/ac4_plain.feature:4 «The plain case holds» ran in none of the merged runs" in said
    assert statuses(first) == ["proven"] * 3 + ["unproven"] * 4

    shutil.copytree(project.root / "one", project.root / "twin")
    code, said, first = built(project, *both, "twin/allure-results")
    assert code == 1
    assert "«The plain case holds» ran in 2 of the merged runs" in said
    assert "Red:" in first


def test_a_page_that_shows_a_key_is_not_handed_out(project: Project) -> None:
    run = project.behave()
    broken = next((run.reports / "allure-results").glob("*-result.json"))
    broken.write_text(broken.read_text().replace("it holds", "it holds sk-canary-0123456789abcdef"))
    code, said, first = built(project)
    assert (code, first) == (2, "")
    assert "the page shows a key; it is not handed out" in said
