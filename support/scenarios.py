"""One scenario as the report speaks of it: its title, its identity and its verdict.

A title and an identity do not move when a row is added to a table of examples, and a verdict is derived from
behave's own status, hook and cleanup errors included. Written for behave 1.3.3, whose internals it reads.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import md5
from pathlib import Path
from traceback import format_exception
from typing import Any

from allure_behave.utils import TEST_PLAN_SKIP_REASON
from behave.configuration import Configuration
from behave.model import Rule, Scenario, ScenarioOutline, Step
from behave.model_type import Status

from support.redaction import redact

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
NOT_WRITTEN = "a step is not written yet"
NO_THEN = "it has no Then, so it proves nothing; say what must be seen"
_BYTES = re.compile(r"\bb'(?:[^'\\]|\\.){100,}'|\bb\"(?:[^\"\\]|\\.){100,}\"")
LONGEST = 2_000  # of a reason: a matcher may quote a minute of audio, which no reader reads
NEAR_MISS = "the endpoint refused: "  # begins the notes of an error that say what was refused meanwhile
INTERRUPTED_IN = "unproven: the run was interrupted in the middle of it"
NOT_REACHED = "unproven: the run ended before it"
NO_REASON = "skipped without a reason"


@dataclass(frozen=True)
class Verdict:
    """How a scenario ended.

    Attributes:
        status: ``passed``, ``failed`` or ``skipped``; skipped is never neutral, it leaves a promise unproven.
        reason: Why it did not pass; empty when it did.
        trace: The traceback behind ``reason``, if there is one.
        step: The step in which it failed, if it was in one.
    """

    status: str
    reason: str = ""
    trace: str = ""
    step: str = ""


def tags_of(scenario: Scenario) -> list[str]:
    """Return the scenario's tags with the inherited ones, outermost first, each once."""
    levels = [
        scenario.tags,
        *(parent.tags for parent in _parents(scenario) if not isinstance(parent, ScenarioOutline)),
    ]
    return list(dict.fromkeys(str(tag) for tags in reversed(levels) for tag in tags))


def rule_of(scenario: Scenario) -> str:
    """Return the name of the rule the scenario stands under, or an empty text."""
    return next((str(parent.name) for parent in _parents(scenario) if isinstance(parent, Rule)), "")


def row_of(scenario: Scenario) -> dict[str, str]:
    """Return the example values that made the scenario, by heading; empty for a plain scenario."""
    row = scenario._row
    return dict(zip(row.headings, row.cells, strict=True)) if row else {}


def title(scenario: Scenario) -> str:
    """Return the scenario's name; of an outline's, with the values that its name does not already show."""
    name, examples = _names(scenario)
    shown = scenario.parent.name if isinstance(scenario.parent, ScenarioOutline) else ""
    values = [
        f"{heading}: {value}" for heading, value in row_of(scenario).items() if f"<{heading}>" not in shown
    ]
    return " — ".join(part for part in (name, examples, ", ".join(values)) if part)


def full_name(scenario: Scenario) -> str:
    """Return what names the scenario among all, without the values of its row."""
    return " / ".join(part for part in (scenario.feature.name, rule_of(scenario), *_names(scenario)) if part)


def identity(scenario: Scenario) -> str:
    """Return the identity under which history is kept: names and row values, never a position."""
    values = [f"{heading}={value}" for heading, value in row_of(scenario).items()]
    return md5("\0".join([full_name(scenario), *values]).encode(), usedforsecurity=False).hexdigest()


def place(scenario: Scenario, root: Path) -> tuple[str, int]:
    """Return the scenario's feature file, relative to ``root`` where it lies inside, and its line."""
    return _within(root, scenario.filename), scenario.line


@lru_cache
def _within(root: Path, filename: str) -> str:
    path = Path(filename).resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def is_selected(scenario: Scenario, config: Configuration) -> bool:
    """Whether the command line selects the scenario: by tags, by name, by line and by test plan.

    behave marks what a line number leaves out as skipped, without a reason; asked before anything has run,
    a skip that has no reason therefore means "not selected".
    """
    left_out = scenario.should_skip and scenario.skip_reason in (None, TEST_PLAN_SKIP_REASON)
    return bool(
        not left_out
        and scenario.should_run_with_tags(config.tag_expression)
        and scenario.should_run_with_name_select(config)
    )


