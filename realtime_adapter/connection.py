"""One WebSocket and the session on it: the socket, the deadlines and the closing.

What frames mean and what may be sent when is decided in ``realtime_adapter.core``; nothing is decided here.
Everything received is taken in at once, whether or not somebody waits for it, until more lies unread than the
backlog may hold: then the socket is not read any further, and the server has to wait.
"""

from __future__ import annotations

import asyncio
import logging
import time
import weakref
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.http11 import Response
from websockets.protocol import State as SocketState

from realtime_adapter.core import SessionCore
from realtime_adapter.credentials import ApiKey
from realtime_adapter.dial import CLOSE_TIMEOUT_S, Socket, close_of, dial
from realtime_adapter.errors import DeadlineExceeded, LocalProtocolError, RealtimeError
from realtime_adapter.event_stream import EventStream
from realtime_adapter.functions import FunctionTool
from realtime_adapter.history import History
from realtime_adapter.protocol import State
from realtime_adapter.refusals import ABNORMAL, Close
from realtime_adapter.tool_calls import ToolCall

logger = logging.getLogger("realtime_adapter")

T = TypeVar("T")
FrameListener = Callable[[str, str, str, int | None], None]

# How long an error frame may precede the close that shows it to be final. On a refusal the server sends both
# in the same millisecond.
REFUSAL_GRACE_S = 0.5

SEND_TIMEOUT_S = 10.0  # reached only when the peer has stopped reading

# How long one round of the event loop may send without looking at what has arrived.
_FRESH_S = 0.001


