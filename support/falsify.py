"""The falsification matrix: every mutant against every criterion, each cell predicted.

A mutant states which criteria must turn red, and for which reason; all others must not notice. Here each is
run, in a process of its own that has everything loaded already, against the ``@unit`` scenarios::

    python -m support.falsify                   # all of it
    python -m support.falsify beta-header …     # these mutants only

A kill counts only with the reason that was predicted. Exit 0: every cell is as predicted, every mutant that
is not benign is killed, every criterion kills at least three and survives a benign one; 1: not so; 2: usage.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from behave.configuration import Configuration
from behave.model import Scenario
from behave.runner import Context, Runner

from support import scenarios
from support.criteria import CRITERIA
from support.mutants import MUTANTS, Mutant
from support.settings import Settings
from support.world import World, environment

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 1.5  # how long a wait may last in here: a mutant must be caught by a verdict, not by patience
MUTANT_TIMEOUT_S = 120.0
LEAST_KILLS = 3
KILL, SURVIVE = "kill", "survive"


@dataclass
class Cell:
    """What one criterion did to one mutant.

    Attributes:
        predicted: ``kill`` or ``survive``.
        observed: ``kill``, ``survive``, or ``kill for another reason``.
        scenario: The scenario that turned red.
        step: Its step that failed.
        reason: What the step said.
        before: The first frame that was changed, as it was; empty when no frame was.
        after: What stood in for it.
    """

    predicted: str
    observed: str = SURVIVE
    scenario: str = ""
    step: str = ""
    reason: str = ""
    before: str = ""
    after: str = ""

    @property
    def as_predicted(self) -> bool:
        """Whether nothing surprised."""
        return self.predicted == self.observed


@dataclass
class Row:
    """One mutant and what each criterion did to it."""

    id: str
    plane: str
    title: str
    cells: dict[str, Cell] = field(default_factory=dict)
    executed: int = 0
    seconds: float = 0.0


class MutantRunner(Runner):  # type: ignore[misc]
    """Runs behave with its own hooks: Worlds with the mutant; a criterion that has killed is done."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(
            Configuration(
                ["--tags=@unit", "-f", "null", "--no-summary", "--no-color", str(ROOT / "features")],
                load_config=False,
            )
        )
        self.mutant = mutant
        self.row = Row(mutant.id, mutant.plane, mutant.title)
        self.row.cells = {each: Cell(KILL if each in mutant.kills else SURVIVE) for each in CRITERIA}

    def load_hooks(self, filename: str | None = None) -> None:  # noqa: ARG002 - behave's signature
        """Take the hooks below in place of ``environment.py``'s: nothing is reported."""
        self.hooks.update(
            before_all=self.before_all,
            before_scenario=self.before_scenario,
            after_step=self.after_step,
        )

    def before_all(self, context: Context) -> None:
        """Read the settings."""
        context.settings = Settings.read({}, {})

    def before_scenario(self, context: Context, scenario: Scenario) -> None:
        """Open a World with the mutant in it, unless the criterion has killed the mutant already."""
        criterion = next(
            tag for tag in scenarios.tags_of(scenario) if tag in CRITERIA or tag.startswith("CAP-")
        )
        cell = self.row.cells.get(criterion)
        if cell is None or cell.observed == KILL:
            scenario.skip("the criterion has killed the mutant already")
            return
        self.row.executed += 1
        owned = ExitStack()
        context.add_cleanup(owned.close)
        owned.enter_context(environment())
        context.cell = cell
        context.world = owned.enter_context(World(context.settings, self.mutant.tampering).opened())
        context.world.timeout_s = PATIENCE_S
        self.criterion = criterion

    def after_step(self, context: Context, step: Any) -> None:
        """Write a failed step into the cell, if it is the first or the first with the predicted reason."""
        if not step.status.has_failed() or context.cell.observed == KILL:
            return
        cell: Cell = context.cell
        reason = scenarios.explain(step.exception) if step.exception else str(step.error_message)
        right = self.mutant.kills.get(self.criterion, "\0") in reason
        if right or cell.observed == SURVIVE:
            cell.observed = KILL if right else "kill for another reason"
            cell.scenario, cell.step, cell.reason = context.scenario.name, step.name, reason
            cell.before, cell.after = context.world.first_change()


def run_mutant(mutant_id: str) -> Row:
    """Run one mutant against the ``@unit`` scenarios of every criterion."""
    mutant = next(each for each in MUTANTS if each.id == mutant_id)
    began = time.monotonic()
    os.chdir(ROOT)
    with redirect_stdout(io.StringIO()) as printed:
        runner = MutantRunner(mutant)
        runner.run()
    runner.row.seconds = round(time.monotonic() - began, 2)
    if not runner.row.executed:
        raise RuntimeError(f"{mutant_id}: no scenario was executed\n{printed.getvalue()}")
    return runner.row


