"""A model that words things differently each time: ``python -m realtime_server --worded SEED``.

The same seed, the same sentences in the same order. What is said stays an answer to the question of when
the shop opens; its words, its length, its pace and its loudness vary, and so does how the question is
written down.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from random import Random

import numpy as np
from numpy.typing import NDArray

from realtime_server.clips import speech
from realtime_server.script import Answer, Script, TranscriptionFailure

_BEGINNINGS = ("Hello!", "Sure.", "Good question.", "Let me see.", "Of course, happy to help.", "Hi there,")
_MIDDLES = (
    "tomorrow we open at nine.",
    "we open at nine tomorrow morning.",
    "the shop opens its doors at 9 a.m.",
    "you will find us open from nine to six tomorrow.",
)
_ENDS = ("", "See you then!", "Is there anything else I can do for you?", "We close at six.")
_HEARD = (
    "Hello, what time do you open tomorrow?",
    "Hello. What time do you open tomorrow",
    "hello what time do you open tomorrow",
    "Hello! What time do you open, tomorrow?",
    "Hello, what time do you open up tomorrow?",
)


@dataclass
class Worded(Script):
    """A script whose spoken answers differ each time.

    Attributes:
        seed: Which answers are drawn.
    """

    seed: int = 1
    _draw: Random = field(init=False, repr=False, compare=False)
    _drawing: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._draw = Random(self.seed)  # noqa: S311 - it has to be the same every time

    def next_answer(self, heard: str = "") -> Answer:
        """Take the answer to the next response; the default one is put in other words."""
        answer = super().next_answer(heard)
        usual = self.default_answer
        if (answer.transcript, answer.audio) != (usual.transcript, usual.audio):
            return answer
        with self._drawing:
            words = " ".join(self._draw.choice(part) for part in (_BEGINNINGS, _MIDDLES, _ENDS)).strip()
            return replace(answer, transcript=words, audio=self._voiced())

    def next_user_transcript(self) -> str | TranscriptionFailure | None:
        """Take what the next committed buffer is heard as."""
        heard = super().next_user_transcript()
        if heard is not None:
            return heard
        with self._drawing:
            return self._draw.choice(_HEARD)

    def _voiced(self) -> bytes:
        """The recorded answer at another pace and loudness; PCM16 little-endian, mono, 24 kHz."""
        samples = np.frombuffer(speech("answer").pcm, dtype="<i2").astype(np.float64)
        pace, loudness = self._draw.uniform(0.8, 1.25), self._draw.uniform(0.3, 1.0)
        at = np.arange(0, len(samples) - 1, pace)
        voiced: NDArray[np.int16] = (np.interp(at, np.arange(len(samples)), samples) * loudness).astype("<i2")
        return voiced.tobytes()