class Connection:
    """One connection, from dialling to its end.

    Args:
        core: The session on it.
        credentials: What is masked wherever text is passed on.
        functions: The caller's functions that the model may call.
        max_backlog_bytes: How much received audio, or how many events, may wait for the caller.
        on_frame: Called with each thing that went over the wire.

    Attributes:
        core: The session on it.
        history: Keeps what the conversation holds, or None.
    """

    def __init__(
        self,
        core: SessionCore,
        credentials: Sequence[ApiKey],
        functions: Mapping[str, FunctionTool],
        max_backlog_bytes: int,
        on_frame: FrameListener | None,
    ) -> None:
        self.core = core
        self.history: History | None = None
        self._streams: list[weakref.ref[EventStream]] = []
        self._credentials = credentials
        self._functions = functions
        self._max_backlog_bytes = max_backlog_bytes
        self._on_frame = on_frame
        self._socket: Socket | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._helpers: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Future[None]] = set()
        self._judging = False
        self._held = False
        self._fresh_until_s = 0.0

    async def open(self, url: str, headers: Mapping[str, str], ping_interval_s: float | None = None) -> None:
        """Dial, and begin to take in what the server says; the arguments are those of ``dial``.

        Raises:
            ConnectionFailed: no WebSocket came about.
        """
        self._socket = socket = await dial(url, headers, ping_interval_s)
        self._tell("client", "request", _request_head(socket))
        if self._on_frame is not None and socket.response is not None:
            self._tell("server", "upgrade", _answer_head(socket.response), socket.response.status_code)
        self._keeper = asyncio.create_task(self._keep(socket), name="realtime-keeper")
        socket.listen(self)

    async def _keep(self, socket: Socket) -> None:
        """See to it that the socket is closed also when the event loop ends without a ``disconnect``."""
        try:
            await socket.wait_closed()
        finally:
            socket.transport.abort()
            self.core.end(Close())
            self._announce()

    # ---------------------------------------------------------------- receiving

    def text_received(self, frame: bytes) -> None:
        """Take in a text message."""
        for credential in self._credentials:
            frame = credential.mask_bytes(frame)
        if self._on_frame is not None:
            self._tell("server", "text", frame.decode(errors="replace"))
        event = self.core.receive(frame)
        if self.history is not None and event is not None:
            self.history.put(event)
        if self._streams and event is not None:
            for held in tuple(self._streams):  # one may be let go of meanwhile
                if (stream := held()) is not None:
                    stream.put(event)

    def binary_received(self, size: int) -> None:
        """Take in a binary message."""
        self._tell("server", "binary", f"<{size} bytes>")
        self.core.receive_binary(size)

    def read_done(self) -> None:
        """Do what the messages of one read have given to do, and wake whoever waits."""
        core = self.core
        if core.outbox:
            self._write()
        while core.to_run:
            self._help(self._run(core.to_run.popleft()))
        if core.unsettled and not self._judging:
            self._judging = True
            self._help(self._judge())
        self._judging = self._judging and core.unsettled
        if not self._held and self.backlog_bytes > self._max_backlog_bytes:
            self._hold()
        self._announce()

    def connection_lost(self, closed: ConnectionClosed) -> None:
        """Take in how the connection ended."""
        end = close_of(closed)
        self._tell_close(closed)
        self.core.end(Close(end.code, self._mask(end.reason), end.by))
        self._announce()

    @property
    def backlog_bytes(self) -> int:
        """How much lies unread: audio, or the events of the slowest reader."""
        streams = [stream for held in self._streams if (stream := held()) is not None]
        return max([self.core.backlog_bytes, *(stream.backlog_bytes for stream in streams)])

    def _hold(self) -> None:
        if self._socket is not None:
            self._held = True
            self._socket.transport.pause_reading()
            logger.info("%d bytes lie unread: nothing more is read from the socket", self.backlog_bytes)

    def taken(self) -> None:
        """Take in that the caller has taken something: there may be room again."""
        if self._held and self.backlog_bytes <= self._max_backlog_bytes // 2:
            self._go_on()

    def _go_on(self) -> None:
        self._held = False
        if self._socket is not None and not self._socket.transport.is_closing():
            self._socket.transport.resume_reading()

    # ------------------------------------------------------------------ sending

    async def ready(self) -> SessionCore:
        """Return the core of a connection that can be sent on, or raise why there is none."""
        await self.catch_up()
        core = self.core
        while core.unsettled:  # nothing is sent to a server that may just have refused us
            await self._news()
        if core.state is State.CLOSED:
            raise core.verdict()
        return core

    async def catch_up(self) -> None:
        """Take in what has already arrived.

        After the event loop has stood still, as it does between two steps of behave, frames lie unread. A
        write to a socket whose peer has refused us and gone would destroy them, and the refusal with them.
        The first round of the loop finds the socket readable, the second reads it. It holds until the loop
        goes round again, so that many chunks sent in one go cost one look.
        """
        if time.monotonic() < self._fresh_until_s:
            return
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self._fresh_until_s = time.monotonic() + _FRESH_S
        asyncio.get_running_loop().call_soon(self._go_stale)

    def _go_stale(self) -> None:
        self._fresh_until_s = 0.0

    async def send(self) -> None:
        """Write what the core has to send, and raise the verdict when the connection has ended meanwhile."""
        await self.flush()
        if self.core.state is State.CLOSED:
            raise self.core.verdict()

    async def flush(self) -> None:
        """Write what the core has to send. A connection that ends meanwhile is the core's to judge."""
        socket = self._socket
        if self._write() and socket is not None:
            if not socket.paused:
                return
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await socket.drain()
            except TimeoutError:
                raise DeadlineExceeded(
                    awaited="room in the send buffer",
                    seen=tuple(self.core.seen),
                    timeout_s=SEND_TIMEOUT_S,
                    remedy="The peer has stopped reading: call disconnect(), then connect() again.",
                ) from None
            except OSError:
                pass
            else:
                return
        # What had arrived before the end is taken in first, so that a refusal is not lost for the write that
        # failed because of it.
        if self._keeper is not None:
            await asyncio.wait({self._keeper}, timeout=2 * CLOSE_TIMEOUT_S)
        self.core.end(Close())

    def _write(self) -> bool:
        """Hand what the core has to send to the socket; False when the connection has ended."""
        core, socket = self.core, self._socket
        while core.outbox:
            if socket is None or socket.state is not SocketState.OPEN:
                return False
            frame = core.outbox.popleft()
            if self._on_frame is not None:
                self._tell("client", "text", self._mask(frame))
            socket.write(frame)
        return True

    # ------------------------------------------------------------------ waiting

    async def left(self, state: State) -> None:
        """Wait until the session has left ``state``, or raise why it will not."""
        core = self.core
        while True:
            core.raise_trouble()
            if core.state is State.CLOSED:
                raise core.verdict()
            if core.state is not state and not core.unsettled:
                return
            await self._news()

    async def wait_for(self, get: Callable[[], T | None], timeout_s: float, awaited: Callable[[], str]) -> T:
        """Return what ``get`` gives as soon as it gives something.

        Raises:
            DeadlineExceeded: it gave nothing within ``timeout_s``.
        """
        until_s = time.monotonic() + timeout_s
        while (got := get()) is None:
            self.taken()  # also by waiting for the whole of it
            if time.monotonic() < until_s:
                await self._news(until_s)
                continue
            # After the event loop has stood still, the deadline and what it is for may come together.
            await self.catch_up()
            self.core.settle()
            if (got := get()) is not None:
                break
            raise DeadlineExceeded(
                awaited=awaited(),
                seen=tuple(self.core.seen),
                timeout_s=timeout_s,
                remedy=self._remedy(),
            )
        self.taken()
        return got

    def _remedy(self) -> str:
        if self._held:
            return (
                f"{self.backlog_bytes} bytes were received and not taken, and nothing more is read until "
                "they are: take them with recv_audio(), and let go of an events() that nobody reads."
            )
        return "Say or ask something first, or wait longer."

    async def _news(self, until_s: float | None = None) -> None:
        """Wait until the core has taken in something, or until a moment on the monotonic clock."""
        loop = asyncio.get_running_loop()
        news: asyncio.Future[None] = loop.create_future()
        self._waiting.add(news)
        left_s = None if until_s is None else until_s - time.monotonic()
        timer = None if left_s is None else loop.call_later(left_s, _wake, news)
        try:
            await news
        finally:
            self._waiting.discard(news)
            if timer is not None:
                timer.cancel()

    def _announce(self) -> None:
        for news in self._waiting:
            _wake(news)

    def offer(self, functions: Mapping[str, FunctionTool]) -> None:
        """Run these functions from now on when the model calls them."""
        self._functions = functions
        self.core.functions = functions.keys()

    def stream(self) -> EventStream:
        """Return the events that come from now on."""
        stream = EventStream(self._has_event)
        self._streams.append(weakref.ref(stream, self._let_go))
        return stream

    def _let_go(self, held: weakref.ref[EventStream]) -> None:
        """Forget a stream that nobody holds any more: it must not keep the server waiting."""
        self._streams.remove(held)
        self.taken()

    async def _has_event(self, stream: EventStream) -> bool:
        self.taken()
        while stream.empty and self.core.state is not State.CLOSED:
            await self._news()
        return not stream.empty

    # ------------------------------------------------------------------ helpers

    async def _judge(self) -> None:
        """Give the close that may follow an error its time, then judge the error without it."""
        if self._keeper is not None:
            await asyncio.wait({self._keeper}, timeout=REFUSAL_GRACE_S)
        await self.catch_up()
        self.core.settle()
        self._announce()

    async def _run(self, call: ToolCall) -> None:
        """Run the caller's function and send back what it returned."""
        output = await self._functions[call.name].call(call.arguments)
        try:
            (await self.ready()).return_output(call.call_id, output)
            await self.send()
        except LocalProtocolError as error:
            logger.info("the output of %s came too late: %s", call.name, error)
        except RealtimeError as error:
            self.core.fail(error)
        self._announce()

    def _help(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="realtime-helper")
        self._helpers.add(task)
        task.add_done_callback(self._helpers.discard)

    # ------------------------------------------------------------------ closing

    async def hang_up(self) -> None:
        """Close the connection with 1000 and end its tasks, whatever the peer does."""
        socket, self._socket = self._socket, None
        if socket is None:
            return
        try:
            if socket.loop is asyncio.get_running_loop():
                self._max_backlog_bytes = (
                    2**63
                )  # nobody will take what still comes, and the close is behind it
                if self._held and not socket.transport.is_closing():
                    socket.transport.resume_reading()
                for helper in self._helpers:
                    helper.cancel()
                await _close(socket, {task for task in (self._keeper, *self._helpers) if task is not None})
        finally:
            self.core.end(Close(1000, "", "client"))
            self._announce()

    # ---------------------------------------------------------------- listening

    def _mask(self, text: str) -> str:
        for credential in self._credentials:
            text = credential.mask(text)
        return text

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


