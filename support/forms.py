"""Audio in other forms, made and judged without the adapter.

G.711 is the embedded endpoint's, which never imports the adapter; rates are changed by drawing straight lines
between samples, which no resampler does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime_adapter import AudioFormat
from realtime_server import g711

_KINDS = {"ulaw": "audio/pcmu", "alaw": "audio/pcma"}
_RATE_HZ = 24_000


def spoken(pcm: bytes, form: AudioFormat) -> bytes:
    """Return PCM16 of 24 kHz as a source of that form gives it."""
    samples = _at(np.frombuffer(pcm, "<i2"), _RATE_HZ, form.rate_hz)
    kind = _KINDS.get(form.encoding)
    return g711.compress(samples, kind) if kind else samples.astype("<i2").tobytes()


def heard(data: bytes, form: AudioFormat) -> bytes:
    """Return audio of that form as PCM16 of 24 kHz."""
    kind = _KINDS.get(form.encoding)
    samples = g711.expand(data, kind) if kind else np.frombuffer(data, "<i2")
    return _at(samples, form.rate_hz, _RATE_HZ).astype("<i2").tobytes()


def likeness(one: bytes, other: bytes) -> float:
    """Return how alike two stretches of PCM16 sound: 1 is the same, 0 is something else.

    Raises:
        AssertionError: one is more than 2 ms longer than the other.
    """
    first, second = (np.frombuffer(pcm, "<i2").astype(np.float64) for pcm in (one, other))
    apart_ms = abs(len(first) - len(second)) * 1000 / _RATE_HZ
    assert apart_ms <= 2, f"one lasts {apart_ms:.1f} ms longer than the other"
    size = min(len(first), len(second))
    first, second = first[:size], second[:size]
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second) or 1))


def _at(samples: NDArray[np.int16], from_hz: int, to_hz: int) -> NDArray[np.int16]:
    count = len(samples) * to_hz // from_hz
    places = np.arange(count) * (from_hz / to_hz)
    drawn: NDArray[np.float64] = np.interp(places, np.arange(len(samples)), samples)
    return np.rint(drawn).astype(np.int16)
