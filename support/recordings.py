"""The recordings of ``@e2e``: made with each live scenario, replayed ever after.

    python -m support.recordings              # what reports/recordings holds: origin, age, scenario
    python -m support.recordings recordings   # the ones that come with the repository

Exit codes: 0; 2, one of them cannot be read.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from behave.model import Scenario

from realtime_server.recording import Recording, RecordingError
from realtime_server.transcript import Transcript
from support import scenarios
from support.criteria import claim
from support.endpoints import endpoint_of

FOLDER = "recordings"
SHIPPED = Path(__file__).parents[1] / FOLDER
"""The recordings that come with the repository; the nightly's own lie in ``reports/recordings``."""
STALE_AFTER_DAYS = 30


def file_of(scenario: Scenario, *, lost: bool = False) -> str:
    """Return the name of the file that the recording of ``scenario`` lies in.

    Args:
        scenario: The scenario.
        lost: The recording is of an attempt that the infrastructure failed; it has a file of its own.
    """
    claimed = claim(scenarios.tags_of(scenario))
    of = claimed.criterion.id if claimed.criterion else "none"
    stem = re.sub(r"[^a-z0-9]+", "-", f"{of} {scenarios.title(scenario)}".lower()).strip("-")
    return f"{stem}.lost.jsonl" if lost else f"{stem}.jsonl"


def made(
    transcripts: Iterable[Transcript], address: str, scenario: Scenario, model: str, today: datetime
) -> Recording:
    """Return the recording of a scenario that has ended.

    Args:
        transcripts: What went over each of its connections.
        address: Where it was dialled.
        scenario: The scenario, with its verdict.
        model: The model that was asked for.
        today: When it was made.
    """
    claimed = claim(scenarios.tags_of(scenario))
    about = {
        "endpoint": address.partition("?")[0],
        "model": model,
        "criterion": claimed.criterion.id if claimed.criterion else "none",
        "scenario": scenarios.title(scenario),
        "outcome": scenarios.judge(scenario).status,
    }
    frames = [frame for transcript in transcripts for frame in transcript.frames]
    return Recording(endpoint_of(address).origin, today, tuple(frames), about)


def keep(recording: Recording, path: Path, secrets: Iterable[str]) -> None:
    """Write a recording, so that a reader never finds half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_text(recording.to_jsonl(secrets), encoding="utf-8")
    draft.replace(path)


def stale(recording: Recording, today: datetime) -> bool:
    """Whether a recording is too old to say anything of the endpoint of today."""
    return recording.age_days(today) > STALE_AFTER_DAYS


def read_all(folder: Path) -> dict[str, Recording]:
    """Return the recordings in ``folder`` by file name.

    Raises:
        RecordingError: one of them cannot be read.
    """
    return {path.name: Recording.read(path) for path in sorted(folder.glob("*.jsonl"))}


def described(recordings: Iterable[Recording], today: datetime) -> str:
    """Return what a replay went by: ``8 recordings, embedded, of 25 November 2026; 2 stale``."""
    kept = list(recordings)
    origins = ", ".join(sorted({each.origin for each in kept})) or "none"
    old = sum(stale(each, today) for each in kept)
    return f"{len(kept)} recordings ({origins}), {old} stale (older than {STALE_AFTER_DAYS} days)"


def _listed(recordings: dict[str, Recording], today: datetime) -> Iterator[str]:
    for name, each in recordings.items():
        age = f"{each.age_days(today)} days{', stale' if stale(each, today) else ''}"
        yield f"{each.origin:<9} {age:<16} {each.about.get('outcome', ''):<8} {name}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m support.recordings", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path("reports") / FOLDER)
    folder: Path = parser.parse_args(argv).folder
    today = datetime.now(UTC)
    try:
        found = read_all(folder)
    except RecordingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    lines = [*_listed(found, today), described(found.values(), today)]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
