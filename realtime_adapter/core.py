"""The session without a socket: what each frame means, and what may be sent when.

There is no input or output here, no clock and no ``await``. A text frame comes in through ``receive``; text
frames to be sent lie in ``outbox``, in order; what the caller is to be given comes out of ``next_chunk``.
One core serves one connection, so nothing of a connection can outlive it.
"""

from __future__ import annotations

import enum
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from realtime_adapter import refusals
from realtime_adapter.audio import BYTES_PER_MS, AudioChunk, encode_base64
from realtime_adapter.errors import (
    InvalidAudio,
    LocalProtocolError,
    NotConnected,
    RealtimeError,
    RemoteProtocolError,
    ServerError,
    SessionRefused,
)
from realtime_adapter.events import (
    ClientEvent,
    ConversationItemCreate,
    Error,
    ErrorDetail,
    InputAudioBufferAppend,
    InputAudioBufferCommit,
    InputAudioBufferCommitted,
    InputAudioTranscriptionCompleted,
    InputAudioTranscriptionFailed,
    InputText,
    OutputAudioDelta,
    OutputAudioTranscriptDelta,
    OutputAudioTranscriptDone,
    ResponseCancel,
    ResponseCreate,
    ResponseCreated,
    ResponseDone,
    ServerEvent,
    SessionCreated,
    SessionUpdate,
    SessionUpdated,
    UserMessage,
    build,
    parse,
)
from realtime_adapter.refusals import Close
from realtime_adapter.session import require_effective
from realtime_adapter.turn import Turn
from realtime_adapter.usage import SessionUsage

logger = logging.getLogger("realtime_adapter")

MIN_COMMIT_MS = 100  # the server refuses to commit less (input_audio_buffer_commit_empty)

# The server takes 15 MiB of audio in one append. Half of it, as base64 in JSON, still fits a server or proxy
# that takes frames of 16 MiB.
MAX_APPEND_BYTES = 15 * 1024 * 1024 // 2 & ~1


class State(enum.Enum):
    """Where a connection stands."""

    CONNECTING = "waiting for session.created"
    CREATED = "before session.update"
    UPDATING = "waiting for session.updated"
    IDLE = "without a response"
    REQUESTED = "waiting for response.created"
    RESPONDING = "with a response in progress"
    CANCELLING = "waiting for a cancelled response to end"
    CLOSED = "closed"


# What may be sent in each state, and the state it leads to. All else is a LocalProtocolError.
_ANY_TIME = (
    InputAudioBufferAppend,
    InputAudioBufferCommit,
    ConversationItemCreate,
    SessionUpdate,
)
SENDS: dict[State, dict[type[ClientEvent], State]] = {
    # The server speaks first; what is sent before session.created may cross a refusal and hide it.
    State.CONNECTING: {},
    # Audio sent before the session is configured would meet the server's own turn detection.
    State.CREATED: {SessionUpdate: State.UPDATING},
    State.UPDATING: {},
    State.IDLE: {**dict.fromkeys(_ANY_TIME, State.IDLE), ResponseCreate: State.REQUESTED},
    # At most one response in progress: a second response.create is refused
    # (conversation_already_has_active_response), so it waits in the sequencer instead.
    State.REQUESTED: {**dict.fromkeys(_ANY_TIME, State.REQUESTED), ResponseCancel: State.CANCELLING},
    State.RESPONDING: {**dict.fromkeys(_ANY_TIME, State.RESPONDING), ResponseCancel: State.CANCELLING},
    # A second cancel would find nothing to cancel (response_cancel_not_active).
    State.CANCELLING: dict.fromkeys(_ANY_TIME, State.CANCELLING),
    State.CLOSED: {},
}

# What may be expected next in each state, for the words of a deadline.
AWAITED = {
    State.CONNECTING: "session.created",
    State.UPDATING: "session.updated",
    State.IDLE: "response.created",
    State.REQUESTED: "response.created",
    State.RESPONDING: "response.output_audio.delta or response.done",
    State.CANCELLING: "response.done",
}

_SEEN_KEPT = 8


