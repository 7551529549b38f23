"""What a scenario's tags claim, and what is said when they claim nothing or too much."""

from __future__ import annotations

import pytest

from support.criteria import CRITERIA, claim, suggestion


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("level", ["unit", "integration", "e2e"])
def test_one_criterion_and_one_level_are_in_order(criterion: str, level: str) -> None:
    claimed = claim([criterion, f"{criterion}.1", level, "wip"])
    assert (claimed.criterion, claimed.level, claimed.faults) == (CRITERIA[criterion], level, ())


@pytest.mark.parametrize(
    ("tags", "fault"),
    [
        (["unit"], "it claims no criterion; tag its feature with one of @AC1, @AC2"),
        (["AC1", "AC2", "unit"], "it claims 2 criteria (@AC1, @AC2)"),
        (["AC1"], "it has no level; tag it with one of @unit, @integration, @e2e"),
        (["AC1", "unit", "e2e"], "it has 2 levels (@unit, @e2e)"),
        (["AC8", "unit"], "unknown criterion @AC8"),
        (["AC1", "ac2", "unit"], "unknown criterion @ac2"),
        (["AC1", "AC9.1", "unit"], "unknown criterion @AC9.1"),
        (["AC1", "AC2.1", "unit"], "@AC2.1 belongs to @AC2, which is missing"),
        (["CAP-nothing", "unit"], "unknown capability @CAP-nothing"),
    ],
)
def test_anything_else_is_a_fault_that_names_its_remedy(tags: list[str], fault: str) -> None:
    assert fault in "\n".join(claim(tags).faults)


def test_an_unknown_criterion_beside_a_known_one_claims_neither() -> None:
    assert claim(["AC1", "AC77", "unit"]).criterion is None


def test_a_mistyped_tag_gets_the_nearest_one() -> None:
    assert suggestion("unti", ["e2e", "unit", "AC1"]) == "did you mean @unit?"
    assert suggestion("zzzzzz", ["e2e", "unit", "AC1"]) == ""
