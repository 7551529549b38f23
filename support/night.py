"""A run of ``@e2e``: what happens around each of its scenarios, and what it leaves.

Each live scenario leaves a recording, its cost, and in what the endpoint spoke otherwise than is known. With
``-D replay=DIR`` recordings stand in for the endpoint. ``-D budget_usd=`` leaves out what might be too dear.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from behave.model import Feature, Scenario

from realtime_adapter.endpoint import DEFAULT_URL
from realtime_adapter.models import DEFAULT_MODEL
from realtime_server.recording import LIVE, Recording
from support import recordings, scenarios
from support.cost import DEARER, Cost, cost_of, dollars
from support.drift import Difference, Shapes
from support.endpoints import endpoint_of
from support.evidence import attach_text
from support.night_record import NightRecord
from support.outage import outage_of
from support.redaction import redact
from support.run_record import timestamp
from support.settings import Settings
from support.world import RENEW, World


class Night:
    """One run of the scenarios that ask the live endpoint, or what stands in for it.

    Args:
        settings: The settings of the run.
        reports: Where the run leaves what it makes.
    """

    def __init__(self, settings: Settings, reports: Path) -> None:
        self.settings = settings
        self.reports = reports
        self.record = NightRecord(timestamp())
        self.left_out: list[str] = []
        self.not_recorded: list[str] = []
        self._outages: dict[int, str] = {}
        self._begun = False
        self._told: set[tuple[str, str]] = set()

    # --- before a scenario ------------------------------------------------------------------------------

    def why_unproven(self, scenario: Scenario) -> str | None:
        """Why a scenario cannot run, or None when it can."""
        if not _live(scenario):
            return None
        if self.settings.replay is not None:
            name = recordings.file_of(scenario)
            if (self.settings.replay / name).exists():
                return None
            self.not_recorded.append(name)
            return f"unproven: {self.settings.replay} holds no {name}"
        return self.settings.why_unproven or self._too_dear(scenario)

    def recording_for(self, scenario: Scenario) -> Path | None:
        """Return the recording that stands in for the endpoint in a scenario, or None."""
        folder = self.settings.replay if _live(scenario) else None
        return folder / recordings.file_of(scenario) if folder else None

    def _too_dear(self, scenario: Scenario) -> str | None:
        budget_usd, spent_usd = self.settings.budget_usd, self.record.total.usd
        if budget_usd is None:
            return None
        may_usd = self._may_cost(scenario)
        if spent_usd + may_usd <= budget_usd:
            return None
        self.left_out.append(scenarios.title(scenario))
        return (
            f"unproven: the budget of ${budget_usd} might be passed: ${dollars(spent_usd)} are spent, "
            f"and this scenario may cost ${dollars(may_usd)}"
        )

    def _may_cost(self, scenario: Scenario) -> Decimal:
        known = self._shipped_usd.get(recordings.file_of(scenario))
        return DEARER * (known if known is not None else max(self._shipped_usd.values(), default=Decimal(0)))

    @cached_property
    def _shipped_usd(self) -> Mapping[str, Decimal]:
        """What the scenarios cost against the embedded endpoint, by the file of their recording."""
        return {name: cost_of(each.frames, self.settings.prices).usd for name, each in self._shipped.items()}

    # --- a second attempt -------------------------------------------------------------------------------

    def allow_one_retry(self, feature: Feature) -> None:
        """Let each live scenario of ``feature`` begin once more when the infrastructure failed it."""
        for scenario in feature.walk_scenarios():
            if _live(scenario) and self.settings.replay is None:
                scenario.run = partial(self._run, scenario, scenario.run)

    def _run(self, scenario: Scenario, attempt: Any, runner: Any) -> bool:
        failed: bool = attempt(runner)
        why = self._outages.pop(id(scenario), "")
        if not (failed and why) or runner.aborted:
            return failed
        scenario.retried = why
        self.record.retried[scenarios.title(scenario)] = why
        # Nothing tells when what was overloaded has recovered; haste does not help it.
        time.sleep(endpoint_of(self._address(None)).retry_after_s)
        scenario.reset()
        failed = attempt(runner)
        self._outages.pop(id(scenario), None)
        return failed

    # --- after a scenario -------------------------------------------------------------------------------

    def keep(self, world: World, scenario: Scenario) -> None:
        """Write what a scenario that went to an endpoint leaves; a replay leaves nothing new."""
        transcripts = [exchange.transcript for exchange in world.exchanges()]
        if not world.live or world.replay is not None:
            return
        why = outage_of(scenario, [world.kept_error])
        if why and not getattr(scenario, "retried", ""):
            self._outages[id(scenario)] = why
        if any(each.frames for each in transcripts):
            model = getattr(world.client, "model", "") or self.settings.model or DEFAULT_MODEL
            address = self._address(world.client)
            made = recordings.made(transcripts, address, scenario, model, datetime.now(UTC))
            name = recordings.file_of(scenario, lost=bool(why))
            self._write(made, name, world)
            self._reckon(made, scenarios.title(scenario), name)
        self.record.write(self.reports)

    def _address(self, client: Any) -> str:
        """What was dialled says whether it was live, not what was meant to be."""
        return getattr(client, "url", None) or self.settings.endpoint or DEFAULT_URL

    def _write(self, made: Recording, name: str, world: World) -> None:
        folder = self.reports / recordings.FOLDER
        if not self._begun:
            self._begun = True
            for path in folder.glob("*.jsonl"):  # of an earlier run, whose night is over
                path.unlink()
        recordings.keep(made, folder / name, [str(world.options["api_key"]), self.settings.live_key])

    def _reckon(self, made: Recording, title: str, name: str) -> None:
        """Add up what the scenario cost, and compare what was sent with what is known."""
        if made.origin not in self.record.origins:
            self.record.origins.append(made.origin)
        cost = cost_of(made.frames, self.settings.prices)
        self.record.spent[title] = self.record.spent.get(title, Cost()) + cost
        would = "" if made.origin == LIVE else ", had it been live"
        attach_text("What it cost", f"{cost}, at list prices{would}")
        found = list(self._known.differences(made, name)) if self._comparable(made) else []
        self.record.drift += [redact(str(each)) for each in found if (each.what, each.how) not in self._told]
        self._told |= {(each.what, each.how) for each in found}
        if found:
            attach_text("Drift", "\n".join(_with_frame(each, made) for each in found))

    @cached_property
    def _shipped(self) -> Mapping[str, Recording]:
        return recordings.read_all(recordings.SHIPPED)

    @cached_property
    def _known(self) -> Shapes:
        return Shapes.of(self._shipped.values())

    def _comparable(self, made: Recording) -> bool:
        """Whether the shipped recordings are of the same model: some models send what others do not."""
        models = {each.about["model"] for each in self._shipped.values()}
        if models != {made.about["model"]}:
            self.record.not_compared = (
                f"{made.about['model']}, known are {', '.join(sorted(models)) or 'none'}"
            )
        return not self.record.not_compared

    # --- the report -------------------------------------------------------------------------------------

    def facts(self) -> dict[str, str]:
        """What the report says of the night."""
        if self.settings.replay is not None:
            kept = recordings.read_all(self.settings.replay).values()
            return {"recordings": recordings.described(kept, datetime.now(UTC))}
        if not self.record.origins:
            return {}
        live = self.record.origins == [LIVE]
        drift = "none"
        if self.record.not_compared:
            drift = f"not compared, for it was another model: {self.record.not_compared}"
        elif self.record.drift:
            drift = f"{len(self.record.drift)} differences: {'; '.join(self.record.drift[:3])}"
        return {
            "cost": f"{self.record.total} at list prices{'' if live else ', had it been live'}",
            "drift": drift,
            "recordings made": ", ".join(self.record.origins),
            "begun twice": "; ".join(f"«{title}»: {why}" for title, why in self.record.retried.items()),
        }

    def problems(self) -> Iterator[str]:
        """Yield why the night is not green beyond what its scenarios say."""
        if self.not_recorded:
            yield (
                f"{self.settings.replay} has no recording of {len(self.not_recorded)} scenarios "
                f"({', '.join(self.not_recorded)}); record them: {RENEW}"
            )
        if self.left_out:
            titles = ", ".join(f"«{title}»" for title in self.left_out)
            yield (
                f"the budget of ${self.settings.budget_usd} left out {len(self.left_out)} scenarios; "
                f"they stay unproven: {titles}"
            )


def _live(scenario: Scenario) -> bool:
    return "e2e" in scenarios.tags_of(scenario)


def _with_frame(found: Difference, made: Recording) -> str:
    """Return a difference with the frame that shows it."""
    number = int(found.where.rpartition(" ")[2])
    return f"{found}\n{made.frames[number - 2].payload[:2_000]}\n"
