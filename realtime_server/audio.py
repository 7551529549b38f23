"""Audio as the wire carries it: base64 in events, milliseconds in rules."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from realtime_server import g711, rules

_MAX_APPEND_BYTES = 15 * 1024 * 1024
_G711_BYTES_PER_MS = 8
_PCM_BYTES_PER_MS = 48
_USUAL_SLICE_MS = 100


@dataclass(frozen=True)
class Sound:
    """Audio together with how it is coded.

    Attributes:
        data: As it stands on the wire, before base64.
        kind: ``audio/pcm``, ``audio/pcmu`` or ``audio/pcma``.
    """

    data: bytes | memoryview = field(repr=False)
    kind: str = "audio/pcm"

    @property
    def ms(self) -> float:
        """How long it sounds."""
        return len(self.data) / bytes_per_ms(self.kind)

    def until(self, end_ms: int) -> Sound:
        """Return its first ``end_ms`` milliseconds."""
        return Sound(bytes(self.data[: end_ms * bytes_per_ms(self.kind)]), self.kind)


class Slice(NamedTuple):
    """The audio of one delta.

    Attributes:
        start: Where in the answer it begins, in bytes.
        end: Where it ends.
        encoded: As it stands in the event, in ASCII.
    """

    start: int
    end: int
    encoded: bytes


@dataclass(frozen=True, eq=False)
class Voice:
    """An answer as it is heard.

    Attributes:
        sound: All of it.
        slices: Its deltas, in order.
    """

    sound: Sound
    slices: Sequence[Slice]

    def until(self, end: int) -> Sound:
        """Return its first ``end`` bytes, without copying them."""
        return Sound(memoryview(self.sound.data)[:end], self.sound.kind)


def bytes_per_ms(kind: str) -> int:
    """Return how much one millisecond takes: 48 bytes of PCM16 at 24 kHz, 8 bytes of G.711."""
    return _PCM_BYTES_PER_MS if kind == "audio/pcm" else _G711_BYTES_PER_MS


def samples_per_ms(kind: str) -> int:
    """Return how many samples sound in one millisecond."""
    return 24 if kind == "audio/pcm" else 8


def samples(data: bytes | memoryview, kind: str) -> g711.Samples:
    """Return the samples of audio a client sent; shape ``(samples,)``, dtype ``int16``."""
    return np.frombuffer(data, "<i2") if kind == "audio/pcm" else g711.expand(data, kind)


def spoken(pcm: bytes, kind: str) -> bytes:
    """Return what the model says (PCM16, 24 kHz) coded as the client asked for it."""
    return pcm if kind == "audio/pcm" else g711.compress(g711.to_telephone_rate(pcm), kind)


@lru_cache(maxsize=32)  # made once for all the sessions that hear it: coding costs more than sending
def voice(pcm: bytes, kind: str, sizes: tuple[int, ...] = ()) -> Voice:
    """Return what the model says (PCM16, 24 kHz) coded and cut as the client will hear it.

    Args:
        pcm: All of it.
        kind: How it is coded.
        sizes: Of successive slices in bytes, the last one repeated; empty for 100 ms each.
    """
    sound = Sound(spoken(pcm, kind), kind)
    left = iter(sizes)
    size = _USUAL_SLICE_MS * bytes_per_ms(kind)
    slices, start = list[Slice](), 0
    while start < len(sound.data):
        size = next(left, size)
        data = sound.data[start : start + size]
        slices.append(Slice(start, start + len(data), base64.b64encode(data)))
        start += size
    return Voice(sound, tuple(slices))


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


def encoded(audio: bytes | memoryview) -> str:
    """Return ``audio`` as it stands in an event."""
    return base64.b64encode(audio).decode("ascii")
