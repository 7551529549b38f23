"""What the README shows runs as it stands: each block of Python, pasted into a file, without a key."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    script = folder / "pasted.py"
    script.write_text(code, encoding="utf-8")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_there_is_something_to_paste() -> None:
    assert len(BLOCKS) >= 2


@pytest.mark.parametrize("code", BLOCKS, ids=range(len(BLOCKS)))
def test_it_runs_as_it_stands_and_prints_both_sides_of_the_conversation(code: str, tmp_path: Path) -> None:
    done = run(code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "We open at nine in the morning" in done.stdout


def test_the_quick_start_leaves_the_answer_behind(tmp_path: Path) -> None:
    run(BLOCKS[0], tmp_path)
    assert (tmp_path / "answer.wav").stat().st_size > 48_000
