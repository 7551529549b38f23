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
* Interrupting: ``response.cancel``.

This module owns the socket, the deadlines and the closing. What frames mean and what may be sent when is
decided in ``realtime_adapter.core``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.protocol import State as SocketState

from realtime_adapter.audio import AudioChunk
from realtime_adapter.client_secrets import ClientSecret, Mint, MintEndpoint, mint_for
from realtime_adapter.core import SessionCore, State
from realtime_adapter.credentials import ApiKey
from realtime_adapter.dial import CLOSE_TIMEOUT_S, Socket, close_of, dial
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
from realtime_adapter.models import DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL, ending, retirement
from realtime_adapter.notices import warn
from realtime_adapter.refusals import ABNORMAL, Close
from realtime_adapter.roles import AgentRole
from realtime_adapter.session import requested_session
from realtime_adapter.usage import SessionUsage

logger = logging.getLogger("realtime_adapter")

T = TypeVar("T")
FrameListener = Callable[[str, str, str, int | None], None]

# How long an error frame may precede the close that shows it to be final. On a refusal the server sends both
# in the same millisecond.
REFUSAL_GRACE_S = 0.5

SEND_TIMEOUT_S = 10.0  # reached only when the peer has stopped reading

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
        tools: Function tools as on the wire (``{"type": "function", "name": …, "parameters": …}``).
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
        clock: Tells the time, in seconds since 1970.
        on_frame: Called with each thing that went over the wire, as (direction, kind, payload, code):
            direction ``client`` or ``server``; kind ``request``, ``text``, ``binary`` or ``close``; payload
            the request head, the frame, a size or the close reason; code the close code or None. The key
            is never in it.

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
        clock: Callable[[], float] = time.time,
        on_frame: FrameListener | None = None,
    ) -> None:
        self.model = model
        self.voice = voice
        self.instructions = instructions
        self.tools = list(tools or ())
        self.tool_choice = tool_choice
        self.role = _role(role)
        self.speaks_first = speaks_first
        self.transcription_model = transcription_model
        self.connect_timeout_s = _seconds("connect_timeout_s", connect_timeout_s)
        self._endpoint = url
        self._key = ApiKey(api_key)
        self._mint = mint_for(mint, url)
        self._secret: ClientSecret | None = None
        self._clock = clock
        self._on_frame = on_frame

        self._core = SessionCore()
        self._socket: Socket | None = None
        self._reader: asyncio.Task[None] | None = None
        self._helpers: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Future[None]] = set()
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
        return self._socket is not None and not self._connecting and self._core.state is not State.CLOSED

    @property
    def brokered(self) -> bool:
        """Whether a gateway gave out the client secret of this connection, and counts what it uses."""
        return self._secret is not None and bool(self._secret.session_id)

    @property
    def session(self) -> dict[str, Any] | None:
        """The effective session as the server last showed it; None while not connected."""
        return self._core.session if self.connected else None

    @property
    def last_user_transcript(self) -> str | None:
        """What the user said in the audio committed last; None until the server has written it down.

        It may come at any time, also after the answer: see ``wait_for_user_transcript``.
        """
        return self._core.user_transcript

    @property
    def last_agent_transcript(self) -> str | None:
        """What the model said in the response asked for last, as far as it has come; None for nothing."""
        return self._core.agent_transcript

    @property
    def usage(self) -> SessionUsage:
        """What the server says it has used on this connection, or on the last one, until the next begins."""
        return self._core.usage

    # --------------------------------------------------------------- connecting

    async def connect(self) -> None:
        """Dial, and configure the session; on return, the session asked for is in force.

        Every connection starts afresh: nothing unsent, unheard or unanswered of an earlier one is left.

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
        finally:
            self._connecting = False
        self._agent_turn = self._agent_turn or self.speaks_first

    async def _open_session(self, headers: Mapping[str, str]) -> None:
        core = self._core = SessionCore()
        awaited = "WebSocket upgrade"
        try:
            async with asyncio.timeout(self.connect_timeout_s):
                self._socket = await dial(self.url, headers)
                self._tell("client", "request", _request_head(self._socket))
                self._reader = asyncio.create_task(self._read(self._socket, core), name="realtime-reader")
                awaited = "session.created"
                await self._left(State.CONNECTING)
                awaited = "session.updated"
                core.configure(self._requested_session())
                await self._flush()
                await self._left(State.UPDATING)
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
        return {"Authorization": f"Bearer {bearer}"}

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
        await self._hang_up()
        secret, self._secret = self._secret, None
        if self._mint is not None and secret is not None and secret.session_id:
            await self._mint.report(secret.session_id, self._core.usage.total)

    def _mask(self, text: str) -> str:
        """Return ``text`` with three asterisks in place of every credential of this client."""
        text = self._key.mask(text)
        if self._mint is not None:
            text = self._mint.mask(text)
        return text if self._secret is None else text.replace(self._secret.value, "***")

    def _requested_session(self) -> dict[str, Any]:
        return requested_session(
            voice=self.voice,
            transcription_model=self.transcription_model,
            instructions=self.instructions,
            tools=self.tools,
            tool_choice=self.tool_choice,
        )

    async def _left(self, state: State) -> None:
        """Wait until the session has left ``state``, or raise why it will not."""
        while True:
            self._core.raise_trouble()
            if self._core.state is State.CLOSED:
                raise self._core.verdict()
            if self._core.state is not state and not self._core.unsettled:
                return
            await self._news()

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
        core = await self._ready()
        if not isinstance(chunk, AudioChunk):
            raise InvalidAudio(
                f"send_audio was given {type(chunk).__name__}, not an AudioChunk.",
                remedy="Wrap PCM16 bytes in AudioChunk(data).",
                param="chunk",
            )
        core.append(AudioChunk(chunk.data).data)  # checked again: its data can be replaced
        await self._send()

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
        core = await self._ready()
        core.say(text)
        await self._send()

    async def interrupt(self) -> None:
        """Cancel the response that was asked for or is in progress.

        What was received of it can still be heard; what arrives later is left out, and its turn ends with the
        empty chunk. When there is no such response, nothing is sent and nothing happens.

        Raises:
            NotConnected: before ``connect``.
            ConnectionLost: the connection has ended.
            DeadlineExceeded: the peer has stopped reading.
        """
        core = await self._ready()
        core.cancel()
        await self._send()

    def notify_agent_turn(self) -> None:
        """Say that the agent is to speak next, whether or not the user did.

        The next ``recv_audio`` then asks for a response even when nothing was said. Only a signal to an agent
        counts; it is used up by the turn it is for.
        """
        if self.role is AgentRole.AGENT:
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
        core = self._connection()
        timeout_s = _seconds("timeout", timeout)
        await _catch_up()
        if core.state is not State.CLOSED:
            self._agent_turn = core.begin_turn(agent_turn=self._agent_turn)
            await self._flush()
        return await self._wait_for(core, core.next_chunk, timeout_s, lambda: core.awaited)

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
        core = self._connection()
        timeout_s = _seconds("timeout", timeout)
        await _catch_up()
        return await self._wait_for(core, core.heard_user, timeout_s, lambda: USER_TRANSCRIPT)

    async def _wait_for(
        self, core: SessionCore, get: Callable[[], T | None], timeout_s: float, awaited: Callable[[], str]
    ) -> T:
        """Return what ``get`` gives as soon as it gives something."""
        if (got := get()) is not None:
            return got
        try:
            async with asyncio.timeout(timeout_s):
                while (got := get()) is None:
                    await self._news()
        except DeadlineExceeded:
            raise
        except TimeoutError:
            # After the event loop has stood still, the deadline and what it is for may come together.
            await _catch_up()
            core.settle()
            if (got := get()) is None:
                raise DeadlineExceeded(
                    awaited=awaited(),
                    seen=tuple(core.seen),
                    timeout_s=timeout_s,
                    remedy="Say or ask something first, or wait longer.",
                ) from None
        return got

    # ------------------------------------------------------------------- socket

    def _connection(self) -> SessionCore:
        if self._socket is None or self._connecting:
            raise NotConnected("The adapter is not connected.", remedy="Call connect() first.")
        return self._core

    async def _ready(self) -> SessionCore:
        """Return the core of a connection that can be sent on, or raise why there is none."""
        core = self._connection()
        await _catch_up()
        while core.unsettled:  # nothing is sent to a server that may just have refused us
            await self._news()
        if core.state is State.CLOSED:
            raise core.verdict()
        return core

    async def _send(self) -> None:
        core = self._core
        await self._flush()
        if core.state is State.CLOSED:
            raise core.verdict()

    async def _flush(self) -> None:
        """Write what the core has to send. A connection that ends meanwhile is the core's to judge."""
        core, connection, reader = self._core, self._socket, self._reader
        while core.outbox and connection is not None:
            if connection.state is not SocketState.OPEN:
                break
            frame = core.outbox.popleft()
            self._tell("client", "text", self._mask(frame))
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await connection.send(frame)
            except TimeoutError:
                raise DeadlineExceeded(
                    awaited="room in the send buffer",
                    seen=tuple(core.seen),
                    timeout_s=SEND_TIMEOUT_S,
                    remedy="The peer has stopped reading: call disconnect(), then connect() again.",
                ) from None
            except ConnectionClosed:
                break
        else:
            return
        # The reader takes in what had arrived before the end, so that a refusal is not lost for the write
        # that failed because of it.
        if reader is not None:
            await asyncio.wait({reader}, timeout=2 * CLOSE_TIMEOUT_S)
        core.end(Close())

    async def _read(self, connection: Socket, core: SessionCore) -> None:
        """Take in every frame, whether or not somebody waits for it, until the connection ends."""
        close = Close()
        judging = False
        try:
            while True:
                frame = await connection.recv()
                if isinstance(frame, str):
                    frame = self._mask(frame)
                    self._tell("server", "text", frame)
                else:
                    self._tell("server", "binary", f"<{len(frame)} bytes>")
                core.receive(frame)
                if core.outbox:
                    # Not awaited: with full buffers, peer and reader would wait for each other.
                    self._help(self._write(core))
                if core.unsettled and not judging:
                    judging = True
                    self._help(self._judge(core))
                judging = judging and core.unsettled
                self._announce()
        except ConnectionClosed as closed:
            end = close_of(closed)
            close = Close(end.code, self._mask(end.reason), end.by)
            self._tell_close(closed)
        finally:
            connection.transport.abort()  # also when the event loop ends without a disconnect()
            core.end(close)
            self._announce()

    async def _write(self, core: SessionCore) -> None:
        try:
            await self._flush()
        except DeadlineExceeded as error:
            core.fail(error)

    async def _judge(self, core: SessionCore) -> None:
        """Give the close that may follow an error its time, then judge the error without it."""
        if self._reader is not None:
            await asyncio.wait({self._reader}, timeout=REFUSAL_GRACE_S)
        await _catch_up()
        core.settle()
        self._announce()

    def _help(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="realtime-helper")
        self._helpers.add(task)
        task.add_done_callback(self._helpers.discard)

    async def _hang_up(self) -> None:
        connection, self._socket = self._socket, None
        reader, self._reader = self._reader, None
        helpers, self._helpers = self._helpers, set()
        if connection is None:
            return
        try:
            if connection.loop is asyncio.get_running_loop():
                await _close(connection, {task for task in (reader, *helpers) if task is not None})
        finally:
            self._core.end(Close(1000, "", "client"))
            self._announce()

    async def _news(self) -> None:
        """Wait until the core has taken in something."""
        news = asyncio.get_running_loop().create_future()
        self._waiting.add(news)
        try:
            await news
        finally:
            self._waiting.discard(news)

    def _announce(self) -> None:
        for news in self._waiting:
            if not news.done():
                news.set_result(None)

    def _tell(self, direction: str, kind: str, payload: str, code: int | None = None) -> None:
        if self._on_frame is None:
            return
        try:
            self._on_frame(direction, kind, payload, code)
        except Exception:
            # A listener's defect must not end the connection, nor go unseen.
            logger.exception("on_frame failed for a %s frame of the %s", kind, direction)

    def _tell_close(self, closed: ConnectionClosed) -> None:
        closes = [("server", closed.rcvd), ("client", closed.sent)]
        if not closed.rcvd_then_sent:
            closes.reverse()
        for direction, close in closes:
            if close is not None and close.code != ABNORMAL:
                self._tell(direction, "close", self._mask(close.reason), close.code)


