"""The recordings of a folder: how old they are, where they were made, and what cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from realtime_server.recording import EMBEDDED, LIVE, Recording
from support import recordings
from support.recordings import STALE_AFTER_DAYS, described, stale

NOW = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)


def made(days_ago: float = 0, origin: str = EMBEDDED) -> Recording:
    return Recording(origin, NOW - timedelta(days=days_ago), (), {"outcome": "passed"})


@pytest.mark.parametrize(
    ("days", "is_stale"), [(0, False), (STALE_AFTER_DAYS, False), (STALE_AFTER_DAYS + 1, True)]
)
def test_a_recording_is_stale_after_a_set_age(days: int, is_stale: bool) -> None:
    assert stale(made(days), NOW) is is_stale


def test_a_replay_says_what_it_went_by() -> None:
    kept = [made(), made(STALE_AFTER_DAYS + 1), made(origin=LIVE)]
    assert described(kept, NOW) == "3 recordings (embedded, live), 1 stale (older than 30 days)"
    assert described([], NOW) == "0 recordings (none), 0 stale (older than 30 days)"


def test_the_command_lists_origin_age_and_outcome(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fresh = Recording(EMBEDDED, datetime.now(UTC), (), {"outcome": "passed"})
    old = Recording(LIVE, datetime.now(UTC) - timedelta(days=40), (), {"outcome": "failed"})
    (tmp_path / "ac1-fresh.jsonl").write_text(fresh.to_jsonl())
    (tmp_path / "ac2-old.jsonl").write_text(old.to_jsonl())
    assert recordings.main([str(tmp_path)]) == 0
    first, second, _ = capsys.readouterr().out.splitlines()
    assert first.split() == ["embedded", "0", "days", "passed", "ac1-fresh.jsonl"]
    assert second.split() == ["live", "40", "days,", "stale", "failed", "ac2-old.jsonl"]


def test_the_command_names_what_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.jsonl").write_text("{}\n")
    assert recordings.main([str(tmp_path)]) == 2
    assert "broken.jsonl is no recording" in capsys.readouterr().err
