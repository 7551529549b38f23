"""From each criterion to its scenarios, their steps, and the code behind each; and what is missing there.

Written at the end of every run, and by itself with ``python -m support.traceability``, which runs nothing: it
takes the statuses from the last run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from behave.configuration import Configuration
from behave.matchers import Matcher
from behave.model import Feature, Scenario, Step
from behave.parser import parse_file
from behave.runner import Runner
from behave.step_registry import StepRegistry
from behave.step_registry import registry as behave_registry

from support import scenarios
from support.criteria import CAPABILITIES, CRITERIA, Criterion, claim
from support.run_record import LOADING, RunRecord, ScenarioRecord, write_json
from support.traceability_page import page

PROVEN, UNPROVEN, NOT_SELECTED = "proven", "unproven", "not selected"
FAILED = scenarios.FAILED
STATUSES = (PROVEN, FAILED, UNPROVEN, NOT_SELECTED)
"""How a criterion stands: unproven was asked for and not shown, not selected was not asked for."""

NEVER_RUN = "it was not run yet"
LIVE_PROOF_FILE = "live-proof.json"


@dataclass(frozen=True)
class Suite:
    """The parsed features and the step definitions of a project.

    Attributes:
        root: The folder that holds ``steps/`` and ``environment.py``.
        features: Every feature of the project.
        registry: behave's step definitions, loaded.
    """

    root: Path
    features: Sequence[Feature]
    registry: StepRegistry

    @classmethod
    def of(cls, root: Path, loaded: Iterable[Feature], registry: StepRegistry) -> Suite:
        """Return the whole project, whatever part of it behave has ``loaded``."""
        by_path = {Path(feature.filename).resolve(): feature for feature in loaded}
        folder = root / "features"
        for path in sorted((folder if folder.is_dir() else root).rglob("*.feature")):
            by_path.setdefault(path.resolve(), parse_file(str(path)))
        present = {path: feature for path, feature in by_path.items() if feature is not None}
        return cls(root, [present[path] for path in sorted(present)], registry)

    @classmethod
    def load(cls) -> Suite:
        """Load the project around the working directory as behave does, and run nothing."""
        runner = Runner(Configuration(["--dry-run"]))  # a dry run leaves what is recorded alone
        with runner.path_manager:
            runner.setup_paths()
            runner.load_hooks()
            runner.load_step_definitions()
        return cls.of(Path(runner.base_dir).resolve(), (), behave_registry)

    def relative(self, path: str) -> str:
        """Return ``path`` as seen from the root of the project."""
        absolute = Path(path).resolve()
        return (
            absolute.relative_to(self.root).as_posix()
            if absolute.is_relative_to(self.root)
            else absolute.as_posix()
        )


@dataclass(frozen=True)
class Definition:
    """One pattern of one step function."""

    matcher: Matcher
    kind: str
    where: str

    @property
    def named(self) -> str:
        """Place and pattern, for a sentence."""
        return f"{self.where} «{self.matcher.pattern}»"


@dataclass
class Bindings:
    """Which definitions each step is bound to; every definition is asked, not only the first that matches."""

    suite: Suite
    used: set[int] = field(default_factory=set)
    _known: dict[tuple[str, str], list[Definition]] = field(default_factory=dict)

    @cached_property
    def definitions(self) -> list[Definition]:
        """Every step definition of the project."""
        return [
            Definition(
                matcher, kind, f"{self.suite.relative(matcher.location.filename)}:{matcher.location.line}"
            )
            for kind, matchers in self.suite.registry.steps.items()
            for matcher in matchers
        ]

    def of(self, step: Step) -> list[Definition]:
        """Return every definition that matches ``step``."""
        key = step.step_type, step.name
        if key not in self._known:
            candidates = (each for each in self.definitions if each.kind in (step.step_type, "step"))
            self._known[key] = [each for each in candidates if each.matcher.match(step.name)]
            self.used |= {id(each.matcher) for each in self._known[key]}
        return self._known[key]

    def unused(self) -> list[Definition]:
        """Return the definitions that no step asked about so far is bound to."""
        return [each for each in self.definitions if id(each.matcher) not in self.used]


@dataclass(frozen=True)
class Trace:
    """The whole matrix, ready to be written.

    Attributes:
        criteria: One entry for each criterion, and for each capability that has scenarios.
        problems: What is missing or contradictory, one sentence each.
    """

    criteria: list[dict[str, Any]]
    problems: list[str]

    def write(self, reports: Path) -> None:
        """Write ``traceability.json`` and the readable ``traceability.html``."""
        write_json(reports / "traceability.json", {"criteria": self.criteria, "problems": self.problems})
        (reports / "traceability.html").write_text(page(self.criteria, self.problems), encoding="utf-8")


def trace(suite: Suite, run: RunRecord | None, live_proof: Mapping[str, Mapping[str, str]]) -> Trace:
    """Return the matrix of ``suite``, with the statuses of ``run``.

    Args:
        suite: The project's features and step definitions.
        run: The last run, or None when there was none.
        live_proof: Date and model of the last pass against the live endpoint, by identity of the scenario.
    """
    problems: list[str] = []
    bindings = Bindings(suite)
    last = {record.id: record for record in run.scenarios} if run else {}
    broken = {incident.file for incident in run.incidents} if run else set()
    entries: dict[str, list[dict[str, Any]]] = {criterion: [] for criterion in {**CRITERIA, **CAPABILITIES}}
    for feature in suite.features:
        problems += _feature_problems(suite, feature)
        for scenario in feature.walk_scenarios():
            claimed = claim(scenarios.tags_of(scenario))
            file, line = scenarios.place(scenario, suite.root)
            named = f"{file}:{line} «{scenarios.title(scenario)}»"
            problems += [
                f"{named}: {fault}" for fault in (*claimed.faults, *_step_problems(scenario, bindings))
            ]
            if claimed.criterion is None:
                continue
            identity = scenarios.identity(scenario)
            entries[claimed.criterion.id].append(
                {
                    **_entry(scenario, file, line, bindings),
                    **_outcome(last.get(identity), run),
                    "last_live_proof": live_proof.get(identity),
                }
            )
    problems += [
        f"{each.named} is used by no step; delete it, or write the scenario" for each in bindings.unused()
    ]
    problems += [
        problem for each in CRITERIA.values() for problem in _criterion_problems(each, entries[each.id])
    ]
    known = [*CRITERIA.values(), *(each for each in CAPABILITIES.values() if entries[each.id])]
    return Trace([_criterion(each, entries[each.id], broken) for each in known], sorted(problems))


def restated(
    criteria: Iterable[Mapping[str, Any]], run: RunRecord, live_proof: Mapping[str, Mapping[str, str]]
) -> list[dict[str, Any]]:
    """Return ``criteria``, as a matrix has them, with the statuses and reasons of ``run``."""
    last = {record.id: record for record in run.scenarios}
    broken = {incident.file for incident in run.incidents}
    return [
        _concluded(
            {
                **criterion,
                "scenarios": [
                    {
                        **each,
                        **_outcome(last.get(each["id"]), run),
                        "last_live_proof": live_proof.get(each["id"]),
                    }
                    for each in criterion["scenarios"]
                ],
            },
            broken,
        )
        for criterion in criteria
    ]


def bare_criteria() -> list[dict[str, Any]]:
    """Return the seven criteria without their scenarios, for a run that came to know none."""
    return [_criterion(each, [], set()) for each in CRITERIA.values()]


def status_of(entries: Iterable[Mapping[str, Any]]) -> str:
    """Return ``proven`` when some level of the criterion passed whole, and nothing of it failed.

    One scenario out of many proves nothing of a criterion: a level counts when all its scenarios passed, and
    ``integration`` only where there is no ``unit``. A criterion of which nothing was selected is only that.

    Args:
        entries: The criterion's scenarios, with their ``level`` and ``status``.
    """
    levels: dict[Any, set[str]] = {}
    for each in entries:
        levels.setdefault(each["level"], set()).add(each["status"])
    if any(FAILED in found for found in levels.values()):
        return FAILED
    if levels and all(found == {NOT_SELECTED} for found in levels.values()):
        return NOT_SELECTED
    if "unit" in levels:
        levels.pop("integration", None)
    return PROVEN if any(found == {PROVEN} for found in levels.values()) else UNPROVEN


def summary(criteria: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield one line for each criterion: id, status, how much, title; those not selected last, in one."""
    criteria = list(criteria)
    shown = [each for each in criteria if each["status"] != NOT_SELECTED]
    width = max([5, *(len(each["id"]) for each in shown)])
    for criterion in shown:
        statuses = [each["status"] for each in criterion["scenarios"]]
        counts = {status: statuses.count(status) for status in STATUSES}
        parts = [f"{count} {status}" for status, count in counts.items() if count]
        much = ", ".join(parts) or "no scenario"
        yield f"{criterion['id']:<{width}} {criterion['status']:<9} {much:<34} {criterion['title']}"
    others = [each["id"] for each in criteria if each["status"] == NOT_SELECTED]
    if others:
        yield f"Not selected: {', '.join(others)}"