def problems_of(rows: Sequence[Row], whole: bool) -> list[str]:
    """Return what is not as it must be, each a sentence.

    Args:
        rows: The matrix.
        whole: Whether every mutant was run, so that what must hold of all of them can be asked.
    """
    problems = [
        f"{row.id} x {criterion}: predicted {cell.predicted}, observed {cell.observed}"
        + (f": «{cell.scenario}» at «{cell.step}»: {cell.reason}" if cell.reason else "")
        for row in rows
        for criterion, cell in row.cells.items()
        if not cell.as_predicted
    ]
    survivors = [row.id for row in rows if row.plane != "benign" and not _killers(row)]
    problems += [f"{each} survives everywhere: nothing catches it" for each in survivors]
    if whole:
        for criterion in CRITERIA:
            kills = sum(criterion in _killers(row) for row in rows)
            if kills < LEAST_KILLS:
                problems.append(f"{criterion} kills {kills} mutants; at least {LEAST_KILLS} are due")
            if not any(row.plane == "benign" and criterion not in _killers(row) for row in rows):
                problems.append(f"{criterion} survives no benign mutant")
    return problems


def _killers(row: Row) -> set[str]:
    return {criterion for criterion, cell in row.cells.items() if cell.observed == KILL}


def as_json(rows: Sequence[Row], problems: Sequence[str]) -> dict[str, Any]:
    """Return the matrix for machines."""
    return {
        "mutants": [
            {
                "id": row.id,
                "plane": row.plane,
                "title": row.title,
                "predicted": {criterion: cell.predicted for criterion, cell in row.cells.items()},
                "observed": {criterion: cell.observed for criterion, cell in row.cells.items()},
                "reason": {criterion: asdict(cell) for criterion, cell in row.cells.items() if cell.reason},
                "seconds": row.seconds,
            }
            for row in rows
        ],
        "survivors": [row.id for row in rows if row.plane != "benign" and not _killers(row)],
        "unpredicted": [
            {"mutant": row.id, "criterion": criterion, "observed": cell.observed, "reason": cell.reason}
            for row in rows
            for criterion, cell in row.cells.items()
            if not cell.as_predicted
        ],
        "problems": list(problems),
    }


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the matrix as lines: x a kill, . a survival, ! a surprise."""
    width = max(len(row.id) for row in rows)
    yield " " * width + "  " + " ".join(CRITERIA)
    for row in rows:
        marks = [
            "x" if cell.observed == KILL else "." if cell.observed == SURVIVE else "!"
            for cell in row.cells.values()
        ]
        shown = [
            mark if cell.as_predicted else "!" for mark, cell in zip(marks, row.cells.values(), strict=True)
        ]
        yield f"{row.id:<{width}}  " + " ".join(f"{mark:^3}" for mark in shown)


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m support.falsify", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mutants", nargs="*", help="ids of mutants; all when none is given")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes side by side")
    parser.add_argument("--out", type=Path, default=ROOT / "reports", help="folder of falsification.json")
    asked = parser.parse_args(argv)
    known = [mutant.id for mutant in MUTANTS]
    if unknown := [each for each in asked.mutants if each not in known]:
        parser.error(f"no mutant is called {', '.join(unknown)}; known: {', '.join(known)}")
    chosen = asked.mutants or known
    began = time.monotonic()
    rows: dict[str, Row] = {}
    # One process a mutant, forked off this one, which has everything loaded and no step defined yet.
    with multiprocessing.get_context("fork").Pool(asked.jobs, maxtasksperchild=1) as pool:
        done = pool.imap_unordered(run_mutant, chosen)
        for number in range(1, len(chosen) + 1):
            row = done.next(MUTANT_TIMEOUT_S)
            rows[row.id] = row
            sys.stderr.write(f"\r{number}/{len(chosen)} mutants, {row.id} in {row.seconds} s\033[K")
            sys.stderr.flush()
    sys.stderr.write("\n")
    ordered = [rows[each] for each in chosen]
    problems = problems_of(ordered, whole=not asked.mutants)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "falsification.json").write_text(
        json.dumps(as_json(ordered, problems), indent=1, ensure_ascii=False)
    )
    sys.stdout.write("\n".join([*table(ordered), "", *(f"PROBLEM  {each}" for each in problems)]) + "\n")
    sys.stdout.write(
        f"{len(ordered)} mutants, {len(ordered) * len(CRITERIA)} cells, {len(problems)} problems, "
        f"{time.monotonic() - began:.1f} s\n"
    )
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
