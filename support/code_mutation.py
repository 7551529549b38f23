"""Operator mutation of the adapter's code, for the nightly.

cosmic-ray changes one operator, number or condition at a time, in copies of the project; pytest and then the
``@unit`` scenarios judge each change. A change that both let pass is a survivor, and has to stand in
``survivors.toml`` with its reason::

    python -m support.code_mutation                                     # all of the adapter: hours
    python -m support.code_mutation --sample 60 session.py audio.py     # so many, drawn from these modules

The bar in an annotation (``str | None``) is no operator that runs, and is left alone. Exit 0: no survivor but
what is explained; 1: not so.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome

from support.falsify import show
from support.forks import side_by_side
from support.run_record import timestamp, write_json

ROOT = Path(__file__).resolve().parent.parent
ADAPTER = "realtime_adapter"
EXPLAINED = Path(__file__).with_name("survivors.toml")
TIMEOUT_S = 300.0  # of one judge; a change that makes it wait for ever is caught
_LEFT_ALONE = "ReplaceBinaryOperator_BitOr_"
_NOT_COPIED = (".git", ".venv*", "__pycache__", "node_modules", "reports", ".mypy_cache", ".ruff_cache")


@dataclass(frozen=True)
class Outcome:
    """What became of one change.

    Attributes:
        module: The module.
        definition: The function or class it is in.
        line: The line, as the module stands now.
        removed: The line as it was, without its indentation.
        added: What stood in its place.
        caught_by: ``pytest``, ``behave``, or empty for a survivor.
    """

    module: str
    definition: str
    line: int
    removed: str
    added: str
    caught_by: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.definition}: «{self.removed}» → «{self.added}»"


def changes(modules: Iterable[str]) -> list[MutationSpec]:
    """Return every change there is of the adapter's modules, in a stable order."""
    with tempfile.TemporaryDirectory() as folder, use_db(f"{folder}/session", WorkDB.Mode.create) as session:
        init([Path(ADAPTER) / module for module in modules], session, {})
        found = [mutation for item in session.work_items for mutation in item.mutations]
    running = (each for each in found if _LEFT_ALONE not in each.operator_name)
    return sorted(
        running, key=lambda each: (str(each.module_path), each.start_pos, each.operator_name, each.occurrence)
    )


def judged(change: MutationSpec, copies: Path) -> Outcome:
    """Make a change in a copy of the project that nobody else uses, and let it be judged."""
    copy = Path(tempfile.mkdtemp(dir=copies))
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*_NOT_COPIED), dirs_exist_ok=True)
    os.chdir(copy)
    unit = f"{sys.executable} -m behave --tags=@unit -f null --no-summary -D reports={copy}/reports"
    judges = {"pytest": f"{sys.executable} -m pytest -x -q tests/adapter", "behave": unit}
    caught_by, diff = "", ""
    for judge, command in judges.items():
        result = mutate_and_test([change], command, TIMEOUT_S)
        diff = result.diff or diff
        if result.test_outcome != TestOutcome.SURVIVED:
            caught_by = judge
            break
    shutil.rmtree(copy)
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++", "@@"))]
    removed = next((line[1:].strip() for line in lines if line.startswith("-")), "")
    added = next((line[1:].strip() for line in lines if line.startswith("+")), "")
    definition = change.definition_name or "the module"
    return Outcome(change.module_path.name, definition, change.start_pos[0], removed, added, caught_by)


def unexplained(survivors: Iterable[Outcome], explained: Iterable[dict[str, str]]) -> list[Outcome]:
    """Return the survivors that ``survivors.toml`` does not explain; a line's number does not count."""
    known = {(each["module"], each["removed"], each["added"]) for each in explained}
    return [each for each in survivors if (each.module, each.removed, each.added) not in known]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m support.code_mutation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    everything = sorted(path.name for path in (ROOT / ADAPTER).glob("*.py"))
    parser.add_argument("modules", nargs="*", help="modules of the adapter; all when none is given")
    parser.add_argument("--sample", type=int, default=0, help="draw so many of the changes; 0 takes all")
    parser.add_argument("--seed", default="", help="what the draw depends on, the date for example")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="how many are judged side by side"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "reports", help="folder of the result")
    asked = parser.parse_args(argv)
    if unknown := [each for each in asked.modules if each not in everything]:
        parser.error(f"the adapter has no {', '.join(unknown)}; it has {', '.join(everything)}")
    os.chdir(ROOT)
    began = time.monotonic()
    there_are = changes(asked.modules or everything)
    count = min(asked.sample or len(there_are), len(there_are))
    drawn = random.Random(asked.seed).sample(there_are, count)  # noqa: S311 - a draw, not a secret
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as copies:
        waiting: list[tuple[int, Callable[[], Outcome]]] = [
            (number, partial(judged, change, Path(copies))) for number, change in enumerate(drawn)
        ]
        for done, (_, outcome) in enumerate(side_by_side(waiting, asked.jobs, 3 * TIMEOUT_S), 1):
            outcomes.append(outcome)
            show(done, len(drawn), f"{outcome.module} {outcome.caught_by or 'survived'}")
    sys.stderr.write("\n")
    survivors = [each for each in outcomes if not each.caught_by]
    reasons = tomllib.loads(EXPLAINED.read_text(encoding="utf-8")).get("survivor", [])
    left = unexplained(survivors, reasons)
    score = f"{len(outcomes) - len(survivors)} of {len(outcomes)}"
    result = {
        "finished": timestamp(),
        "modules": asked.modules or everything,
        "changes": len(there_are),
        "judged": len(outcomes),
        "caught": len(outcomes) - len(survivors),
        "survivors": [asdict(each) for each in survivors],
        "unexplained": [str(each) for each in left],
        "seconds": round(time.monotonic() - began, 1),
    }
    write_json(asked.out / "code-mutation.json", result)
    sys.stdout.write("".join(f"SURVIVED  {each}\n" for each in left))
    sys.stdout.write(
        f"{score} changes were caught, of {len(there_are)} that there are; {len(left)} survivors are not "
        f"explained, {result['seconds']} s\n"
    )
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
