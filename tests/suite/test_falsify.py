"""The falsification matrix: what counts as a kill, and what makes it red."""

import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from support import lenient, lying
from support.criteria import CRITERIA
from support.falsify import MUTANTS
from support.forks import ForkError, side_by_side
from support.matrix import KILL, OTHER_REASON, SURVIVE, Cell, Row, as_json, problems_of, table
from support.mutants import BENIGN
from support.trials import ROOT


def row(plane: str = "wire", **cells: tuple[str, str]) -> Row:
    made = Row("a-mutant", plane, "does something wrong")
    made.cells = {each: Cell(*cells.get(each, (SURVIVE, SURVIVE)), ran=1) for each in CRITERIA}
    return made


def test_a_matrix_that_is_as_predicted_has_no_problem() -> None:
    assert problems_of([row(AC1=(KILL, KILL))], whole=False) == []


@pytest.mark.parametrize(
    ("predicted", "observed"),
    [(KILL, SURVIVE), (SURVIVE, KILL), (KILL, OTHER_REASON), (SURVIVE, OTHER_REASON)],
)
def test_a_cell_that_surprises_is_a_problem(predicted: str, observed: str) -> None:
    (first, *_) = problems_of([row(AC1=(predicted, observed), AC2=(KILL, KILL))], whole=False)
    assert first == f"a-mutant x AC1: predicted {predicted}, observed {observed}"


def test_a_mutant_that_nothing_catches_is_a_problem_even_if_that_was_predicted() -> None:
    assert problems_of([row()], whole=False) == ["a-mutant survives everywhere: nothing catches it"]


def test_a_benign_mutant_may_survive_everywhere_but_not_for_want_of_being_met() -> None:
    benign = row(BENIGN)
    assert problems_of([benign], whole=False) == []
    for cell in benign.cells.values():
        cell.ran = 0
    assert problems_of([benign], whole=False) == ["a-mutant touches nothing, so its survival says nothing"]


def test_of_the_whole_matrix_each_criterion_kills_three_and_survives_a_benign_one() -> None:
    benign = row(BENIGN, AC1=(KILL, KILL))
    benign.cells["AC3"].ran = 0
    problems = problems_of([row(AC1=(KILL, KILL)), benign], whole=True)
    assert "AC1 kills 2 mutants; at least 3 are due" in problems
    assert "AC1 survives no benign mutant" in problems
    assert "AC2 survives no benign mutant" not in problems
    assert "AC3 survives no benign mutant" in problems


def test_the_matrix_for_machines_names_survivors_and_surprises() -> None:
    written = as_json([row(AC1=(KILL, SURVIVE))], [], {"seconds": 1.0})
    assert written["survivors"] == ["a-mutant"]
    assert [each["criterion"] for each in written["unpredicted"]] == ["AC1"]
    assert written["mutants"][0]["predicted"]["AC1"] == KILL
    assert written["seconds"] == 1.0


def test_the_table_tells_a_kill_a_surprise_a_survival_and_what_was_not_met() -> None:
    shown = row(AC1=(KILL, KILL), AC2=(KILL, SURVIVE))
    shown.cells["AC7"].ran = 0
    assert list(table([shown]))[1].split() == ["a-mutant", "x", "!", *"....", "-"]


def test_every_mutant_has_its_own_title_and_predicts_only_its_judges() -> None:
    assert len({mutant.title for mutant in MUTANTS.values()}) == len(MUTANTS)
    assert all(set(mutant.kills) <= set(mutant.judges) for mutant in MUTANTS.values())
    assert all(bool(mutant.kills) is (mutant.plane != BENIGN) for mutant in MUTANTS.values())


def test_there_are_mutants_of_every_plane_and_benign_ones_for_every_judge() -> None:
    judged_benign = {judge for each in MUTANTS.values() if each.plane == BENIGN for judge in each.judges}
    assert judged_benign == {*CRITERIA, lenient.SERVER, lying.REPORT}
    assert {each.plane for each in MUTANTS.values()} == {"wire", "server", "report", BENIGN}


# ------------------------------------------------------------------- side by side


def test_what_is_added_between_two_results_is_run_as_well() -> None:
    waiting = [("first", partial(sum, [1]))]
    found = {}
    for name, result in side_by_side(waiting, 2, 10):
        found[name] = result
        if name == "first":
            waiting.append(("second", partial(sum, [1, 1])))
    assert found == {"first": 1, "second": 2}


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (partial(int, "x"), "invalid literal"),
        (partial(os._exit, 3), "ended without a word"),
        (partial(time.sleep, 30), r"had not ended after 0\.2 s"),
    ],
)
def test_a_task_that_fails_dies_or_hangs_is_named(task: partial[int], said: str) -> None:
    with pytest.raises(ForkError, match=f"(?s)the task.*{said}"):
        list(side_by_side([("the task", task)], 1, 0.2 if "0" in said else 10))


# --------------------------------------------------------------------- the command


def falsify(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "support.falsify", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_mutant_of_each_plane_is_killed_for_the_predicted_reason(tmp_path: Path) -> None:
    run = falsify("undocumented", "keyless-let-in", "result-dropped", "--out", str(tmp_path))
    assert run.returncode == 0, run.stdout + run.stderr
    written = {
        each["id"]: each for each in json.loads((tmp_path / "falsification.json").read_text())["mutants"]
    }
    assert written["undocumented"]["observed"] == {**dict.fromkeys(CRITERIA, SURVIVE), "AC7": KILL}
    assert written["undocumented"]["reason"]["AC7"]["step"] == "it names"
    assert written["keyless-let-in"]["observed"] == {**dict.fromkeys(CRITERIA, SURVIVE), "SERVER": KILL}
    assert written["result-dropped"]["observed"] == {"REPORT": KILL}


def test_an_unknown_mutant_is_refused_with_the_known_ones() -> None:
    run = falsify("no-such-mutant")
    assert run.returncode == 2
    assert "beta-header" in run.stderr
