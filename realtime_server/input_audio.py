"""The input audio buffer: what was appended and not yet committed, and where in the session it lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from realtime_server import audio
from realtime_server.audio import Sound
from realtime_server.turn_detection import SpeechDetector, SpeechStarted, SpeechStopped

_Wire = dict[str, Any]


class InputAudio:
    """The buffer of one session, and whoever listens to it.

    Args:
        settings: ``audio.input`` of the session.

    Attributes:
        written_ms: All audio ever appended; what ``audio_start_ms`` and ``audio_end_ms`` count.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._data = bytearray()
        self._settings = settings
        self.written_ms = 0.0
        self._detector = self._listener()

    @property
    def kind(self) -> str:
        """How the audio is coded."""
        kind: str = self._settings["format"]["type"]
        return kind

    @property
    def held_ms(self) -> float:
        """How much is in the buffer."""
        return len(self._data) / audio.bytes_per_ms(self.kind)

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Take over an updated ``audio.input``; listening begins anew when what it depends on changed."""
        before, self._settings = self._settings, settings
        if before["format"] != settings["format"]:
            self._data.clear()  # RT-audio-21
        if any(before[key] != settings[key] for key in ("turn_detection", "format")):
            self._detector = self._listener()

    def append(self, data: bytes) -> Iterator[SpeechStarted | SpeechStopped]:
        """Take in audio and yield the turns heard in it; consume the iterator whole."""
        self._data += data
        self.written_ms += len(data) / audio.bytes_per_ms(self.kind)
        if self._detector:
            yield from self._detector.hear(audio.samples(data, self.kind))

    def take(self) -> Sound:
        """Empty the buffer and return what was in it."""
        sound = Sound(bytes(self._data), self.kind)
        self.clear()
        return sound

    def take_turn(self, start_ms: float, end_ms: float) -> Sound:
        """Return the audio of a detected turn; what lies before its end leaves the buffer."""
        size = audio.bytes_per_ms(self.kind)
        begins_ms = self.written_ms - self.held_ms
        # Whole milliseconds, so that no sample is cut in two.
        first, last = (max(0, int(at_ms - begins_ms)) * size for at_ms in (start_ms, end_ms))
        sound = Sound(bytes(self._data[first:last]), self.kind)
        del self._data[:last]
        if self._detector:
            self._detector.turn_ends(end_ms)
        return sound

    def clear(self) -> None:
        """Empty the buffer; a turn that was being heard is forgotten."""
        self._data.clear()
        if self._detector:
            self._detector.turn_ends(self.written_ms)

    @property
    def speaking(self) -> bool:
        """Whether a turn is being heard."""
        return self._detector is not None and self._detector.speaking

    def _listener(self) -> SpeechDetector | None:
        detection = self._settings["turn_detection"]
        if detection is None:
            return None
        return SpeechDetector(detection, self.written_ms, audio.samples_per_ms(self.kind))
