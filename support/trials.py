"""A mutant on trial: what a criterion, the server's own tests or the reconciliation do to it.

Each trial runs in a process of its own (see ``support.forks``). A criterion judges with all its scenarios
that the mutant touches, until one has killed it; the live ones go to an embedded endpoint of their own. What
a mutant touches is seen beforehand, in a run of the unharmed client: a scenario in which nothing would have
been changed cannot end otherwise.
"""

from __future__ import annotations

import inspect
import io
import os
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from behave.configuration import Configuration
from behave.model import Feature, Scenario, Step
from behave.runner import Context, Runner
from behave.runner_util import parse_features

from realtime_server import Answer, Connection, RealtimeServer, Script
from support import scenarios
from support.matrix import KILL, OTHER_REASON, SURVIVE, Cell, Row
from support.mutants import RAISES, Mutant, Wrapped
from support.settings import Settings
from support.tamper import NONE, Event, Tampering, Upgrade
from support.world import UNIT_KEY, World, environment

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 1.5  # how long a wait may last in here: a mutant must be caught by a verdict, not by patience


class Suite(Runner):  # type: ignore[misc]
    """The scenarios of the criteria and their steps, loaded once for every process that is forked.

    Args:
        settings: The adapter that is driven.
    """

    def __init__(self, settings: Settings) -> None:
        paths = [str(path) for path in sorted((ROOT / "features").glob("*.feature"))]
        arguments = ["-f", "null", "--no-summary", "--no-color", *paths]
        super().__init__(Configuration(arguments, load_config=False))
        self.settings = settings
        os.chdir(ROOT)
        self.path_manager.__enter__()
        self.setup_paths()
        self.load_step_definitions()
        self.features = parse_features(self.feature_locations())

    def of(self, criterion: str) -> list[Scenario]:
        """Return the scenarios of a criterion, on every level."""
        return [
            scenario
            for feature in self.features
            for scenario in feature.walk_scenarios()
            if criterion in scenarios.tags_of(scenario)
        ]


@dataclass(frozen=True)
class Seen:
    """What happens in a scenario when a mutant is in it.

    Attributes:
        tampering: What is changed.
        before: Called when the World is open.
        failed: Called with each step that fails.
        after: Called when the scenario is over and its transcripts are closed, with the connections that the
            endpoint in the place of the live one had.
        done: Whether the rest of the scenarios can be left out.
    """

    tampering: Tampering
    before: Callable[[World], None] = lambda _: None
    failed: Callable[[Context, Step], None] = lambda _context, _step: None
    after: Callable[[World, Sequence[Connection]], None] = lambda _world, _live: None
    done: Callable[[], bool] = lambda: False


def run_scenarios(suite: Suite, chosen: Collection[str], each: Callable[[Scenario], Seen]) -> int:
    """Run scenarios with hooks of our own, which report nothing; return how many were run.

    Args:
        suite: Where they are.
        chosen: Their identities.
        each: Says what to do in a scenario.
    """
    ran = 0
    live = RealtimeServer(Script(default_answer=Answer(pause_ms=20)))  # slow enough to be interrupted
    live.start()
    settings = replace(suite.settings, endpoint=live.url, live_key=UNIT_KEY)

    def before_scenario(context: Context, scenario: Scenario) -> None:
        nonlocal ran
        context.seen = seen = each(scenario)
        if seen.done():
            scenario.skip("the criterion has killed the mutant already")
            return
        ran += 1
        owned = ExitStack()
        context.add_cleanup(owned.close)
        owned.enter_context(environment())
        context.world = owned.enter_context(World(settings, seen.tampering).opened())
        context.dialled_before = len(live.connections)
        context.world.timeout_s = context.world.live_timeout_s = PATIENCE_S
        seen.before(context.world)

    def after_step(context: Context, step: Step) -> None:
        if step.status.has_failed():
            context.seen.failed(context, step)

    def after_scenario(context: Context, _scenario: Scenario) -> None:
        if "world" in context:
            context.world.finish()
            context.seen.after(context.world, live.connections[context.dialled_before :])

    def before_all(context: Context) -> None:
        context.settings = settings

    for feature in suite.features:
        for scenario in feature.walk_scenarios():
            if scenarios.identity(scenario) not in chosen:
                scenario.mark_skipped()
    suite.hooks.update(
        before_all=before_all,
        before_scenario=before_scenario,
        after_step=after_step,
        after_scenario=after_scenario,
    )
    suite.context = Context(suite)
    with redirect_stdout(io.StringIO()):
        suite.run_model([feature for feature in suite.features if _wanted(feature, chosen)])
    live.stop()
    return ran


def _wanted(feature: Feature, chosen: Collection[str]) -> bool:
    return any(scenarios.identity(scenario) in chosen for scenario in feature.walk_scenarios())


# ------------------------------------------------------------ what a mutant touches


