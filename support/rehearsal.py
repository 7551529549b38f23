"""The night, rehearsed: ``@e2e`` against ``python -m realtime_server`` as a process of its own.

    python -m support.rehearsal           # a night; then its recordings and those that are shipped, replayed
    python -m support.rehearsal --renew   # the same, and what was recorded becomes what the repository ships

What it leaves lies in ``reports/rehearsal`` and is no live proof. It exits 0 when all of it holds.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from realtime_server.recording import EMBEDDED, LIVE, Recording
from support import drift, recordings, run_record
from support.cost import DEARER, cost_of
from support.scenarios import PASSED
from support.settings import KEY_VARIABLES, THE_LIVE_ENDPOINT

ROOT = Path(__file__).parents[1]
KEY = "key-of-a-rehearsal"
PATIENCE_S = 120.0


@contextmanager
def served(*options: str) -> Iterator[str]:
    """Run the embedded endpoint as a process of its own, on a free port.

    Args:
        options: Of ``python -m realtime_server``.

    Yields:
        Its address.

    Raises:
        RuntimeError: it did not start.
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


class Rehearsal:
    """One night against the embedded endpoint, and what it left.

    Args:
        reports: Where it leaves it; None for a folder that goes with it.

    Attributes:
        reports: The folder.
        exit_code: Of behave.
        said: What behave printed.
        deviations: How the endpoint deviates, by name, and in which words that shows.
        budget_usd: What it was allowed to cost, when it was told.
    """

    def __init__(self, reports: Path | None = None) -> None:
        self._stack = ExitStack()
        self._given = reports
        self._endpoint = ""
        self.exit_code = -1
        self.budget_usd = Decimal(0)
        self.deviations: dict[str, str] = {}
        self.said = ""

    @property
    def reports(self) -> Path:
        """The folder with what the night left."""
        if self._given is None:
            self._given = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        return self._given

    def close(self) -> None:
        """End the endpoint, and take away a folder that nobody gave."""
        self._stack.close()

    def serve(self, *options: str, scenario: str = "") -> None:
        """Start the endpoint.

        Args:
            options: Of ``python -m realtime_server``.
            scenario: What it plays, in TOML; empty: as usual.
        """
        if scenario:
            file = self.reports / "scenario.toml"
            file.write_text(scenario, encoding="utf-8")
            options = (*options, "--scenario", str(file))
        self._endpoint = self._stack.enter_context(served(*options))

    def run(self, *options: str, tags: str = "@e2e", key: str = KEY) -> None:
        """Run the night to its end.

        Args:
            options: Of behave, beside the endpoint.
            tags: Which scenarios.
            key: What stands in ``OPENAI_API_KEY``; empty: nothing does.
        """
        with self._begun(options, tags, key) as process:
            self.said, _ = process.communicate(timeout=PATIENCE_S)
        self.exit_code = process.returncode

    def run_within_budget(self, criterion: str) -> None:
        """Run the night of one criterion with as much money as its dearest scenario may cost."""
        shipped = recordings.read_all(recordings.SHIPPED)
        of_criterion = [each for each in shipped.values() if each.about.get("criterion") == criterion]
        self.budget_usd = DEARER * max(cost_of(each.frames).usd for each in of_criterion)
        self.run("-D", f"budget_usd={self.budget_usd}", tags=f"@e2e and @{criterion}")

    def cut(self, reached: Callable[[Rehearsal], bool], tags: str = "@e2e") -> None:
        """Run the night until ``reached`` holds, and interrupt it there.

        Raises:
            AssertionError: it ended before, or never got there.
        """
        deadline = time.monotonic() + PATIENCE_S
        with self._begun((), tags, KEY) as process:
            while not reached(self):
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    raise AssertionError(f"the night did not get as far: {process.communicate()[0]}")
                time.sleep(0.05)  # another process's file: there is no event to wait for
            process.send_signal(signal.SIGTERM)
            self.said, _ = process.communicate(timeout=PATIENCE_S)
        self.exit_code = process.returncode

    @contextmanager
    def _begun(self, options: Sequence[str], tags: str, key: str) -> Iterator[subprocess.Popen[str]]:
        where = ["-D", f"endpoint={self._endpoint}"] if self._endpoint else []
        command = [sys.executable, "-m", "behave", f"--tags={tags}", "-D", f"reports={self.reports}"]
        kept = {name: value for name, value in os.environ.items() if name not in KEY_VARIABLES}
        with subprocess.Popen(  # noqa: S603 - our own suite
            [*command, *where, *options],
            cwd=ROOT,
            env={**kept, **({"OPENAI_API_KEY": key} if key else {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def replay(self, tags: str = "@e2e") -> None:
        """Run the night again, against what it recorded, without a key and without the endpoint."""
        recorded = self.reports / "recorded"
        shutil.copytree(self.reports / recordings.FOLDER, recorded)
        self._endpoint = ""
        self.run("-D", f"replay={recorded}", tags=tags, key="")

    def rename_by_hand(self, sender: str, event: str, field: str, name: str) -> None:
        """Rename one field in each of its recordings, in the first event of a type.

        Args:
            sender: Who sent the event: ``client`` or ``server``.
            event: Its type.
            field: The field, anywhere in it.
            name: What it is called instead.

        Raises:
            AssertionError: there is no such event or field.
        """
        count = 0
        for path in (self.reports / recordings.FOLDER).glob("*.jsonl"):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            for at, line in enumerate(lines):
                if f'"from": "{sender}", "event": {{"type": "{event}"' in line and f'"{field}":' in line:
                    lines[at] = line.replace(f'"{field}":', f'"{name}":', 1)
                    count += 1
                    break
            path.write_text("".join(lines), encoding="utf-8")
        assert count, f"no recording has {field} in a {event} of the {sender}"

    # --- what it left -----------------------------------------------------------------------------------

    @property
    def recorded(self) -> dict[str, Recording]:
        """Its recordings, by file name."""
        return recordings.read_all(self.reports / recordings.FOLDER)

    @property
    def cost_usd(self) -> Decimal:
        """What it would have cost, had it been live."""
        return Decimal(self.json("night.json")["cost_usd"])

    @property
    def drifted(self) -> tuple[int, list[str]]:
        """The exit code of ``python -m support.drift`` for its recordings, and every difference."""
        shapes = drift.shipped()
        found = [str(each) for name, made in self.recorded.items() for each in shapes.differences(made, name)]
        return drift.main([str(self.reports / recordings.FOLDER)]), found

    def json(self, name: str) -> Any:
        """Return a JSON file that it left; empty when it left none."""
        path = self.reports / name
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    @property
    def statuses(self) -> Mapping[str, list[str]]:
        """The statuses of the ``@e2e`` scenarios of each criterion that has some."""
        return {
            criterion["id"]: found
            for criterion in self.json("traceability.json")["criteria"]
            if (found := [each["status"] for each in criterion["scenarios"] if each["level"] == "e2e"])
        }

    def has_passed(self, criterion: str) -> bool:
        """Say whether the record of the run, kept while it runs, has a scenario of it as passed."""
        record = run_record.RunRecord.read(self.reports)
        found = record.scenarios if record else []
        return any(each.criterion == criterion and each.status == PASSED for each in found)

    def pretend_live(self) -> None:
        """Mark what it left as made at the vendor's own endpoint, where nobody here can go."""
        for path in (self.reports / recordings.FOLDER).glob("*.jsonl"):
            _replace(path, f'"origin": "{EMBEDDED}"', f'"origin": "{LIVE}"')
        _replace(self.reports / run_record.FILE, self._endpoint, THE_LIVE_ENDPOINT)

    def enter_into_ledger(self) -> int:
        """Return the exit code with which the ledger takes it, or does not."""
        command = [sys.executable, "-m", "support.ledger", "append", "--reports", str(self.reports)]
        done = subprocess.run(  # noqa: S603 - our own ledger
            command, cwd=ROOT, capture_output=True, timeout=PATIENCE_S, check=False
        )
        return done.returncode

    def files_that_show(self, key: str) -> list[str]:
        """Return the files it left in which ``key`` stands."""
        found = (each for each in self.reports.rglob("*") if each.is_file())
        return sorted(each.name for each in found if key.encode() in each.read_bytes())


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} does not hold {old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m support.rehearsal", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--renew", action="store_true", help="renew the recordings that the repository ships")
    renew: bool = parser.parse_args(argv).renew
    night = Rehearsal(ROOT / "reports" / "rehearsal")
    night.serve()
    try:
        night.run()
    finally:
        night.close()
    sys.stdout.write(night.said)
    left = night.reports / recordings.FOLDER
    if renew and night.exit_code == 0:
        shutil.rmtree(recordings.SHIPPED, ignore_errors=True)
        shutil.copytree(left, recordings.SHIPPED)
    for folder in (left, recordings.SHIPPED):
        if night.exit_code == 0:
            night = Rehearsal(ROOT / "reports" / "rehearsal" / "replayed")
            night.run("-D", f"replay={folder}", key="")
            sys.stdout.write(night.said)
    code = night.exit_code or drift.main([str(left)])
    if code and not renew:
        sys.stderr.write("If both sides are meant to speak so now: python -m support.rehearsal --renew\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
