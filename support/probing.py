"""Whether each step, and each assertion, of the criteria is there for something.

A verdict that no mutant can turn red is decoration. Here every mutant of the wire and of the server is played
in every scenario that it touches, and a scenario goes on after a verdict that failed, so that one run shows
all of them::

    python -m support.probing          # the steps, and each assertion of the step modules taken out in turn

A ``Then`` is needed when some mutant turns its scenario red at this step alone: without it, the mutant would
get through. An assertion is needed when, without it, the matrix is no longer as predicted; that is tried,
with the step module changed in memory. What is not needed has to be justified in ``probing.toml``. Exit 0:
nothing is decoration but what is justified, and what is justified is; 1: not so.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
import time
import tomllib
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeGuard
from unittest.mock import patch

from behave import runner_util, step_registry
from behave.model import Scenario, Step
from behave.runner import Context

from support import scenarios, trials
from support.criteria import CRITERIA
from support.falsify import MUTANTS, show
from support.forks import side_by_side
from support.matrix import Cell
from support.mutants import BENIGN, Mutant
from support.run_record import write_json
from support.settings import DEFAULT_ADAPTER, Settings
from support.trials import ROOT, Baseline, Seen, Suite, run_scenarios

STEPS = ROOT / "steps"
JUSTIFIED = Path(__file__).with_name("probing.toml")
TIMEOUT_S = 300.0
Place = tuple[str, int]  # a step module's name and a line in it


@dataclass(frozen=True)
class Failure:
    """A step that failed.

    Attributes:
        index: Its place in the scenario.
        verdict: Whether it is a ``Then``.
        places: Where in the step modules it failed, the innermost last.
        reason: What it said.
    """

    index: int
    verdict: bool
    places: tuple[Place, ...]
    reason: str


@dataclass
class Probe:
    """All that one mutant turns red in a criterion: the failures by the scenario's identity, in order."""

    failures: dict[str, list[Failure]] = field(default_factory=dict)


def probe(suite: Suite, mutant: Mutant, touched: Iterable[str]) -> Probe:
    """Play a mutant in every scenario that it touches, and go on after each verdict that fails."""
    found = Probe()
    Scenario.continue_after_failed_step = True

    def failed(context: Context, step: Step) -> None:
        steps = list(context.scenario.all_steps)
        seen = found.failures.setdefault(scenarios.identity(context.scenario), [])
        verdict = step.step_type == "then"
        seen.append(Failure(steps.index(step), verdict, _places(step.exception), trials.reason_of(step)))
        context.scenario.continue_after_failed_step = verdict

    with mutant.applied():
        run_scenarios(suite, list(touched), lambda _: Seen(mutant.tampering, failed=failed))
    return found


def _places(error: BaseException | None) -> tuple[Place, ...]:
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    inside = [each for each in frames if Path(each.filename).resolve().parent == STEPS]
    return tuple((Path(each.filename).stem, each.lineno or 0) for each in inside)


# ---------------------------------------------------------------------- the steps


@dataclass(frozen=True)
class Verdict:
    """A ``Then`` as it is written; of an outline, the same in all its rows."""

    scenario: str
    step: str

    def __str__(self) -> str:
        return f"«{self.scenario}»: {self.step}"


def verdicts(suite: Suite) -> Iterator[tuple[str, int, Verdict]]:
    """Yield each ``Then``: the scenario's identity, its place there, and how it is written."""
    for criterion in CRITERIA:
        for scenario in suite.of(criterion):
            written = scenario.parent if scenario._row else scenario
            for index, step in enumerate(scenario.all_steps):
                if step.step_type == "then":
                    yield (
                        scenarios.identity(scenario),
                        index,
                        Verdict(written.name, _as_written(written, step)),
                    )


def _as_written(written: Any, step: Step) -> str:
    names = [each.name for each in written.all_steps if each.line == step.line]
    return str(names[0] if names else step.name)


def idle_verdicts(suite: Suite, probes: Iterable[Probe]) -> list[Verdict]:
    """Return each ``Then`` without which no mutant would get through."""
    needed = {
        (identity, failures[0].index)
        for probe in probes
        for identity, failures in probe.failures.items()
        if len(failures) == 1 and failures[0].verdict
    }
    found: dict[Verdict, bool] = {}
    for identity, index, verdict in verdicts(suite):
        found[verdict] = found.get(verdict, False) or (identity, index) in needed
    return [verdict for verdict, is_needed in found.items() if not is_needed]


