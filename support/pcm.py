"""The audio inside events: PCM16 little-endian, mono, 24 kHz, in base64."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from realtime_server import Sender, Transcript

SAMPLE_RATE_HZ = 24_000
BYTES_PER_SAMPLE = 2
BYTES_PER_MS = 48

AUDIO_FIELDS = {
    "input_audio_buffer.append": "audio",
    "response.output_audio.delta": "delta",
    "response.audio.delta": "delta",  # the retired name, still understood by clients
}
"""The field that holds audio, by type of event."""


def audio_in(event: Mapping[str, Any]) -> str | None:
    """Return the name of the field of ``event`` that holds audio, or None."""
    field = AUDIO_FIELDS.get(str(event.get("type")))
    return field if field and isinstance(event.get(field), str) else None


def pcm_of(event: Mapping[str, Any]) -> bytes:
    """Return the audio of an event; nothing when it holds none, or none that can be decoded."""
    field = audio_in(event)
    if field is None:
        return b""
    try:
        return b64decode(event[field], validate=True)
    except (binascii.Error, ValueError):
        return b""


def spoken(transcript: Transcript) -> bytes:
    """Return all the audio that the client of a connection sent."""
    return b"".join(pcm_of(event) for event in transcript.events(Sender.CLIENT))


def milliseconds(size_bytes: int) -> int:
    """Return how long ``size_bytes`` of audio last, rounded to milliseconds."""
    return round(size_bytes / BYTES_PER_MS)


def described(size_bytes: int) -> str:
    """Return the length of audio in words: ``1,480 ms of audio, 35,520 samples``."""
    return f"{milliseconds(size_bytes):,} ms of audio, {size_bytes // BYTES_PER_SAMPLE:,} samples"
