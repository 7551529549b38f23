"""The ledger: every night that asked the vendor's own endpoint, in ``reports/ledger.json``, which git keeps.

    python -m support.ledger                                   # the nights so far
    python -m support.ledger append --recordings-at URL        # adds the run that has just ended

A night is added with what it proved, also when it was cut in the middle. A criterion counts as proven when
each of its ``@e2e`` scenarios passed and left a recording made at the vendor's own address, and not
otherwise: a run against another endpoint, or against recordings, cannot get in.

Exit codes: 0; 1, nothing live is there to be added; 2, something cannot be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from realtime_server.recording import LIVE, Recording, RecordingError
from support import recordings
from support.night_record import NightRecord
from support.run_record import RunRecord, write_json
from support.scenarios import PASSED
from support.settings import DEFAULT_ADAPTER, ENDPOINT_FACT, THE_LIVE_ENDPOINT
from support.traceability import PROVEN, Suite, trace

FILE = "ledger.json"
SCHEMA = 1


class LedgerError(ValueError):
    """The ledger cannot be used; the sentence names the file, the entry and the remedy."""


@dataclass(frozen=True)
class Entry:
    """One night.

    Attributes:
        date: When it began, ISO 8601, with a time zone.
        commit: What was proven, as git describes it.
        model: The model that answered.
        criteria: Ids of the criteria it proved.
        recordings: Where its recordings are kept.
        cost_usd: What it cost at list prices, with four decimals; None when a price was missing.
        drift: In what the endpoint spoke otherwise than the embedded server, a sentence each.
    """

    date: str
    commit: str
    model: str
    criteria: tuple[str, ...]
    recordings: str
    cost_usd: str | None = None
    drift: tuple[str, ...] = ()

    @property
    def moment(self) -> datetime:
        """When it began."""
        return datetime.fromisoformat(self.date)


def read(reports: Path) -> list[Entry]:
    """Return the nights so far, oldest first; none when there is no ledger.

    Raises:
        LedgerError: it cannot be read.
    """
    path = reports / FILE
    if not path.exists():
        return []
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        nights = told["nights"]
        if told["schema"] != SCHEMA or not isinstance(nights, list):
            raise ValueError("of another version")  # noqa: TRY301 - one sentence for every way to be wrong
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LedgerError(f"{path} is no ledger ({error}); take it from git again") from None
    return [_entry(each, f"{path}, night {number}") for number, each in enumerate(nights, start=1)]


def _entry(told: Any, place: str) -> Entry:
    known = {field.name for field in fields(Entry)}
    try:
        entry = Entry(**{**told, "criteria": tuple(told["criteria"]), "drift": tuple(told.get("drift", ()))})
        if entry.moment.tzinfo is None:
            raise ValueError("date has no time zone")  # noqa: TRY301 - as above
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerError(f"{place} cannot be read ({error}); it has {', '.join(sorted(known))}") from None
    return entry


def append(reports: Path, entry: Entry) -> None:
    """Add a night; one that began at the same moment is replaced.

    Raises:
        LedgerError: the ledger cannot be read, and nothing is lost.
    """
    nights = [each for each in read(reports) if each.date != entry.date]
    nights = sorted([*nights, entry], key=lambda each: each.moment)
    write_json(reports / FILE, {"schema": SCHEMA, "nights": [asdict(each) for each in nights]})


def entry_of(
    record: RunRecord,
    criteria: Iterable[Mapping[str, Any]],
    night: NightRecord,
    made: Mapping[str, Recording],
    recordings_at: str,
) -> Entry | None:
    """Return what a run proved live, or None when it proved nothing.

    Args:
        record: What behave saw; a run that was cut short has what it saw until then.
        criteria: The criteria of the matrix with the statuses of that run, and all their scenarios.
        night: What the night cost and saw.
        made: Its recordings, by file name.
        recordings_at: Where they are kept.
    """
    asked = record.facts.get("adapter"), record.facts.get(ENDPOINT_FACT)
    if asked != (DEFAULT_ADAPTER, THE_LIVE_ENDPOINT):
        return None
    live = {
        (each.about.get("criterion"), each.about.get("scenario"))
        for each in made.values()
        if each.origin == LIVE and each.about.get("outcome") == PASSED
    }
    proven = []
    for criterion in criteria:
        due = [each for each in criterion["scenarios"] if each["level"] == "e2e"]
        holds = (each["status"] == PROVEN and (criterion["id"], each["name"]) in live for each in due)
        if due and all(holds):
            proven.append(criterion["id"])
    if not proven:
        return None
    models = sorted({each.about.get("model", "") for each in made.values() if each.origin == LIVE})
    return Entry(
        date=record.started,
        commit=record.facts.get("commit", "unknown"),
        model=", ".join(models),
        criteria=tuple(proven),
        recordings=recordings_at,
        cost_usd=night.cost_usd,
        drift=tuple(night.drift),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m support.ledger", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("what", choices=["show", "append"], nargs="?", default="show")
    parser.add_argument(
        "--reports", type=Path, default=Path("reports"), help="folder of the run and the ledger"
    )
    parser.add_argument("--ledger", type=Path, metavar="DIR", help="folder of the ledger, when it is another")
    parser.add_argument("--recordings-at", default="", metavar="URL", help="where the recordings are kept")
    given = parser.parse_args(argv)
    home: Path = given.ledger or given.reports
    try:
        if given.what == "append":
            record = RunRecord.read(given.reports)
            made = recordings.read_all(given.reports / recordings.FOLDER)
            night = NightRecord.read(given.reports)
            entry = None
            if record and night:
                criteria = trace(Suite.load(), record, {}).criteria
                entry = entry_of(record, criteria, night, made, given.recordings_at)
            if entry is None:
                sys.stderr.write("Nothing was proven against the vendor's endpoint, so no night is added.\n")
                return 1
            append(home, entry)
        nights = read(home)
    except (RecordingError, LedgerError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    lines = [f"{each.date[:16]} {each.commit} {each.model}: {', '.join(each.criteria)}" for each in nights]
    sys.stdout.write(
        "".join(f"{line}\n" for line in lines or ["No night has asked the vendor's endpoint yet."])
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
