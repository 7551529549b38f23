"""Results of an older run: the Allure formatter never empties its folder, so they would show as retries."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

KEPT = 10
_OURS = (
    "*-result.json",
    "*-container.json",
    "*-globals.json",
    "*-attachment.*",
    "*.json.tmp",
    "*-attachment.*.tmp",
)
_VERDICTS = ("run.json", "traceability.json", "traceability.html", "summary.json", "summary.md")
"""What the older run left beside its results; kept with them, so that no old verdict stands for a new run."""


def results_in(folder: Path) -> list[Path]:
    """Return the files in ``folder`` that an Allure formatter wrote; other files are none of ours."""
    return sorted(path for pattern in _OURS for path in folder.glob(pattern) if path.is_file())


def set_aside(folder: Path) -> Path | None:
    """Move the results of an older run out of ``folder``, say so in one sentence, and keep the newest runs.

    Returns:
        Where they are now, ``previous-results/<time>`` beside ``folder``; None when there were none.
    """
    older = results_in(folder)
    if not older:
        return None
    shelf = folder.parent / "previous-results"
    written = datetime.fromtimestamp(max(path.stat().st_mtime for path in older), UTC)
    name = written.strftime("%Y-%m-%dT%H-%M-%SZ")
    target = next(
        path for n in count(1) if not (path := shelf / (name if n == 1 else f"{name}-{n}")).exists()
    )
    target.mkdir(parents=True)
    for path in (*older, *(path for name in _VERDICTS if (path := folder.parent / name).exists())):
        path.rename(target / path.name)
    for superfluous in sorted(path for path in shelf.glob("20*T*Z*") if path.is_dir())[:-KEPT]:
        shutil.rmtree(superfluous)
    sys.stdout.write(
        f"{folder.name} held {len(older)} files of an older run; they are now in {shelf.name}/{target.name} "
        f"(the newest {KEPT} runs are kept there).\n"
    )
    return target
