"""How long ``behave --tags=@unit`` takes beside the same number of scenarios that do nothing.

Both are whole processes with the same console and Allure formatters, run in turn in one go, so that the ratio
says what the suite's own work costs over behave's floor. Run it from the project's root::

    python benchmarks/suite_time.py --rounds 5
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TIMEOUT_S = 300
ROOT = Path(__file__).resolve().parent.parent
INI = """[behave]
paths = features
default_format = progress3
format = allure_behave.formatter:AllureFormatter
outfiles = results
show_skipped = false
"""
STEP = """from behave import given

@given("nothing")
def nothing(context):
    pass
"""


def timed(folder: Path, *arguments: str) -> tuple[float, str]:
    """Return the wall time in seconds of one behave process, and what it printed."""
    began = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-m", "behave", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if run.returncode:
        sys.exit(f"behave {' '.join(arguments)} failed in {folder}:\n{run.stdout}{run.stderr}")
    return time.perf_counter() - began, run.stdout


def empty_project(folder: Path, scenarios: int) -> None:
    """Write a project of ``scenarios`` scenarios with one step that does nothing."""
    (folder / "features").mkdir()
    (folder / "steps").mkdir()
    (folder / "behave.ini").write_text(INI)
    (folder / "environment.py").write_text("def before_all(context):\n    pass\n")
    (folder / "steps" / "nothing.py").write_text(STEP)
    lines = ["Feature: The floor"]
    for number in range(scenarios):
        lines += [f"  Scenario: number {number}", "    Given nothing"]
    (folder / "features" / "floor.feature").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Print both medians and their ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each is run (default: 5)")
    rounds = parser.parse_args().rounds
    _, printed = timed(ROOT, "--tags=@unit")
    counted = re.search(r"(\d+) scenarios? passed", printed)
    if counted is None:
        sys.exit(f"no count of scenarios in behave's output:\n{printed}")
    scenarios = int(counted[1])
    suite, floor = [], []
    with tempfile.TemporaryDirectory() as folder:
        empty_project(Path(folder), scenarios)
        for number in range(1, rounds + 1):
            suite.append(timed(ROOT, "--tags=@unit")[0])
            floor.append(timed(Path(folder))[0])
            print(f"round {number}/{rounds}: suite {suite[-1]:.2f} s, floor {floor[-1]:.2f} s", flush=True)
    ours, least = statistics.median(suite), statistics.median(floor)
    print(f"{scenarios} scenarios: suite {ours:.2f} s, empty ones {least:.2f} s, ratio {ours / least:.2f}")


if __name__ == "__main__":
    main()