def _wake(news: asyncio.Future[None]) -> None:
    if not news.done():
        news.set_result(None)


async def _close(socket: Socket, tasks: set[asyncio.Task[None]]) -> None:
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await socket.close(1000)
    except (TimeoutError, OSError, WebSocketException):
        logger.debug("the peer did not take part in the close")
    finally:
        socket.transport.abort()
        if tasks:
            ended, _ = await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT_S)
            for task in ended:
                if not task.cancelled() and (error := task.exception()) is not None:
                    logger.error("a task of the connection failed", exc_info=error)


def _answer_head(response: Response) -> str:
    """Return the answer to the upgrade; of headers that may tell whose session it is, the names alone."""
    lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
    for name, value in response.headers.raw_items():
        about_the_socket = name.lower().startswith(("sec-websocket-", "upgrade", "connection"))
        lines.append(f"{name}: {value if about_the_socket else '***'}")
    return "\r\n".join([*lines, "", ""])


def _request_head(socket: Socket) -> str:
    """Return the upgrade request as it was sent, with the credential masked."""
    request = socket.request
    if request is None:
        return ""
    lines = [f"GET {request.path} HTTP/1.1"]
    for name, value in request.headers.raw_items():
        secret = name.lower() in ("authorization", "proxy-authorization", "cookie", "api-key")
        scheme, _, credential = value.partition(" ")
        masked = f"{scheme} ***" if credential else "***"
        lines.append(f"{name}: {masked if secret else value}")
    return "\r\n".join([*lines, "", ""])
