"""G.711 (ITU-T): telephone audio, 8 kHz and 8 bits a sample, from and to the model's PCM16 at 24 kHz.

The expansion tables are computed once by the standard's formulas; compression picks the nearest code,
which is what the standard's segments amount to.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

_PCM_RATIO = 3  # 24 kHz to 8 kHz
_LAWS = {"audio/pcmu": "mu", "audio/pcma": "a"}


def expand(coded: bytes | memoryview, kind: str) -> Samples:
    """Return the samples of G.711 audio.

    Args:
        coded: One byte a sample, 8 kHz.
        kind: ``audio/pcmu`` (mu-law) or ``audio/pcma`` (A-law).

    Returns:
        Shape ``(samples,)``, dtype ``int16``, 8 kHz.
    """
    return _expansion(_LAWS[kind])[np.frombuffer(coded, np.uint8)]


def compress(samples: Samples, kind: str) -> bytes:
    """Return ``samples`` (8 kHz) as G.711, one byte a sample."""
    levels, codes = _compression(_LAWS[kind])
    right = np.clip(np.searchsorted(levels, samples), 1, len(levels) - 1)
    before, after = levels[right - 1], levels[right]
    wide = samples.astype(np.int32)
    nearest = np.where(wide - before < after - wide, right - 1, right)
    return codes[nearest].tobytes()


def to_telephone_rate(pcm: bytes) -> Samples:
    """Return PCM16 of 24 kHz at 8 kHz: the mean of each three samples, the last one padded with silence."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2")
    padded = np.concatenate([samples, np.zeros(-len(samples) % _PCM_RATIO, np.int16)])
    means: Samples = padded.reshape(-1, _PCM_RATIO).mean(axis=1).round().astype(np.int16)
    return means


@cache
def _expansion(law: str) -> Samples:
    codes = np.arange(256)
    if law == "mu":
        flipped = ~codes & 0xFF
        magnitude = (((flipped & 0x0F) << 3) + 0x84 << ((flipped & 0x70) >> 4)) - 0x84
        negative = flipped & 0x80 != 0
    else:
        flipped = codes ^ 0x55
        exponent = (flipped & 0x70) >> 4
        mantissa = (flipped & 0x0F) << 4
        magnitude = np.where(exponent == 0, mantissa + 8, mantissa + 0x108 << np.maximum(exponent - 1, 0))
        negative = flipped & 0x80 == 0
    return np.where(negative, -magnitude, magnitude).astype(np.int16)


@cache
def _compression(law: str) -> tuple[NDArray[np.int32], NDArray[Any]]:
    # Read backwards, so that of the two zeros of mu-law the positive one (0xFF) is found, as on a real line.
    levels, places = np.unique(_expansion(law)[::-1].astype(np.int32), return_index=True)
    return levels, (255 - places).astype(np.uint8)
