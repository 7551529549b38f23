"""What the user has said: how much of it lies in the input buffer, and what was written down of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from realtime_adapter.audio import BYTES_PER_MS
from realtime_adapter.errors import InvalidAudio, ServerError

logger = logging.getLogger("realtime_adapter")

MIN_COMMIT_MS = 100  # the server refuses to commit less (input_audio_buffer_commit_empty)


class InputAudio:
    """The user's side of one session.

    Attributes:
        manual: The caller says when the user has finished; else the server does.
        transcribing: What the user says is written down.
        buffered_bytes: Appended and not committed; PCM16, mono, 24 kHz.
        awaiting_transcript: Audio was committed whose transcript has neither come nor failed.
        transcript: What the user said in the newest committed audio, or None.
        transcript_error: Why there is no transcript of the newest committed audio, or None.
    """

    def __init__(self) -> None:
        self.manual = True
        self.transcribing = True
        self.buffered_bytes = 0
        self.awaiting_transcript = False
        self.transcript: str | None = None
        self.transcript_error: ServerError | None = None
        self._appends: range = range(0)  # the numbers of the events that brought what is buffered
        self._server_asks = False  # the server asks for a response when it has committed
        self._unanswered: range | None = None  # committed by the server, and no response was asked for
        self._item: str | None = None  # the newest committed item
        self._past_items: set[str] = set()

    def configured(self, session: Mapping[str, Any]) -> None:
        """Take in how the session in force takes turns and whether it writes down what is said."""
        audio = session.get("audio")
        settings = audio.get("input") if isinstance(audio, Mapping) else None
        if not isinstance(settings, Mapping):
            return
        detection = settings.get("turn_detection")
        self.manual = not isinstance(detection, Mapping)
        self._server_asks = isinstance(detection, Mapping) and detection.get("create_response") is not False
        self.transcribing = settings.get("transcription") is not None

    @property
    def uncommitted_bytes(self) -> int:
        """What is for the caller to commit; nothing where the server does."""
        return self.buffered_bytes if self.manual else 0

    def append(self, number: int, size: int) -> None:
        """Take in that the ``number``-th event sent has brought ``size`` bytes."""
        first = self._appends.start if self._appends else number
        self._appends = range(first, number + 1)
        self.buffered_bytes += size

    def brought_by(self, number: int) -> bool:
        """Tell whether the ``number``-th event may have brought some of what is buffered."""
        return number in self._appends

    def require_enough(self) -> None:
        """Check that what is buffered can be committed.

        Raises:
            InvalidAudio: it is less than 100 ms.
        """
        buffered_ms = self.buffered_bytes / BYTES_PER_MS
        if buffered_ms < MIN_COMMIT_MS:
            raise InvalidAudio(
                f"Only {buffered_ms:.2f} ms of audio were sent; a commit takes {MIN_COMMIT_MS} ms or more.",
                remedy="Send more audio, then receive again; what was sent is kept.",
                code="input_audio_buffer_commit_empty",
                param="audio",
            )

    def commit(self) -> range:
        """Empty the buffer into a new item and return the numbers of the events that brought it."""
        appends, self._appends = self._appends, range(0)
        self.buffered_bytes = 0
        self.awaiting_transcript = True
        self.transcript = self.transcript_error = None
        if self._item is not None:
            self._past_items.add(self._item)
            self._item = None
        return appends

    def committed(self, item_id: str | None) -> None:
        """Take in that the server has made the committed audio the item ``item_id``."""
        if not self.manual:
            appends = self.commit()
            self._unanswered = None if self._server_asks else appends
        self._item = item_id

    def take_unanswered(self) -> range | None:
        """Return, once, the events that brought what nobody has asked an answer to; None for none."""
        unanswered, self._unanswered = self._unanswered, None
        return unanswered

    def transcribed(self, item_id: str | None, transcript: str | None, error: ServerError | None) -> None:
        """Take in what the user said in an item, or why that is not known."""
        if item_id in self._past_items:
            return  # the words of an earlier turn, late
        self.awaiting_transcript = False
        self.transcript = transcript
        self.transcript_error = error
        if error is not None:
            logger.info("the user's audio in item %s was not transcribed: %s", item_id, error)