class SessionCore:
    """One connection's session: its state, its turns, and the order of its events.

    Attributes:
        state: Where it stands.
        session: The effective session as the server last showed it, or None.
        outbox: Text frames to be sent, in order.
        seen: The types of the newest server events, oldest first; a run of one type counts once.
        legacy: Retired event names received so far.
        usage: What the server says it has used on this connection.
        user_transcript: What the user said in the newest committed audio, or None.
        user_transcript_error: Why there is no transcript of the newest committed audio, or None.
    """

    def __init__(self) -> None:
        self.state = State.CONNECTING
        self.session: dict[str, Any] | None = None
        self.outbox: deque[str] = deque()
        self.seen: deque[str] = deque(maxlen=_SEEN_KEPT)
        self.legacy: set[str] = set()
        self.usage = SessionUsage()
        self.user_transcript: str | None = None
        self.user_transcript_error: ServerError | None = None

        self._sent = 0  # client events so far: their ids count from 1
        self._update_id: str | None = None
        self._requested_session: dict[str, Any] = {}
        self._buffered_bytes = 0  # appended and not committed
        self._append_ids: set[str] = set()  # the events that brought them
        self._awaiting_transcript = False
        self._user_item: str | None = None  # the newest committed item
        self._past_items: set[str] = set()

        self._turns: deque[Turn] = deque()  # to be handed out, in order
        self._active: Turn | None = None  # the one whose response.create was sent, until its response.done
        self._deferred: Turn | None = None  # the one whose response.create waits for that response.done
        self._speaking: Turn | None = None  # the newest whose response.create was sent
        self._past_responses: set[str] = set()
        self._any_response = False
        self._cancel_again = False

        self._trouble: deque[RealtimeError] = deque()  # errors that belong to no turn
        self._unsettled: ErrorDetail | None = None
        self._unsettled_turn: Turn | None = None  # the one it came in
        self._explanation: ErrorDetail | None = None  # the newest error frame
        self._mismatch: SessionRefused | None = None
        self._close: Close | None = None
        self._closed_in: State | None = None

    # ------------------------------------------------------------------ sending

    def send(self, event: ClientEvent) -> str:
        """Advance the session by an event of ours and return its id; its frame joins ``outbox``.

        Raises:
            LocalProtocolError: ``event`` is illegal in this state.
            NotConnected: the connection has ended.
        """
        following = SENDS[self.state].get(type(event))
        if following is None:
            kind = NotConnected if self.state is State.CLOSED else LocalProtocolError
            raise kind(
                f"{event.type} is illegal {self.state.value}.",
                remedy="Call connect() first." if kind is NotConnected else "Wait for the event it says.",
            )
        self._sent += 1
        # The id says what it is the id of, so that an error that names it can be read without a look-up.
        event_id = f"{event.type}-{self._sent}"
        self.outbox.append(event.model_copy(update={"event_id": event_id}).frame())
        self.state = following
        return event_id

    def configure(self, session: dict[str, Any]) -> None:
        """Ask for a session; only that very session will do."""
        self._requested_session = session
        self._update_id = self.send(build(SessionUpdate, session=session))

    def append(self, pcm: bytes) -> None:
        """Send PCM16, in as many events as its size takes; none for no audio, which the server refuses."""
        for start in range(0, len(pcm), MAX_APPEND_BYTES):
            piece = pcm[start : start + MAX_APPEND_BYTES]
            self._append_ids.add(self.send(InputAudioBufferAppend(audio=encode_base64(piece))))
            self._buffered_bytes += len(piece)

    def say(self, text: str) -> None:
        """Send a message of the user and ask for a response to it."""
        message = build(UserMessage, content=[build(InputText, text=text)])
        item_id = self.send(build(ConversationItemCreate, item=message))
        self._drop(lambda turn: turn.interrupted)
        self._request({item_id})

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
        if self._buffered_bytes:
            self.raise_trouble()
            event_ids = self._commit()
            # Whoever speaks wants the answer to what was said: the rest of an older answer would pass for it.
            self._drop(lambda turn: turn.started or turn.interrupted)
            self._request(event_ids)
            return False
        if not agent_turn or any(not turn.started for turn in self._turns):
            return False
        if self.state is not State.IDLE:
            return True
        self._drop(lambda _: True)
        self._request()
        return False

    def cancel(self) -> None:
        """Stop the response that was asked for or is in progress; without one, send nothing.

        The server would answer with ``response_cancel_not_active``, which is harmless but noise.
        """
        if self._active is not None and ResponseCancel in SENDS[self.state]:
            self.send(ResponseCancel(response_id=self._active.response_id))
            self._active.interrupted = True

    def _commit(self) -> set[str]:
        """Commit the input buffer and return the ids of the events that the turn will stand on."""
        buffered_ms = self._buffered_bytes / BYTES_PER_MS
        if buffered_ms < MIN_COMMIT_MS:
            raise InvalidAudio(
                f"Only {buffered_ms:.2f} ms of audio were sent; a commit takes {MIN_COMMIT_MS} ms or more.",
                remedy="Send more audio, then receive again; what was sent is kept.",
                code="input_audio_buffer_commit_empty",
                param="audio",
            )
        event_ids = {*self._append_ids, self.send(InputAudioBufferCommit())}
        self._buffered_bytes = 0
        self._append_ids.clear()
        self._awaiting_transcript = True
        self.user_transcript = self.user_transcript_error = None
        if self._user_item is not None:
            self._past_items.add(self._user_item)
            self._user_item = None
        return event_ids

    # ---------------------------------------------------------------- sequencer

    def _request(self, event_ids: set[str] | None = None) -> None:
        """Ask for a response, or have it asked for when the one in progress has ended.

        Every ``response.create`` passes here. Requests made while one already waits are answered together.

        Args:
            event_ids: The events it is to answer; an error that names one of them is an error of its turn.
        """
        if self._deferred is not None:
            self._deferred.event_ids |= event_ids or set()
            return
        turn = Turn()
        turn.event_ids |= event_ids or set()
        self._turns.append(turn)
        if ResponseCreate in SENDS[self.state]:
            self._create(turn)
        else:
            self._deferred = turn

    def _create(self, turn: Turn) -> None:
        turn.create_id = self.send(ResponseCreate())
        turn.event_ids.add(turn.create_id)
        self._active = self._speaking = turn

    def _release(self) -> None:
        """The response in progress has ended: the next one may be asked for."""
        self._active = None
        self._cancel_again = False
        if self.state in (State.REQUESTED, State.RESPONDING, State.CANCELLING):
            self.state = State.IDLE
        if self._deferred is not None and self.state is State.IDLE:
            turn, self._deferred = self._deferred, None
            self._create(turn)

    def _drop(self, abandoned: Callable[[Turn], bool]) -> None:
        """Leave turns unheard; one that still waits to be asked for stays."""
        for turn in [turn for turn in self._turns if abandoned(turn) and turn is not self._deferred]:
            if turn.error is not None:
                logger.info("left unheard with its turn: %s", turn.error)
            turn.interrupted = True
            turn.chunks.clear()
            self._turns.remove(turn)

    # ---------------------------------------------------------------- receiving

    def receive(self, frame: str | bytes) -> ServerEvent | None:
        """Advance the session by a frame of the server.

        A frame that breaks the protocol is no event: it ends the current turn with a RemoteProtocolError.

        Returns:
            The event, also when it is of a type this package does not know; None for a broken frame.
        """
        if self.state is State.CLOSED:
            return None
        try:
            event = parse(frame)
            name = event.legacy_name or event.type
            if not self.seen or self.seen[-1] != name:
                self.seen.append(name)
            self._warn_if_legacy(event)
            self._take(event)
        except RemoteProtocolError as error:
            self.fail(error)
            return None
        return event

    def _take(self, event: ServerEvent) -> None:
        match event:
            case OutputAudioDelta() | OutputAudioTranscriptDelta() | OutputAudioTranscriptDone():
                if turn := self._turn_of(event.response_id):
                    turn.take(event)
            case ResponseCreated():
                self._response_created(event)
            case ResponseDone():
                self.usage.response_done(event.response.id, self._model("model"), event.response.usage)
                self._response_done(event)
            case InputAudioBufferCommitted():
                self._user_item = event.item_id
            case InputAudioTranscriptionCompleted():
                scribe = self._model("audio", "input", "transcription", "model")
                self.usage.transcribed(event.item_id, scribe, event.usage)
                self._transcribed(event.item_id, event.transcript, None)
            case InputAudioTranscriptionFailed():
                self._transcribed(event.item_id, None, refusals.from_server(event.error))
            case Error():
                self._error(event.error)
            case SessionCreated() | SessionUpdated():
                self._session_shown(event)
            case _:  # without consequence here, or not known at all: on_frame has shown it
                pass

    def _session_shown(self, event: SessionCreated | SessionUpdated) -> None:
        self.session = event.session
        if self.state is State.CONNECTING and isinstance(event, SessionCreated):
            self.state = State.CREATED
        if self.state is not State.UPDATING or not isinstance(event, SessionUpdated):
            return
        try:
            require_effective(self._requested_session, event.session)
        except SessionRefused as mismatch:
            self._mismatch = mismatch
            self._end(None)
        else:
            self.state = State.IDLE

    def _model(self, *path: str) -> str:
        """Return the model that the session names at ``path``; empty when it names none there."""
        found: Any = self.session
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, str) else ""

    def _warn_if_legacy(self, event: ServerEvent) -> None:
        if event.legacy_name and event.legacy_name not in self.legacy:
            self.legacy.add(event.legacy_name)
            logger.warning(
                "the server uses the retired event name %s; the GA name is %s. Both are understood",
                event.legacy_name,
                event.type,
            )

    def _turn_of(self, response_id: str | None) -> Turn | None:
        """Return the turn a response's content belongs to; None when it comes too late for its turn."""
        if response_id in self._past_responses:
            return None
        if self._active is None:
            self._active = self._unasked()
        if self._active.response_id is None:
            self._active.response_id = response_id
        if response_id in (None, self._active.response_id):
            return self._active
        return None

    def _unasked(self) -> Turn:
        """Begin the turn of a response that the server has started by itself."""
        turn = Turn()
        self._turns.append(turn)
        self._speaking = turn
        if self.state is State.IDLE:
            self.state = State.RESPONDING
        return turn

    def _response_created(self, event: ResponseCreated) -> None:
        self._any_response = True
        if self._active is None:
            self._active = self._unasked()
        if self._active.response_id is None:
            self._active.response_id = event.response.id
        if self.state is State.REQUESTED:
            self.state = State.RESPONDING
            if self._cancel_again:
                self._cancel_again = False
                self.cancel()

    def _response_done(self, event: ResponseDone) -> None:
        response_id = event.response.id
        if response_id in self._past_responses:
            return
        turn = self._active
        if turn is None or (turn.response_id and response_id and turn.response_id != response_id):
            return  # of a response that is none of ours
        self._any_response = True
        if known := turn.response_id or response_id:
            self._past_responses.add(known)
            turn.response_id = known
        try:
            turn.end(event.response)
        finally:
            self._release()

    def _transcribed(self, item_id: str | None, transcript: str | None, error: ServerError | None) -> None:
        if item_id in self._past_items:
            return  # the words of an earlier turn, late
        self._awaiting_transcript = False
        self.user_transcript = transcript
        self.user_transcript_error = error
        if error is not None:
            logger.info("the user's audio in item %s was not transcribed: %s", item_id, error)

    # -------------------------------------------------------------------- errors

    def _error(self, error: ErrorDetail) -> None:
        if error.code in refusals.BENIGN:
            logger.info("harmless: %s", refusals.from_server(error))
            if error.code == "response_cancel_not_active" and self.state is State.CANCELLING:
                # Either the cancel came before the response had begun, and is repeated once it has; or the
                # server knows of no such response, and then its end will tell.
                begun = self._active is not None and self._active.response_id is not None
                self.state = State.RESPONDING if begun else State.REQUESTED
                self._cancel_again = not begun
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
            self._unsettled_turn = next((turn for turn in self._turns if not turn.over), None)

    def _refused(self, event_id: str, error: ServerError) -> None:
        """Take in that the server has refused an event of ours."""
        if event_id in self._append_ids:
            self._trouble.append(error)  # of audio that no turn stands on yet
            return
        turn = next((turn for turn in self._asked() if event_id in turn.event_ids), None)
        if turn is None:
            self.fail(error)
            return
        turn.fail(error)
        if turn is self._deferred:
            self._deferred = None
        elif turn is self._active and event_id == turn.create_id and turn.response_id is None:
            self._release()

    def _asked(self) -> list[Turn]:
        """Return the turns an error may be about, also one that is left unheard."""
        unheard = [] if self._active is None or self._active in self._turns else [self._active]
        return [*self._turns, *unheard]

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
        turn = next((turn for turn in self._turns if not turn.over), None)
        if turn is not None:
            turn.fail(error)
        else:
            self._trouble.append(error)

    def end(self, close: Close) -> None:
        """Take in that the connection has ended."""
        if self._close is None and self.state is not State.CLOSED:
            self._end(close)

    def _end(self, close: Close | None) -> None:
        self._closed_in, self.state = self.state, State.CLOSED
        self._close = close
        self._unsettled = self._unsettled_turn = None
        self.outbox.clear()
        for turn in self._turns:
            if not turn.over:
                turn.fail(self.verdict())

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

    def next_chunk(self) -> AudioChunk | None:
        """Return the next slice of the turn that is due, or an empty chunk at its end.

        Returns:
            None when the caller has to wait.

        Raises:
            RealtimeError: how the turn or the connection ended, once its slices are handed out.
        """
        if self._turns:
            turn = self._turns[0]
            turn.started = True
            if turn.chunks:
                return turn.chunks.popleft()
            if not turn.over or turn is self._unsettled_turn:
                return None
            self._turns.popleft()
            if turn.error is not None:
                raise turn.error
            return AudioChunk(b"", transcript=turn.transcript)
        if self.unsettled:
            return None
        self.raise_trouble()
        if self.state is State.CLOSED:
            raise self.verdict()
        if self.state is State.IDLE and self._any_response:
            return AudioChunk(b"")
        return None

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
        if self.user_transcript is not None:
            return self.user_transcript
        if self.user_transcript_error is not None:
            raise self.user_transcript_error
        if not self._awaiting_transcript:
            raise LocalProtocolError(
                "No audio was committed.", remedy="Call send_audio(), then recv_audio()."
            )
        if self.state is State.CLOSED:
            raise self.verdict()
        return None

    @property
    def agent_transcript(self) -> str | None:
        """What the model has said in its newest response so far, or None."""
        return self._speaking.transcript if self._speaking else None
