"""The proof that it can fail: every mutant before its judges, each verdict predicted.

A mutant states who must turn red, and for which reason; everybody else must not notice. There are three
planes: what a wrong client does on the wire, which the criteria judge; a server that is lenient, which they
and its own tests judge; a report that lies, which the reconciliation judges. Benign mutants must survive::

    python -m support.falsify                   # all of it
    python -m support.falsify beta-header …     # these mutants only
    python -m support.falsify --adapter package.module:Class

A kill counts only with the reason that was predicted. Exit 0: every cell is as predicted, every mutant that
does harm is killed, every criterion kills at least three and survives a benign one; 1: not so; 2: usage.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from support import client_mutants, lenient, lying, mutants, trials
from support.criteria import CRITERIA
from support.forks import side_by_side
from support.matrix import Cell, Row, as_json, problems_of, table
from support.matrix_page import page
from support.mutants import Mutant
from support.provenance import provenance
from support.redaction import redact
from support.run_record import timestamp, write_json
from support.settings import DEFAULT_ADAPTER, Settings, SettingsError
from support.trials import Baseline, Suite

MUTANTS: Mapping[str, Mutant] = {
    mutant.id: mutant
    for mutant in (*mutants.MUTANTS, *client_mutants.MUTANTS, *lenient.MUTANTS, *lying.MUTANTS)
}
OTHER_JUDGES: Mapping[str, Callable[[Mutant], Cell]] = {
    lenient.SERVER: lenient.by_own_tests,
    lying.REPORT: lying.by_reconciliation,
}
TRIAL_TIMEOUT_S = 180.0


def show(done: int, total: int, last: str) -> None:
    """Say in one line how far it is."""
    sys.stderr.write(f"\r{done} of {total} trials, {last}\033[K")
    sys.stderr.flush()


def judged(suite: Suite, chosen: Sequence[Mutant], jobs: int) -> tuple[list[Row], list[str]]:
    """Put every mutant before each of its judges.

    A criterion first shows what the unharmed client does, and so which of its scenarios each mutant touches;
    its trials follow, the longest first.

    Returns:
        The rows in the order of ``chosen``, and what did not hold although nothing was changed.
    """
    rows = {mutant.id: Row.of(mutant) for mutant in chosen}
    needed = {judge for mutant in chosen for judge in mutant.judges} & set(CRITERIA)
    largest_first = sorted(needed, key=lambda criterion: -len(suite.of(criterion)))
    waiting: list[tuple[tuple[str, str], Callable[[], Any]]] = [
        *((("unharmed", each), partial(trials.baseline, suite, each, chosen)) for each in largest_first),
        *(
            ((mutant.id, judge), partial(OTHER_JUDGES[judge], mutant))
            for mutant in chosen
            for judge in mutant.judges
            if judge in OTHER_JUDGES
        ),
    ]
    failed: list[str] = []
    for done, ((name, judge), result) in enumerate(side_by_side(waiting, jobs, TRIAL_TIMEOUT_S), 1):
        show(done, done + len(waiting), f"{name} by {judge}")
        if isinstance(result, Baseline):
            failed += [f"without any mutant: {each}" for each in result.failed]
            due = sorted(
                (mutant for mutant in chosen if result.touched.get(mutant.id)),
                key=lambda mutant: -_expected_s(mutant, judge, result),
            )
            waiting += [
                ((each.id, judge), partial(trials.by_criterion, suite, each, judge, result.touched[each.id]))
                for each in due
            ]
        else:
            rows[name].cells[judge] = result
        if failed:
            break
    sys.stderr.write("\n")
    return [] if failed else list(rows.values()), failed


def _expected_s(mutant: Mutant, criterion: str, known: Baseline) -> float:
    seconds = [known.seconds[each] for each in known.touched[mutant.id]]
    return min(seconds) if criterion in mutant.kills else sum(seconds)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m support.falsify", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mutants", nargs="*", help="ids of mutants; all when none is given")
    parser.add_argument("--adapter", default=DEFAULT_ADAPTER, help=f"default: {DEFAULT_ADAPTER}")
    jobs = 5 * (os.cpu_count() or 1)  # most of the time a trial waits
    parser.add_argument("--jobs", type=int, default=jobs, help=f"processes side by side; default: {jobs}")
    parser.add_argument("--out", type=Path, default=trials.ROOT / "reports", help="folder of the matrix")
    asked = parser.parse_args(argv)
    if unknown := [each for each in asked.mutants if each not in MUTANTS]:
        parser.error(f"no mutant is called {', '.join(unknown)}; known: {', '.join(MUTANTS)}")
    try:
        suite = Suite(Settings.read({"adapter": asked.adapter}, {}))
    except SettingsError as error:
        parser.error(str(error))
    began = time.monotonic()
    chosen = [MUTANTS[each] for each in asked.mutants or MUTANTS]
    rows, failed = judged(suite, chosen, asked.jobs)
    problems = failed or problems_of(rows, whole=not asked.mutants)
    took_s = round(time.monotonic() - began, 1)
    facts: dict[str, Any] = {
        "finished": timestamp(),
        "seconds": took_s,
        "ran against": {"adapter": asked.adapter, **provenance()},
    }
    if (mutation := asked.out / "code-mutation.json").exists():
        facts["code"] = json.loads(mutation.read_text(encoding="utf-8"))
    written = json.loads(redact(json.dumps(as_json(rows, problems, facts), ensure_ascii=False)))
    write_json(asked.out / "falsification.json", written)
    (asked.out / "falsification.html").write_text(page(written), encoding="utf-8")
    sys.stdout.write("\n".join([*table(rows), "", *(f"PROBLEM  {each}" for each in problems), ""]))
    sys.stdout.write(f"{counted(rows)}, {len(problems)} problems, {took_s} s\n")
    return int(bool(problems))


def counted(rows: Sequence[Row]) -> str:
    """Say how many mutants there are of each plane, and how many cells."""
    planes = dict.fromkeys(row.plane for row in rows)
    by_plane = ", ".join(f"{sum(row.plane == plane for row in rows)} {plane}" for plane in planes)
    return f"{len(rows)} mutants ({by_plane}), {sum(len(row.cells) for row in rows)} cells"


if __name__ == "__main__":
    sys.exit(main())
