"""What was said and what was heard, side by side: a player and a picture of the sound, without a script."""

from __future__ import annotations

import io
import wave
from base64 import b64encode
from html import escape

import numpy as np

from support.page import document
from support.pcm import BYTES_PER_MS, BYTES_PER_SAMPLE, SAMPLE_RATE_HZ, described, milliseconds

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
    return document(
        title, f"<h1>What was said and heard · {escape(title)}</h1><div class='both'>{both}</div>", _STYLE
    )


def waveform(pcm: bytes, label: str) -> str:
    """Return the sound as an SVG: the lowest and highest sample of each column."""
    samples = np.frombuffer(pcm[: len(pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE], dtype="<i2").astype(
        np.float64
    )
    columns = np.array_split(samples, min(_WIDTH, max(1, samples.size)))
    middle = _HEIGHT / 2
    strokes = []
    for x, column in enumerate(columns):
        low, high = (column.min(), column.max()) if column.size else (0.0, 0.0)
        at = (x + 0.5) * _WIDTH / len(columns)
        top, bottom = middle * (1 - high / 32768), middle * (1 - low / 32768)
        strokes.append(f"M{at:.1f} {top:.1f}V{max(bottom, top + 0.5):.1f}")
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(label)}" preserveAspectRatio="none">'
        f'<path class="axis" d="M0 {middle}H{_WIDTH}"/><path d="{"".join(strokes)}"/></svg>'
    )


def _clip(side: str, caption: str, pcm: bytes) -> str:
    if not pcm:
        return f'<figure class="{side}"><figcaption><strong>{caption}</strong> nothing</figcaption></figure>'
    played = pcm[: PLAYED_MS * BYTES_PER_MS]
    cut = f"The player holds the first {PLAYED_MS:,} ms." if len(played) < len(pcm) else ""
    if len(pcm) % BYTES_PER_SAMPLE:
        cut += " The last byte is half a sample."
    label = f"{caption}: {described(len(pcm))}, loudest sample {_peak(pcm):.0%} of full scale"
    return (
        f'<figure class="{side}"><figcaption><strong>{caption}</strong> {milliseconds(len(pcm)):,} ms '
        f'<span class="note">{len(pcm) // BYTES_PER_SAMPLE:,} samples at {SAMPLE_RATE_HZ // 1000} kHz · '
        f"loudest {_peak(pcm):.0%} of full scale</span></figcaption>{waveform(pcm, label)}"
        f'<audio controls preload="metadata" aria-label="{escape(caption)}" src="{_data_url(played)}"></audio>'
        f"{f'<p class=note>{escape(cut.strip())}</p>' if cut else ''}</figure>"
    )


def _peak(pcm: bytes) -> float:
    samples = np.frombuffer(pcm[: len(pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE], dtype="<i2").astype(
        np.int32
    )
    return float(np.abs(samples).max() / 32768) if samples.size else 0.0


def _data_url(pcm: bytes) -> str:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(BYTES_PER_SAMPLE)
        writer.setframerate(SAMPLE_RATE_HZ)
        writer.writeframes(pcm[: len(pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE])
    return f"data:audio/wav;base64,{b64encode(file.getvalue()).decode()}"
