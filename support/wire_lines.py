"""The lines of a client's log of the wire, for the steps that read it."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

from realtime_server import Transcript
from support.pcm import audio_in


def read(log: io.StringIO) -> list[dict[str, Any]]:
    """Return the lines of a log, each as its object."""
    return [json.loads(line) for line in log.getvalue().splitlines()]


def named_once(lines: Sequence[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return direction, kind and event of each line, a run of equal ones once."""
    told = [(line["direction"], line["kind"], line.get("event", {}).get("type", "")) for line in lines]
    return [each for number, each in enumerate(told) if number == 0 or each != told[number - 1]]


def audio(transcript: Transcript) -> list[str]:
    """Return every stretch of base64 audio that went over the wire."""
    events = [frame.event or {} for frame in transcript.frames]
    return [event[field] for event in events if (field := audio_in(event))]
