"""The report: what is taken out of the page, what is said when it cannot be built, and one that is built."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support import report
from support.report import GENERATOR, ReportError, main, private
from tests.support.project import Project

ANALYTICS = """<html><head></head><body><script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
    <script>
        gtag('config', 'G-1', {"report": "awesome"});
    </script>
    <script>window.kept = 1</script></body></html>"""


def test_the_analytics_are_taken_out_and_the_rest_stays() -> None:
    page = private(ANALYTICS)
    assert "gtag" not in page
    assert "window.kept" in page


@pytest.mark.parametrize(
    "intruder",
    [
        '<script src="https://elsewhere.example/x.js"></script>',
        '<link rel="stylesheet" href="//elsewhere.example/x.css">',
        "<script>load('https://www.googletagmanager.com/other')</script>",
    ],
)
def test_a_page_that_would_call_somebody_is_not_handed_out(intruder: str) -> None:
    with pytest.raises(ReportError, match="is not handed out"):
        private(ANALYTICS + intruder)


def test_no_results_is_one_sentence_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--results", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == f"No report: {tmp_path} holds no results; run behave first\n"


def test_a_missing_node_is_one_sentence_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "1-result.json").write_text("{}")
    monkeypatch.setattr(report.importlib.util, "find_spec", lambda _name: None)
    assert main(["--results", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "run: pip install -r requirements-dev.txt" in capsys.readouterr().err


def test_the_generator_is_pinned_and_its_lock_names_no_address() -> None:
    lock = json.loads((GENERATOR / "package-lock.json").read_text())
    assert lock["packages"]["node_modules/allure"]["version"] == "3.18.0"
    assert "3.18.0" in (GENERATOR / "package.json").read_text()
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_a_report_is_one_private_file_that_shows_the_criteria(project: Project) -> None:
    run = project.behave()
    assert run.code == 0, run.output
    done = subprocess.run(
        [sys.executable, "-m", "support.report"],
        cwd=project.root,
        env=project.variables,
        capture_output=True,
        text=True,
        timeout=report.INSTALL_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("proven") == 14
    assert "reports/allure-report/index.html" in done.stdout
    (page,) = (run.reports / "allure-report").iterdir()
    assert "googletagmanager" not in page.read_text(encoding="utf-8")
    assert len((run.reports / "history.jsonl").read_text().splitlines()) == 1
