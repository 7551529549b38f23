"""Audio as the wire carries it: base64 in events, milliseconds in rules."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from realtime_server import rules

_MAX_APPEND_BYTES = 15 * 1024 * 1024
_G711_BYTES_PER_MS = 8
_PCM_BYTES_PER_MS = 48


def decoded(encoded: str, audio_format: Mapping[str, Any], param: str) -> bytes:
    """Return the bytes of base64 audio a client sent.

    Args:
        encoded: What stands in the event.
        audio_format: The session's input format.
        param: Path of the field, for the refusal.

    Raises:
        Refused: empty, not base64, too large, or half a sample of PCM16.
    """
    if not encoded:
        raise rules.EMPTY_AUDIO.refuse(param)
    try:
        audio = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise rules.BAD_BASE64.refuse(param) from None
    if len(audio) > _MAX_APPEND_BYTES:
        raise rules.LARGE_AUDIO.refuse(param, size=len(audio))
    if audio_format["type"] == "audio/pcm" and len(audio) % 2:
        raise rules.ODD_AUDIO.refuse(param)
    return audio


def encoded(audio: bytes) -> str:
    """Return ``audio`` as it stands in an event."""
    return base64.b64encode(audio).decode("ascii")


def duration_ms(audio: bytes | bytearray, audio_format: Mapping[str, Any]) -> float:
    """Return how long ``audio`` sounds: 48 bytes are 1 ms of PCM16 at 24 kHz, 8 bytes of G.711."""
    return len(audio) / (_PCM_BYTES_PER_MS if audio_format["type"] == "audio/pcm" else _G711_BYTES_PER_MS)
