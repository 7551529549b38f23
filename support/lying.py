"""The mutants of the report: it shows more than was seen, or less. The reconciliation has to notice.

Each holds a part of what writes the report changed while the features of AC7, which need no socket, are run
as ever: with the project's own hooks, formatter and reckoning, into a folder of its own.
"""

from __future__ import annotations

import io
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import allure_commons
from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import TestResult
from behave.__main__ import main as behave
from behave.model import Feature, Scenario
from behave.runner import Runner

from support import canary, honest_allure, run, scenarios, traceability
from support.honest_allure import HonestFormatter
from support.matrix import KILL, OTHER_REASON, Cell, Row
from support.mutants import BENIGN, Mutant, Plane
from support.run_record import RunRecord
from support.scenarios import PASSED, Verdict
from support.settings import KEY_VARIABLES
from support.world import World

REPORT = "REPORT"
ROOT = Path(__file__).resolve().parent.parent
FEATURE = "features/ac7_documentation.feature"
EXPECTED_S = 1.0
Applied = Callable[[], AbstractContextManager[Any]]


@contextmanager
def _together(*changes: AbstractContextManager[Any]) -> Iterator[None]:
    with ExitStack() as stack:
        for change in changes:
            stack.enter_context(change)
        yield


# ------------------------------------------------------------------------ the lies


def _writing(change: Callable[[TestResult], Iterator[TestResult]]) -> AbstractContextManager[Any]:
    """Change each result on its way to its file."""
    write: Callable[[AllureFileLogger, Any], None] = AllureFileLogger._report_item

    def changed(self: AllureFileLogger, item: Any) -> None:
        for written in change(item) if isinstance(item, TestResult) else (item,):
            write(self, written)

    return patch.object(AllureFileLogger, "_report_item", changed)


def _dropping() -> Callable[[TestResult], Iterator[TestResult]]:
    dropped: list[str] = []

    def change(result: TestResult) -> Iterator[TestResult]:
        if dropped:
            yield result
        dropped.append(result.uuid)

    return change


def _doubling(result: TestResult) -> Iterator[TestResult]:
    yield result
    yield TestResult(**{**result.__dict__, "uuid": f"{result.uuid}-again"})


def _passing(result: TestResult) -> Iterator[TestResult]:
    result.status = PASSED
    yield result


def _with_a_failure() -> AbstractContextManager[Any]:
    return patch.object(World, "read_documentation", lambda _: None)


def _with_a_broken_hook() -> AbstractContextManager[Any]:
    def raising(_world: World) -> None:
        raise ValueError("the endpoint does not hang up")

    return patch.object(World, "finish", raising)


def _judging_by_steps_alone() -> AbstractContextManager[Any]:
    judge = scenarios.judge

    def lenient(scenario: Scenario) -> Verdict:
        return Verdict(PASSED) if scenario.hook_failed else judge(scenario)

    return patch.object(honest_allure, "judge", lenient)


def _losing_rules() -> AbstractContextManager[Any]:
    begin = HonestFormatter.feature

    def only_outside_rules(self: HonestFormatter, feature: Feature) -> None:
        begin(self, feature)
        self.listener.selected &= {id(scenario) for scenario in feature.scenarios}

    return patch.object(HonestFormatter, "feature", only_outside_rules)


