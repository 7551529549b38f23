"""Audio in other forms than the adapter's own: G.711, and sample rates of 8, 16 and 48 kHz.

A telephone speaks G.711 at 8 kHz, a browser's microphone 48 kHz; the adapter takes and gives PCM16 at 24 kHz.
Rates are converted by ``soxr``, which is needed for nothing else and only loaded when rates differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from realtime_adapter.audio import SAMPLE_RATE_HZ, AudioChunk, Pcm16Joiner
from realtime_adapter.errors import ConfigurationError

Encoding = Literal["pcm16", "ulaw", "alaw"]
RATES_HZ = (8_000, 16_000, 24_000, 48_000)


@dataclass(frozen=True)
class AudioFormat:
    """A form of audio; always mono.

    Attributes:
        encoding: ``pcm16`` is signed 16-bit little-endian, ``ulaw`` and ``alaw`` are those of ITU-T G.711.
        rate_hz: Samples per second: 8,000, 16,000, 24,000 or 48,000; G.711 is at 8,000.

    Raises:
        ConfigurationError: there is no such form; ``param`` names the field.
    """

    encoding: Encoding = "pcm16"
    rate_hz: int = SAMPLE_RATE_HZ

    def __post_init__(self) -> None:
        if self.encoding not in get_args(Encoding):
            raise ConfigurationError(
                f"encoding is {self.encoding!r}.", remedy="Give pcm16, ulaw or alaw.", param="encoding"
            )
        rates = RATES_HZ if self.encoding == "pcm16" else (8_000,)
        if self.rate_hz not in rates:
            raise ConfigurationError(
                f"rate_hz is {self.rate_hz!r}, and {self.encoding} has {_listed(rates)} Hz.",
                remedy="Give one that it has, or convert before.",
                param="rate_hz",
            )


OWN = AudioFormat()
"""What the adapter takes and gives."""

ULAW = AudioFormat("ulaw", 8_000)
ALAW = AudioFormat("alaw", 8_000)


def to_chunk(data: bytes, source: AudioFormat) -> AudioChunk:
    """Return a whole recording as the adapter takes it.

    Raises:
        ConfigurationError: ``soxr`` is needed and not installed.
    """
    converter = Converter(source, OWN)
    return AudioChunk(converter.convert(data) + converter.finish())


def from_chunk(chunk: AudioChunk, target: AudioFormat) -> bytes:
    """Return a whole answer in another form.

    Raises:
        ConfigurationError: ``soxr`` is needed and not installed.
    """
    converter = Converter(OWN, target)
    return converter.convert(chunk.data) + converter.finish()


class Converter:
    """Converts a stream, slice by slice; however it is cut, the result is the same.

    Args:
        source: What comes in.
        target: What goes out.

    Raises:
        ConfigurationError: ``soxr`` is needed and not installed.
    """

    def __init__(self, source: AudioFormat, target: AudioFormat) -> None:
        self.source = source
        self.target = target
        self._joiner = Pcm16Joiner()
        self._resampler = _resampler(source.rate_hz, target.rate_hz)

    def convert(self, data: bytes) -> bytes:
        """Return what can be said of the stream so far; possibly nothing yet."""
        return self._converted(data, last=False)

    def finish(self) -> bytes:
        """Return the rest of the stream, which has ended; a half sample at its end is left out."""
        rest = self._converted(b"", last=True)
        self._joiner = Pcm16Joiner()
        self._resampler = _resampler(self.source.rate_hz, self.target.rate_hz)
        return rest

    def _converted(self, data: bytes, *, last: bool) -> bytes:
        samples = self._decoded(data)
        if self._resampler is not None:
            # In floating point, for soxr dithers integers, and the dither depends on how the stream is cut.
            resampled = self._resampler.resample_chunk(samples.astype(np.float32), last=last)
            samples = np.clip(np.rint(resampled), -32_768, 32_767).astype(np.int16)
        return _encoded(samples, self.target.encoding)

    def _decoded(self, data: bytes) -> NDArray[np.int16]:
        if self.source.encoding == "pcm16":
            return np.frombuffer(self._joiner.join(data), dtype="<i2")
        return _decoding(self.source.encoding)[np.frombuffer(data, dtype=np.uint8)]


def _encoded(samples: NDArray[np.int16], encoding: Encoding) -> bytes:
    if encoding == "pcm16":
        return samples.astype("<i2").tobytes()
    return _encoding(encoding)[samples.view(np.uint16)].tobytes()


@cache
def _decoding(encoding: Encoding) -> NDArray[np.int16]:
    """Return the sample of each of the 256 codes (ITU-T G.711, tables 1 and 2, scaled to 16 bits)."""
    codes = np.arange(256)
    if encoding == "ulaw":
        codes = ~codes & 0xFF
        segment, step = codes >> 4 & 7, codes & 15
        size = ((step << 3) + 0x84 << segment) - 0x84
        return np.where(codes & 0x80, -size, size).astype(np.int16)
    codes = codes ^ 0x55
    segment, step = codes >> 4 & 7, codes & 15
    size = np.where(segment, (step << 4) + 0x108 << np.maximum(segment, 1) - 1, (step << 4) + 8)
    return np.where(codes & 0x80, size, -size).astype(np.int16)


@cache
def _encoding(encoding: Encoding) -> NDArray[np.uint8]:
    """Return the code of each sample, by the sample's 16 bits (G.711: its 14 or 13 upper bits decide)."""
    samples = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    negative = samples < 0
    if encoding == "ulaw":
        size = np.minimum(np.where(negative, -(samples >> 2), samples >> 2), 8_158) + 33
        segment = np.frexp(size)[1] - 6
        codes = ~(np.where(negative, 0x80, 0) | segment << 4 | size >> segment + 1 & 15)
        return np.asarray(codes, np.int64).astype(np.uint8)
    size = np.where(negative, ~samples, samples) >> 4
    segment = np.maximum(np.frexp(size)[1] - 4, 0)
    step = size >> np.maximum(segment - 1, 0) & 15
    codes = (segment << 4 | step) ^ np.where(negative, 0x55, 0xD5)
    return np.asarray(codes, np.int64).astype(np.uint8)


def _resampler(from_hz: int, to_hz: int) -> Any:
    if from_hz == to_hz:
        return None
    try:
        import soxr  # noqa: PLC0415 - only who converts rates needs it
    except ImportError:
        raise ConfigurationError(
            f"Converting {from_hz} Hz to {to_hz} Hz needs the package soxr, which is not installed.",
            remedy="Install it with: pip install soxr",
            param="rate_hz",
        ) from None
    return soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")


def _listed(rates: tuple[int, ...]) -> str:
    return ", ".join(f"{rate:,}" for rate in rates)
