"""What a run was made of: the commit, Python and the packages that matter, as they were when it ran."""

from __future__ import annotations

import platform
import shutil
import subprocess
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("behave", "websockets", "pydantic", "numpy")
_TIMEOUT_S = 10


def provenance() -> dict[str, str]:
    """Return commit, Python and package versions in words for the report."""
    installed = []
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            installed.append(f"{package} {version(package)}")
    return {
        "commit": _commit() or "unknown",
        "python": f"{platform.python_version()}, {platform.system()} {platform.machine()}",
        "packages": ", ".join(installed),
    }


def checked_out() -> str:
    """Return what is checked out, as ``provenance`` would, whatever a night has added to the ledger."""
    commit = _git("describe", "--always", "--abbrev=12")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":!/reports/ledger.json")
    return f"{commit}-dirty" if commit and changed else commit


def _commit() -> str:
    return _git("describe", "--always", "--dirty", "--abbrev=12")


def _git(*arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    with suppress(subprocess.TimeoutExpired):
        done = subprocess.run(  # noqa: S603 - fixed arguments
            [git, *arguments],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else ""
    return ""
