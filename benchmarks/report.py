"""What the report costs: the time from the end of a run to the page, its size, and the evidence's share.

Projects of 30 and of 300 scenarios, each with a spoken exchange as evidence, are run and reported in one go;
the same scenarios without evidence are the floor. Time is told twice: on the clock, and of the processor,
which a busy machine does not change. Run it from the project's root::

    python benchmarks/report.py --scenarios 30 300
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TIMEOUT_S = 600
ROOT = Path(__file__).resolve().parent.parent
INI = """[behave]
paths = features
default_format = progress3
format = allure_behave.formatter:AllureFormatter
outfiles = reports/allure-results
show_skipped = false
"""
ENVIRONMENT = """
from support import run
run.begin_loading()

from support.evidence import Evidence
from support.settings import Settings
from support.world import World

def before_all(context):
    run.begin(context)
    context.settings = Settings.read({})

def before_scenario(context, scenario):
    context.opened = World(context.settings).opened()
    context.world = context.opened.__enter__()
    context.evidence = Evidence(context.world)

def after_step(context, step):
    if EVIDENCE:
        context.evidence.attach(step)

def after_scenario(context, scenario):
    context.world.finish()
    if EVIDENCE:
        context.evidence.finish()
    context.opened.__exit__(None, None, None)
"""
STEPS = """
from behave import given, then, when

@given("an endpoint")
def endpoint(context):
    context.world.open_endpoint()

@when("the client asks")
async def asks(context):
    await context.world.connect()
    await context.world.ask()

@then("it hears the answer")
def hears(context):
    context.world.require_heard(0)
"""
SCENARIO = "    Given an endpoint\n    When the client asks\n    Then it hears the answer\n"


def project(folder: Path, scenarios: int, *, evidence: bool) -> None:
    """Write a project of ``scenarios`` scenarios, spread over the seven criteria."""
    (folder / "features").mkdir(parents=True)
    (folder / "steps").mkdir()
    (folder / "behave.ini").write_text(INI)
    (folder / "environment.py").write_text(f"EVIDENCE = {evidence}\n{ENVIRONMENT}")
    for criterion in range(1, 8):
        numbers = range(criterion, scenarios + 1, 7)
        body = "".join(f"\n  @unit\n  Scenario: number {number}\n{SCENARIO}" for number in numbers)
        (folder / "features" / f"ac{criterion}.feature").write_text(
            f"@AC{criterion}\nFeature: {criterion}\n{body}"
        )
        (folder / "steps" / f"ac{criterion}.py").write_text(STEPS if criterion == 1 else "")


def timed(folder: Path, *arguments: str) -> tuple[float, float]:
    """Return the seconds that one process in ``folder`` took: on the clock, and of the processor."""
    began, used = time.perf_counter(), of_the_processor()
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed in {folder}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - began, of_the_processor() - used


def of_the_processor() -> float:
    """Return the seconds of the processor that all finished child processes took so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print one line for each number of scenarios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--scenarios", type=int, nargs="+", default=[30, 300], help="how many, at least 7 (default: 30 300)"
    )
    for scenarios in parser.parse_args().scenarios:
        with tempfile.TemporaryDirectory() as scratch:
            bare, full = Path(scratch) / "bare", Path(scratch) / "full"
            project(bare, scenarios, evidence=False)
            project(full, scenarios, evidence=True)
            print(f"{scenarios} scenarios: running without and with evidence …", flush=True)
            floor, run = timed(bare, "behave"), timed(full, "behave")
            report = timed(full, "support.report")
            size = (full / "reports/allure-report/index.html").stat().st_size
        print(
            f"  report {report[0]:.1f} s after the run ({report[1]:.1f} s of processor), {size / 1e6:.1f} MB"
        )
        for name, with_s, without_s in zip(("clock", "processor"), run, floor, strict=True):
            each_ms = (with_s - without_s) / scenarios * 1000
            ratio = with_s / without_s
            print(
                f"  evidence, by the {name}: {each_ms:.0f} ms a scenario, the run {ratio:.2f} times",
                flush=True,
            )


if __name__ == "__main__":
    main()
