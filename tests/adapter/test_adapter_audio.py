"""Audio: chunks, WAV files, base64, and samples cut by the wire."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_adapter import AudioChunk, ConfigurationError, InvalidAudio
from realtime_adapter.audio import Pcm16Joiner, decode_base64, encode_base64


def wav(rate_hz: int = 24_000, channels: int = 1, width: int = 2, frames: bytes = b"\x00" * 480) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate_hz)
        writer.writeframes(frames)
    return file.getvalue()


def test_a_chunk_tells_its_samples_and_length() -> None:
    chunk = AudioChunk(np.array([0, -1, 32767, -32768], dtype="<i2").tobytes())
    assert chunk.samples.tolist() == [0, -1, 32767, -32768]
    assert chunk.samples.dtype == np.int16
    assert (chunk.sample_rate, chunk.channels, chunk.duration_seconds) == (24_000, 1, 4 / 24_000)


def test_a_chunk_carries_what_its_users_know_it_to_carry() -> None:
    chunk = AudioChunk(b"", "hello", 1.0, 2.0)
    assert (chunk.transcript, chunk.start_time, chunk.end_time) == ("hello", 1.0, 2.0)
    assert AudioChunk(b"").duration_seconds == 0.0


@pytest.mark.parametrize("data", [b"\x00", b"\x00" * 4_801])
def test_half_a_sample_is_refused_with_the_remedy(data: bytes) -> None:
    with pytest.raises(InvalidAudio, match=r"AudioChunk\.data has .* even number.*Hold back") as caught:
        AudioChunk(data)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, ConfigurationError)
    assert caught.value.param == "data"


def test_what_is_no_bytes_is_refused() -> None:
    with pytest.raises(InvalidAudio, match=r"AudioChunk\.data is list, not bytes"):
        AudioChunk([0, 0])  # type: ignore[arg-type]


def test_a_wav_file_survives_the_round_trip(tmp_path: Path) -> None:
    chunk = AudioChunk(np.arange(-500, 500, dtype="<i2").tobytes())
    chunk.write_wav(tmp_path / "a.wav")
    assert AudioChunk.from_wav(tmp_path / "a.wav") == chunk
    assert AudioChunk.from_wav(str(tmp_path / "a.wav")) == chunk
    assert AudioChunk.from_wav(io.BytesIO(chunk.to_wav())) == chunk


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (wav(rate_hz=16_000), "sample rate of 16000 Hz instead of 24000 Hz"),
        (wav(channels=2), "number of channels of 2 instead of 1"),
        (wav(width=1), "sample width of 8 bits instead of 16 bits"),
        (b"RIFF", "not a PCM WAV file"),
        (b"ID3 this is an mp3", "not a PCM WAV file"),
        (b"", "not a PCM WAV file"),
    ],
)
def test_another_file_is_refused_with_what_it_is_and_how_to_convert_it(file: bytes, words: str) -> None:
    with pytest.raises(InvalidAudio, match=words) as caught:
        AudioChunk.from_wav(io.BytesIO(file))
    assert "ffmpeg" in caught.value.remedy


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidAudio, match=r"no\.wav cannot be read: No such file"):
        AudioChunk.from_wav(tmp_path / "no.wav")


def test_base64_is_taken_strictly() -> None:
    assert decode_base64(encode_base64(b"\x00\xff\x10")) == b"\x00\xff\x10"
    for broken in ("AA=", "A", "AA==AA==", "AB CD", "äöü="):
        with pytest.raises(InvalidAudio, match="delta is not base64"):
            decode_base64(broken)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=30))
def test_any_split_gives_the_same_bytes(audio: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(audio)) for cut in cuts), len(audio)]
    joiner = Pcm16Joiner()
    slices = [joiner.join(audio[start:end]) for start, end in itertools.pairwise(edges)]
    assert all(len(piece) % 2 == 0 for piece in slices)
    assert b"".join(slices) + joiner.half_sample == audio
    assert len(joiner.half_sample) == len(audio) % 2


def test_whoever_looks_at_no_sample_does_without_numpy() -> None:
    """It is most of what an import would cost, in time and in memory."""
    code = "import sys, realtime_adapter; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
