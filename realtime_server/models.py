"""The models that the service has, and when they end: what ``GET /v1/models`` answers.

The ids are those of the vendor's types. The ends are those of its page of deprecations; what is not listed
has none. The adapter keeps dates of its own: what one side gets wrong, the other must be able to see.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from realtime_server.oracle import known_models, schema

SHUTDOWN: Mapping[str, str] = {
    "gpt-realtime": "2027-01-20",
    "gpt-realtime-2025-08-28": "2027-01-20",
    "gpt-realtime-mini": "2027-01-20",
    "gpt-realtime-mini-2025-10-06": "2027-01-20",
    "gpt-realtime-mini-2025-12-15": "2027-01-20",
    "gpt-audio-mini": "2027-01-20",
    "gpt-audio-mini-2025-10-06": "2027-01-20",
    "gpt-audio-mini-2025-12-15": "2027-01-20",
    "whisper-1": "2027-02-26",
    "gpt-4o-transcribe": "2027-02-26",
    "gpt-4o-mini-transcribe": "2027-02-26",
    "gpt-4o-mini-transcribe-2025-12-15": "2027-02-26",
    "gpt-4o-transcribe-diarize": "2027-02-26",
}
"""The day on which a model ends, ``YYYY-MM-DD``, by its id."""


def offered() -> tuple[str, ...]:
    """The ids of all models, those of sessions first, then those that transcribe."""
    transcription = "audio_transcription_param.AudioTranscriptionParam"
    transcribing = schema()["types"][transcription]["model"]["open_enum"]
    return tuple(dict.fromkeys((*known_models(), *transcribing)))


def wire(name: str) -> dict[str, Any]:
    """Return a model as the service shows it."""
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": "openai",
        "shutdown_date": SHUTDOWN.get(name),
    }
