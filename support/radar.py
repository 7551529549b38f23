"""The retirement radar: how many days the models in use have left.

What the project knows (``realtime_adapter.models``) is compared with what ``GET /v1/models`` says.

    python -m support.radar                                     # by the known dates alone, without a key
    OPENAI_API_KEY=… python -m support.radar                    # and by what the vendor says today
    OPENAI_API_KEY=… python -m support.radar --endpoint ws://…  # and by what another endpoint says

Exit codes: 0; 1, a model ends within 14 days or has ended; 2, it cannot be told.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from realtime_adapter.endpoint import DEFAULT_URL
from realtime_adapter.models import DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL, retirement
from realtime_server.recording import EMBEDDED, LIVE, Recording, RecordingError
from realtime_server.transcript import Sender
from support import recordings
from support.endpoints import endpoint_of
from support.run_record import write_json
from support.settings import KEY_VARIABLES

FILE = "radar.json"
WARNING_DAYS = 90
RED_DAYS = 14
TIMEOUT_S = 15
FINE, WARNING, RED = "fine", "warning", "red"


class CannotTell(RuntimeError):  # noqa: N818 - it says what came of the question
    """The endpoint could not be asked for its models; the sentence says why."""


@dataclass(frozen=True)
class Sighting:
    """What is known of the end of one model in use.

    Attributes:
        model: Its id.
        ends: The earlier of the end the project knows and the one the endpoint told; None: none is announced.
        days_left: Until then; None without an end.
        level: ``fine``, ``warning`` or ``red``.
        replacement: The model to use instead; empty when none is known.
        contradiction: What the endpoint says otherwise than the project; empty when nothing.
    """

    model: str
    ends: date | None
    days_left: int | None
    level: str
    replacement: str = ""
    contradiction: str = ""

    def __str__(self) -> str:
        if self.ends is None:
            said = "no end is announced"
        elif self.days_left is not None and self.days_left > 0:
            said = f"ends on {self.ends}, in {self.days_left} days"
        else:
            said = f"ended on {self.ends}"
        remedy = f"; use {self.replacement} instead" if self.replacement and self.level != FINE else ""
        against = f"; {self.contradiction}" if self.contradiction else ""
        return f"{self.model}: {said}{remedy}{against}"


def in_use(known: Iterable[Recording], *others: str) -> list[str]:
    """Return the models that the adapter uses by default and those that the recorded scenarios asked for."""
    found = {DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL, *others}
    for recording in known:
        found.add(recording.about.get("model", ""))
        for event in recording.events(Sender.CLIENT):
            session = event.get("session") or {}
            transcription = ((session.get("audio") or {}).get("input") or {}).get("transcription") or {}
            found.add(str(transcription.get("model") or ""))
    return sorted(found - {""})


def sighted(
    models: Iterable[str], today: date, told: Mapping[str, date | None] | None = None
) -> list[Sighting]:
    """Return what is known of each model on a day (UTC).

    Args:
        models: Their ids.
        today: The day.
        told: What the endpoint said of each, None for no end; without it the known dates alone count.
    """
    return [_sighted(model, today, told) for model in models]


def _sighted(model: str, today: date, told: Mapping[str, date | None] | None) -> Sighting:
    known = retirement(model)
    ends = {known.ends} if known else set()
    against = ""
    if told is not None:
        if model not in told:
            against = "the endpoint does not offer it to this key"
        elif told[model] != (known.ends if known else None):
            ours = known.ends if known else "none"
            against = f"the endpoint says {told[model] or 'no end'}, the project knows {ours}"
        ends |= {each for each in (told.get(model),) if each}
    first = min(ends, default=None)
    left = (first - today).days if first else None
    level = FINE if left is None or left > WARNING_DAYS else RED if left <= RED_DAYS else WARNING
    if told is not None and model not in told:
        level = RED
    return Sighting(model, first, left, level, known.replacement if known else "", against)


def ask(address: str, key: str, models: Iterable[str]) -> dict[str, date | None]:
    """Ask an endpoint when each model ends; one that it does not have is left out.

    Args:
        address: Of its WebSocket; the models are asked for beside it, over HTTP.
        key: The key.
        models: Their ids.

    Raises:
        CannotTell: it did not answer, or not with what was asked for.
    """
    parts = urlsplit(address)
    scheme = {"wss": "https", "ws": "http"}[parts.scheme]
    root = f"{scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}/models"
    kind = endpoint_of(address)
    headers = {kind.key_header: kind.key_form.format(key=key)}
    told: dict[str, date | None] = {}
    for model in models:
        answer = _get(f"{root}/{quote(model)}", headers, by_proxy=kind.origin != EMBEDDED)
        if answer is not None:
            told[model] = _date(model, answer.get("shutdown_date"))
    return told


def _get(url: str, headers: Mapping[str, str], *, by_proxy: bool) -> Mapping[str, Any] | None:
    request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 - http or https, see ask()
    proxies = urllib.request.ProxyHandler(None if by_proxy else {})
    try:
        with urllib.request.build_opener(proxies).open(request, timeout=TIMEOUT_S) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise CannotTell(
            f"the endpoint answered the question for its models with HTTP {error.code}"
        ) from None
    except (OSError, ValueError) as error:
        raise CannotTell(f"the endpoint did not tell its models ({type(error).__name__}: {error})") from None
    if not isinstance(answer, dict):
        raise CannotTell("the endpoint did not tell its models: its answer is no JSON object")
    return answer


def _date(model: str, value: Any) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise CannotTell(f"the endpoint says that {model} ends on {value!r}, which is no date") from None


def told_before(reports: Path) -> tuple[list[str], dict[str, date | None]]:
    """Return which models the vendor's endpoint was asked for last, and what it said of those it has.

    Raises:
        CannotTell: what is kept of it cannot be read.
    """
    path = reports / FILE
    if not path.exists():
        return [], {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return list(kept["asked"]), {model: _date(model, end) for model, end in kept["told"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CannotTell(f"{path} cannot be read ({error}); run python -m support.radar again") from None


def known_to_be_in_use(*others: str) -> list[str]:
    """Return the models in use by the recordings that come with the repository.

    Raises:
        RecordingError: one of them cannot be read.
    """
    return in_use(recordings.read_all(recordings.SHIPPED).values(), *others)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m support.radar", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--endpoint", default=DEFAULT_URL, metavar="URL", help="whom to ask (the vendor)")
    parser.add_argument(
        "--today", type=date.fromisoformat, default=datetime.now(UTC).date(), help="the day to count from"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("reports"), metavar="DIR", help=f"folder of {FILE}, for the verdict"
    )
    parser.add_argument("models", nargs="*", help="beside those that the adapter and the features use")
    given = parser.parse_args(argv)
    if urlsplit(given.endpoint).scheme not in ("ws", "wss"):
        parser.error(f"--endpoint {given.endpoint} is no WebSocket address; write it like {DEFAULT_URL}")
    key = next((os.environ[name] for name in KEY_VARIABLES if os.environ.get(name)), "")
    try:
        models = known_to_be_in_use(*given.models)
        told = ask(given.endpoint, key, models) if key else None
    except (CannotTell, RecordingError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    found = sighted(models, given.today, told)
    if told is not None and endpoint_of(given.endpoint).origin == LIVE:
        ends = {model: end.isoformat() if end else None for model, end in told.items()}
        write_json(given.out / FILE, {"date": given.today.isoformat(), "asked": models, "told": ends})
    asked = endpoint_of(given.endpoint).name if key else "nobody: by the known dates"
    lines = [*(f"{each.level:<8} {each}" for each in found), f"asked: {asked}"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return int(any(each.level == RED for each in found))


if __name__ == "__main__":
    sys.exit(main())
