"""The Allure formatter, mended so that no result says more than behave saw.

allure-behave 2.16.2 loses scenarios under ``Rule:``, derives a scenario's status from its steps alone (so a
failed hook or cleanup is painted green), and leaves the steps of a dropped scenario to the next one. The
subclasses below replace exactly those parts. behave finds a formatter by its name when it makes it, so
``install`` puts ours in the place of the stock one; that has to happen while ``environment.py`` is loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import allure_behave.formatter
import allure_commons
from allure_behave.formatter import AllureFormatter
from allure_behave.listener import AllureListener
from allure_behave.utils import get_title_path
from allure_commons.logger import AllureFileLogger
from allure_commons.mapping import labels_set, parse_tag
from allure_commons.model2 import Label, Link, Parameter, StatusDetails, TestResult
from allure_commons.types import LabelType, LinkType, Severity
from allure_commons.utils import get_testplan, md5, now, uuid4
from behave.configuration import Configuration
from behave.exception import ConfigError
from behave.formatter.base import Formatter
from behave.model import Feature, Scenario, Step
from behave.model_type import Status

from support import scenarios
from support.criteria import claim
from support.redaction import redact
from support.scenarios import FAILED, PASSED, SKIPPED, explain, is_selected, judge

PINNED = {"behave": "1.3.3", "allure-behave": "2.16.2", "allure-python-commons": "2.16.2"}
"""The versions whose internals this module builds on."""


def install() -> None:
    """Put the honest formatter in the place of the stock one; doing it twice changes nothing."""
    allure_behave.formatter.AllureFormatter = HonestFormatter


def results_folder(config: Configuration) -> Path | None:
    """Return where Allure results go: ``allure-results`` of ``-D reports=DIR``, else the formatter's outfile.

    None when the Allure formatter is not in use.
    """
    outfiles = [
        Path(opener.name)
        for name, opener in zip(config.format or [], config.outputs or [], strict=False)
        if name.endswith(":AllureFormatter") and opener.name
    ]
    if not outfiles:
        return None
    chosen = config.userdata.get("reports")
    return (Path(chosen) / "allure-results" if chosen else outfiles[0]).resolve()


def reports_folder(config: Configuration) -> Path:
    """Return the folder that a run leaves everything in."""
    results = results_folder(config)
    return results.parent if results else Path(config.userdata.get("reports", "reports")).resolve()


def result_of(scenario: Scenario) -> TestResult:
    """Return a result that names, groups and describes ``scenario``; its status is still open."""
    claimed = claim(scenarios.tags_of(scenario))
    result = TestResult(uuid=uuid4(), start=now())
    result.name = scenarios.title(scenario)
    result.fullName = scenarios.full_name(scenario)
    result.titlePath = get_title_path(scenario)
    result.testCaseId = md5(result.fullName)
    result.historyId = scenarios.identity(scenario)
    promise = [f"**{claimed.criterion.heading}.** {claimed.criterion.text}", ""] if claimed.criterion else []
    result.description = "\n".join([*promise, *scenario.description])
    result.parameters = [
        Parameter(name=name, value=value) for name, value in scenarios.row_of(scenario).items()
    ]
    result.labels = [
        Label(
            name=LabelType.EPIC,
            value=claimed.criterion.heading if claimed.criterion else "Without a criterion",
        ),
        Label(name=LabelType.FEATURE, value=scenario.feature.name),
        Label(name=LabelType.STORY, value=scenarios.rule_of(scenario) or scenario.feature.name),
    ]
    if claimed.level:
        result.labels.append(Label(name="layer", value=claimed.level))
    if claimed.criterion:
        requirement = f"{claimed.criterion.id} · the requirement"
        result.links.append(Link(type=LinkType.LINK, url=claimed.criterion.link, name=requirement))
    said_already = {claimed.criterion.id} if claimed.criterion else set()
    parsed = [parse_tag(tag) for tag in scenarios.tags_of(scenario) if tag not in said_already]
    result.links += [each for each in parsed if isinstance(each, Link)]
    labels = [
        Label(name=LabelType.SEVERITY, value=Severity.NORMAL),
        *(e for e in parsed if isinstance(e, Label)),
    ]
    result.labels += labels_set(labels)
    return result


def conclude(result: TestResult, verdict: scenarios.Verdict) -> TestResult:
    """Return ``result`` with its end and the verdict filled in."""
    result.stop = now()
    result.status = verdict.status
    if verdict.reason:
        result.statusDetails = StatusDetails(message=verdict.reason, trace=verdict.trace or None)
    return result


class HonestListener(AllureListener):  # type: ignore[misc]
    """Writes one result for each selected scenario, as behave judged it."""

    def __init__(self, config: Configuration) -> None:
        super().__init__(config)
        self.selected: set[int] = set()

    def start_scenario(self, scenario: Scenario) -> None:
        """Open the result of a scenario; steps of an earlier one are forgotten."""
        self.steps.clear()
        result = result_of(scenario)
        self.current_scenario_uuid = result.uuid
        self.group_context.enter()
        self.logger.schedule_test(result.uuid, result)

    def stop_scenario(self, scenario: Scenario) -> None:
        """Close the result with behave's verdict, or drop it when the scenario was not selected."""
        uuid = self.current_scenario_uuid
        if id(scenario) in self.selected:
            self.flush_steps()
            conclude(self.logger.get_test(uuid), judge(scenario))
            self.logger.close_test(uuid)
            self.group_context.append_test(uuid)
        else:
            self.logger.drop_test(uuid)
        self.group_context.exit()
        self.current_step_uuid = self.current_scenario_uuid = None

    def stop_behave_step(self, step: Step) -> None:
        """Close a step with its own status; a step that was not reached is skipped."""
        details = StatusDetails(message=redact(explain(step.exception))) if step.exception else None
        status = PASSED if step.status == Status.passed else FAILED if step.status.has_failed() else SKIPPED
        self.logger.stop_step(self.current_step_uuid, stop=now(), status=status, statusDetails=details)


class HonestFormatter(AllureFormatter):  # type: ignore[misc]
    """The Allure formatter with scenarios under rules, and with an empty folder to write to.

    Attributes:
        results: The folder the results are written to, or None in a dry run, which writes nothing.
    """

    def __init__(self, stream_opener: Any, config: Configuration) -> None:
        # The stock initialiser finds itself by its module's name, where this class now stands: not called.
        Formatter.__init__(self, stream_opener, config)
        if not stream_opener.name:
            raise ConfigError(
                "The Allure formatter needs a folder to write to; add: -o reports/allure-results"
            )
        self.results = None if config.dry_run else results_folder(config)
        self.listener = HonestListener(config)
        self.file_logger = None
        self.testplan = get_testplan()
        allure_commons.plugin_manager.register(self.listener)
        if self.results is not None:
            self.file_logger = AllureFileLogger(self.results)
            allure_commons.plugin_manager.register(self.file_logger)

    def feature(self, feature: Feature) -> None:
        """Watch every scenario of the feature, those under rules and of outlines too."""
        every = feature.walk_scenarios()
        self._wrap_scenario(every)
        self.listener.selected |= {id(each) for each in every if is_selected(each, self.config)}
