"""The session without a socket: what each frame means, and what may be sent when.

There is no input or output here, no clock but the one it is given, and no ``await``. A text frame comes in
through ``receive``; text frames to be sent lie in ``outbox``, in order; what the caller is to be given comes
out of ``next_chunk`` and ``next_turn``. One core serves one connection, so nothing of a connection can
outlive it.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Collection
from itertools import islice
from typing import Any

from realtime_adapter import refusals
from realtime_adapter.audio import AudioChunk, encode_base64
from realtime_adapter.client_events import (
    ClientEvent,
    ConversationItemCreate,
    FunctionCallOutput,
    InputAudioBufferAppend,
    InputAudioBufferCommit,
    InputImage,
    InputText,
    OutOfBandResponse,
    OutOfBandResponseCreate,
    SessionUpdate,
    UserMessage,
    build,
)
from realtime_adapter.errors import (
    LocalProtocolError,
    RealtimeError,
    RemoteProtocolError,
    ServerError,
    SessionRefused,
)
from realtime_adapter.events import (
    Error,
    ErrorDetail,
    InputAudioBufferCommitted,
    InputAudioTranscriptionCompleted,
    InputAudioTranscriptionFailed,
    OutputAudioDelta,
    OutputEvent,
    ResponseCreated,
    ResponseDone,
    ServerEvent,
    SessionCreated,
    SessionUpdated,
    UnknownEvent,
    parse,
)
from realtime_adapter.input_audio import InputAudio
from realtime_adapter.out_of_band import TAG, OutOfBand
from realtime_adapter.outlet import Outlet
from realtime_adapter.protocol import AWAITED, State
from realtime_adapter.refusals import Close
from realtime_adapter.sequencer import Sequencer
from realtime_adapter.session import Update, require_effective
from realtime_adapter.tool_calls import ToolCall
from realtime_adapter.transcripts import Transcripts
from realtime_adapter.turn import AgentTurn, Turn, number_of
from realtime_adapter.usage import SessionUsage

logger = logging.getLogger("realtime_adapter")

# The server takes 15 MiB of audio in one append. Half of it, as base64 in JSON, still fits a server or proxy
# that takes frames of 16 MiB.
MAX_APPEND_BYTES = 15 * 1024 * 1024 // 2 & ~1


APPEND: str = InputAudioBufferAppend.model_fields["type"].default

_SEEN_KEPT = 8


class SessionCore:
    """One connection's session: its state, its turns, and the order of its events.

    Args:
        clock: Where the time of a turn's moments is read, in seconds.
        functions: See below.

    Attributes:
        session: The effective session as the server last showed it, or None.
        functions: The names of the tools that the caller's functions stand for.
        seen: The types of the newest server events, oldest first; a run of one type counts once.
        legacy: Retired event names received so far.
        usage: What the server says it has used on this connection.
        input: What the user has said.
        transcripts: What both sides have said, item by item.
        taking_whole: The caller waits for the whole of the turn that is due, however long it is.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, functions: Collection[str] = frozenset()
    ) -> None:
        self.session: dict[str, Any] | None = None
        self.seen: deque[str] = deque(maxlen=_SEEN_KEPT)
        self.legacy: set[str] = set()
        self.usage = SessionUsage()
        self.input = InputAudio()
        self.transcripts = Transcripts()
        self.taking_whole = False
        self.functions = functions

        self._clock = clock
        self._outlet = Outlet()
        self._turns = Sequencer(self._outlet, self.input, clock)
        self._beside = OutOfBand(clock)
        self._update_id: str | None = None
        self._requested_session: dict[str, Any] = {}
        self._updates: dict[str, Update] = {}  # later changes of the session without an answer, by event

        self._kind_seen: type[ServerEvent] | None = None
        self._expecting = False  # the caller waits for an answer that nobody has asked for yet

        self._trouble: deque[RealtimeError] = deque()  # errors that belong to no turn
        self._unsettled: ErrorDetail | None = None
        self._unsettled_turn: Turn | None = None  # the one it came in
        self._explanation: ErrorDetail | None = None  # the newest error frame
        self._mismatch: SessionRefused | None = None
        self._close: Close | None = None
        self._closed_in: State | None = None

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._outlet.state

    @property
    def outbox(self) -> deque[str]:
        """Text frames to be sent, in order."""
        return self._outlet.frames

    @property
    def to_run(self) -> deque[ToolCall]:
        """Calls of the caller's functions, to be run and answered with ``return_output``."""
        return self._turns.to_run

    # ------------------------------------------------------------------ sending

    def send(self, event: ClientEvent) -> str:
        """Advance the session by an event of ours and return its id; see ``Outlet.send``."""
        return self._outlet.send(event)

    def configure(self, session: dict[str, Any]) -> None:
        """Ask for a session; only that very session will do."""
        self._requested_session = session
        self._update_id = self.send(build(SessionUpdate, session=session))

    def change(self, session: dict[str, Any]) -> Update:
        """Ask for a change of the session; what becomes of it is in the update that is returned."""
        patch = {"type": "realtime", **session}
        update = Update(patch)
        self._updates[self.send(build(SessionUpdate, session=patch))] = update
        return update

    def append(self, pcm: bytes) -> None:
        """Send PCM16, in as many events as its size takes; none for no audio, which the server refuses."""
        if len(pcm) > MAX_APPEND_BYTES:
            for start in range(0, len(pcm), MAX_APPEND_BYTES):
                self.append(pcm[start : start + MAX_APPEND_BYTES])
        elif pcm:
            event_id = self._outlet.next_id(InputAudioBufferAppend, APPEND)
            self._outlet.frames.append(InputAudioBufferAppend.frame_of(encode_base64(pcm), event_id))
            self.input.append(self._outlet.sent, len(pcm))

    def say(self, text: str, *images: InputImage) -> None:
        """Send a message of the user and ask for a response to it; beside an image, the text may be empty."""
        words = [build(InputText, text=text)] if text or not images else []
        message = build(UserMessage, content=[*words, *images])
        item_id = self.send(build(ConversationItemCreate, item=message))
        self._turns.drop(lambda turn: turn.interrupted)
        self._turns.request({item_id})

    def return_output(self, call_id: str, output: str) -> None:
        """Send what a function returned; after the last call of its response, ask for the next response.

        Raises:
            LocalProtocolError: the model has made no such call, or it has its output already.
            ConfigurationError: ``output`` is no text.
        """
        self._turns.calls.require_open(call_id)
        item = build(FunctionCallOutput, call_id=call_id, output=output)
        item_id = self.send(build(ConversationItemCreate, item=item))
        self._turns.returned(call_id, item_id)

    def begin_turn(self, *, agent_turn: bool) -> bool:
        """Ask for what the caller wants to hear next, unless it was asked for already.

        Args:
            agent_turn: The caller has signalled that the agent is to speak, whether or not the user did.

        Returns:
            Whether the signal is still to be honoured: a response that is being read comes first.

        Raises:
            InvalidAudio: less than 100 ms of audio would be committed.
            ServerError: the server has refused some of the audio; what it took is kept.
        """
        if self.input.uncommitted_bytes:
            self.raise_trouble()
            self.input.require_enough()
            commit_id = self.send(InputAudioBufferCommit())
            # Whoever speaks wants the answer to what was said: the rest of an older answer would pass for it.
            self._turns.drop(lambda turn: turn.started or turn.interrupted)
            self._turns.request({commit_id}, [self.input.commit()])
            return False
        self._expecting = not self._turns.queue
        if self._ask_for_detected():
            return False
        if not agent_turn or any(not turn.started for turn in self._turns.queue):
            return False
        if self.state is not State.IDLE:
            return True
        self._turns.drop(lambda _: True)
        self._turns.request()
        return False

    def _ask_for_detected(self) -> bool:
        """Ask for an answer to what the server has found to be said, where asking is left to the caller."""
        appends = self.input.take_unanswered() if self._expecting else None
        if appends is None:
            return False
        self._expecting = False
        self._turns.request((), [appends])
        return True

    def cancel(self, played_ms: float | None = None) -> None:
        """Stop the response that was asked for or is in progress; see ``Sequencer.cancel``."""
        self._turns.cancel(played_ms)

    def ask_beside(self, **response: Any) -> Turn:
        """Ask for a response beside the conversation, and return its turn.

        Args:
            response: What ``OutOfBandResponse`` has beside its metadata's tag.

        Raises:
            ConfigurationError: a value cannot be sent.
        """
        tag = str(self._outlet.sent + 1)
        metadata = {**(response.pop("metadata", None) or {}), TAG: tag}
        wanted = build(OutOfBandResponse, **response, metadata=metadata)
        return self._beside.asked(tag, self.send(build(OutOfBandResponseCreate, response=wanted)))

    # ---------------------------------------------------------------- receiving

    def receive(self, frame: str | bytes) -> ServerEvent | None:
        """Advance the session by a text frame of the server.

        A frame that breaks the protocol is no event: it ends the current turn with a RemoteProtocolError.

        Args:
            frame: The text, or its UTF-8 bytes.

        Returns:
            The event, also when it is of a type this package does not know; None for a broken frame.
        """
        if self._outlet.state is State.CLOSED:
            return None
        try:
            event = parse(frame)
            kind = type(event)
            if kind is not self._kind_seen or kind is UnknownEvent:
                self._kind_seen = kind
                self._see(event)
            # Nearly every event is one of these, and the way through _take() costs as much as all the rest.
            if isinstance(event, OutputAudioDelta) and (turn := self._turns.turn_in_progress(event)):
                turn.hear(event, self._clock)
            else:
                self._take(event)
        except RemoteProtocolError as error:
            self.fail(error)
            return None
        return event

    def receive_binary(self, size: int) -> None:
        """Take in a binary frame of ``size`` bytes, which the protocol has no use for."""
        if self.state is not State.CLOSED:
            self.fail(
                RemoteProtocolError(f"The server sent a binary frame of {size} bytes; events are text.")
            )

    def _see(self, event: ServerEvent) -> None:
        """Note an event of another type than the last."""
        legacy = event.legacy_name
        name = legacy or event.type
        if not self.seen or self.seen[-1] != name:
            self.seen.append(name)
        if legacy and legacy not in self.legacy:
            self.legacy.add(legacy)
            logger.warning(
                "the server uses the retired event name %s; the GA name is %s. Both are understood",
                legacy,
                event.type,
            )

    def _take(self, event: ServerEvent) -> None:
        match event:
            case OutputEvent():
                if (turn := self._beside.turn_of(event.response_id)) is not None:
                    turn.take(event, self._clock)
                elif (turn := self._turns.turn_of(event.response_id)) is not None:
                    turn.take(event, self._clock)
                    self.transcripts.take(event)
            case ResponseCreated():
                if not self._beside.created(event.response):
                    self._turns.created(event)
            case ResponseDone():
                self.usage.response_done(event.response.id, self._model("model"), event.response.usage)
                if not self._beside.done(event):
                    self._turns.done(event, self.functions)
            case Error():
                self._error(event.error)
            case SessionCreated() | SessionUpdated():
                self._session_shown(event)
            case _:
                self._take_in_words(event)

    def _take_in_words(self, event: ServerEvent) -> None:
        """Take in what an event says of what was said; most say nothing, and some are not known at all."""
        match event:
            case InputAudioBufferCommitted():
                self.input.committed(event.item_id)
                self._ask_for_detected()
            case InputAudioTranscriptionCompleted():
                scribe = self._model("audio", "input", "transcription", "model")
                self.usage.transcribed(event.item_id, scribe, event.usage)
                self.input.transcribed(event.item_id, event.transcript, None)
                self.transcripts.take(event)
            case InputAudioTranscriptionFailed():
                error = refusals.from_server(event.error)
                self.input.transcribed(event.item_id, None, error)
                self.transcripts.failed(event.item_id, error)
            case _:
                self.transcripts.take(event)

    def _session_shown(self, event: SessionCreated | SessionUpdated) -> None:
        self.session = event.session
        self.input.configured(event.session)
        if self._updates and self.state is not State.UPDATING:
            self._updates.pop(next(iter(self._updates))).shown(event.session)
        if self.state is State.CONNECTING and isinstance(event, SessionCreated):
            self._outlet.state = State.CREATED
        if self.state is not State.UPDATING or not isinstance(event, SessionUpdated):
            return
        try:
            require_effective(self._requested_session, event.session)
        except SessionRefused as mismatch:
            self._mismatch = mismatch
            self._end(None)
        else:
            self._outlet.state = State.IDLE

    def _model(self, *path: str) -> str:
        """Return the model that the session names at ``path``; empty when it names none there."""
        found: Any = self.session
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, str) else ""

    # -------------------------------------------------------------------- errors

    def _error(self, error: ErrorDetail) -> None:
        if error.code in refusals.BENIGN:
            logger.info("harmless: %s", refusals.from_server(error))
            if error.code == "response_cancel_not_active":
                self._turns.cancel_refused()
            return
        self._explanation = error
        if self.state in (State.CONNECTING, State.CREATED, State.UPDATING):
            if self._update_id is not None and error.event_id == self._update_id:
                self._end(None)  # the socket stays open, but this session is not the one asked for
            else:
                self._unsettled = error
        elif error.event_id is not None and not refusals.is_final(error):
            self._refused(error.event_id, refusals.from_server(error))
        else:
            # Whether such an error ends the session is known only from the close that follows it, or not.
            self.settle()
            self._unsettled = error
            self._unsettled_turn = self._turns.unfinished()

    def _refused(self, event_id: str, error: ServerError) -> None:
        """Take in that the server has refused an event of ours."""
        if event_id.startswith(APPEND) and self.input.brought_by(number_of(event_id)):
            self._trouble.append(error)  # of audio that no turn stands on yet
            return
        if (update := self._updates.pop(event_id, None)) is not None:
            update.refused(refusals.refused_change(error))
            return
        if not self._beside.refused(event_id, error) and not self._turns.refused(event_id, error):
            self.fail(error)

    @property
    def unsettled(self) -> bool:
        """Whether an error was received that may announce a close, which has not come yet."""
        return self._unsettled is not None

    def settle(self) -> None:
        """Judge such an error without waiting for a close any longer."""
        if self._unsettled is None:
            return
        error, self._unsettled = self._unsettled, None
        turn, self._unsettled_turn = self._unsettled_turn, None
        if self.state in (State.CONNECTING, State.CREATED, State.UPDATING) or refusals.is_final(error):
            self._end(None)
        elif turn is not None:
            turn.fail(refusals.from_server(error))
        else:
            self._trouble.append(refusals.from_server(error))

    def fail(self, error: RealtimeError) -> None:
        """End the turn in progress with an error, or keep it for the next call that receives."""
        turn = self._turns.unfinished()
        if turn is not None:
            turn.fail(error)
        else:
            self._trouble.append(error)

    def end(self, close: Close) -> None:
        """Take in that the connection has ended."""
        if self._close is None and self.state is not State.CLOSED:
            self._end(close)

    def _end(self, close: Close | None) -> None:
        self._closed_in, self._outlet.state = self.state, State.CLOSED
        self._close = close
        self._unsettled = self._unsettled_turn = None
        self.outbox.clear()
        self._turns.fail(self.verdict)
        self._beside.fail(self.verdict)
        for update in self._updates.values():
            update.refused(self.verdict())

    def verdict(self) -> RealtimeError:
        """Return why the session has ended, as a new error."""
        if self._mismatch is not None:
            return self._mismatch
        match self._closed_in:
            case State.CONNECTING | State.CREATED:
                return refusals.refused_handshake(self._explanation, self._close)
            case State.UPDATING:
                return refusals.refused_session(self._explanation, self._close)
            case _:
                return refusals.ended(self._explanation, self._close)

    # ------------------------------------------------------------ to the caller

    def slice_at_hand(self) -> AudioChunk | None:
        """Return the next slice of the turn that is being heard, unless something new was said meanwhile."""
        queue = self._turns.queue
        turn = queue[0] if queue else None
        if turn is None or not turn.chunks or not turn.started or self.input.uncommitted_bytes:
            return None
        return AudioChunk(turn.next_slice())

    def next_chunk(self) -> AudioChunk | None:
        """Return the next slice of the turn that is due, or an empty chunk at its end.

        Returns:
            None when the caller has to wait.

        Raises:
            RealtimeError: how the turn or the connection ended, once its slices are handed out.
        """
        turn = self._turns.due()
        if turn is not None:
            if turn.chunks:
                return AudioChunk(turn.next_slice())
            if not self._is_over(turn):
                return None
            self._hand_out(turn)
            return AudioChunk(b"", transcript=turn.transcript)
        self._raise_if_ended()
        if self.input.manual and self.state is State.IDLE and self._turns.any_response and not self.unsettled:
            return AudioChunk(b"")
        return None

    def next_turn(self) -> AgentTurn | None:
        """Return the turn that is due once it has ended, whole but for the slices handed out before.

        Returns:
            None when the caller has to wait.

        Raises:
            RealtimeError: how the turn or the connection ended; ``turn`` is what was received of it.
        """
        turn = self._turns.due()
        if turn is None:
            self._raise_if_ended()
            return None
        if not self._is_over(turn):
            return None
        summary = turn.summary(self.input.transcript)
        self._hand_out(turn)
        return summary

    def beside(self, turn: Turn) -> AgentTurn | None:
        """Return an out-of-band response once it has ended.

        Returns:
            None when the caller has to wait.

        Raises:
            RealtimeError: how it or the connection ended; ``turn`` is what was received of it.
        """
        if not turn.over:
            return None
        summary = turn.summary(None)
        if turn.error is not None:
            raise turn.error
        return summary

    @property
    def backlog_bytes(self) -> int:
        """How much audio was received that nobody has taken, or waits to take."""
        waited_for = 1 if self.taking_whole else 0
        return sum(turn.unheard_bytes for turn in islice(self._turns.queue, waited_for, None))

    def _is_over(self, turn: Turn) -> bool:
        return turn.over and turn is not self._unsettled_turn

    def _hand_out(self, turn: Turn) -> None:
        self._turns.queue.popleft()
        if turn.error is not None:
            raise turn.error

    def _raise_if_ended(self) -> None:
        if self.unsettled:
            return
        self.raise_trouble()
        if self.state is State.CLOSED:
            raise self.verdict()

    @property
    def untold(self) -> bool:
        """Whether the caller has not been given, or told, everything yet."""
        return bool(self._turns.queue or self._trouble or self._unsettled)

    def raise_trouble(self) -> None:
        """Raise the oldest error that belongs to no turn, if there is one."""
        if self._trouble:
            raise self._trouble.popleft()

    @property
    def awaited(self) -> str:
        """The event that is awaited in this state."""
        return AWAITED.get(self.state, "session.created")

    def heard_user(self) -> str | None:
        """Return the transcript of the newest committed audio.

        Returns:
            None when the caller has to wait.

        Raises:
            LocalProtocolError: no audio was committed.
            RealtimeError: there will be no transcript.
        """
        if self.input.transcript is not None:
            return self.input.transcript
        if self.input.transcript_error is not None:
            raise self.input.transcript_error
        if not self.input.transcribing:
            raise LocalProtocolError(
                "What the user says is not written down in this session.", remedy="Set transcription."
            )
        if not self.input.awaiting_transcript:
            raise LocalProtocolError(
                "No audio was committed.", remedy="Call send_audio(), then recv_audio()."
            )
        if self.state is State.CLOSED:
            raise self.verdict()
        return None

    @property
    def agent_transcript(self) -> str | None:
        """What the model has said in its newest response so far, or None."""
        return self._turns.speaking.transcript if self._turns.speaking else None

    @property
    def agent_text(self) -> str | None:
        """What the model has written in its newest response so far, or None."""
        return self._turns.speaking.text if self._turns.speaking else None

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The functions called in the turn that the caller heard last, or is hearing."""
        return self._turns.hearing.tool_calls.final if self._turns.hearing else ()
