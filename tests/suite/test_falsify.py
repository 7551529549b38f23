"""The falsification matrix: what counts as a kill, and what makes it red."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.criteria import CRITERIA
from support.falsify import KILL, ROOT, SURVIVE, Cell, Row, as_json, problems_of, table
from support.mutants import MUTANTS

OTHER_REASON = "kill for another reason"


def row(plane: str = "wire", **cells: tuple[str, str]) -> Row:
    made = Row("a-mutant", plane, "does something wrong")
    made.cells = {each: Cell(*cells.get(each, (SURVIVE, SURVIVE))) for each in CRITERIA}
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


def test_a_benign_mutant_may_survive_everywhere() -> None:
    assert problems_of([row("benign")], whole=False) == []


def test_of_the_whole_matrix_each_criterion_kills_three_and_survives_a_benign_one() -> None:
    problems = problems_of([row(AC1=(KILL, KILL)), row("benign", AC1=(KILL, KILL))], whole=True)
    assert "AC1 kills 2 mutants; at least 3 are due" in problems
    assert "AC1 survives no benign mutant" in problems
    assert "AC2 survives no benign mutant" not in problems


def test_the_matrix_for_machines_names_survivors_and_surprises() -> None:
    written = as_json([row(AC1=(KILL, SURVIVE))], [])
    assert written["survivors"] == ["a-mutant"]
    assert [each["criterion"] for each in written["unpredicted"]] == ["AC1"]
    assert written["mutants"][0]["predicted"]["AC1"] == KILL


def test_a_surprise_is_marked_in_the_table() -> None:
    assert list(table([row(AC1=(KILL, KILL), AC2=(KILL, SURVIVE))]))[1].split() == [
        "a-mutant",
        "x",
        "!",
        *".....",
    ]


def test_every_mutant_has_its_own_id_and_title_and_predicts_known_criteria() -> None:
    assert len({mutant.id for mutant in MUTANTS}) == len({mutant.title for mutant in MUTANTS}) == len(MUTANTS)
    assert all(set(mutant.kills) <= set(CRITERIA) for mutant in MUTANTS)
    assert all(bool(mutant.kills) is (mutant.plane != "benign") for mutant in MUTANTS)


def falsify(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "support.falsify", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_mutant_is_run_against_the_features_and_killed_for_the_predicted_reason(tmp_path: Path) -> None:
    run = falsify("undocumented", "--out", str(tmp_path))
    assert run.returncode == 0, run.stdout + run.stderr
    (written,) = json.loads((tmp_path / "falsification.json").read_text())["mutants"]
    assert written["observed"] == {**dict.fromkeys(CRITERIA, SURVIVE), "AC7": KILL}
    assert written["reason"]["AC7"]["step"] == "it names"


def test_an_unknown_mutant_is_refused_with_the_known_ones() -> None:
    run = falsify("no-such-mutant")
    assert run.returncode == 2
    assert "beta-header" in run.stderr
