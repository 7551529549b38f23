"""A run of ``@e2e``: what happens around each of its scenarios, and what it leaves.

Each live scenario leaves a recording. With ``-D replay=DIR`` such recordings stand in for the endpoint.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from behave.model import Scenario

from realtime_adapter.endpoint import DEFAULT_URL
from support import recordings, scenarios
from support.settings import Settings
from support.world import World


class Night:
    """One run of the scenarios that ask the live endpoint, or what stands in for it.

    Args:
        settings: The settings of the run.
        reports: Where the run leaves what it makes.
    """

    def __init__(self, settings: Settings, reports: Path) -> None:
        self.settings = settings
        self.folder = reports / recordings.FOLDER
        self._cleared = False

    def why_unproven(self, scenario: Scenario) -> str | None:
        """Why a scenario cannot run, or None when it can."""
        if "e2e" not in scenarios.tags_of(scenario):
            return None
        if self.settings.replay is not None:
            name = recordings.file_of(scenario)
            found = (self.settings.replay / name).exists()
            return None if found else f"unproven: {self.settings.replay} holds no {name}"
        return self.settings.why_unproven

    def recording_for(self, scenario: Scenario) -> Path | None:
        """Return the recording that stands in for the endpoint in a scenario, or None."""
        replayed = self.settings.replay is not None and "e2e" in scenarios.tags_of(scenario)
        return (
            self.settings.replay / recordings.file_of(scenario) if replayed and self.settings.replay else None
        )

    def keep(self, world: World, scenario: Scenario) -> None:
        """Write the recording of a scenario that went to a live endpoint; a replay leaves none."""
        transcripts = [exchange.transcript for exchange in world.exchanges()]
        if not world.live or world.replay is not None or not any(each.frames for each in transcripts):
            return
        # What was dialled says whether it was live, not what was meant to be.
        address = getattr(world.client, "url", None) or self.settings.endpoint or DEFAULT_URL
        model = getattr(world.client, "model", self.settings.model)
        made = recordings.made(transcripts, address, scenario, model, datetime.now(UTC))
        self._clear()
        recordings.keep(made, self.folder / recordings.file_of(scenario), [str(world.options["api_key"])])

    def _clear(self) -> None:
        """Take away what an earlier run left, once this one has something of its own."""
        if not self._cleared:
            self._cleared = True
            for path in self.folder.glob("*.jsonl"):
                path.unlink()
