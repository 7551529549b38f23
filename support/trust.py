"""One verdict: can the adapter be trusted today? ``python -m support.trust``.

It is *trusted* when the last run was green, reconciled with its report, and held every ``@unit`` scenario;
no mutant survived; no drift was seen; no model in use is about to end; every criterion that can be proven
live was, lately. It is *refused* when one of these was seen to fail, and *unproven* when something was not
shown.

Exit codes: 0 trusted, 1 refused, 4 unproven, 2 something cannot be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from realtime_server.recording import LIVE, RecordingError
from support import ledger, radar
from support.falsify import MUTANTS
from support.ledger import Entry, LedgerError
from support.night_record import NightRecord
from support.provenance import checked_out
from support.radar import CannotTell, Sighting
from support.settings import DEFAULT_ADAPTER

TRUSTED, UNPROVEN, REFUSED = "trusted", "unproven", "refused"
EXIT = {TRUSTED: 0, REFUSED: 1, UNPROVEN: 4}
LIVE_PROOF_DAYS = 7
HOW_TO_PROVE_LIVE = (
    "set OPENAI_API_KEY, run behave --tags=@e2e, then python -m support.ledger append; the nightly does both"
)


@dataclass(frozen=True)
class Reason:
    """One finding.

    Attributes:
        word: What it makes of the verdict; ``trusted`` only remarks.
        text: What was found, and what to do.
    """

    word: str
    text: str

    def __str__(self) -> str:
        return f"{'noted' if self.word == TRUSTED else self.word}: {self.text}"


@dataclass(frozen=True)
class Trust:
    """The verdict.

    Attributes:
        word: ``trusted``, ``unproven`` or ``refused``.
        reasons: What it rests on, the gravest first.
    """

    word: str
    reasons: tuple[Reason, ...]

    @property
    def why(self) -> str:
        """The first reason why it is no better, up to its remedy; empty when it is trusted."""
        first = next((each.text for each in self.reasons if each.word == self.word != TRUSTED), "")
        more = sum(each.word != TRUSTED for each in self.reasons) - 1
        return f"{first.partition(': set ')[0]}{f', and {more} more' if more > 0 else ''}"

    def as_json(self) -> dict[str, Any]:
        """Return the verdict for ``summary.json``."""
        return {"verdict": self.word, "why": self.why, "reasons": [str(each) for each in self.reasons]}


@dataclass(frozen=True)
class Evidence:
    """What the verdict is reached from.

    Attributes:
        summary: ``summary.json`` of the last run, or None.
        falsification: ``falsification.json``, or None.
        nights: The ledger.
        night: The last run of ``@e2e`` here, or None.
        models: What is known of the end of the models in use.
        commit: What is checked out, as git describes it; empty when nobody knows.
        types_changed: How the vendor's published types have changed since the pinned ones, in words.
    """

    summary: Mapping[str, Any] | None
    falsification: Mapping[str, Any] | None
    nights: Sequence[Entry]
    night: NightRecord | None
    models: Sequence[Sighting]
    commit: str = ""
    types_changed: str = ""


def judge(evidence: Evidence, now: datetime, live_proof_days: int = LIVE_PROOF_DAYS) -> Trust:
    """Reach the verdict.

    Args:
        evidence: What it is reached from.
        now: The present.
        live_proof_days: How old the live proof of a criterion may be.
    """
    found = [
        *_run(evidence),
        *_mutants(evidence),
        *_drift(evidence),
        *_models(evidence.models),
        *_live(evidence, now, live_proof_days),
    ]
    gravest = sorted(found, key=lambda each: (REFUSED, UNPROVEN, TRUSTED).index(each.word))
    return Trust(gravest[0].word if gravest else TRUSTED, tuple(gravest))


def _run(evidence: Evidence) -> Iterator[Reason]:
    summary = evidence.summary
    if summary is None:
        yield Reason(UNPROVEN, "no run is recorded here; run make report")
        return
    if summary["state"] in ("loading", "running"):
        yield Reason(UNPROVEN, "the last run did not come to its end; run make report")
    elif summary["verdict"] == "red":
        why = "; ".join(summary["why"]) or "it says not why"
        yield Reason(REFUSED, f"the last run is red: {why}")
    elif summary["verdict"] != "green":
        yield Reason(UNPROVEN, f"the last run was {summary['verdict']}; run make report")
    if summary["facts"].get("adapter", DEFAULT_ADAPTER) != DEFAULT_ADAPTER:
        yield Reason(
            UNPROVEN, f"the last run was of the adapter {summary['facts']['adapter']}; run make report"
        )
    ran = summary["facts"].get("commit", "")
    if evidence.commit and ran and ran != evidence.commit:
        yield Reason(UNPROVEN, f"the last run was of {ran}, this is {evidence.commit}; run make report")
    scenarios = [each for criterion in summary["criteria"] for each in criterion["scenarios"]]
    unit = [each for each in scenarios if each["level"] == "unit"]
    missing = [each for each in unit if each["status"] not in ("proven", "failed")]
    if not unit:
        yield Reason(UNPROVEN, "the last run knows no @unit scenario; run make report")
    elif missing:
        yield Reason(UNPROVEN, f"{len(missing)} of {len(unit)} @unit scenarios were not run; run make report")


def _mutants(evidence: Evidence) -> Iterator[Reason]:
    falsification = evidence.falsification
    if falsification is None:
        yield Reason(UNPROVEN, "nobody tried the mutants here; run make falsify")
        return
    surviving = [str(each) for each in falsification.get("survivors", ())]
    if surviving:
        yield Reason(REFUSED, f"mutants survive: {', '.join(surviving)}; see reports/falsification.json")
    other = [str(each) for each in falsification.get("problems", ())]
    if other and not surviving:
        yield Reason(REFUSED, f"the mutants were not killed as predicted: {'; '.join(other[:3])}")
    tried = {each["id"] for each in falsification.get("mutants", ())}
    against = falsification.get("ran against", {})
    ran, adapter = str(against.get("commit", "")), str(against.get("adapter", ""))
    if evidence.commit and ran != evidence.commit:
        yield Reason(
            UNPROVEN, f"the mutants were tried on {ran}, this is {evidence.commit}; run make falsify"
        )
    if adapter != DEFAULT_ADAPTER:
        yield Reason(UNPROVEN, f"the mutants were tried on the adapter {adapter}; run make falsify")
    left_out = sorted(set(MUTANTS) - tried)
    if left_out:
        yield Reason(UNPROVEN, f"{len(left_out)} mutants were not tried ({left_out[0]} …); run make falsify")


def _drift(evidence: Evidence) -> Iterator[Reason]:
    last = evidence.nights[-1].drift if evidence.nights else ()
    tonight = evidence.night.drift if evidence.night and LIVE in evidence.night.origins else ()
    for each in dict.fromkeys((*last, *tonight)):
        yield Reason(REFUSED, f"the live endpoint has drifted: {each}")
    if evidence.types_changed:
        yield Reason(TRUSTED, evidence.types_changed)


def _models(models: Sequence[Sighting]) -> Iterator[Reason]:
    for each in models:
        yield Reason(REFUSED if each.level == radar.RED else TRUSTED, f"{each.level}: {each}")


def _live(evidence: Evidence, now: datetime, live_proof_days: int) -> Iterator[Reason]:
    due = [
        criterion["id"]
        for criterion in (evidence.summary or {}).get("criteria", ())
        if any(each["level"] == "e2e" for each in criterion["scenarios"])
    ]
    if not evidence.nights:
        yield Reason(UNPROVEN, f"nothing was ever proven against the live endpoint: {HOW_TO_PROVE_LIVE}")
        return
    never, late = [], []
    for criterion in due:
        proofs = [
            each.moment for each in evidence.nights if criterion in each.criteria and each.moment <= now
        ]
        if not proofs:
            never.append(criterion)
        elif (age_days := (now - max(proofs)).days) >= live_proof_days:
            late.append(f"{criterion} {age_days} days ago")
    if never:
        said = f"{', '.join(never)} never proven against the live endpoint: {HOW_TO_PROVE_LIVE}"
        yield Reason(UNPROVEN, said)
    if late:
        said = f"last proven live, where {live_proof_days} days are allowed: {', '.join(late)}"
        yield Reason(UNPROVEN, f"{said}; {HOW_TO_PROVE_LIVE}")
    yield Reason(TRUSTED, f"last live night {evidence.nights[-1].date[:10]}, of {evidence.nights[-1].commit}")


def gather(
    reports: Path, summary: Mapping[str, Any] | None, now: datetime, home: Path | None = None
) -> Evidence:
    """Return what lies in ``reports``.

    Args:
        reports: Folder of the last run.
        summary: Its summary.
        now: The present.
        home: Folder of the ledger, when it is another.

    Raises:
        ValueError: something in it cannot be read.
    """
    return Evidence(
        summary=summary,
        falsification=_json(reports / "falsification.json"),
        nights=ledger.read(home or reports),
        night=NightRecord.read(reports),
        models=_models_in_use(reports, now),
        types_changed=_types_changed(reports),
        commit=checked_out(),
    )


def _models_in_use(reports: Path, now: datetime) -> list[Sighting]:
    asked, told = radar.told_before(reports)
    in_use = radar.known_to_be_in_use()
    # A model that came into use since the endpoint was asked is known by the project's own dates.
    return [
        *radar.sighted([model for model in in_use if model in asked], now.date(), told),
        *radar.sighted([model for model in in_use if model not in asked], now.date()),
    ]


def _types_changed(reports: Path) -> str:
    told = _json(reports / "types-drift.json") or {}
    changes = told.get("changes", ())
    if not changes:
        return ""
    return (
        f"the vendor has published other types in openai {told.get('newest')} ({len(changes)} changes to "
        f"{told.get('pinned')}); read them with make drift"
    )


def _json(path: Path) -> Any:
    if not path.exists():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}); make it again") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m support.trust", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--reports", type=Path, default=Path("reports"), help="folder of the last run (reports)"
    )
    parser.add_argument("--ledger", type=Path, metavar="DIR", help="folder of the ledger, when it is another")
    parser.add_argument(
        "--live-proof-days",
        type=int,
        default=LIVE_PROOF_DAYS,
        metavar="N",
        help=f"how old the live proof of a criterion may be ({LIVE_PROOF_DAYS})",
    )
    given = parser.parse_args(argv)
    now = datetime.now(UTC)
    try:
        summary = _json(given.reports / "summary.json")
        trust = judge(gather(given.reports, summary, now, given.ledger), now, given.live_proof_days)
    except (CannotTell, LedgerError, RecordingError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    lines = [trust.word, *(f"  {each}" for each in trust.reasons)]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return EXIT[trust.word]


if __name__ == "__main__":
    sys.exit(main())
