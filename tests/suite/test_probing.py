"""Which steps and assertions some mutant needs: what is found, and what counts as decoration."""

from pathlib import Path

import pytest

from support.probing import Assertion, Failure, Probe, Verdict, assertions, problems_of, witnesses

MODULE = """
from behave import given, then


@given("a thing")
def a_thing(context):
    context.thing = 1


@then("it holds")
def it_holds(context):
    for each in (1, 2):
        assert_that(
            each, equal_to(1), "it is one"
        )
    assert context.thing == 1, "it is there"


@then("others say so")
def others_say_so(context):
    context.world.require_it()
"""


@pytest.fixture
def found(tmp_path: Path) -> list[Assertion]:
    path = tmp_path / "ac1_things.py"
    path.write_text(MODULE)
    return list(assertions(path))


def test_assertions_and_verdicts_left_to_others_are_found(found: list[Assertion]) -> None:
    assert sorted((each.function, each.first, each.last) for each in found) == [
        ("it_holds", 13, 15),
        ("it_holds", 16, 16),
        ("others_say_so", 21, 21),
    ]


def test_a_failure_belongs_to_the_assertion_it_came_through(found: list[Assertion]) -> None:
    (delegated,) = (each for each in found if each.function == "others_say_so")
    assert delegated.holds([("shared_steps", 3), ("ac1_things", 21)])
    assert not delegated.holds([("ac1_things", 20)])


def failure(*lines: int, reason: str = "heard 0 bytes") -> Failure:
    return Failure(3, True, tuple(("ac1_things", line) for line in lines), reason)


def test_a_cell_that_nothing_else_kills_is_the_witness(found: list[Assertion]) -> None:
    (delegated,) = (each for each in found if each.function == "others_say_so")
    mutant, criterion = "odd-byte-lost", "AC3"
    alone = {(mutant, criterion): Probe({"a": [failure(21, reason="99 bytes where 100 were said")]})}
    assert witnesses(delegated, alone) == [(mutant, criterion)]
    both = {(mutant, criterion): Probe({"a": [failure(16, reason="99 bytes where 100 were said")]})}
    assert witnesses(delegated, both) == []


def test_what_is_needed_by_nothing_must_be_justified_and_what_is_justified_must_be_so(
    found: list[Assertion],
) -> None:
    idle = Verdict("It works", "it holds")
    assert problems_of([idle], [], {}) == ["no mutant needs «It works»: it holds"]
    justified = {"step": [{"scenario": "It works", "step": "it holds", "why": "…"}]}
    assert problems_of([idle], [], justified) == []
    assert problems_of([], [], justified) == ["«It works»: it holds is justified as decoration, and is none"]
    named = {"assertion": [{"module": "ac1_things", "function": "others_say_so", "number": 1, "why": "…"}]}
    assert problems_of([], found[-1:], named) == []
    (problem,) = problems_of([], found[-1:], {})
    assert problem.startswith("no cell of the matrix needs steps/ac1_things.py:21 others_say_so")
    (gone,) = problems_of([], [], named)
    assert gone == "ac1_things/others_say_so/1 is justified as decoration, and is none"
