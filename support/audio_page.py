"""What was said and what was heard, side by side: a player and a picture of the sound, without a script.

The player holds a light copy, 8 bits at 12 kHz, so that a report with many clips still opens quickly. What
was on the wire is named by its digest, and drawn from all of its samples.
"""

from __future__ import annotations

import struct
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from html import escape

import numpy as np
from numpy.typing import NDArray

from support.page import document
from support.pcm import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ, described, milliseconds

PLAYED_MS = 60_000  # a longer clip would make the report too heavy to open; the rest is drawn, not played
_WIDTH, _HEIGHT = 480, 90

_STYLE = """
.both { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 1rem }
figure { margin: 0; padding: .8rem; background: var(--tint); border-radius: .5rem }
figcaption { margin-bottom: .4rem }
audio, svg { width: 100%; display: block }
.client path { stroke: var(--client) } .server path { stroke: var(--server) }
path { fill: none; stroke-width: 1 } .axis { stroke: var(--line) !important }
.note { color: var(--quiet); font-size: .85rem }
"""


def audio_page(title: str, sent_pcm: bytes, received_pcm: bytes) -> str:
    """Return a page with both directions of an exchange.

    Args:
        title: Which exchange it is.
        sent_pcm: What the client sent; PCM16 little-endian, mono, 24 kHz.
        received_pcm: What the client was sent, likewise.
    """
    both = _clip("client", "Sent by the client", sent_pcm) + _clip(
        "server", "Sent by the endpoint", received_pcm
    )
    return document(title, f"<div class='both'>{both}</div>", _STYLE)


def waveform(pcm: bytes, label: str) -> str:
    """Return the sound as an SVG: the lowest and highest sample of each column."""
    samples = _samples(pcm)
    columns = min(_WIDTH, samples.size)
    starts = np.linspace(0, samples.size, columns, endpoint=False).astype(int)
    lows, highs = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
    middle = _HEIGHT / 2
    tops, bottoms = middle * (1 - highs / 32768), middle * (1 - lows / 32768)
    at = (np.arange(columns) + 0.5) * _WIDTH / columns
    strokes = [
        f"M{x:.1f} {top:.1f}V{max(bottom, top + 0.5):.1f}"
        for x, top, bottom in zip(at, tops, bottoms, strict=True)
    ]
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" '
        f'role="img" aria-label="{escape(label)}">'
        f'<path class="axis" d="M0 {middle}H{_WIDTH}"/><path d="{"".join(strokes)}"/></svg>'
    )


def mu_law(samples: NDArray[np.int32]) -> bytes:
    """Return samples as 8-bit mu-law (ITU-T G.711), which every browser plays.

    Args:
        samples: Shape ``(samples,)``, values of signed 16-bit samples.
    """
    biased = np.minimum(np.abs(samples), 32635) + 132
    exponent = np.floor(np.log2(biased)).astype(np.int32) - 7
    mantissa = (biased >> (exponent + 3)) & 15
    coded = np.where(samples < 0, 0x80, 0) | exponent << 4 | mantissa
    return bytes((~coded & 0xFF).astype(np.uint8))


@lru_cache(maxsize=32)  # most scenarios say the same question and hear the same answer
def _clip(side: str, caption: str, pcm: bytes) -> str:
    samples = _samples(pcm)
    if not samples.size:
        return f'<figure class="{side}"><figcaption><strong>{caption}</strong> nothing</figcaption></figure>'
    loudest = f"loudest {np.abs(samples).max() / 32768:.0%} of full scale"
    played = samples[: PLAYED_MS * SAMPLE_RATE_HZ // 1000]
    notes = [
        "The player holds a light copy: 12 kHz, 8 bits.",
        f"SHA-256 of the samples on the wire: {sha256(pcm).hexdigest()[:16]}…",
    ]
    if len(played) < len(samples):
        notes.append(f"The player holds the first {PLAYED_MS:,} ms.")
    if len(pcm) % BYTES_PER_SAMPLE:
        notes.append("The last byte is half a sample.")
    return (
        f'<figure class="{side}"><figcaption><strong>{caption}</strong> {milliseconds(len(pcm)):,} ms '
        f'<span class="note">{samples.size:,} samples at {SAMPLE_RATE_HZ // 1000} kHz · {loudest}</span>'
        f"</figcaption>{waveform(pcm, f'{caption}: {described(len(pcm))}, {loudest}')}"
        f'<audio controls preload="metadata" aria-label="{escape(caption)}" '
        f'src="{_data_url(played)}"></audio>'
        f'<p class="note">{escape(" ".join(notes))}</p></figure>'
    )


def _samples(pcm: bytes) -> NDArray[np.int32]:
    whole = pcm[: len(pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE]
    return np.frombuffer(whole, dtype="<i2").astype(np.int32)


def _data_url(samples: NDArray[np.int32]) -> str:
    pairs = np.concatenate([samples, samples[-1:]])[: -(-samples.size // 2) * 2].reshape(-1, 2)
    sound = mu_law(pairs.sum(axis=1) // 2)  # the mean of two neighbours: half the rate
    rate_hz = SAMPLE_RATE_HZ // 2
    form = struct.pack("<4sIHHIIHHH", b"fmt ", 18, 7, 1, rate_hz, rate_hz, 1, 8, 0)  # 7: mu-law, mono
    fact = struct.pack("<4sII", b"fact", 4, len(sound))
    data = struct.pack("<4sI", b"data", len(sound)) + sound + bytes(len(sound) % 2)
    body = b"WAVE" + form + fact + data
    file = struct.pack("<4sI", b"RIFF", len(body)) + body
    return f"data:audio/wav;base64,{b64encode(file).decode()}"