def read_live_proof(reports: Path) -> dict[str, dict[str, str]]:
    """Return when each scenario was last proven against the live endpoint, and with which model."""
    path = reports / LIVE_PROOF_FILE
    if not path.exists():
        return {}
    proofs: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return proofs


def _criterion(
    criterion: Criterion, entries: list[dict[str, Any]], broken: set[str | None]
) -> dict[str, Any]:
    named = {"id": criterion.id, "title": criterion.title, "text": criterion.text, "link": criterion.link}
    return _concluded({**named, "status": UNPROVEN, "scenarios": entries}, broken)


def _concluded(criterion: dict[str, Any], broken: set[str | None]) -> dict[str, Any]:
    entries = criterion["scenarios"]
    status = status_of(entries)
    if status == PROVEN and any(each["file"] in broken for each in entries):
        status = FAILED  # what stands around its scenarios broke
    return {**criterion, "status": status}


def _outcome(last: ScenarioRecord | None, run: RunRecord | None) -> dict[str, str]:
    if last is None:
        known = (
            run is not None and run.state != LOADING
        )  # what a run would have selected it says when it starts
        return {
            "status": NOT_SELECTED if known else UNPROVEN,
            "reason": "" if known else NEVER_RUN,
            "step": "",
        }
    words = {scenarios.PASSED: PROVEN, scenarios.FAILED: FAILED, scenarios.SKIPPED: UNPROVEN}
    return {"status": words[last.status], "reason": last.reason, "step": last.step}


