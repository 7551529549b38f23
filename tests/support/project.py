"""A small project of its own for each run of behave, so that a run can be made to fail in every way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.criteria import CRITERIA

REPOSITORY = Path(__file__).parents[2]

ENVIRONMENT = """
from support import run
run.begin_loading()

def before_all(context):
    run.begin(context, {"model": "gpt-test"})
"""

STEPS = """
from behave import given, then, when

@given("a thing")
def thing(context): pass

@when("something happens")
def happens(context): pass

@then("it holds")
def holds(context): pass
"""

BEHAVE_INI = """
[behave]
paths = features
default_format = plain
format = allure_behave.formatter:AllureFormatter
outfiles = reports/allure-results
show_skipped = false
"""


@dataclass(frozen=True)
class Run:
    """One run of behave: how it ended, what it said and what it left."""

    code: int
    output: str
    reports: Path

    def results(self) -> list[dict[str, Any]]:
        """Return what the result files say."""
        return [
            json.loads(path.read_text()) for path in (self.reports / "allure-results").glob("*-result.json")
        ]

    def result(self, name: str) -> dict[str, Any]:
        """Return the one result whose title begins with ``name``."""
        (found,) = [each for each in self.results() if each["name"].startswith(name)]
        return found

    def global_errors(self) -> str:
        """Return what the report says about the run as a whole."""
        files = (self.reports / "allure-results").glob("*-globals.json")
        return "\n".join(
            error["message"] for path in files for error in json.loads(path.read_text())["errors"]
        )

    def json(self, name: str) -> Any:
        """Return a JSON file of the reports."""
        return json.loads((self.reports / name).read_text())


@dataclass(frozen=True)
class Project:
    """A project with one passing scenario for each criterion."""

    root: Path

    def write(self, path: str, text: str) -> Path:
        """Write one file of the project."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def feature(self, stem: str, text: str, steps: str = "") -> None:
        """Write a feature and its step module."""
        self.write(f"features/{stem}.feature", text)
        self.write(f"steps/{stem}.py", steps)

    def command(self, *arguments: str) -> list[str]:
        """Return the command line that runs behave."""
        return [sys.executable, "-W", "error::SyntaxWarning", "-m", "behave", *arguments]

    @property
    def variables(self) -> dict[str, str]:
        """The environment behave is run in; no key of this machine gets in."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI")}
        return {**kept, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}

    def behave(self, *arguments: str) -> Run:
        """Run behave in the project."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr, self.root / "reports")


def make_project(root: Path) -> Project:
    """Return a project in ``root`` that is in order."""
    project = Project(root)
    project.write("behave.ini", BEHAVE_INI)
    project.write("environment.py", ENVIRONMENT)
    project.write("steps/shared_steps.py", STEPS)
    for criterion in CRITERIA.values():
        project.feature(
            f"{criterion.id.lower()}_plain",
            f"@{criterion.id}\nFeature: {criterion.title}\n"
            "  @unit\n  Scenario: The plain case holds\n"
            "    Given a thing\n    When something happens\n    Then it holds\n",
        )
    return project
