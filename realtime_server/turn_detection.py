"""Turn detection: when the user begins and stops to speak, judged by loudness and counted in audio.

No clock is read: time is the audio that arrived, so a turn is the same however fast it was sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from realtime_server.g711 import Samples

_WINDOW_MS = 20
# Less than this is a click, not speech.
_SHORTEST_SPEECH_MS = 60

# Loudness (dB below full scale) that a threshold of 0 and of 1 stand for (RT-audio-09).
_QUIET_DBFS = -60.0
_LOUD_DBFS = -20.0
_FULL_SCALE = 32_768.0

_SEMANTIC_WAIT_MS: Mapping[str, float] = {"low": 8_000, "medium": 4_000, "auto": 4_000, "high": 2_000}
_SEMANTIC_THRESHOLD = 0.5
_SEMANTIC_PADDING_MS = 300


@dataclass(frozen=True)
class SpeechStarted:
    """Speech began; ``at_ms`` includes the padding before it."""

    at_ms: float


@dataclass(frozen=True)
class SpeechStopped:
    """Speech ended; ``at_ms`` includes the silence that proved it."""

    at_ms: float


class SpeechDetector:
    """Listens to one session.

    Args:
        detection: The effective ``turn_detection`` of the session.
        begins_ms: Where in the audio of the session listening begins.
        samples_per_ms: 24 for PCM16, 8 for G.711.
    """

    def __init__(self, detection: Mapping[str, Any], begins_ms: float, samples_per_ms: int) -> None:
        semantic = detection["type"] == "semantic_vad"
        threshold = _SEMANTIC_THRESHOLD if semantic else detection["threshold"]
        self._level = _FULL_SCALE * 10 ** ((_QUIET_DBFS + threshold * (_LOUD_DBFS - _QUIET_DBFS)) / 20)
        self._padding_ms = _SEMANTIC_PADDING_MS if semantic else detection["prefix_padding_ms"]
        self._silence_ms = (
            _SEMANTIC_WAIT_MS[detection["eagerness"]] if semantic else detection["silence_duration_ms"]
        )
        self._window = _WINDOW_MS * samples_per_ms
        self._begins_ms = self._earliest_ms = self._at_ms = begins_ms
        self._pending: Samples = np.empty(0, np.int16)
        self._loud_since_ms: float | None = None
        self._quiet_since_ms = begins_ms
        self.speaking = False

    def hear(self, samples: Samples) -> Iterator[SpeechStarted | SpeechStopped]:
        """Yield what ``samples`` (shape ``(samples,)``, ``int16``) change, in order.

        Listening goes on while the iterator is consumed, so consume it whole.
        """
        heard = np.concatenate([self._pending, samples])
        whole = len(heard) // self._window * self._window
        self._pending = heard[whole:]
        windows = heard[:whole].reshape(-1, self._window).astype(np.float64)
        for loud in np.sqrt(np.mean(windows**2, axis=1)) >= self._level:
            changed = self._next(loud=bool(loud))
            if changed:
                yield changed

    def turn_ends(self, at_ms: float) -> None:
        """Forget the turn so far: it was committed or cleared by hand."""
        self.speaking = False
        self._loud_since_ms = None
        self._earliest_ms = at_ms

    def _next(self, *, loud: bool) -> SpeechStarted | SpeechStopped | None:
        window_ms, self._at_ms = self._at_ms, self._at_ms + _WINDOW_MS
        if loud:
            self._quiet_since_ms = self._at_ms
            if self._loud_since_ms is None:
                self._loud_since_ms = window_ms
            if not self.speaking and self._at_ms - self._loud_since_ms >= _SHORTEST_SPEECH_MS:
                self.speaking = True
                return SpeechStarted(max(self._earliest_ms, self._loud_since_ms - self._padding_ms))
            return None
        self._loud_since_ms = None
        if self.speaking and self._at_ms - self._quiet_since_ms >= self._silence_ms:
            end_ms = min(self._at_ms, self._quiet_since_ms + max(self._silence_ms, 0))
            self.turn_ends(end_ms)
            return SpeechStopped(end_ms)
        return None