def _entry(scenario: Scenario, file: str, line: int, bindings: Bindings) -> dict[str, Any]:
    return {
        "id": scenarios.identity(scenario),
        "name": scenarios.title(scenario),
        "tags": scenarios.tags_of(scenario),
        "level": claim(scenarios.tags_of(scenario)).level,
        "file": file,
        "line": line,
        "rule": scenarios.rule_of(scenario),
        "steps": [
            {
                "text": f"{step.keyword} {step.name}",
                "definition": ", ".join(each.where for each in bindings.of(step)) or None,
            }
            for step in scenario.all_steps
        ],
    }


def _feature_problems(suite: Suite, feature: Feature) -> Iterator[str]:
    file = suite.relative(feature.filename)
    stem = Path(feature.filename).stem
    steps = suite.root / "steps"
    if steps.is_dir() and not any((steps / f"{stem}{suffix}.py").exists() for suffix in ("", "_steps")):
        yield f"{file} has no step module; add steps/{stem}.py"
    if not feature.walk_scenarios():
        yield f"{file} has no scenario"
    for outline in feature.iter_scenario_outlines():
        if not outline.scenarios:
            yield f"{file}:{outline.line} «{outline.name}» has no examples, so it never runs; add rows"


def _step_problems(scenario: Scenario, bindings: Bindings) -> Iterator[str]:
    if not scenarios.has_verdict(scenario):
        yield scenarios.NO_THEN
    for step in scenario.all_steps:
        bound = bindings.of(step)
        if not bound:
            yield f"no definition matches «{step.keyword} {step.name}»; write it, or mend the wording"
        elif len(bound) > 1:
            places = " and to ".join(each.named for each in bound)
            yield f"«{step.keyword} {step.name}» is bound to {places}; keep one"


def _criterion_problems(criterion: Criterion, entries: list[dict[str, Any]]) -> Iterator[str]:
    if not entries:
        yield f"{criterion.id} ({criterion.title}) has no scenario; tag a feature with @{criterion.id}"
    elif not any(each["level"] == "unit" for each in entries):
        yield f"{criterion.id} ({criterion.title}) has no @unit scenario; add one that needs no key"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the matrix of the project around the working directory; 1 when it has problems."""
    parser = argparse.ArgumentParser(prog="python -m support.traceability", description=__doc__)
    parser.add_argument(
        "--reports", type=Path, default=Path("reports"), help="folder to read and write (default: reports)"
    )
    reports: Path = parser.parse_args(arguments).reports
    try:
        found = trace(Suite.load(), RunRecord.read(reports), read_live_proof(reports))
    except ValueError as error:
        parser.error(str(error))
    reports.mkdir(parents=True, exist_ok=True)
    found.write(reports)
    lines = [*summary(found.criteria), *(f"PROBLEM  {problem}" for problem in found.problems)]
    sys.stdout.write("\n".join([*lines, f"The matrix: {(reports / 'traceability.html').as_posix()}"]) + "\n")
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
