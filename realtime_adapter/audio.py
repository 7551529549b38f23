"""Audio as the adapter takes and gives it: PCM16 little-endian, mono, 24 kHz.

That is 48 bytes per millisecond. The wire cuts it into deltas wherever it likes, also inside a sample;
``Pcm16Joiner`` puts such samples together again.
"""

from __future__ import annotations

import binascii
import io
import wave
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pybase64

from realtime_adapter.errors import InvalidAudio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_RATE_HZ = 24_000
CHANNELS = 1
SAMPLE_BYTES = 2
BYTES_PER_MS = SAMPLE_RATE_HZ * CHANNELS * SAMPLE_BYTES // 1000


@dataclass
class AudioChunk:
    """A stretch of audio, PCM16 little-endian, mono, 24 kHz.

    Attributes:
        data: The samples' bytes; an even number of them. Empty marks the end of a turn.
        transcript: The words spoken, when known.
        start_time: Seconds since whatever the caller counts from, or None.
        end_time: Like ``start_time``.

    Raises:
        InvalidAudio: ``data`` is not bytes, or ends inside a sample.
    """

    data: bytes
    transcript: str | None = None
    start_time: float | None = None
    end_time: float | None = None

    def __post_init__(self) -> None:
        if type(self.data) is not bytes:
            if not isinstance(self.data, bytes | bytearray | memoryview):
                raise InvalidAudio(
                    f"AudioChunk.data is {type(self.data).__name__}, not bytes.",
                    remedy="Give PCM16 bytes, for example array.astype('<i2').tobytes().",
                    param="data",
                )
            self.data = bytes(self.data)
        if len(self.data) % SAMPLE_BYTES:
            raise InvalidAudio(
                f"AudioChunk.data has {len(self.data)} bytes; PCM16 has an even number, two for each sample.",
                remedy="Hold back the last byte until the next one has come.",
                param="data",
            )

    @property
    def samples(self) -> NDArray[np.int16]:
        """The samples; shape ``(samples,)``, dtype ``int16``, read-only."""
        import numpy as np  # noqa: PLC0415 - most callers never look at samples, and it doubles the memory

        return np.frombuffer(self.data, dtype="<i2")

    @property
    def sample_rate(self) -> int:
        """Samples per second: 24,000."""
        return SAMPLE_RATE_HZ

    @property
    def channels(self) -> int:
        """Number of channels: 1."""
        return CHANNELS

    @property
    def duration_seconds(self) -> float:
        """Length in seconds."""
        return len(self.data) / SAMPLE_BYTES / SAMPLE_RATE_HZ

    @classmethod
    def from_wav(cls, source: str | PathLike[str] | IO[bytes]) -> AudioChunk:
        """Read a WAV file that already is PCM16, mono, 24 kHz; nothing is converted.

        Args:
            source: A path, or a binary file open for reading.

        Raises:
            InvalidAudio: no such file, not a WAV file, or another rate, width or number of channels.
        """
        name = "the WAV file" if hasattr(source, "read") else str(source)
        try:
            with wave.open(fspath(source) if isinstance(source, PathLike) else source, "rb") as file:
                layout = (file.getframerate(), file.getnchannels(), file.getsampwidth())
                data = file.readframes(file.getnframes())
        except OSError as error:
            raise InvalidAudio(
                f"{name} cannot be read: {error.strerror or error}.", remedy="Check the path.", param="source"
            ) from error
        except (wave.Error, EOFError) as error:
            raise InvalidAudio(
                f"{name} is not a PCM WAV file: {error or 'it ends too early'}.",
                remedy="Convert it, for example: ffmpeg -i in -ar 24000 -ac 1 -c:a pcm_s16le out.wav",
                param="source",
            ) from error
        _require_layout(name, *layout)
        return cls(data)

    def to_wav(self) -> bytes:
        """Return the audio as the bytes of a WAV file."""
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(CHANNELS)
            writer.setsampwidth(SAMPLE_BYTES)
            writer.setframerate(SAMPLE_RATE_HZ)
            writer.writeframes(self.data)
        return file.getvalue()

    def write_wav(self, path: str | PathLike[str]) -> None:
        """Write the audio to a WAV file."""
        Path(path).write_bytes(self.to_wav())


def _require_layout(name: str, rate_hz: int, channels: int, width_bytes: int) -> None:
    wrong = [
        f"{what} {found} instead of {wanted}"
        for what, found, wanted in (
            ("a sample rate of", f"{rate_hz} Hz", f"{SAMPLE_RATE_HZ} Hz"),
            ("a number of channels of", channels, CHANNELS),
            ("a sample width of", f"{8 * width_bytes} bits", f"{8 * SAMPLE_BYTES} bits"),
        )
        if found != wanted
    ]
    if wrong:
        raise InvalidAudio(
            f"{name} has {' and '.join(wrong)}.",
            remedy="Convert it, for example: ffmpeg -i in -ar 24000 -ac 1 -c:a pcm_s16le out.wav",
            param="source",
        )


def decode_base64(delta: str) -> bytes:
    """Return the bytes of a base64 audio delta (RFC 4648 §4, padded).

    Raises:
        InvalidAudio: ``delta`` is not base64.
    """
    try:
        return pybase64.b64decode(delta, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidAudio(f"delta is not base64: {error}.", param="delta") from None


def encode_base64(pcm: bytes) -> str:
    """Return bytes as base64 (RFC 4648 §4, padded), as the wire carries them."""
    return pybase64.b64encode_as_string(pcm)


class Pcm16Joiner:
    """Turns byte slices cut anywhere into slices of whole samples, losing and adding nothing.

    The half sample at the end of a slice waits for the next slice. Should the audio end with one, it is
    kept in ``half_sample``: one byte is no sample, so it cannot be heard, but it can be reported.
    """

    def __init__(self) -> None:
        self.half_sample = b""

    def join(self, piece: bytes) -> bytes:
        """Return the whole samples that are complete once ``piece`` has come; possibly none."""
        whole = self.half_sample + piece if self.half_sample else piece
        end = len(whole) & ~1
        self.half_sample = whole[end:]
        return whole[:end]