@dataclass
class Baseline:
    """What the unharmed client does in the scenarios of a criterion.

    Attributes:
        touched: By mutant, the identities of the scenarios in which it would have changed something.
        seconds: How long each scenario took, by identity.
        failed: What did not hold although nothing was changed.
    """

    touched: dict[str, list[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


class Watch:
    """A tampering that changes nothing and sees which mutants would have changed something."""

    def __init__(self, mutants: Iterable[Mutant]) -> None:
        self.mutants = list(mutants)
        self.touching: set[str] = set()
        self.tampering = Tampering(
            upgrade=self._upgrade,
            sent=self._sent,
            received=self._received,
            client=self._client,
            documentation=self._documentation,
        )

    def _ask(self, changes: Callable[[Tampering], bool]) -> None:
        for mutant in self.mutants:
            if mutant.id not in self.touching and mutant.tampering != NONE and changes(mutant.tampering):
                self.touching.add(mutant.id)

    def _upgrade(self, upgrade: Upgrade) -> Upgrade:
        self._ask(lambda change: change.upgrade(upgrade) != upgrade)
        return upgrade

    def _sent(self, event: Event) -> Iterable[Event]:
        self._ask(lambda change: _written(change.sent(event)) != _written([event]))
        return (event,)

    def _received(self, event: Event) -> Iterable[Event]:
        self._ask(
            lambda change: (
                bool(change.fragmented or change.close_code)
                or _written(change.received(event)) != _written([event])
            )
        )
        return (event,)

    def _client(self, client: Any) -> Any:
        acting = {
            mutant.id: wrapped.acts_on
            for mutant in self.mutants
            if isinstance(wrapped := mutant.tampering.client(client), Wrapped)
        }

        def seen(what: str) -> None:
            self.touching |= {mutant for mutant, acts_on in acting.items() if what in acts_on}

        return _Spied(client, seen)

    def _documentation(self, text: str) -> str:
        self._ask(lambda change: change.documentation(text) != text)
        return text

    def look_back(self, world: World, live: Sequence[Connection]) -> None:
        """See, once the scenario is over, which server would have acted otherwise."""
        servers = [each.server for each in (world, *world.guards) if each.server is not None]
        connections = [*live, *(connection for server in servers for connection in server.connections)]
        self.touching |= {mutant.id for mutant in self.mutants if mutant.touches(connections)}


class _Spied:
    """A client of which is seen what is used of it, and whether its calls raise."""

    def __init__(self, client: Any, seen: Callable[[str], None]) -> None:
        self._client, self._seen = client, seen

    def __getattr__(self, name: str) -> Any:
        self._seen(name)
        found = getattr(self._client, name)
        return self._watched(found) if inspect.iscoroutinefunction(found) else found

    def _watched(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def watched(*given: Any, **named: Any) -> Any:
            try:
                return await call(*given, **named)
            except Exception:
                self._seen(RAISES)
                raise

        return watched


def _written(events: Iterable[Event]) -> list[str]:
    """Return events as they would stand on the wire: the order of keys counts."""
    return [repr(event) for event in events]


def baseline(suite: Suite, criterion: str, mutants: Iterable[Mutant]) -> Baseline:
    """Run the scenarios of a criterion with an unharmed client, behind a relay that changes nothing."""
    found = Baseline()
    judged_here = [mutant for mutant in mutants if criterion in mutant.judges]
    found.touched = {mutant.id: [] for mutant in judged_here}

    def each(scenario: Scenario) -> Seen:
        identity, watch = scenarios.identity(scenario), Watch(judged_here)

        def failed(context: Context, step: Step) -> None:
            found.failed.append(f"{context.scenario.name}: {step.name}: {reason_of(step)}")

        def after(world: World, live: Sequence[Connection]) -> None:
            watch.look_back(world, live)
            found.seconds[identity] = scenario.duration
            for mutant in watch.touching:
                found.touched[mutant].append(identity)

        return Seen(watch.tampering, failed=failed, after=after)

    run_scenarios(suite, {scenarios.identity(scenario) for scenario in suite.of(criterion)}, each)
    return found


# ------------------------------------------------------------------- the trials


def by_criterion(suite: Suite, mutant: Mutant, criterion: str, touched: Collection[str]) -> Cell:
    """Let a criterion judge a mutant with the scenarios that it touches, until one has killed it."""
    cell = Row.of(mutant).cells[criterion]
    words = mutant.kills.get(criterion, "\0")

    def failed(context: Context, step: Step) -> None:
        reason = reason_of(step)
        right = words in reason
        if cell.observed != KILL and (right or cell.observed == SURVIVE):
            cell.observed = KILL if right else OTHER_REASON
            cell.scenario, cell.step, cell.reason = context.scenario.name, step.name, reason
            cell.before, cell.after = context.world.first_change()

    seen = Seen(mutant.tampering, failed=failed, done=lambda: cell.observed == KILL)
    began = time.monotonic()
    with mutant.applied():
        cell.ran = run_scenarios(suite, touched, lambda _: seen)
    cell.seconds = round(time.monotonic() - began, 2)
    return cell


def reason_of(step: Step) -> str:
    """Return what a step that failed said."""
    return scenarios.explain(step.exception) if step.exception else str(step.error_message)