def judge(scenario: Scenario) -> Verdict:
    """Return the verdict on a scenario that behave has finished, or will not begin any more."""
    status = scenario.status
    steps = list(scenario.all_steps)
    waiting = next((step for step in steps if step.status.is_pending()), None)
    if waiting is not None:
        return Verdict(FAILED, f"{NOT_WRITTEN}: {waiting.keyword} {waiting.name}", step=_named(waiting))
    if any(isinstance(step.exception, KeyboardInterrupt) for step in steps):
        return Verdict(SKIPPED, INTERRUPTED_IN)
    if status == Status.passed:
        return Verdict(PASSED) if has_verdict(scenario) else Verdict(FAILED, NO_THEN)
    if status == Status.skipped:
        return Verdict(SKIPPED, redact(scenario.skip_reason or NO_REASON))
    return _not_run(scenario) if status.is_untested() else _failure(scenario)


def has_verdict(scenario: Scenario) -> bool:
    """Whether any of the scenario's steps says what must be seen."""
    return any(step.step_type == "then" for step in scenario.all_steps)


def explain(error: BaseException) -> str:
    """Return an exception in words, with its kind unless it is an assertion's, and the near misses."""
    sentence = shortened(_BYTES.sub(_counted, str(error).strip()))
    if not (isinstance(error, AssertionError) and sentence):
        sentence = f"{type(error).__name__}: {sentence}" if sentence else type(error).__name__
    misses = [note for note in getattr(error, "__notes__", ()) if note.startswith(NEAR_MISS)]
    return shortened("\n".join([sentence, *misses])) if misses else sentence


def _counted(literal: re.Match[str]) -> str:
    """Return how many bytes a literal holds: a matcher quotes audio as Python would, which says nothing."""
    return f"{len(literal_eval(literal[0])):,} bytes"


def shortened(text: str, limit: int = LONGEST) -> str:
    """Return ``text`` with its middle left out when it is longer than ``limit`` characters, and say so."""
    if len(text) <= limit:
        return text
    return f"{text[: limit * 3 // 4]} … ({len(text):,} characters) … {text[-limit // 4 :]}"


def _not_run(scenario: Scenario) -> Verdict:
    broken = next((parent.error_message for parent in _parents(scenario) if parent.error_message), None)
    if broken:
        return Verdict(FAILED, redact(f"not run: {broken}"))
    return Verdict(SKIPPED, NOT_REACHED)


def _failure(scenario: Scenario) -> Verdict:
    step = next((step for step in scenario.all_steps if step.status.has_failed()), None)
    reasons, error = [], scenario.exception
    if step is not None:
        error = step.exception or error
        if step.status.is_undefined():
            reasons.append(f"no step definition matches: {step.keyword} {step.name}")
        elif step.exception is not None:
            origin = f"HOOK-ERROR around «{step.keyword} {step.name}»: " if step.hook_failed else ""
            reasons.append(origin + explain(step.exception))
    if scenario.error_message:
        reasons.append(shortened(scenario.error_message))
    trace = shortened("".join(format_exception(error)), 4 * LONGEST) if error is not None else ""
    reason = redact("\n".join(reasons) or f"behave says {scenario.status.name}")
    return Verdict(FAILED, reason, redact(trace), redact(_named(step)) if step else "")


def _named(step: Step) -> str:
    return f"{step.keyword} {step.name}"


def _parents(scenario: Scenario) -> Iterator[Any]:
    parent = scenario.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _names(scenario: Scenario) -> tuple[str, str]:
    """Return the names of scenario and table of examples; behave joins them as ``name -- @1.2 examples``."""
    if not scenario._row:
        return scenario.name or scenario.keyword, ""
    name, _, examples = scenario.name.partition(f" -- @{scenario._row.id}")
    return name.strip() or scenario.keyword, examples.strip()