# ------------------------------------------------------------------ the assertions


@dataclass(frozen=True)
class Assertion:
    """An assertion in a step module, or a ``Then`` that leaves its verdict to somebody else.

    Attributes:
        module: The step module.
        function: The function it stands in.
        first: Its first line.
        last: Its last line.
        number: Which of the function's assertions it is, from 1.
    """

    module: str
    function: str
    first: int
    last: int
    number: int

    def __str__(self) -> str:
        return f"steps/{self.module}.py:{self.first} {self.function}, assertion {self.number}"

    def holds(self, places: Iterable[Place]) -> bool:
        """Whether a failure comes from it."""
        return any(module == self.module and self.first <= line <= self.last for module, line in places)


def assertions(path: Path) -> Iterator[Assertion]:
    """Yield the assertions of a step module."""
    for function in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            own: list[ast.stmt] = [node for node in ast.walk(function) if _asserts(node)]
            if not own and any(_name(each) == "then" for each in function.decorator_list):
                own = [each for each in function.body if isinstance(each, ast.Expr)]
            for number, node in enumerate(own, 1):
                yield Assertion(path.stem, function.name, node.lineno, node.end_lineno or node.lineno, number)


def _asserts(node: ast.AST) -> TypeGuard[ast.stmt]:
    return isinstance(node, ast.Assert) or (isinstance(node, ast.Expr) and _name(node.value) == "assert_that")


def _name(node: ast.AST) -> str:
    called = node.func if isinstance(node, ast.Call) else node
    return called.id if isinstance(called, ast.Name) else ""


class _Without(ast.NodeTransformer):
    """Takes one assertion out."""

    def __init__(self, assertion: Assertion) -> None:
        self.assertion = assertion

    def visit(self, node: ast.AST) -> Any:
        """Put ``pass`` in the place of the assertion."""
        if isinstance(node, ast.stmt) and (node.lineno, node.end_lineno) == (
            self.assertion.first,
            self.assertion.last,
        ):
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)


def load_without(suite: Suite, assertion: Assertion) -> None:
    """Load the step modules again, without one assertion."""
    run = runner_util.exec_file

    def run_changed(filename: str, globals_: dict[str, Any], locals_: dict[str, Any] | None = None) -> None:
        if Path(filename).stem != assertion.module:
            run(filename, globals_, locals_)
            return
        tree = ast.parse(Path(filename).read_text(encoding="utf-8"), filename)
        changed = ast.fix_missing_locations(_Without(assertion).visit(tree))
        exec(compile(changed, filename, "exec"), globals_, globals_)  # noqa: S102 - our own step module

    step_registry.registry.clear()
    sys.modules.pop("support.phrases", None)  # its words are known to behave only from when it is imported
    with patch.object(runner_util, "exec_file", run_changed):
        suite.load_step_definitions()


def without(suite: Suite, assertion: Assertion, mutant: Mutant, criterion: str, touched: list[str]) -> Cell:
    """Return the cell of the matrix when an assertion is taken out."""
    load_without(suite, assertion)
    return trials.by_criterion(suite, mutant, criterion, touched)


def witnesses(assertion: Assertion, probes: Mapping[Trial, Probe]) -> list[Trial]:
    """Return the cells to try: those that nothing else kills as predicted, else those that it kills, too."""
    killing = {
        (mutant, criterion): {
            assertion.holds(failure.places)
            for failures in probe.failures.values()
            for failure in failures
            if MUTANTS[mutant].kills.get(criterion, "\0") in failure.reason
        }
        for (mutant, criterion), probe in probes.items()
    }
    alone = [trial for trial, by in killing.items() if by == {True}]
    return alone[:1] or [trial for trial, by in killing.items() if True in by][:3]


# -------------------------------------------------------------------- the command


Trial = tuple[str, str]  # a mutant and a criterion


