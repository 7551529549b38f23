"""The spoken sentences the server knows: what it says by default and what it can recognise."""

from __future__ import annotations

import hashlib
import wave
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime_server import audio
from realtime_server.audio import Sound

# Samples below this are edges that turn detection may cut off: a quarter of what it takes for speech.
_QUIET_EDGE = 256

_FOLDER = Path(__file__).parent / "speech"


@dataclass(frozen=True)
class Clip:
    """A spoken sentence.

    Attributes:
        name: File name without its ending.
        pcm: Little-endian signed 16-bit samples, mono, 24 kHz.
        words: What is said.
    """

    name: str
    pcm: bytes = field(repr=False)
    words: str

    @property
    def duration_ms(self) -> float:
        """Length of the sound."""
        return len(self.pcm) / 48


@cache
def speech(name: str) -> Clip:
    """Return the clip ``name``.

    Raises:
        ValueError: there is no such clip; the message lists those there are.
    """
    path = _FOLDER / f"{name}.wav"
    if name not in _names():
        raise ValueError(f"no clip named {name!r} beside the server; there are: {', '.join(_names())}")
    return Clip(name, pcm_of(path), path.with_suffix(".txt").read_text(encoding="utf-8").strip())


def clips() -> Mapping[str, Clip]:
    """Return every clip there is, by its name."""
    return {name: speech(name) for name in _names()}


def pcm_of(path: Path) -> bytes:
    """Return the samples of a WAV file.

    Raises:
        ValueError: it is none, or not mono PCM16 at 24 kHz; the message says how to convert it.
    """
    try:
        with wave.open(str(path), "rb") as wav:
            if (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (1, 2, 24_000):
                return wav.readframes(wav.getnframes())
    except (wave.Error, EOFError):
        pass  # said below
    raise ValueError(f"{path.name} must be mono PCM16 at 24 kHz: convert it with sox -r 24000 -b 16 -c 1")


def tone(ms: int) -> bytes:
    """Return ``ms`` milliseconds of a soft tone of 440 Hz as PCM16."""
    phase = np.arange(24 * ms) * (2 * np.pi * 440 / 24_000)
    samples: NDArray[np.int16] = (3_000 * np.sin(phase)).astype("<i2")
    return samples.tobytes()


def recognise(sound: Sound) -> str:
    """Return the words of ``sound``, or an empty string when it is none of the known clips.

    The clip must be whole, sample for sample; only its quiet edges may differ, because turn detection cuts
    a turn out of the audio around it.
    """
    return _words_by_digest(sound.kind).get(_digest(sound.data, sound.kind), "")


@cache
def _names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.wav")))


@cache
def _words_by_digest(kind: str) -> dict[bytes, str]:
    """The clips as they would arrive in that coding; after another resampling than ours they are strange."""
    return {_digest(audio.spoken(speech(name).pcm, kind), kind): speech(name).words for name in _names()}


def _digest(data: bytes | memoryview, kind: str) -> bytes:
    samples = audio.samples(data, kind)
    (loud,) = np.nonzero(np.abs(samples.astype(np.int32)) >= _QUIET_EDGE)
    core = samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]
    return hashlib.sha256(core.tobytes()).digest()
