"""What lies on which channel of a recorded conversation."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence

import numpy as np

CHANNELS = ("user", "agent")


def layout(recorded: io.BytesIO) -> tuple[int, int, int]:
    """Return channels, bits of a sample and samples a second of a WAV file."""
    with wave.open(io.BytesIO(recorded.getvalue())) as file:
        return file.getnchannels(), 8 * file.getsampwidth(), file.getframerate()


def require(recorded: io.BytesIO, expected: Sequence[tuple[str, bytes]]) -> None:
    """Fail unless a recording holds exactly these stretches of speech, one after the other.

    While one channel speaks the other is silent; pauses between them may have any length.

    Args:
        recorded: A WAV file of two channels.
        expected: The channel and the PCM16 of each stretch, in order.

    Raises:
        AssertionError: names the first stretch that is missing, or what there is beside.
    """
    with wave.open(io.BytesIO(recorded.getvalue())) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    at = 0
    for number, (channel, pcm) in enumerate(expected, 1):
        samples = np.frombuffer(pcm, "<i2")
        both = np.zeros((len(samples), 2), np.int16)
        both[:, CHANNELS.index(channel)] = samples
        silent = int(np.argmax(frames[at:].any(axis=1))) if frames[at:].any() else 0
        begun = at + silent - int(np.argmax(samples != 0))
        found = frames[max(begun, 0) : max(begun, 0) + len(samples)]
        assert np.array_equal(found, both), f"stretch {number}, of the {channel}, is not what was expected"
        at = max(begun, 0) + len(samples)
    rest = frames[at:]
    assert not rest.any(), f"{np.count_nonzero(rest.any(axis=1))} samples more than expected"
