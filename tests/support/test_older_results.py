"""Results of an older run are moved, never lost, and nothing else is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.older_results import KEPT, set_aside


def result(folder: Path, text: str, age_s: int = 0) -> None:
    """Write a result of some age."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "1-result.json"
    path.write_text(text)
    os.utime(path, (1_700_000_000 - age_s, 1_700_000_000 - age_s))


def test_an_empty_or_missing_folder_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert set_aside(tmp_path / "missing") is None
    assert set_aside(tmp_path) is None
    assert capsys.readouterr().out == ""


def test_two_runs_of_one_second_stay_apart(tmp_path: Path) -> None:
    folder = tmp_path / "allure-results"
    result(folder, "first")
    first = set_aside(folder)
    result(folder, "second")
    second = set_aside(folder)
    assert first
    assert second
    assert [(each / "1-result.json").read_text() for each in (first, second)] == ["first", "second"]


def test_the_newest_runs_are_kept_and_foreign_folders_stay(tmp_path: Path) -> None:
    folder = tmp_path / "allure-results"
    foreign = tmp_path / "previous-results/mine"
    foreign.mkdir(parents=True)
    for run in range(KEPT + 2):
        result(folder, str(run), age_s=(KEPT + 2 - run) * 60)
        set_aside(folder)
    kept = sorted(path.read_text() for path in (tmp_path / "previous-results").rglob("*.json"))
    assert kept == sorted(str(run) for run in range(2, KEPT + 2))
    assert foreign.exists()
