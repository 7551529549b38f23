"""What behave saw in the last run, as kept in ``reports/run.json``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCHEMA = 1
FILE = "run.json"
LOADING, RUNNING, FINISHED, INTERRUPTED = "loading", "running", "finished", "interrupted"


@dataclass(frozen=True)
class ScenarioRecord:
    """One selected scenario.

    Attributes:
        id: Its identity, as in ``support.scenarios.identity``.
        title: Its title, as in the report.
        criterion: Id of its criterion or capability, or None.
        level: ``unit``, ``integration`` or ``e2e``, or None.
        file: Its feature file, relative to the project.
        line: Its line there.
        status: ``passed``, ``failed`` or ``skipped``.
        reason: Why it did not pass.
        step: The step in which it failed, if it was in one.
        duration_ms: Time spent in its steps.
        retried: What the infrastructure did to its first attempt; empty when there was only one.
    """

    id: str
    title: str
    criterion: str | None
    level: str | None
    file: str
    line: int
    status: str
    reason: str = ""
    duration_ms: float = 0.0
    step: str = ""
    retried: str = ""


@dataclass(frozen=True)
class Incident:
    """Something that broke outside any scenario, in a hook or a cleanup.

    Attributes:
        message: What broke, and how.
        file: The feature file it concerns, or None when it concerns the whole run.
    """

    message: str
    file: str | None = None


@dataclass
class RunRecord:
    """One run.

    Attributes:
        state: ``loading`` until ``before_all``, which tells a run that never started; ``running`` until it
            ends, which tells a killed run; then ``finished`` or ``interrupted``.
        started: When it began, ISO 8601, UTC.
        finished: When it ended, or an empty text.
        selection: The tag expression it was given.
        facts: What it ran against: adapter, endpoint, model and the like.
        scenarios: Every selected scenario.
        incidents: What broke outside the scenarios.
        problems: Why the run is red beyond failed scenarios.
        narrowed: What else than tags narrowed it, files and names; empty for the whole suite.
    """

    state: str
    started: str
    finished: str = ""
    selection: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    scenarios: list[ScenarioRecord] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    narrowed: str = ""

    def write(self, reports: Path, indent: int | None = 1) -> None:
        """Write ``run.json`` into ``reports``; without ``indent`` it costs a tenth."""
        write_json(reports / FILE, {"schema": SCHEMA, **asdict(self)}, indent)

    @classmethod
    def read(cls, reports: Path) -> RunRecord | None:
        """Return the last run, or None when none was recorded.

        Raises:
            ValueError: the file is no record of a run; the sentence says what to do.
        """
        path = reports / FILE
        if not path.exists():
            return None
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if data.pop("schema") != SCHEMA:
                raise ValueError("written by another version")  # noqa: TRY301 - one sentence for every way to be wrong
            data["scenarios"] = [ScenarioRecord(**each) for each in data["scenarios"]]
            data["incidents"] = [Incident(**each) for each in data["incidents"]]
            return cls(**data)
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(
                f"{path} is no record of a run ({error}); delete it and run behave again"
            ) from None


def timestamp() -> str:
    """Return the present moment, ISO 8601, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def write_json(path: Path, data: object, indent: int | None = 1) -> None:
    """Write ``data`` so that a reader never finds half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(data, indent=indent, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(path)
