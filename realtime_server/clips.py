"""The spoken sentences the server knows: what it says by default and what it can recognise."""

from __future__ import annotations

import hashlib
import wave
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

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
    with wave.open(str(path), "rb") as wav:
        if (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) != (1, 2, 24_000):
            raise ValueError(
                f"{path.name} must be mono PCM16 at 24 kHz: convert it with sox -r 24000 -b 16 -c 1"
            )
        pcm = wav.readframes(wav.getnframes())
    return Clip(name, pcm, path.with_suffix(".txt").read_text(encoding="utf-8").strip())


def recognise(pcm: bytes) -> str:
    """Return the words of ``pcm``, or an empty string when it is none of the known clips."""
    return _words_by_digest().get(hashlib.sha256(pcm).digest(), "")


@cache
def _names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.wav")))


@cache
def _words_by_digest() -> dict[bytes, str]:
    return {hashlib.sha256(speech(name).pcm).digest(): speech(name).words for name in _names()}
