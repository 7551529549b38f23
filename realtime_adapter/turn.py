"""A turn: one response of the model, from being asked for until its last slice was handed out."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from realtime_adapter.audio import BYTES_PER_MS, AudioChunk, Pcm16Joiner, decode_base64
from realtime_adapter.errors import (
    InvalidAudio,
    RealtimeError,
    RemoteProtocolError,
    ResponseCancelled,
    ResponseEmpty,
    ResponseError,
    ResponseFailed,
    ResponseIncomplete,
)
from realtime_adapter.events import (
    OutputAudioDelta,
    OutputAudioTranscriptDelta,
    OutputAudioTranscriptDone,
    OutputEvent,
    OutputTextDelta,
    OutputTextDone,
    Response,
    ResponseDone,
)
from realtime_adapter.tool_calls import ToolCall, ToolCalls

logger = logging.getLogger("realtime_adapter")

_Part = tuple[str | None, int | None]
Words = OutputAudioTranscriptDelta | OutputAudioTranscriptDone | OutputTextDelta | OutputTextDone


@dataclass(frozen=True)
class TurnTimings:
    """How long a turn took, in seconds since its response was asked for.

    A response that the server began by itself counts from its first event. None: it did not come.

    Attributes:
        first_byte_s: To the first event of the response.
        first_audio_s: To the first slice of audio.
        total_s: To ``response.done``.
    """

    first_byte_s: float | None = None
    first_audio_s: float | None = None
    total_s: float | None = None


@dataclass(frozen=True)
class AgentTurn:
    """One turn of the model, as it ended.

    Attributes:
        response_id: The server's id of the response, or None.
        status: ``completed``, ``cancelled``, ``incomplete`` or ``failed``; ``in_progress`` when it was lost.
        audio: All that was said and not handed out before by ``recv_audio``; PCM16, mono, 24 kHz.
        transcript: The words spoken, or None.
        text: The words written, or None.
        user_transcript: What the user had said, as far as it was known when the turn ended, or None.
        tool_calls: The functions called, in order of arrival.
        usage: The server's ``usage`` object for this response, or None.
        timings: How long it took.
        continues: The functions called are run by the adapter, and another turn follows by itself.
    """

    response_id: str | None
    status: str
    audio: AudioChunk
    transcript: str | None
    text: str | None
    user_transcript: str | None
    tool_calls: tuple[ToolCall, ...]
    usage: dict[str, Any] | None
    timings: TurnTimings
    continues: bool

    @property
    def tool_message(self) -> dict[str, Any] | None:
        """The calls as one assistant's message of OpenAI's chat API, or None when there are none."""
        return tool_message(self.tool_calls)


def number_of(event_id: str) -> int:
    """Return which of our events has the id ``event_id``; -1 when it is none of ours."""
    number = event_id.rpartition("-")[2]
    return int(number) if number.isascii() and number.isdigit() else -1


def tool_message(calls: Sequence[ToolCall]) -> dict[str, Any] | None:
    """Return the calls as one assistant's message of OpenAI's chat API, or None when there are none."""
    if not calls:
        return None
    return {"role": "assistant", "content": None, "tool_calls": [call.as_chat() for call in calls]}


class Turn:
    """What was received of one response, and how it ended.

    Attributes:
        response_id: The server's id of the response; None until ``response.created``.
        create_id: The event id of the ``response.create`` that asked for it; None before it.
        event_ids: The ids of the client events it stands on: commit, text, and the request itself.
        appends: The numbers of those that brought the audio.
        chunks: Slices not handed out yet; whole samples of PCM16.
        unheard_bytes: The size of these slices.
        tool_calls: The functions it has called.
        continues: Another turn will answer what its functions return.
        error: What to raise once the slices are handed out.
        over: Nothing more will come.
        started: ``recv_audio`` has asked for its slices.
        interrupted: The caller has cancelled it; whatever still arrives is left unheard.
        asked_at_s: When it was asked for, on the session's clock; so for the others.
    """

    def __init__(self) -> None:
        self.response_id: str | None = None
        self.create_id: str | None = None
        self.event_ids: set[str] = set()
        self.appends: list[range] = []
        self.chunks: deque[bytes] = deque()
        self.unheard_bytes = 0
        self.tool_calls = ToolCalls()
        self.continues = False
        self.error: RealtimeError | None = None
        self.over = False
        self.started = False
        self.interrupted = False
        self.asked_at_s: float | None = None
        self.began_at_s: float | None = None
        self.audio_at_s: float | None = None
        self.ended_at_s: float | None = None
        self._response = Response(status="in_progress")
        self._joiners: dict[_Part, Pcm16Joiner] = {}
        self._received_bytes: dict[_Part, int] = {}
        self._cut_at_ms: int | None = None
        self._spoken: dict[_Part, list[str]] = {}
        self._written: dict[_Part, list[str]] = {}

    def stands_on(self, event_id: str) -> bool:
        """Tell whether it answers what a client event has brought."""
        if event_id in self.event_ids:
            return True
        return "append" in event_id and any(number_of(event_id) in each for each in self.appends)

    @property
    def transcript(self) -> str | None:
        """The words spoken so far; None when there are none."""
        return _joined(self._spoken)

    @property
    def text(self) -> str | None:
        """The words written so far; None when there are none."""
        return _joined(self._written)

    def take(self, event: OutputEvent, clock: Callable[[], float]) -> None:
        """Take in what an event says of the response.

        Args:
            event: An event of this response.
            clock: Where the moment is read that the first slice of audio came at.

        Raises:
            RemoteProtocolError: a slice of audio is not base64.
        """
        if self.interrupted or self.over:
            return
        match event:
            case OutputAudioDelta():
                self.hear(event, clock)
            case OutputAudioTranscriptDelta() | OutputTextDelta():
                self._words(event).append(event.delta)
            case OutputAudioTranscriptDone(transcript=str(whole)) | OutputTextDone(text=str(whole)) if whole:
                # The final words replace the streamed ones, unless there are none.
                self._words(event)[:] = [whole]
            case _:
                self.tool_calls.take(event)

    def hear(self, event: OutputAudioDelta, clock: Callable[[], float]) -> None:
        """Take in a slice of audio; see ``take``."""
        if self.interrupted or self.over:
            return
        try:
            piece = decode_base64(event.delta)
        except InvalidAudio as error:
            raise RemoteProtocolError(
                f"The server sent {event.type} with a broken slice: {error}", param="delta"
            ) from None
        part = (event.item_id, event.content_index)
        joiner = self._joiners.get(part)
        if joiner is None:
            joiner = self._joiners[part] = Pcm16Joiner()
            self._received_bytes[part] = 0
        self._received_bytes[part] += len(piece)
        pcm = joiner.join(piece)
        if pcm:  # a lone byte makes no sample yet, and an empty chunk would mean the end of the turn
            self.chunks.append(pcm)
            self.unheard_bytes += len(pcm)
            if self.audio_at_s is None:
                self.audio_at_s = clock()

    def forget(self) -> None:
        """Leave unheard what was not handed out yet."""
        self.chunks.clear()
        self.unheard_bytes = 0

    def cut(self, played_ms: float) -> dict[str, Any] | None:
        """Return what ``conversation.item.truncate`` is to say when only so much was played.

        Args:
            played_ms: How much was played, from the beginning of the turn.

        Returns:
            None when there is nothing to cut: nothing was played, or all of what is complete, or it was cut
            there or before.
        """
        left_ms = played_ms
        for number, ((item_id, content_index), size) in enumerate(self._received_bytes.items(), 1):
            part_ms = size // BYTES_PER_MS
            last = number == len(self._received_bytes)
            if left_ms > part_ms and not last:
                left_ms -= part_ms
                continue
            end_ms = int(min(left_ms, part_ms))
            whole = last and end_ms == part_ms and self.over and not self.interrupted
            if not end_ms or whole or item_id is None or (self._cut_at_ms or end_ms + 1) <= end_ms:
                return None
            self._cut_at_ms = end_ms
            return {"item_id": item_id, "content_index": content_index or 0, "audio_end_ms": end_ms}
        return None

    def next_slice(self) -> bytes:
        """Return the oldest slice that was not handed out, and forget it."""
        pcm = self.chunks.popleft()
        self.unheard_bytes -= len(pcm)
        return pcm

    def _words(self, event: Words) -> list[str]:
        spoken = isinstance(event, OutputAudioTranscriptDelta | OutputAudioTranscriptDone)
        kind = self._spoken if spoken else self._written
        return kind.setdefault((event.item_id, event.content_index), [])

    def end(self, event: ResponseDone) -> None:
        """Take in ``response.done``."""
        self.over = True
        self._response = event.response
        for item in event.response.output or ():
            self.tool_calls.take_item(item)
        self.error = self.error or self._failure(event)
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

    def nothing(self) -> ResponseEmpty | None:
        """Return the error of a completed response that holds nothing at all, or None: it is no answer."""
        if (
            self.interrupted
            or self.audio_at_s is not None
            or self.transcript
            or self.text
            or self.tool_calls.final
        ):
            return None
        return ResponseEmpty(
            f"Response {self.response_id} is completed and holds no audio, no words and no function call.",
            remedy="Ask again; if it stays empty, look at the instructions and at output_modalities.",
            response_id=self.response_id,
        )

    def summary(self, user_transcript: str | None) -> AgentTurn:
        """Return the turn for the caller, with the audio that was not handed out before.

        It becomes the ``turn`` of the error the turn ended with; holding nothing is one.
        """
        summary = AgentTurn(
            response_id=self.response_id,
            status=self._response.status or "completed",
            audio=AudioChunk(b"".join(self.chunks), transcript=self.transcript),
            transcript=self.transcript,
            text=self.text,
            user_transcript=user_transcript,
            tool_calls=self.tool_calls.final,
            usage=self._response.usage,
            timings=self._timings(),
            continues=self.continues,
        )
        self.error = self.error or self.nothing()
        if self.error is not None:
            self.error.turn = summary
        return summary

    def _timings(self) -> TurnTimings:
        asked_at_s = self.asked_at_s if self.asked_at_s is not None else self.began_at_s
        if asked_at_s is None:
            return TurnTimings()
        moments = (self.began_at_s, self.audio_at_s, self.ended_at_s)
        return TurnTimings(*(None if at_s is None else at_s - asked_at_s for at_s in moments))

    def _failure(self, event: ResponseDone) -> RealtimeError | None:
        response = event.response
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
            status_details=event.fields.get("response", {}).get("status_details"),
        )


def _joined(parts: dict[_Part, list[str]]) -> str | None:
    whole = ("".join(words) for words in parts.values())
    return " ".join(part for part in whole if part) or None
