"""A client of OpenAI's Realtime API that speaks the GA wire protocol.

* Endpoint: ``wss://api.openai.com/v1/realtime``, the model as ``?model=`` in the query.
* Upgrade request: the auth-only header ``Authorization: Bearer <key>``; no other header and no subprotocol.
* Connecting: the server's ``session.created`` is awaited, then ``session.update`` asks for a session of type
  ``realtime`` whose audio settings lie under ``session.audio.input`` and ``session.audio.output``, with
  turn detection off; the session that ``session.updated`` shows must be the one asked for.
* Speaking: ``input_audio_buffer.append`` for each chunk; ``input_audio_buffer.commit`` and
  ``response.create`` when the answer is asked for.
* Text: ``conversation.item.create`` with one user message, then ``response.create``.
* Hearing: ``response.output_audio.delta`` carries base64 PCM16, mono, 24 kHz, until ``response.done``.
* Words: the agent's from ``response.output_audio_transcript.delta`` and
  ``response.output_audio_transcript.done``, the user's from
  ``conversation.item.input_audio_transcription.completed``.
* Tools: ``response.function_call_arguments.done`` and ``response.output_item.done`` describe a call; what the
  function returned goes back in ``conversation.item.create``, then ``response.create``.
* Interrupting: ``response.cancel``.

This module is what a caller sees. The socket, the deadlines and the closing are in
``realtime_adapter.connection``; what frames mean and what may be sent when is decided in
``realtime_adapter.core``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any, Literal, Self, Unpack

from realtime_adapter.audio import AudioChunk
from realtime_adapter.client_events import ConversationItemCreate, InputImage, build
from realtime_adapter.client_secrets import ClientSecret, Mint, MintEndpoint, mint_for
from realtime_adapter.connection import Connection, FrameListener
from realtime_adapter.core import SessionCore
from realtime_adapter.credentials import ApiKey
from realtime_adapter.endpoint import DEFAULT_URL, address
from realtime_adapter.errors import (
    ConfigurationError,
    DeadlineExceeded,
    InvalidAudio,
    LocalProtocolError,
    NotConnected,
    RealtimeError,
    SessionRefused,
    UnknownModel,
)
from realtime_adapter.event_stream import EventStream
from realtime_adapter.expiry import ExpiryNotice
from realtime_adapter.functions import split_tools
from realtime_adapter.history import History
from realtime_adapter.images import data_uri
from realtime_adapter.models import DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL, ending, retirement
from realtime_adapter.notices import warn
from realtime_adapter.protocol import State
from realtime_adapter.reconnection import Reconnect, may_recover
from realtime_adapter.recording import Recording
from realtime_adapter.roles import AgentRole
from realtime_adapter.session import requested_session, session_change
from realtime_adapter.settings import SessionSettings
from realtime_adapter.transcripts import Utterance
from realtime_adapter.turn import AgentTurn
from realtime_adapter.usage import SessionUsage

logger = logging.getLogger("realtime_adapter")

MAX_BACKLOG_BYTES = 32 * 1024 * 1024  # eleven minutes of audio

USER_TRANSCRIPT = "conversation.item.input_audio_transcription.completed"


class OpenAIRealtimeAgentAdapter:
    """A voice agent, or a voiced user, that is a Realtime session.

    A turn is one response. ``recv_audio`` hands out its slices and then one empty chunk, which says that the
    turn is over. It ends with ``response.done`` and not with silence, and also when it held no audio at all.

    Example:
        >>> async with OpenAIRealtimeAgentAdapter(instructions="Be brief.") as agent:
        ...     await agent.send_audio(AudioChunk.from_wav("question.wav"))
        ...     while (chunk := await agent.recv_audio(timeout=30.0)).data:
        ...         play(chunk.samples)

    Args:
        model: Realtime model; goes into the address.
        voice: Voice that speaks.
        instructions: What the model is to do; empty keeps the server's own text.
        tools: What the model may call: definitions as on the wire (``{"type": "function", "name": …,
            "parameters": …}``), and Python functions, which the adapter runs when they are called.
        api_key: The key. Without one, ``OPENAI_REALTIME_API_KEY`` and then ``OPENAI_API_KEY`` are read, now.
        role: Whom the model speaks for.
        speaks_first: The agent opens the conversation without having been spoken to.
        url: The endpoint; its query is kept, the model is added.
        transcription_model: Model that writes down what the user said.
        tool_choice: ``auto``, ``none``, ``required`` or one tool; None keeps the server's default.
        mint: Dial with a client secret instead of the key: True buys it from the HTTP endpoint beside ``url``
            or the one that ``OPENAI_BASE_URL`` names, with ``OPENAI_API_KEY``; a ``MintEndpoint`` says where
            and with which key; None buys one if ``OPENAI_API_KEY`` is set.
        connect_timeout_s: Bound on dialling and configuring, in seconds.
        reconnect: When a connection is dialled again; without it, never.
        expiry_notice_s: How long before the session ends the end is announced, in seconds.
        on_expiring: Called once with the seconds that are left; the log is told in any case.
        recording: Where the conversation is recorded to, as it was said and heard.
        clock: Tells the time, in seconds since 1970.
        ping_interval_s: How often the server is asked for a sign of life, and how long it may take to give
            one, in seconds; None: never. Its own pings are answered in any case.
        max_backlog_bytes: How much received audio, or how many bytes of events for ``events``, may wait to be
            taken. When it is exceeded, nothing more is read, and the server waits; nothing is lost.
        key_header: Name of the header that the key goes into, and what stands there; Azure wants
            ``("api-key", "{key}")``.
        settings: The rest of the session: turn detection, output modality, speed and so on, see
            ``SessionSettings``. Without turn detection, the caller takes the turns.
        on_frame: Called with each thing that went over the wire, as (direction, kind, payload, code):
            direction ``client`` or ``server``; kind ``request``, ``upgrade``, ``text``, ``binary`` or
            ``close``; payload the head of the request or of its answer, the frame, a size or the close
            reason; code the close code, the HTTP status or None. The key is never in it.

    Raises:
        ConfigurationError: an argument cannot be used; ``param`` names it.
    """

    def __init__(  # noqa: PLR0913 - the constructor its users know, and keywords
        self,
        model: str = DEFAULT_MODEL,
        voice: str = "alloy",
        instructions: str = "",
        tools: Sequence[Any] | None = None,
        *,
        api_key: str | None = None,
        role: AgentRole = AgentRole.AGENT,
        speaks_first: bool = False,
        url: str = DEFAULT_URL,
        transcription_model: str = DEFAULT_TRANSCRIPTION_MODEL,
        tool_choice: str | Mapping[str, Any] | None = None,
        mint: bool | MintEndpoint | None = False,
        connect_timeout_s: float = 10.0,
        reconnect: Reconnect | None = None,
        expiry_notice_s: float = 300.0,
        on_expiring: Callable[[float], None] | None = None,
        recording: Recording | None = None,
        clock: Callable[[], float] = time.time,
        ping_interval_s: float | None = None,
        max_backlog_bytes: int = MAX_BACKLOG_BYTES,
        key_header: tuple[str, str] = ("Authorization", "Bearer {key}"),
        on_frame: FrameListener | None = None,
        **settings: Unpack[SessionSettings],
    ) -> None:
        self.model = model
        self.voice = voice
        self.instructions = instructions
        self.tools, self._functions = split_tools(tools or ())
        self.tool_choice = tool_choice
        self.role = _role(role)
        self.speaks_first = speaks_first
        self.transcription_model = transcription_model
        self.connect_timeout_s = _seconds("connect_timeout_s", connect_timeout_s)
        self._endpoint = url
        self._key = ApiKey(api_key)
        self._mint = mint_for(mint, url)
        self._secret: ClientSecret | None = None
        self._reconnect = reconnect
        self._history = History()
        self._expiry = ExpiryNotice(_seconds("expiry_notice_s", expiry_notice_s), clock, on_expiring)
        self._recording = recording
        self._hearing = False  # some of the turn has been handed out, and not yet its end
        self._clock = clock
        self._ping_interval_s = _interval("ping_interval_s", ping_interval_s)
        self._max_backlog_bytes = _size("max_backlog_bytes", max_backlog_bytes)
        self._key_header = key_header
        self._on_frame = on_frame
        self._settings = settings

        self._core = SessionCore()
        self._line: Connection | None = None
        self._connecting = False
        self._agent_turn = False
        # Nothing that could have been said here is left for connect() to say.
        self._requested_session()
        address(url, model)
        for used in (model, transcription_model):
            if notice := ending(used, self._today()):
                warn(notice)

    def __repr__(self) -> str:
        state = "connected" if self.connected else "not connected"
        return f"{type(self).__name__}({self.model!r}, voice={self.voice!r}, role={self.role.name}, {state})"

    # -------------------------------------------------------------------- facts

    @property
    def url(self) -> str:
        """The address that is dialled: the endpoint with the model in its query."""
        return address(self._endpoint, self.model)

    @property
    def connected(self) -> bool:
        """Whether the session is configured and the connection has not ended."""
        return self._line is not None and not self._connecting and self._core.state is not State.CLOSED

    @property
    def brokered(self) -> bool:
        """Whether a gateway gave out the client secret of this connection, and counts what it uses."""
        return self._secret is not None and bool(self._secret.session_id)

    @property
    def backlog_bytes(self) -> int:
        """How much was received and not taken yet: audio, or the events of the slowest ``events`` reader."""
        return self._line.backlog_bytes if self._line is not None else 0

    @property
    def session(self) -> dict[str, Any] | None:
        """The effective session as the server last showed it; None while not connected."""
        return self._core.session if self.connected else None

    @property
    def last_user_transcript(self) -> str | None:
        """What the user said in the audio committed last; None until the server has written it down.

        It may come at any time, also after the answer: see ``wait_for_user_transcript``.
        """
        return self._core.input.transcript

    @property
    def last_agent_transcript(self) -> str | None:
        """What the model said in the response asked for last, as far as it has come; None for nothing."""
        return self._core.agent_transcript

    @property
    def last_agent_text(self) -> str | None:
        """What the model wrote in the response asked for last, as far as it has come; None for nothing."""
        return self._core.agent_text

    @property
    def transcripts(self) -> tuple[Utterance, ...]:
        """What both sides have said, item by item in the order of the conversation, final or not."""
        return self._core.transcripts.all()

    @property
    def last_tool_calls(self) -> list[dict[str, Any]]:
        """The functions called in the turn that is being heard, or was heard last, as in OpenAI's chat API.

        Each is ``{"id": call_id, "type": "function", "function": {"name": …, "arguments": …}}``, once, in the
        order in which they were called; ``arguments`` is the JSON text as the model wrote it.
        """
        return [call.as_chat() for call in self._core.tool_calls]

    @property
    def usage(self) -> SessionUsage:
        """What the server says it has used on this connection, or on the last one, until the next begins."""
        return self._core.usage

    # --------------------------------------------------------------- connecting

    async def connect(self) -> None:
        """Dial, and configure the session; on return, the session asked for is in force.

        Every connection starts afresh: nothing unsent, unheard or unanswered of an earlier one is left. What
        fails and may recover is tried again as ``reconnect`` says.

        Raises:
            MissingApiKey: no key was given or found; nothing was dialled.
            MalformedApiKey: the key cannot stand in a header; nothing was dialled.
            MintRefused: no client secret was given out; nothing was dialled.
            ConnectionFailed: no WebSocket came about.
            HandshakeRefused: the server refused the client; see its subclasses.
            SessionRefused: the server refused the session, or put another in force.
            ConnectionLost: the connection ended meanwhile.
            RemoteProtocolError: the server did not speak the protocol.
            DeadlineExceeded: it took longer than ``connect_timeout_s``.
            LocalProtocolError: it is connected already.
        """
        if self.connected or self._connecting:
            raise LocalProtocolError("connect() was called twice.", remedy="Call disconnect() first.")
        self._connecting = True
        try:
            await self._connect_patiently()
        finally:
            self._connecting = False
        self._agent_turn = self._agent_turn or self.speaks_first
        self._expiry.begin((self._core.session or {}).get("expires_at"))

    async def _connect_patiently(self) -> None:
        pauses_s = [*self._reconnect.pauses_s] if self._reconnect is not None else []
        while True:
            try:
                return await self._connect_once()
            except RealtimeError as error:
                if not pauses_s or not may_recover(error):
                    raise
                logger.info("connecting again in %g s, for: %s", pauses_s[0], error)
            await asyncio.sleep(pauses_s.pop(0))

    async def _connect_once(self) -> None:
        try:
            if self._mint is None:
                self._key.reveal()
            await self._end_session()  # of a connection that has ended by itself
            if self._mint is not None:
                await self._buy_secret(self._mint)
            await self._open_session(self._upgrade_headers())
        except BaseException as error:
            await self._end_session()
            if (ended := self._ended_model(error)) is not None:
                raise ended from None
            raise

    async def _speaking_line(self) -> Connection:
        """Return the connection for what the user says, which may be worth another connection."""
        return self._connection() if self._reconnect is None else await self._reopened(self._reconnect)

    async def _reopened(self, policy: Reconnect) -> Connection:
        """Return the connection, dialled again when its loss has been told and may recover.

        Raises:
            RealtimeError: it could not be had again.
        """
        line = self._connection()
        await line.catch_up()
        core = line.core
        if core.state is not State.CLOSED or core.untold or not may_recover(core.verdict()):
            return line
        said = self._history.items() if policy.replay else []
        agent_turn = self._agent_turn
        logger.warning("connecting again, for: %s", core.verdict())
        await self.connect()
        self._agent_turn = agent_turn
        self._history.hold(said)
        line = self._connection()
        for item in said:
            line.core.send(build(ConversationItemCreate, item=item))
        await line.send()
        return line

    async def _open_session(self, headers: Mapping[str, str]) -> None:
        core = self._core = SessionCore(functions=self._functions.keys())
        line = self._line = Connection(
            core, self._credentials(), self._functions, self._max_backlog_bytes, self._on_frame
        )
        awaited = "WebSocket upgrade"
        try:
            async with asyncio.timeout(self.connect_timeout_s):
                await line.open(self.url, headers, self._ping_interval_s)
                awaited = "session.created"
                await line.left(State.CONNECTING)
                awaited = "session.updated"
                core.configure(self._requested_session())
                await line.flush()
                await line.left(State.UPDATING)
                if self._reconnect is not None:
                    self._history = line.history = History()
        except DeadlineExceeded:
            raise
        except TimeoutError:
            # An error may have come whose close was still awaited: then that is the answer.
            core.settle()
            if core.state is State.CLOSED:
                raise core.verdict() from None
            raise DeadlineExceeded(
                awaited=awaited,
                seen=tuple(core.seen),
                timeout_s=self.connect_timeout_s,
                remedy="Check the endpoint in url and the network, or raise connect_timeout_s.",
            ) from None

    async def disconnect(self) -> None:
        """Close the connection with 1000; harmless when there is none.

        Takes no longer than about a second, whatever the peer does, and raises nothing. A gateway is then
        told what the session used, which may take another five. The transcripts and the usage of the
        connection stay readable until the next ``connect``.
        """
        self._agent_turn = False
        await self._end_session()
        if self._recording is not None:
            self._recording.turn()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.disconnect()

    def _ended_model(self, error: BaseException) -> RealtimeError | None:
        """Return ``error`` saying that the model has ended, or None when that is not what it is about."""
        if isinstance(error, UnknownModel):
            refused = self.model
        elif isinstance(error, SessionRefused) and (error.param or "").endswith("transcription.model"):
            refused = self.transcription_model
        else:
            return None
        known = retirement(refused)
        if known is None or self._today() < known.ends:
            return None
        return error.with_remedy(ending(refused, self._today()))

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock(), UTC).date()

    def _upgrade_headers(self) -> dict[str, str]:
        bearer = self._key.reveal() if self._secret is None else self._secret.value
        name, form = self._key_header
        return {name: form.format(key=bearer)}

    async def _buy_secret(self, mint: Mint) -> None:
        self._secret = await mint.secret(self.model)
        if self._secret is None:
            warn(
                f"{mint.url} is not there: dialling with the key from {self._key.source}. "
                "No gateway counts this session or bounds its cost. Pass mint=False if that is meant.",
                stacklevel=3,
            )

    async def _end_session(self) -> None:
        """Hang up, and tell a gateway what the session used: once, and also when nothing came of it."""
        self._expiry.end()
        await self._hang_up()
        secret, self._secret = self._secret, None
        if self._mint is not None and secret is not None and secret.session_id:
            await self._mint.report(secret.session_id, self._core.usage.total)

    def _credentials(self) -> list[ApiKey]:
        """Return every credential of this client: none may be seen by anybody."""
        minting = [self._mint.key] if self._mint is not None else []
        bought = [ApiKey(self._secret.value, {})] if self._secret is not None else []
        return [self._key, *minting, *bought]

    def _requested_session(self) -> dict[str, Any]:
        return requested_session(
            voice=self.voice,
            transcription_model=self.transcription_model,
            instructions=self.instructions,
            tools=self.tools,
            tool_choice=self.tool_choice,
            settings=self._settings,
        )

    def _connection(self) -> Connection:
        if self._line is None or self._connecting:
            raise NotConnected("The adapter is not connected.", remedy="Call connect() first.")
        self._expiry.check()
        return self._line

    async def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            await line.hang_up()

    # ------------------------------------------------------------------ sending

    async def send_audio(self, chunk: AudioChunk) -> None:
        """Add audio to the input buffer; an empty chunk adds nothing, and nothing is sent.

        It is committed, and an answer asked for, by the next ``recv_audio``.

        Args:
            chunk: PCM16, mono, 24 kHz.

        Raises:
            NotConnected: before ``connect``.
            InvalidAudio: ``chunk`` is no AudioChunk, or ends inside a sample.
            ConnectionLost: the connection has ended.
            DeadlineExceeded: the peer has stopped reading.
        """
        line = await self._speaking_line()
        core = await line.ready()
        if not isinstance(chunk, AudioChunk):
            raise InvalidAudio(
                f"send_audio was given {type(chunk).__name__}, not an AudioChunk.",
                remedy="Wrap PCM16 bytes in AudioChunk(data).",
                param="chunk",
            )
        pcm = AudioChunk(chunk.data).data  # checked again: its data can be replaced
        core.append(pcm)
        if self._recording is not None:
            self._recording.user(pcm)
        await line.send()

    async def send_text(self, text: str) -> None:
        """Send a message of the user and ask for an answer.

        While a response is in progress, the answer is asked for once that has ended; ``recv_audio`` gives the
        rest of the response in progress first, with its own end.

        Raises:
            NotConnected: before ``connect``.
            ConfigurationError: ``text`` is no text.
            ConnectionLost: the connection has ended.
            DeadlineExceeded: the peer has stopped reading.
        """
        line = await self._speaking_line()
        (await line.ready()).say(text)
        await line.send()

    async def send_image(
        self, image: bytes, text: str = "", *, detail: Literal["auto", "low", "high"] = "auto"
    ) -> None:
        """Show the model an image and ask for an answer, as ``send_text`` does.

        Args:
            image: A PNG or JPEG file.
            text: What is said beside it; empty for nothing.
            detail: How closely it is looked at.

        Raises:
            NotConnected: before ``connect``.
            ConfigurationError: ``image`` is neither PNG nor JPEG, or ``text`` no text.
            ConnectionLost: the connection has ended.
            DeadlineExceeded: the peer has stopped reading.
        """
        line = await self._speaking_line()
        shown = build(InputImage, image_url=data_uri(image), detail=detail)
        (await line.ready()).say(text, shown)
        await line.send()

    async def send_tool_output(self, call_id: str, output: str) -> None:
        """Send what a function returned that the model has called; the next response is asked for by itself.

        It is asked for when each call of its response has an output. Functions given as ``tools`` are run and
        answered by the adapter: this is for those that were given as definitions.

        Args:
            call_id: The id of the call, as in ``last_tool_calls`` or ``AgentTurn.tool_calls``.
            output: What the model is to read, usually JSON.

        Raises:
            NotConnected: before ``connect``.
            LocalProtocolError: there is no such call, or it has its output already.
            ConfigurationError: ``output`` is no text.
            ConnectionLost: the connection has ended.
            DeadlineExceeded: the peer has stopped reading.
        """
        line = self._connection()
        (await line.ready()).return_output(call_id, output)
        await line.send()

    async def interrupt(self, played_ms: float | None = None) -> None:
        """Cancel the response that was asked for or is in progress.

        What was received of it can still be heard; what arrives later is left out, and its turn ends with the
        empty chunk. When there is no such response, nothing is cancelled.

        Args:
            played_ms: How much of the turn that is being heard, or was heard last, the user has really heard.
                What was not played is left out of the server's conversation, so that the model does not take
                it for said, and is not handed out any more. Never more is claimed than was received; when
                nothing was played, the conversation stays as it is.

        Raises:
            NotConnected: before ``connect``.
            ConfigurationError: ``played_ms`` is no duration.
            ConnectionLost: the connection has ended.
            DeadlineExceeded: the peer has stopped reading.
        """
        line = self._connection()
        played = None if played_ms is None else _milliseconds("played_ms", played_ms)
        (await line.ready()).cancel(played)
        await line.send()

    async def update_session(
        self,
        *,
        voice: str | Mapping[str, Any] | None = None,
        instructions: str | None = None,
        tools: Sequence[Any] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        timeout_s: float = 10.0,
        **settings: Unpack[SessionSettings],
    ) -> dict[str, Any]:
        """Change the session of this connection; what is not given stays as it is.

        Args:
            voice: See the class; the server refuses another once the model has spoken.
            instructions: See the class; empty takes them away.
            tools: See the class; an empty list takes them away.
            tool_choice: See the class.
            timeout_s: How long to wait for the answer, in seconds.
            settings: See the class.

        Returns:
            The session in force.

        Raises:
            NotConnected: before ``connect``.
            ConfigurationError: a value cannot be used; ``param`` names it, and nothing was sent.
            SessionRefused: the server refused it, and nothing was changed; or it put something else in force.
            ConnectionLost: the connection has ended.
            DeadlineExceeded: no answer within ``timeout_s``.
        """
        line = self._connection()
        bound_s = _seconds("timeout_s", timeout_s)
        definitions, functions = (None, {}) if tools is None else split_tools(tools)
        change = session_change(
            voice=voice,
            instructions=instructions,
            tools=definitions,
            tool_choice=tool_choice,
            settings=settings,
        )
        update = (await line.ready()).change(change)
        await line.send()
        session = await line.wait_for(update.result, bound_s, lambda: "session.updated")
        if tools is not None:
            line.offer(functions)
        return session

    async def respond_out_of_band(
        self,
        instructions: str,
        *,
        timeout: float,
        output_modality: Literal["audio", "text"] = "text",
        input: Sequence[Mapping[str, Any]] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> AgentTurn:
        """Ask for a response beside the conversation, which neither sees nor delays it, and return it.

        Any number may be asked for at once, also while a response is in progress.

        Args:
            instructions: What the model is to do.
            timeout: How long to wait for the end of the response, in seconds.
            output_modality: What it answers with.
            input: Items to look at in place of the conversation, as on the wire; None for the conversation.
            metadata: What the response is to carry; the entry ``out_of_band`` is the adapter's.

        Raises:
            NotConnected: before ``connect``.
            ConfigurationError: a value cannot be sent.
            ServerError: the server refused it.
            ResponseError: it came to no good end; the error's ``turn`` holds what was received of it.
            ConnectionLost: the connection has ended.
            DeadlineExceeded: it has not ended within ``timeout``.
        """
        line = self._connection()
        timeout_s = _seconds("timeout", timeout)
        core = await line.ready()
        turn = core.ask_beside(
            instructions=instructions,
            output_modalities=[output_modality],
            input=None if input is None else [dict(item) for item in input],
            metadata=None if metadata is None else dict(metadata),
        )
        await line.send()
        return await line.wait_for(lambda: core.beside(turn), timeout_s, lambda: "response.done")

    def notify_agent_turn(self) -> None:
        """Say that the agent is to speak next, whether or not the user did.

        The next ``recv_audio`` then asks for a response even when nothing was said. Only a signal to an agent
        counts; it is used up by the turn it is for.
        """
        if _role(self.role) is AgentRole.AGENT:
            self._agent_turn = True

    # ---------------------------------------------------------------- receiving

    async def recv_audio(self, timeout: float) -> AudioChunk:
        """Return the next slice of the answer; an empty chunk, once, when the turn is over.

        When audio was sent since the last turn, it is committed and an answer asked for first; should an
        older response be in progress, the answer is asked for when that has ended, and the rest of an older
        turn that was being heard is left out. When there is nothing to wait for and some response has run on
        this connection, an empty chunk is returned at once.

        Args:
            timeout: How long to wait for a slice, in seconds; 0 takes only what is there.

        Returns:
            PCM16, mono, 24 kHz: whole samples, in order, however the wire cut them. The empty chunk at the
            end of a turn carries the turn's transcript.

        Raises:
            NotConnected: before ``connect``.
            InvalidAudio: less than 100 ms of audio were sent; nothing was committed.
            ServerError: the server refused something; the connection is still open.
            ResponseFailed: the response failed.
            ResponseIncomplete: the response was cut short; its slices came before.
            ResponseCancelled: the response was cancelled, and not by ``interrupt``.
            RemoteProtocolError: the server broke the protocol.
            ConnectionLost: the connection ended; the slices received came before.
            DeadlineExceeded: no slice within ``timeout``; the turn goes on and can be waited for again.
        """
        line = self._connection()
        if not self._agent_turn and (chunk := line.core.slice_at_hand()) is not None:
            line.taken()
            return self._heard(chunk)
        timeout_s = _seconds("timeout", timeout)
        core = await self._begin_turn(line)
        return self._heard(await line.wait_for(core.next_chunk, timeout_s, lambda: core.awaited))

    async def receive_turn(self, timeout: float) -> AgentTurn:
        """Return the answer once it is finished: its audio, its words, its function calls, what it took.

        It asks for the answer as ``recv_audio`` does. A turn is one response: when the model calls functions
        that the adapter runs (``AgentTurn.continues``), what it says to their results is the next turn.

        Args:
            timeout: How long to wait for the end of the turn, in seconds.

        Returns:
            The turn. Slices that ``recv_audio`` has handed out before are not handed out again.

        Raises:
            RealtimeError: as ``recv_audio``; when the turn came to no good end, the error's ``turn`` holds
                what was received of it.
            ResponseEmpty: the response was completed without audio, words or function call.
            DeadlineExceeded: it has not ended within ``timeout``; it goes on and can be waited for again.
        """
        line = self._connection()
        timeout_s = _seconds("timeout", timeout)
        core = await self._begin_turn(line)
        core.taking_whole = True
        try:
            turn = await line.wait_for(core.next_turn, timeout_s, lambda: core.awaited)
        finally:
            core.taking_whole = False
        self._heard(turn.audio)
        self._heard(AudioChunk(b""))
        return turn

    def _heard(self, chunk: AudioChunk) -> AudioChunk:
        """Record what the caller is given; an empty chunk ends the turn."""
        if self._recording is not None:
            if chunk.data and not self._hearing:
                self._recording.answer()
            self._hearing = bool(chunk.data)
            self._recording.agent(chunk.data)
            # Where the server takes the turns, the microphone goes on meanwhile, and the clock decides.
            if not chunk.data and self._core.input.manual:
                self._recording.turn()
        return chunk

    async def _begin_turn(self, line: Connection) -> SessionCore:
        await line.catch_up()
        if line.core.state is not State.CLOSED:
            self._agent_turn = line.core.begin_turn(agent_turn=self._agent_turn)
            await line.flush()
        return line.core

    def events(self) -> EventStream:
        """Return every event of the server from now on, each as its own type, until the connection ends.

        It takes nothing away from ``recv_audio`` and the other calls. Any number of readers can be at it;
        each sees every event, and one that does not keep up makes the server wait (``max_backlog_bytes``).

        Raises:
            NotConnected: before ``connect``.

        Example:
            >>> async for event in adapter.events():
            ...     if isinstance(event, OutputAudioTranscriptDelta):
            ...         print(event.delta, end="")
        """
        return self._connection().stream()

    async def wait_for_user_transcript(self, timeout: float) -> str:
        """Return what the user said in the audio committed last.

        Args:
            timeout: How long to wait for it, in seconds.

        Raises:
            NotConnected: before ``connect``.
            LocalProtocolError: no audio was committed.
            ServerError: the server could not write it down.
            ConnectionLost: the connection has ended.
            DeadlineExceeded: it has not come within ``timeout``; it can be waited for again.
        """
        line = self._connection()
        timeout_s = _seconds("timeout", timeout)
        await line.catch_up()
        return await line.wait_for(line.core.heard_user, timeout_s, lambda: USER_TRANSCRIPT)


def _seconds(name: str, value: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return value
    raise ConfigurationError(
        f"{name} is {value!r}, not a number of seconds.", remedy="Give 0 or more.", param=name
    )


def _interval(name: str, value: float | None) -> float | None:
    if value is None or _seconds(name, value) > 0:
        return value
    raise ConfigurationError(f"{name} is 0.", remedy="Give a number of seconds, or None.", param=name)


def _milliseconds(name: str, value: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return value
    raise ConfigurationError(
        f"{name} is {value!r}, not a number of milliseconds.", remedy="Give 0 or more.", param=name
    )


def _size(name: str, value: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise ConfigurationError(
        f"{name} is {value!r}, not a number of bytes.", remedy="Give 1 or more.", param=name
    )


def _role(role: Any) -> AgentRole:
    try:
        return AgentRole(getattr(role, "value", role))
    except ValueError:
        raise ConfigurationError(
            f"role is {role!r}.", remedy="Give AgentRole.AGENT or AgentRole.USER.", param="role"
        ) from None
