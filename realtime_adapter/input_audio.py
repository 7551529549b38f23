"""What the user has said: how much of it lies in the input buffer, and what was written down of it."""

from __future__ import annotations

import logging

from realtime_adapter.audio import BYTES_PER_MS
from realtime_adapter.errors import InvalidAudio, ServerError

logger = logging.getLogger("realtime_adapter")

MIN_COMMIT_MS = 100  # the server refuses to commit less (input_audio_buffer_commit_empty)


class InputAudio:
    """The user's side of one session.

    Attributes:
        buffered_bytes: Appended and not committed; PCM16, mono, 24 kHz.
        awaiting_transcript: Audio was committed whose transcript has neither come nor failed.
        transcript: What the user said in the newest committed audio, or None.
        transcript_error: Why there is no transcript of the newest committed audio, or None.
    """

    def __init__(self) -> None:
        self.buffered_bytes = 0
        self.awaiting_transcript = False
        self.transcript: str | None = None
        self.transcript_error: ServerError | None = None
        self._appends: range = range(0)  # the numbers of the events that brought what is buffered
        self._item: str | None = None  # the newest committed item
        self._past_items: set[str] = set()

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
        self._item = item_id

    def transcribed(self, item_id: str | None, transcript: str | None, error: ServerError | None) -> None:
        """Take in what the user said in an item, or why that is not known."""
        if item_id in self._past_items:
            return  # the words of an earlier turn, late
        self.awaiting_transcript = False
        self.transcript = transcript
        self.transcript_error = error
        if error is not None:
            logger.info("the user's audio in item %s was not transcribed: %s", item_id, error)
