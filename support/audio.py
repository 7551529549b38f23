"""What the suite measures and makes of audio: loudness, tones, and WAV files that are wrong on purpose."""

from __future__ import annotations

import io
import wave

import numpy as np

SAMPLE_RATE_HZ = 24_000


def loudness_dbfs(pcm: bytes) -> float:
    """Return the root mean square of PCM16 samples in dB below full scale; -inf for none or for silence."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    power = float(np.mean(samples**2)) if samples.size else 0.0
    return 10 * np.log10(power / 32768.0**2) if power else float("-inf")


def tone(seconds: float, frequency_hz: float = 440.0) -> bytes:
    """Return a sine at half of full scale: PCM16 little-endian, mono, 24 kHz."""
    at_s = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (16_384 * np.sin(2 * np.pi * frequency_hz * at_s)).astype("<i2").tobytes()


def wav(pcm: bytes, rate_hz: int = SAMPLE_RATE_HZ, channels: int = 1) -> io.BytesIO:
    """Return PCM16 samples as a WAV file in memory."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(pcm)
    file.seek(0)
    return file
