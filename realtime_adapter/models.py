"""The models used when the caller names none, and when models end: in one place, because they end by date.

The defaults are models without an announced end. Of the models this protocol was first proven with on the
live endpoint (2026-06-04), ``gpt-realtime-mini`` and ``gpt-4o-transcribe``, the vendor has announced theirs.

Dates: the vendor's published types (PyPI ``openai`` 3.54.0, the session's and the transcription's ``model``)
and its page https://developers.openai.com/api/docs/deprecations, in a copy of November 2026. What is not
listed has no announced end; ``GET /v1/models`` tells a machine (``shutdown_date``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

DEFAULT_MODEL = "gpt-realtime-2.1-mini"
DEFAULT_TRANSCRIPTION_MODEL = "gpt-transcribe"

WARNED_BEFORE = timedelta(days=90)


@dataclass(frozen=True)
class Retirement:
    """The announced end of a model.

    Attributes:
        ends: From this day (UTC) on it answers nobody.
        replacement: The model to use instead.
    """

    ends: date
    replacement: str


_REALTIME = Retirement(date(2027, 1, 20), "gpt-realtime-2.1")
_REALTIME_MINI = Retirement(date(2027, 1, 20), "gpt-realtime-2.1-mini")
# In a realtime session; gpt-live-transcribe is the other one that the vendor recommends.
_TRANSCRIPTION = Retirement(date(2027, 2, 26), "gpt-transcribe")
_WITHDRAWN = date(2026, 5, 7)

RETIREMENTS: dict[str, Retirement] = {
    "gpt-4o-realtime-preview": Retirement(_WITHDRAWN, "gpt-realtime-2.1"),
    "gpt-4o-mini-realtime-preview": Retirement(_WITHDRAWN, "gpt-realtime-2.1-mini"),
    "gpt-realtime": _REALTIME,
    "gpt-realtime-mini": _REALTIME_MINI,
    "gpt-realtime-mini-2025-10-06": Retirement(date(2026, 7, 23), "gpt-realtime-2.1-mini"),
    "whisper-1": _TRANSCRIPTION,
    "gpt-4o-transcribe": _TRANSCRIPTION,
    "gpt-4o-mini-transcribe": _TRANSCRIPTION,
    "gpt-4o-transcribe-diarize": _TRANSCRIPTION,
}
"""Models with an announced end, by id; a dated id (``…-2025-12-15``) ends with its model unless listed."""

_VERSION = re.compile(r"-\d{4}-\d{2}-\d{2}$")


def undated(model: str) -> str:
    """Return the model that a dated id is a version of; any other id is returned as it is."""
    return _VERSION.sub("", model)


def retirement(model: str) -> Retirement | None:
    """Return the announced end of ``model``, or None."""
    return RETIREMENTS.get(model) or RETIREMENTS.get(undated(model))


def ending(model: str, today: date) -> str:
    """Return what a user of ``model`` has to know on a day (UTC): that it ends soon, or has ended.

    Returns:
        One sentence and the remedy; empty while the end is more than 90 days off or not announced.
    """
    known = retirement(model)
    if known is None or today + WARNED_BEFORE < known.ends:
        return ""
    remedy = f"Use {known.replacement} instead."
    if today >= known.ends:
        return f"The model {model} was shut down on {known.ends}. {remedy}"
    days = (known.ends - today).days
    left = f"{days} day{'s' if days > 1 else ''}"
    return f"The model {model} will be shut down on {known.ends}, in {left}. {remedy}"
