"""The lifecycle of a run, from the loading of ``environment.py`` to the exit code.

``environment.py`` calls ``begin_loading()`` when it is imported, and ``begin(context)`` first in
``before_all``. The rest happens by itself: behave asks every reporter to end after the formatters are closed
and before it computes the exit code, and that is where the run is reckoned up.
"""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import GlobalError, Globals
from allure_commons.utils import now
from behave.model import Feature, Scenario
from behave.reporter.base import Reporter
from behave.runner import Context, ModelRunner

from support import canary, honest_allure, scenarios
from support.criteria import CAPABILITIES, CRITERIA, LEVELS, claim, suggestion
from support.honest_allure import HonestFormatter
from support.older_results import set_aside
from support.provenance import provenance
from support.reconciliation import differences, shown_in, unlisted
from support.redaction import redact
from support.run_record import (
    FINISHED,
    INTERRUPTED,
    LOADING,
    RUNNING,
    Incident,
    RunRecord,
    ScenarioRecord,
    timestamp,
    write_json,
)
from support.scenarios import FAILED, PASSED, SKIPPED, Verdict, explain
from support.summary import WHY_CUT_SHORT, keep
from support.traceability import (
    LIVE_PROOF_FILE,
    Suite,
    Trace,
    bare_criteria,
    read_live_proof,
    restated,
    summary,
    trace,
)

TOLD, ALIKE = 12, 3  # reasons on the console, and scenarios named for each
FEW = 3  # feature files that are named one by one


SAID = ("cost", "drift", "recordings")
"""The facts of a run that its console says, too."""


def begin_loading() -> None:
    """Mend behave, and let no older verdict stand; called first while ``environment.py`` is loaded.

    From here on the record says that the run is loading: should a feature or a step module keep it from
    starting, that is what remains. A dry run leaves everything as it is.
    """
    honest_allure.install()
    Feature.duration = property(_time_in_scenarios)
    runner = _loading_runner()
    if runner is None or runner.config.dry_run:
        return
    results = honest_allure.results_folder(runner.config)
    reports = results.parent if results else Path(runner.base_dir) / "reports"
    if results:
        set_aside(results)
    record = RunRecord(LOADING, timestamp(), selection=_selection(runner.config.tags))
    record.write(reports)
    keep(reports, record, bare_criteria(), remember=False)


def _time_in_scenarios(feature: Feature) -> float:
    """Seconds spent in a feature; behave 1.3.3 forgets its scenarios under rules, and says 0.000 s."""
    return float(sum(scenario.duration for scenario in feature.walk_scenarios()))


