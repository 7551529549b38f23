"""langwatch-scenario's adapter, old and new, judged by this suite's own scenarios.

Each release lives in an environment of its own, which ``make adapters`` sets up, and is driven by behave as
anybody would drive it: ``behave -D adapter=support.langwatch_scenario:Adapter``. What is read is the record
of that run. Where the newest release differs from ours is named and explained in
``langwatch_differences.toml``: a difference that is not named is a failure, and so is one that is no more.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.interop import ADAPTERS, INHERITED
from support.run_record import FINISHED, RunRecord, ScenarioRecord
from support.scenarios import FAILED

ROOT = Path(__file__).resolve().parent.parent
NEWEST, BETA = "ga", "beta"  # folders of the environment; the releases stand in requirements-adapters*.txt
DIFFERENCES = Path(__file__).with_name("langwatch_differences.toml")
ADAPTER = "support.langwatch_scenario:Adapter"
TIMEOUT_S = 480.0  # some of what the releases do ends only with a deadline


@dataclass(frozen=True)
class Difference:
    """Some scenarios in which the newest release is red.

    Attributes:
        why: What it does otherwise.
        reasons: Words of the reason, of which one must stand in each scenario's.
        scenarios: Their titles.
    """

    why: str
    reasons: tuple[str, ...]
    scenarios: tuple[str, ...]


def judge(release: str, tags: str, *settings: str, live: str = "") -> RunRecord:
    """Run the criteria's scenarios against a release, and return what behave saw.

    Args:
        release: ``NEWEST`` or ``BETA``.
        tags: Which scenarios.
        settings: Further settings, each ``name=value``.
        live: The address where ``@e2e`` goes; empty for nowhere.

    Raises:
        AssertionError: there was no such run; holds what it said last.
    """
    variables = {name: os.environ[name] for name in INHERITED if name in os.environ}
    variables |= {"NO_PROXY": "127.0.0.1", "PYTHONDONTWRITEBYTECODE": "1"}
    if live:
        settings = (*settings, f"endpoint={live}")
        variables |= {"OPENAI_API_KEY": "sk-for-the-embedded-endpoint"}
    with tempfile.TemporaryDirectory() as reports:
        given = [
            part for each in (f"adapter={ADAPTER}", f"reports={reports}", *settings) for part in ("-D", each)
        ]
        features = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "features").glob("*.feature"))
        command = [
            str(ADAPTERS.folder / release / "bin" / "python"),
            "-m",
            "behave",
            f"--tags={tags}",
            *given,
            *features,
        ]
        done = subprocess.run(  # noqa: S603 - our own suite
            command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        record = RunRecord.read(Path(reports))
    said = (done.stdout + done.stderr).strip()[-1000:]
    if record is None or record.state != FINISHED:
        raise AssertionError(f"the run of the release did not come to its end: {said}")
    return record


def failed(record: RunRecord) -> list[ScenarioRecord]:
    """Return the scenarios that failed."""
    return [each for each in record.scenarios if each.status == FAILED]


def differences() -> list[Difference]:
    """Return where the newest release is known to differ from ours."""
    listed = tomllib.loads(DIFFERENCES.read_text(encoding="utf-8"))["difference"]
    return [Difference(each["why"], tuple(each["reasons"]), tuple(each["scenarios"])) for each in listed]


def surprises(records: Sequence[ScenarioRecord], known: Iterable[Difference]) -> Iterator[str]:
    """Yield one sentence for each difference that is not named, is no more, or has another reason."""
    named = {title: each for each in known for title in each.scenarios}
    for record in records:
        difference = named.get(record.title)
        if record.status != FAILED and difference is not None:
            yield f"«{record.title}» {record.status}, and is named as a difference: {difference.why}"
        elif record.status == FAILED and difference is None:
            yield f"«{record.title}» failed, which is named nowhere: {record.reason}"
        elif difference is not None and not any(words in record.reason for words in difference.reasons):
            yield f"«{record.title}» failed for another reason than that {difference.why}: {record.reason}"


def gone(records: Sequence[ScenarioRecord], known: Iterable[Difference]) -> list[str]:
    """Return the titles that are named as differences and that no scenario has."""
    titles = {record.title for record in records}
    return [title for each in known for title in each.scenarios if title not in titles]
