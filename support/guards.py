"""The guards of AC1 to AC3, run again against a client that has gone back to the beta.

A guard is a scenario tagged ``@guard``. It is run with its own steps and definitions, in a World of its own,
over a wire that is tampered with: what turns red is the very scenario that a pull request is judged by.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from behave.model import Feature, Scenario
from behave.parser import parse_file
from behave.runner import Context

from support.tamper import Tampering
from support.world import World, environment


@dataclass(frozen=True)
class Verdict:
    """How a guard ended.

    Attributes:
        red_at: The step that failed, or None when the guard is green.
        reason: What the step said.
    """

    red_at: str | None = None
    reason: str = ""

    def because(self, outcome: str) -> Verdict:
        """Return it with what the endpoint and the listener can say of it; adapters differ in their words."""
        return Verdict(self.red_at, f"{self.reason}; {outcome}")

    def __str__(self) -> str:
        return "green" if self.red_at is None else f"red at {self.red_at!r}: {self.reason}"


def guard_of(context: Context, criterion: str) -> Scenario:
    """Return the scenario that guards a criterion.

    Raises:
        AssertionError: the criterion has none, or more than one.
    """
    guards = [
        scenario
        for feature in _features(Path(context._runner.base_dir))
        for scenario in feature.walk_scenarios()
        if {"guard", criterion} <= set(scenario.effective_tags)
    ]
    assert len(guards) == 1, f"{criterion} has {len(guards)} scenarios tagged @guard; it needs exactly one"
    return guards[0]


@cache
def _features(root: Path) -> list[Feature]:
    """Read every feature of the project: a guard need not be among those that this run has selected."""
    return [parse_file(str(path)) for path in sorted((root / "features").glob("*.feature"))]


def run_guard(context: Context, guard: Scenario, tampering: Tampering) -> Verdict:
    """Run a guard in a World of its own and return how it ended; its evidence joins the scenario's."""
    outer: World = context.world
    inner = World(outer.settings, outer.tampering.then(tampering))
    inner.timeout_s = outer.timeout_s
    text, table = context.text, context.table
    outer.guards.append(inner)
    try:
        with environment(), inner.opened():
            context.world = inner
            verdict = _verdict(context, guard)
    finally:
        context.world, context.text, context.table = outer, text, table
        outer.resume()
    return verdict if verdict.red_at is None else verdict.because(inner.outcome())


def _verdict(context: Context, guard: Scenario) -> Verdict:
    for step in guard.all_steps:
        match = context._runner.step_registry.find_match(step)
        assert match is not None, f"the guard's step {step.name!r} is bound to no definition"
        context.text, context.table = step.text, step.table
        try:
            match.run(context)
        except Exception as error:
            return Verdict(step.name, f"{type(error).__name__}: {error}")
    return Verdict()
