"""A turn: one response of the model, from being asked for until its last slice was handed out."""

from __future__ import annotations

import logging
from collections import deque

from realtime_adapter.audio import AudioChunk, Pcm16Joiner, decode_base64
from realtime_adapter.errors import (
    InvalidAudio,
    RealtimeError,
    RemoteProtocolError,
    ResponseCancelled,
    ResponseError,
    ResponseFailed,
    ResponseIncomplete,
)
from realtime_adapter.events import (
    OutputAudioDelta,
    OutputAudioTranscriptDelta,
    OutputAudioTranscriptDone,
    Response,
)

logger = logging.getLogger("realtime_adapter")

_Part = tuple[str | None, int | None]


class Turn:
    """What was received of one response, and how it ended.

    Attributes:
        response_id: The server's id of the response; None until ``response.created``.
        create_id: The event id of the ``response.create`` that asked for it; None before it.
        event_ids: The ids of the client events it stands on: audio, text, and the request itself.
        chunks: Slices not handed out yet.
        error: What to raise once the slices are handed out.
        over: Nothing more will come.
        started: ``recv_audio`` has asked for its slices.
        interrupted: The caller has cancelled it; whatever still arrives is left unheard.
    """

    def __init__(self) -> None:
        self.response_id: str | None = None
        self.create_id: str | None = None
        self.event_ids: set[str] = set()
        self.chunks: deque[AudioChunk] = deque()
        self.error: RealtimeError | None = None
        self.over = False
        self.started = False
        self.interrupted = False
        self._joiners: dict[_Part, Pcm16Joiner] = {}
        self._words: dict[_Part, list[str]] = {}

    @property
    def transcript(self) -> str | None:
        """The words spoken so far; None when there are none."""
        parts = ("".join(words) for words in self._words.values())
        return " ".join(part for part in parts if part) or None

    def take(self, event: OutputAudioDelta | OutputAudioTranscriptDelta | OutputAudioTranscriptDone) -> None:
        """Take in a slice of audio or a few words.

        Raises:
            RemoteProtocolError: the slice is not base64.
        """
        if self.interrupted or self.over:
            return
        if isinstance(event, OutputAudioDelta):
            self._hear(event)
        else:
            self._read(event)

    def _hear(self, event: OutputAudioDelta) -> None:
        try:
            piece = decode_base64(event.delta)
        except InvalidAudio as error:
            raise RemoteProtocolError(
                f"The server sent {event.type} with a broken slice: {error}", param="delta"
            ) from None
        pcm = self._joiners.setdefault((event.item_id, event.content_index), Pcm16Joiner()).join(piece)
        if pcm:  # a lone byte makes no sample yet, and an empty chunk would mean the end of the turn
            self.chunks.append(AudioChunk(pcm))

    def _read(self, event: OutputAudioTranscriptDelta | OutputAudioTranscriptDone) -> None:
        """Take in spoken words; those of the final event replace the streamed ones, unless it has none."""
        words = self._words.setdefault((event.item_id, event.content_index), [])
        if isinstance(event, OutputAudioTranscriptDelta):
            words.append(event.delta)
        elif event.transcript:
            words[:] = [event.transcript]

    def end(self, response: Response) -> None:
        """Take in ``response.done``."""
        self.over = True
        self.error = self.error or self._failure(response)
        for (item_id, _), joiner in self._joiners.items():
            if joiner.half_sample:
                logger.warning(
                    "the audio of item %s in response %s ended in half a sample: its last byte is left out",
                    item_id,
                    self.response_id,
                )

    def fail(self, error: RealtimeError) -> None:
        """End the turn with an error; the slices that have arrived are handed out before it."""
        self.over = True
        self.error = self.error or error

    def _failure(self, response: Response) -> RealtimeError | None:
        status, details = response.status or "completed", response.status_details
        if status == "completed" or (self.interrupted and status in ("cancelled", "incomplete")):
            return None
        kinds: dict[str, tuple[type[ResponseError], str]] = {
            "failed": (ResponseFailed, "Ask again; if it fails again, look up the code."),
            "incomplete": (
                ResponseIncomplete,
                "Its audio was handed out; ask for a shorter or another answer.",
            ),
            "cancelled": (
                ResponseCancelled,
                "Its audio was handed out; ask again if the answer is still wanted.",
            ),
        }
        if status not in kinds:
            return RemoteProtocolError(
                f"The server ended response {response.id} with the unknown status {status!r}."
            )
        kind, remedy = kinds[status]
        cause = details.error if details else None
        code = cause.code or cause.type if cause else None
        reason = details.reason if details else None
        why = ", ".join(str(part) for part in (reason, code, cause.message if cause else None) if part)
        return kind(
            f"Response {response.id} is {status}: {why or 'no reason given'}.",
            remedy=remedy,
            code=code,
            response_id=response.id,
            reason=reason,
            status_details=details.model_dump(exclude_unset=True) if details else None,
        )