def _keeping_older_results() -> AbstractContextManager[Any]:
    def left_there(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        older = {"historyId": "0", "name": "It held last year", "status": PASSED, "start": 0}
        (folder / "0-result.json").write_text(json.dumps(older))

    return patch.object(run, "set_aside", left_there)


def _forgetting_a_criterion() -> AbstractContextManager[Any]:
    def forgetful(*asked: Any) -> traceability.Trace:
        whole = traceability.trace(*asked)
        return traceability.Trace([each for each in whole.criteria if each["id"] != "AC3"], whole.problems)

    return patch.object(run, "trace", forgetful)


def _truncating() -> AbstractContextManager[Any]:
    write: Callable[[AllureFileLogger, Any], None] = AllureFileLogger._report_item

    def cut_short(self: AllureFileLogger, item: Any) -> None:
        write(self, item)
        for path in self._report_dir.glob("*-result.json"):
            path.write_text(path.read_text()[:-9])

    return patch.object(AllureFileLogger, "_report_item", cut_short)


def _reading_aloud(where: Callable[[], None]) -> AbstractContextManager[Any]:
    read = World.read_documentation

    def leaking(self: World) -> None:
        where()
        read(self)

    return patch.object(World, "read_documentation", leaking)


def _attach_the_key() -> None:
    allure_commons.plugin_manager.hook.attach_data(
        body=f"Authorization: Bearer {canary.KEY}",
        name="the request",
        attachment_type="text/plain",
        extension="txt",
    )


def _log_the_key() -> None:
    logging.getLogger("client").warning("connecting with %s", canary.KEY)


def _indenting() -> AbstractContextManager[Any]:
    write: Callable[[AllureFileLogger, Any], None] = AllureFileLogger._report_item

    def indented(self: AllureFileLogger, item: Any) -> None:
        write(self, item)
        for path in self._report_dir.glob("*-result.json"):
            path.write_text(json.dumps(json.loads(path.read_text()), indent=4))

    return patch.object(AllureFileLogger, "_report_item", indented)


# ----------------------------------------------------------------------- the table


def _report(id_: str, title: str, applied: Applied, reason: str = "", plane: Plane = "report") -> Mutant:
    return Mutant(
        id_, plane, title, kills={REPORT: reason} if reason else {}, judges=(REPORT,), applied=applied
    )


MUTANTS: tuple[Mutant, ...] = (
    _report(
        "result-dropped", "loses one result", lambda: _writing(_dropping()), "the report has no result for"
    ),
    _report(
        "result-doubled",
        "shows each result twice",
        lambda: _writing(_doubling),
        "the report has 2 results for",
    ),
    _report(
        "status-flipped",
        "shows a failed scenario as passed",
        lambda: _together(_with_a_failure(), _writing(_passing)),
        "the report shows passed for",
    ),
    _report("rule-lost", "loses the scenarios under a rule", _losing_rules, "the report has no result for"),
    _report(
        "hook-error-hidden",
        "hides that a hook broke",
        lambda: _together(_with_a_broken_hook(), _judging_by_steps_alone()),
        "the report shows passed for",
    ),
    _report(
        "stale-kept",
        "shows a result of an older run",
        _keeping_older_results,
        "which this run did not select",
    ),
    _report("truncated", "cuts its results short", _truncating, "the report cannot read"),
    _report(
        "criterion-forgotten", "forgets a criterion", _forgetting_a_criterion, "the report does not list AC3"
    ),
    _report(
        "key-attached",
        "shows the key in an attachment",
        lambda: _reading_aloud(_attach_the_key),
        "the key of this run",
    ),
    _report(
        "key-logged",
        "lets the key into the log",
        lambda: _reading_aloud(_log_the_key),
        "shows in the log",
    ),
    _report("indented", "writes its results with another indentation", _indenting, plane=BENIGN),
)


def by_reconciliation(mutant: Mutant) -> Cell:
    """Run the features of AC7 with a report that lies; the run has to be red, and to say why."""
    cell = Row.of(mutant).cells[REPORT]
    words, began = mutant.kills.get(REPORT, ""), time.monotonic()
    for variable in KEY_VARIABLES:
        os.environ.pop(variable, None)
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        said, complained = io.StringIO(), io.StringIO()
        loaded_already = patch.object(Runner, "load_step_definitions")
        with loaded_already, mutant.applied(), redirect_stdout(said), redirect_stderr(complained):
            code = behave([FEATURE, "--tags=@unit", "-D", f"reports={folder}"])
        record = RunRecord.read(Path(folder))
    if record is None:
        raise RuntimeError(f"{mutant.id}: the run left no record\n{said.getvalue()}{complained.getvalue()}")
    cell.ran, cell.seconds = len(record.scenarios), round(time.monotonic() - began, 2)
    if code or record.problems:
        reason = next((each for each in record.problems if words and words in each), "")
        cell.observed = KILL if reason and code else OTHER_REASON
        cell.scenario, cell.step = "the reconciliation at the end of the run", "the report is compared"
        cell.reason = reason or "; ".join(record.problems) or said.getvalue()[-500:]
    return cell