async def _catch_up() -> None:
    """Let the reader take in what has already arrived.

    After the event loop has stood still, as it does between two steps of behave, frames lie unread. A write
    to a socket whose peer has refused us and gone would destroy them, and the refusal with them. The first
    round of the loop reads the socket, the second wakes the reader, the third is the caller's.
    """
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def _close(connection: Socket, tasks: set[asyncio.Task[None]]) -> None:
    """Close the connection and end its tasks, whatever the peer does."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await connection.close(1000)
    except (TimeoutError, OSError, WebSocketException):
        logger.debug("the peer did not take part in the close")
    finally:
        connection.transport.abort()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=CLOSE_TIMEOUT_S)
            for task in tasks:
                if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                    logger.error("a task of the connection failed", exc_info=error)


def _request_head(connection: Socket) -> str:
    """Return the upgrade request as it was sent, with the credential masked."""
    request = connection.request
    if request is None:
        return ""
    lines = [f"GET {request.path} HTTP/1.1"]
    for name, value in request.headers.raw_items():
        secret = name.lower() in ("authorization", "proxy-authorization", "cookie")
        lines.append(f"{name}: {f'{value.split()[0]} ***' if secret else value}")
    return "\r\n".join([*lines, "", ""])


def _seconds(name: str, value: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return value
    raise ConfigurationError(
        f"{name} is {value!r}, not a number of seconds.", remedy="Give 0 or more.", param=name
    )


def _role(role: Any) -> AgentRole:
    try:
        return AgentRole(getattr(role, "value", role))
    except ValueError:
        raise ConfigurationError(
            f"role is {role!r}.", remedy="Give AgentRole.AGENT or AgentRole.USER.", param="role"
        ) from None