def _loading_runner() -> ModelRunner | None:
    """Return the runner that loads ``environment.py``; behave hands it nothing: it is up the stack."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "load_hooks" and isinstance(
            found := frame.f_locals.get("self"), ModelRunner
        ):
            return found
        frame = frame.f_back
    return None


def begin(context: Context, facts: Mapping[str, str] | None = None) -> None:
    """Start the record of a run; called first in ``before_all``.

    Args:
        context: behave's context.
        facts: What the run goes against, shown in the report: adapter, endpoint, model.
    """
    reckoning = Reckoning(context._runner, facts or {})
    context.config.reporters.append(reckoning)
    context.on_cleanup_error = reckoning.remember_cleanup_error


def describe(context: Context, **facts: str) -> None:
    """Add to what the report says the run went against; an empty fact is left out.

    Args:
        context: behave's context.
        facts: ``adapter``, ``endpoint``, ``model`` and the like, in words for the reader.
    """
    for reporter in context.config.reporters:
        if isinstance(reporter, Reckoning):
            reporter.record.facts |= {name: fact for name, fact in facts.items() if fact}


def object_to(context: Context, problems: Iterable[str]) -> None:
    """Make the run red for reasons that no scenario can give.

    Args:
        context: behave's context.
        problems: A sentence each.
    """
    for reporter in context.config.reporters:
        if isinstance(reporter, Reckoning):
            reporter.objections += problems


class Reckoning(Reporter):  # type: ignore[misc]
    """Keeps the run's record, and turns the run red when it shows less than it seems to."""

    def __init__(self, runner: ModelRunner, facts: Mapping[str, str]) -> None:
        super().__init__(runner.config)
        self.runner = runner
        self.root = Path(runner.base_dir).resolve()
        self.selected: list[Scenario] = [
            scenario
            for feature in runner.features
            for scenario in feature.walk_scenarios()
            if scenarios.is_selected(scenario, runner.config)
        ]
        formatter = next((each for each in runner.formatters if isinstance(each, HonestFormatter)), None)
        self.results: Path | None = formatter.results if formatter else None
        self.watch = canary.Watch()
        self.reports = self.results.parent if self.results else self.root / "reports"
        self.started_ms = int(time.time() * 1000)
        self.broken_start = ""
        self.objections: list[str] = []
        self.suite = Suite.of(self.root, runner.features, runner.step_registry)
        self.record = RunRecord(
            RUNNING,
            timestamp(),
            selection=_selection(self.config.tags),
            narrowed=self._narrowed(),
            facts={**facts, **provenance()},
        )
        self.so_far = {id(scenario): self._record(scenario) for scenario in self.selected}
        self.found = trace(self.suite, self._as_of_now(), read_live_proof(self.reports))
        self.found.write(self.reports)
        self._watch_aborts()
        self._watch_after_all()
        self._restore_signal = _interrupt_on_sigterm()
        self._end_watch = self.watch.begin()

    def feature(self, feature: Feature) -> None:
        """Keep what was seen so far, should the run be killed; the verdict waits for the last cleanup."""
        for scenario in feature.walk_scenarios():
            if id(scenario) in self.so_far:
                self.so_far[id(scenario)] = self._record(scenario)
        self._as_of_now()

    def _as_of_now(self) -> RunRecord:
        """Write, and return, the record of the run as it stands; what was not reached yet is in it, too."""
        now = replace(self.record, scenarios=list(self.so_far.values()))
        now.write(self.reports, indent=None)
        return now

    def end(self) -> None:
        """Reckon up: record, report, compare, summarise; behave then computes the exit code."""
        self._restore_signal()
        self._end_watch()
        self.record.incidents += self._feature_incidents()
        self.record.scenarios = [self._record(scenario) for scenario in self.selected]
        self.record.state = INTERRUPTED if self.runner.aborted and not self.broken_start else FINISHED
        self._report_what_never_ran()
        self._keep_live_proof()
        criteria = restated(self.found.criteria, self.record, read_live_proof(self.reports))
        found = Trace(criteria, self.found.problems)
        self.record.problems = [*self._problems(), *found.problems, *unlisted(found.criteria)]
        self.record.finished = timestamp()
        self.record.write(self.reports)
        found.write(self.reports)
        self.record.problems += self._leaks()
        self._report_globally()
        self.record.write(self.reports)
        keep(self.reports, self.record, found.criteria)
        self._say(found)
        if self.record.problems or self.record.incidents or self._any(FAILED):
            self.runner.hook_failures += 1

    # --------------------------------------------------------- what broke

    def remember_cleanup_error(self, context: Context, cleanup: Callable[..., Any], error: Exception) -> None:
        """Keep a cleanup's error with what it cleaned up after; behave itself only prints it."""
        message = f"CLEANUP-ERROR in {getattr(cleanup, '__name__', repr(cleanup))}: {explain(error)}"
        layer = context._stack[0].get("@layer")
        owner = getattr(context, layer, None) if layer in ("scenario", "rule", "feature") else None
        if owner is None:
            self.record.incidents.append(Incident(redact(message)))
        else:
            owner.error_message = "\n".join(part for part in (owner.error_message, message) if part)
        context.print_cleanup_error(context, cleanup, error)

    def _watch_aborts(self) -> None:
        """Learn why ``before_all`` failed: behave tells nobody, but aborts where the error is at hand."""
        abort = self.runner.abort

        def remembering(reason: str | None = None) -> None:
            error = sys.exception()
            if error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
                self.broken_start = redact(f"{reason}: {explain(error)}")
                self.record.incidents.append(Incident(self.broken_start))
            abort(reason=reason)

        self.runner.abort = remembering

    def _watch_after_all(self) -> None:
        """A failed ``after_all`` is counted by behave, but not kept."""
        hook = self.runner.hooks.get("after_all")
        if hook is None:
            return

        @wraps(hook)
        def remembering(context: Context) -> None:
            try:
                hook(context)
            except Exception as error:
                self.record.incidents.append(Incident(redact(f"HOOK-ERROR in after_all: {explain(error)}")))
                raise

        self.runner.hooks["after_all"] = remembering

    def _feature_incidents(self) -> list[Incident]:
        return [
            Incident(redact(f"{each.keyword} «{each.name}»: {each.error_message}"), self._relative(feature))
            for feature in self.runner.features
            for each in (feature, *feature.iter_rules())
            if each.error_message
        ]

    def _relative(self, feature: Feature) -> str:
        path = Path(feature.filename).resolve()
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.as_posix()

    # ---------------------------------------------------------- what was seen

    def _verdict(self, scenario: Scenario) -> Verdict:
        if self.broken_start and scenario.status.is_untested():
            return Verdict(FAILED, f"not run: {self.broken_start}")
        return scenarios.judge(scenario)

    def _record(self, scenario: Scenario) -> ScenarioRecord:
        claimed = claim(scenarios.tags_of(scenario))
        verdict = self._verdict(scenario)
        file, line = scenarios.place(scenario, self.root)
        return ScenarioRecord(
            id=scenarios.identity(scenario),
            title=scenarios.title(scenario),
            criterion=claimed.criterion.id if claimed.criterion else None,
            level=claimed.level,
            file=file,
            line=line,
            status=verdict.status,
            reason=verdict.reason,
            step=verdict.step,
            duration_ms=round(scenario.duration * 1000, 1),
            retried=getattr(scenario, "retried", ""),
        )

    def _narrowed(self) -> str:
        """Say what the command line left of the suite beside its tags: files and names."""
        loaded = {self.suite.relative(feature.filename) for feature in self.runner.features}
        every = {self.suite.relative(feature.filename) for feature in self.suite.features}
        parts = [*sorted(loaded)] if loaded != every else []
        if len(parts) > FEW:
            parts = [f"{len(loaded)} of {len(every)} feature files"]
        parts += [f"«{name}»" for name in self.config.name or ()]
        return ", ".join(parts)

    def _any(self, status: str) -> bool:
        return any(record.status == status for record in self.record.scenarios)

    def _keep_live_proof(self) -> None:
        """Remember each pass against the live endpoint; with another endpoint or adapter it is none."""
        if {"endpoint", "adapter", "wire", "replay"} & set(self.config.userdata):
            return
        proof = {"date": timestamp(), "model": self.record.facts.get("model", "")}
        passed = {
            each.id: proof for each in self.record.scenarios if each.level == "e2e" and each.status == PASSED
        }
        if passed:
            write_json(self.reports / LIVE_PROOF_FILE, {**read_live_proof(self.reports), **passed})

    # ------------------------------------------------------------ the report

    def _report_what_never_ran(self) -> None:
        """Report what behave never began, and the formatter therefore never heard of."""
        if self.results is None:
            return
        shown = {each.id for each in shown_in(self.results)[0]}
        logger = AllureFileLogger(self.results)
        for scenario in self.selected:
            if scenario.status.is_untested() and scenarios.identity(scenario) not in shown:
                logger.report_result(
                    honest_allure.conclude(honest_allure.result_of(scenario), self._verdict(scenario))
                )

    def _report_globally(self) -> None:
        messages = [*(incident.message for incident in self.record.incidents), *self.record.problems]
        if self.record.state == INTERRUPTED:
            messages.insert(0, WHY_CUT_SHORT)
        if self.results is not None and messages:
            errors = [GlobalError(message=message, timestamp=now()) for message in messages]
            AllureFileLogger(self.results).report_globals(Globals(errors=errors))

    def _problems(self) -> list[str]:
        problems = list(self.objections)
        if self.results is None:
            problems.append(
                "no Allure results were written, so nothing can be reported; run behave in the folder "
                f"{self.root}, whose behave.ini has to set format = allure_behave.formatter:AllureFormatter "
                "and outfiles = reports/allure-results"
            )
        else:
            problems += differences(self.record.scenarios, self.results, self.started_ms)
        problems += [
            f"{record.file}:{record.line} «{record.title}» was {scenarios.NO_REASON}; give the skip a reason"
            for record in self.record.scenarios
            if record.status == SKIPPED and record.reason == scenarios.NO_REASON
        ]
        if not self.record.scenarios:
            problems.append(self._nothing_selected())
        elif not self._any(PASSED) and not self._any(FAILED):
            reasons = "; ".join(dict.fromkeys(record.reason for record in self.record.scenarios))
            count = len(self.record.scenarios)
            problems.append(
                f"nothing was executed: the {count} selected scenarios were all left out ({reasons})"
            )
        return problems

    def _leaks(self) -> list[str]:
        """Return where this run's canary shows; a key would show there too."""
        places = sorted(self.watch.seen)
        places += [f"{self.reports.name}/{file}" for file in canary.leaks(self.reports)]
        return [f"the key of this run shows in {place}; redact it where it is written" for place in places]

    def _nothing_selected(self) -> str:
        used = {
            tag
            for feature in self.runner.features
            for each in feature.walk_scenarios()
            for tag in scenarios.tags_of(each)
        }
        known = used | set(LEVELS) | set(CRITERIA) | set(CAPABILITIES)
        asked = re.findall(r"(?<![\w@.-])@?([A-Za-z][\w.-]*)", self.record.selection)
        unknown = [tag for tag in asked if tag not in {*known, "and", "or", "not"}]
        hints = [f"no scenario has @{tag}; {suggestion(tag, known)}".rstrip("; ") for tag in unknown]
        hints.append(f"known tags: {', '.join(f'@{tag}' for tag in sorted(known))}")
        asked_for = (
            f"--tags={self.record.selection}" if self.record.selection else "what the command line names"
        )
        return f"nothing was executed: no scenario matches {asked_for}; {'; '.join(hints)}"

    def _say(self, found: Trace) -> None:
        lines = ["", *summary(found.criteria)]
        left_out: dict[str, int] = {}
        for record in self.record.scenarios:
            if record.status == SKIPPED:
                left_out[record.reason] = left_out.get(record.reason, 0) + 1
        lines += [f"{count} left out  {reason}" for reason, count in left_out.items()]
        lines += [
            f"RETRIED  «{each.title}»: {each.retried}" for each in self.record.scenarios if each.retried
        ]
        lines += [f"{name:<8} {self.record.facts[name]}" for name in SAID if name in self.record.facts]
        if self.record.state == INTERRUPTED:
            lines.append("INTERRUPTED  what was proven until then stands")
        lines += _failures(self.record.scenarios)
        lines += [f"BROKEN   {incident.message}" for incident in self.record.incidents]
        lines += [f"PROBLEM  {problem}" for problem in self.record.problems]
        with suppress(ValueError):  # nothing is lost when the reports lie outside the project
            lines.append(
                f"The matrix: {(self.reports / 'traceability.html').relative_to(Path.cwd()).as_posix()}"
            )
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def _failures(records: Iterable[ScenarioRecord]) -> Iterator[str]:
    """Yield what failed: where, in which step, what was expected and seen; what fails alike is told once."""
    alike: dict[tuple[str, str], list[ScenarioRecord]] = {}
    for record in records:
        if record.status == FAILED:
            alike.setdefault((record.step, record.reason), []).append(record)
    for (step, reason), same in list(alike.items())[:TOLD]:
        yield from ("", *(f"FAILED   {each.file}:{each.line}  {each.title}" for each in same[:ALIKE]))
        if len(same) > ALIKE:
            yield f"         … and {len(same) - ALIKE} more for the same reason"
        yield from (f"         {line}" for line in (step, *reason.splitlines()) if line)
    if len(alike) > TOLD:
        yield f"\n… and {len(alike) - TOLD} other reasons; all of them are in the report"


def _selection(tags: str | Sequence[str] | None) -> str:
    """Return the tag expression; of several, behave wants all to hold."""
    given = [tags] if isinstance(tags, str) else [str(tag) for tag in tags or ()]
    return given[0] if len(given) == 1 else " and ".join(f"({tag})" for tag in given)


def _interrupt_on_sigterm() -> Callable[[], None]:
    """Make SIGTERM end the run as Ctrl-C does, with its record kept; return what undoes it."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)

    def restore() -> None:
        signal.signal(signal.SIGTERM, previous)

    return restore
