"""The night, rehearsed: ``@e2e`` against ``python -m realtime_server`` as a process of its own.

    python -m support.rehearsal           # a night; then its recordings and those that are shipped, replayed
    python -m support.rehearsal --renew   # the same, and what was recorded becomes what the repository ships

What it leaves lies in ``reports/rehearsal`` and is no live proof. It exits 0 when all of it holds.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from support import recordings
from support.settings import KEY_VARIABLES

ROOT = Path(__file__).parents[1]
KEY = "key-of-a-rehearsal"
PATIENCE_S = 300.0


@contextmanager
def served(*options: str) -> Iterator[str]:
    """Run the embedded endpoint as a process of its own, on a free port.

    Args:
        options: Of ``python -m realtime_server``.

    Yields:
        Its address.

    Raises:
        RuntimeError: it did not start; says what it said.
    """
    command = [sys.executable, "-m", "realtime_server", "--port", "0", *options]
    with subprocess.Popen(  # noqa: S603 - our own server
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            first = process.stdout.readline() if process.stdout else ""
            if not first.startswith("listening on "):
                raise RuntimeError(f"{' '.join(command[1:])} did not start; run it by hand to see why")
            yield first.removeprefix("listening on ").strip()
        finally:
            process.terminate()
            process.wait()


def behave(*options: str, key: str = KEY, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    """Run behave in the project with no key but ``key``.

    Args:
        options: Of behave.
        key: What stands in ``OPENAI_API_KEY``; empty: nothing does.
        quiet: Keep what it says, instead of letting it through.
    """
    command = [sys.executable, "-m", "behave", *options]
    pipe = subprocess.PIPE if quiet else None
    return subprocess.run(  # noqa: S603 - our own suite
        command,
        cwd=ROOT,
        env=_without_keys(OPENAI_API_KEY=key) if key else _without_keys(),
        stdout=pipe,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def _without_keys(**variables: str) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in KEY_VARIABLES}
    return {**kept, **variables}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m support.rehearsal", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--renew", action="store_true", help="renew the recordings that the repository ships")
    renew: bool = parser.parse_args(argv).renew
    reports = ROOT / "reports" / "rehearsal"
    left = reports / recordings.FOLDER
    with served() as endpoint:
        night = behave("--tags=@e2e", "-D", f"endpoint={endpoint}", "-D", f"reports={reports}")
    if night.returncode:
        return night.returncode
    if renew:
        shutil.rmtree(recordings.SHIPPED, ignore_errors=True)
        shutil.copytree(left, recordings.SHIPPED)
    for folder in (left, recordings.SHIPPED):
        replayed = behave(
            "--tags=@e2e", "-D", f"replay={folder}", "-D", f"reports={reports / 'replayed'}", key=""
        )
        if replayed.returncode:
            return replayed.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
