"""Where in a recording things lie, by the clock and by the turn."""

from __future__ import annotations

import io
import logging
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from realtime_adapter import Recording

SECOND = 24_000


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.at_s


def sound(value: int, seconds: float) -> bytes:
    return np.full(round(seconds * SECOND), value, "<i2").tobytes()


def read(file: io.BytesIO) -> np.ndarray:
    with wave.open(io.BytesIO(file.getvalue())) as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)


def spans(channel: np.ndarray) -> list[tuple[int, float, float]]:
    """Return value, beginning and end in seconds of each stretch that is not silent."""
    edges = np.flatnonzero(np.diff(channel, prepend=0, append=0))
    pairs = pairwise(edges)
    return [(int(channel[a]), round(a / SECOND, 3), round(b / SECOND, 3)) for a, b in pairs if channel[a]]


def test_speech_that_comes_faster_than_it_plays_lies_back_to_back() -> None:
    file = io.BytesIO()
    with Recording(file, Clock()) as recording:
        recording.user(sound(1, 0.5))
        recording.user(sound(2, 0.5))
        recording.turn()
        recording.agent(sound(3, 1))
        recording.turn()
        recording.user(sound(4, 0.25))
    frames = read(file)
    assert spans(frames[:, 0]) == [(1, 0, 0.5), (2, 0.5, 1), (4, 2, 2.25)]
    assert spans(frames[:, 1]) == [(3, 1, 2)]


def test_a_pause_is_silence_on_both_channels() -> None:
    file, clock = io.BytesIO(), Clock()
    with Recording(file, clock) as recording:
        clock.at_s += 1.5
        recording.user(sound(1, 0.5))
        clock.at_s += 3
        recording.agent(sound(2, 0.5))
    frames = read(file)
    assert spans(frames[:, 0]) == [(1, 1.5, 2)]
    assert spans(frames[:, 1]) == [(2, 4.5, 5)]


def test_who_speaks_while_the_other_does_is_heard_at_the_same_time() -> None:
    file, clock = io.BytesIO(), Clock()
    with Recording(file, clock) as recording:
        recording.agent(sound(1, 2))
        clock.at_s += 0.5
        recording.user(sound(2, 0.5))
        clock.at_s += 0.5
        recording.user(sound(3, 0.5))
    frames = read(file)
    assert spans(frames[:, 1]) == [(1, 0, 2)]
    assert spans(frames[:, 0]) == [(2, 0.5, 1), (3, 1, 1.5)]


def test_an_answer_begins_no_sooner_than_what_it_answers_has_ended() -> None:
    file = io.BytesIO()
    with Recording(file, Clock()) as recording:
        recording.user(sound(1, 1))
        recording.answer()
        recording.agent(sound(2, 1))
        recording.user(sound(3, 0.5))
    frames = read(file)
    assert spans(frames[:, 0]) == [(1, 0, 1), (3, 1, 1.5)]
    assert spans(frames[:, 1]) == [(2, 1, 2)]


def test_it_is_a_whole_file_before_it_is_closed() -> None:
    file = io.BytesIO()
    recording = Recording(file, Clock())
    assert len(read(file)) == 0
    recording.user(sound(1, 1))
    recording.turn()
    assert len(read(file)) == SECOND
    recording.close()


def test_what_waits_is_only_what_one_channel_is_ahead_of_the_other() -> None:
    file, clock = io.BytesIO(), Clock()
    with Recording(file, clock) as recording:
        for _ in range(50):
            recording.user(sound(1, 0.1))
            clock.at_s += 0.1
        assert len(read(file)) >= 49 * SECOND // 10


def test_after_its_end_nothing_is_recorded_and_nothing_fails(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    recording = Recording(path)
    recording.user(sound(1, 0.1))
    recording.close()
    size = path.stat().st_size
    recording.agent(sound(2, 1))
    recording.turn()
    recording.close()
    assert path.stat().st_size == size


def test_a_full_disk_ends_the_recording_and_not_the_conversation(caplog: pytest.LogCaptureFixture) -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            if self.tell() > 100:
                raise OSError(28, "No space left on device")
            return super().write(data)  # type: ignore[arg-type]

    recording = Recording(Full(), Clock())
    with caplog.at_level(logging.ERROR, logger="realtime_adapter"):
        for _ in range(3):
            recording.user(sound(1, 1))
            recording.turn()
    assert caplog.text.count("the recording ends here: ") == 1