def probed(suite: Suite, jobs: int) -> tuple[dict[Trial, Probe], dict[str, Baseline]]:
    """Play every mutant in all that it touches; return what it turned red, and what it touches."""
    chosen = [mutant for mutant in MUTANTS.values() if set(mutant.judges) & set(CRITERIA)]
    waiting: list[tuple[Trial, Callable[[], Any]]] = [
        (("unharmed", each), partial(trials.baseline, suite, each, chosen)) for each in CRITERIA
    ]
    probes: dict[Trial, Probe] = {}
    known: dict[str, Baseline] = {}
    for done, ((name, criterion), result) in enumerate(side_by_side(waiting, jobs, TIMEOUT_S), 1):
        show(done, done + len(waiting), f"{name} in {criterion}")
        if isinstance(result, Baseline):
            known[criterion] = result
            waiting += [
                ((each.id, criterion), partial(probe, suite, each, result.touched[each.id]))
                for each in chosen
                if result.touched.get(each.id) and each.plane != BENIGN
            ]
        else:
            probes[name, criterion] = result
    sys.stderr.write("\n")
    return probes, known


def idle_assertions(
    suite: Suite, probes: Mapping[Trial, Probe], known: Mapping[str, Baseline], jobs: int
) -> list[Assertion]:
    """Return the assertions without which the matrix stays as predicted; each is tried."""
    modules = [path for path in sorted(STEPS.glob("*.py")) if path.stem.startswith(("ac", "shared"))]
    found = {each: witnesses(each, probes) for path in modules for each in assertions(path)}
    waiting: list[tuple[Assertion, Callable[[], Cell]]] = [
        (each, partial(without, suite, each, MUTANTS[mutant], criterion, known[criterion].touched[mutant]))
        for each, cells in found.items()
        for mutant, criterion in cells
    ]
    needed = set()
    for done, (assertion, cell) in enumerate(side_by_side(waiting, jobs, TIMEOUT_S), 1):
        show(done, done + len(waiting), f"without {assertion}")
        if not cell.as_predicted:
            needed.add(assertion)
    sys.stderr.write("\n")
    return [each for each in found if each not in needed]


def problems_of(
    idle: Sequence[Verdict], unused: Sequence[Assertion], justified: Mapping[str, Any]
) -> list[str]:
    """Return what is decoration and not justified, and what is justified and is none; each a sentence."""
    steps = {Verdict(each["scenario"], each["step"]) for each in justified.get("step", ())}
    places = {(each["module"], each["function"], each["number"]) for each in justified.get("assertion", ())}
    found = {(each.module, each.function, each.number) for each in unused}
    return [
        *(f"no mutant needs {each}" for each in idle if each not in steps),
        *(f"{each} is justified as decoration, and is none" for each in steps if each not in idle),
        *(
            f"no cell of the matrix needs {each}"
            for each in unused
            if (each.module, each.function, each.number) not in places
        ),
        *(f"{'/'.join(map(str, each))} is justified as decoration, and is none" for each in places - found),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m support.probing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    jobs = 2 * (os.cpu_count() or 1)
    parser.add_argument("--jobs", type=int, default=jobs, help=f"processes side by side; default: {jobs}")
    parser.add_argument("--out", type=Path, default=ROOT / "reports", help="folder of the result")
    asked = parser.parse_args(argv)
    suite = Suite(Settings.read({"adapter": DEFAULT_ADAPTER}, {}))
    began = time.monotonic()
    probes, known = probed(suite, asked.jobs)
    idle = idle_verdicts(suite, probes.values())
    unused = idle_assertions(suite, probes, known, asked.jobs)
    problems = problems_of(idle, unused, tomllib.loads(JUSTIFIED.read_text(encoding="utf-8")))
    written = {
        "verdicts": len({verdict for *_, verdict in verdicts(suite)}),
        "idle verdicts": [str(each) for each in idle],
        "idle assertions": [str(each) for each in unused],
        "problems": problems,
    }
    write_json(asked.out / "probing.json", written)
    sys.stdout.write("\n".join([*(f"PROBLEM  {each}" for each in problems), ""]))
    took_s = time.monotonic() - began
    sys.stdout.write(f"{written['verdicts']} verdicts, {len(problems)} problems, {took_s:.1f} s\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
