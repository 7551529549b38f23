"""The server: a loopback WebSocket endpoint in a thread of its own."""

from __future__ import annotations

import asyncio
import errno
import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Self

from websockets.asyncio.server import ServerConnection, serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from realtime_server import handshake, http_api
from realtime_server.client_secrets import ClientSecrets
from realtime_server.clock import Clock
from realtime_server.connection import Connection
from realtime_server.deviations import Dialect
from realtime_server.front import door
from realtime_server.http_api import HttpAnswer, HttpRequest
from realtime_server.script import ResetConnection, Script
from realtime_server.transcript import Frame

log = logging.getLogger("realtime_server")

HOST = "127.0.0.1"

# The largest append is 15 MiB of audio, which is 20 MiB of base64 and its envelope.
_MAX_FRAME_BYTES = 32 * 1024 * 1024
# It agrees to permessage-deflate (RFC 7692) as the live endpoint does; on loopback squeezing only costs.
_STORED = ServerPerMessageDeflateFactory(compress_settings={"level": 0})
_CLOSE_TIMEOUT_S = 0.5
_STOP_S = 2.0
_PING_EVERY_S = 20.0

# At DEBUG the library logs the upgrade request with its credential, so its logger is kept silent.
_wire_log = logging.getLogger("realtime_server.websockets")
_wire_log.setLevel(logging.CRITICAL)


class PortInUse(OSError):  # noqa: N818 - it names what is the matter
    """Another program listens on the port that was asked for."""


class RealtimeServer:
    """A strict double of the Realtime API's WebSocket endpoint on 127.0.0.1.

    It runs in its own thread with its own event loop, so it answers while the caller's loop stands still::

        with RealtimeServer() as server:
            ...  # connect to server.url

    Args:
        script: What the model says and how connections misbehave; may be changed while running.
        port: TCP port; 0 picks a free one.
        clock: Where time is read and waited for.
        dialect: In what it deviates at the handshake.
        debug: Error frames carry the id of the rule and the near miss, which the service's never do.

    Attributes:
        script: The script given.
        clock: The clock given, or real time.
        on_frame: Called on the server's thread for each frame written down, or None.
        remembers: How many connections, with all they said, are kept for whoever asks; None keeps all.
    """

    def __init__(
        self,
        script: Script | None = None,
        port: int = 0,
        clock: Clock | None = None,
        *,
        debug: bool = False,
        dialect: Dialect | None = None,
    ) -> None:
        self.script = script or Script()
        self.on_frame: Callable[[Connection, Frame], None] | None = None
        self._asked_port = port
        self._port: int | None = None
        self.clock = clock or Clock()
        self._debug = debug
        self._dialect = dialect or Dialect()
        self._secrets = ClientSecrets(self.clock)
        self.remembers: int | None = None
        self._connections: list[Connection] = []
        self._numbers = itertools.count()
        self._by_socket: dict[ServerConnection, Connection] = {}
        self._arrived = threading.Condition()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: OSError | None = None

    def __repr__(self) -> str:
        return f"<RealtimeServer {self.url if self._port else 'not started'}>"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where clients connect, without the query.

        Raises:
            RuntimeError: the server has not been started.
        """
        if self._port is None:
            raise RuntimeError("the server has no address before start()")
        return f"ws://{HOST}:{self._port}{handshake.PATH}"

    @property
    def connections(self) -> list[Connection]:
        """Every connection that is remembered, in order of arrival; refused ones too."""
        with self._arrived:
            return list(self._connections)

    def start(self) -> None:
        """Listen, and return when clients can connect.

        Raises:
            PortInUse: somebody else listens on the port.
            OSError: the port cannot be used for another reason.
            RuntimeError: the server runs already.
        """
        if self._thread is not None:
            raise RuntimeError("the server runs already; stop() it first")
        self._ready.clear()
        self._failure = None
        self._thread = threading.Thread(target=self._run, name="realtime-server", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join(_STOP_S)
            self._thread = None
            raise self._failure

    def stop(self) -> None:
        """Close every connection (1001) and end the thread, within two seconds. May be called twice."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._loop and self._stopping:
            self._loop.call_soon_threadsafe(self._stopping.set)
        thread.join(_STOP_S)
        if thread.is_alive():
            raise RuntimeError(f"the server's thread did not end within {_STOP_S} s")

    def wait_for_connection(self, index: int = 0, timeout_s: float = 2.0) -> Connection:
        """Block until that many clients plus one have asked to connect; return the last of them.

        Raises:
            TimeoutError: nobody came.
        """
        deadline = time.monotonic() + timeout_s
        with self._arrived:
            while len(self._connections) <= index:
                if not self._arrived.wait(max(0.0, deadline - time.monotonic())):
                    have = len(self._connections)
                    raise TimeoutError(f"no connection {index} in {timeout_s} s; {have} so far")
            return self._connections[index]

    def reset_connection(self, connection: Connection) -> None:
        """Reset the TCP connection under ``connection``: no close frame, an error at the other end."""
        if self._loop is None:
            raise RuntimeError("the server has not been started")
        asyncio.run_coroutine_threadsafe(connection.lose(ResetConnection()), self._loop).result(_STOP_S)

    # --- on the server's own thread ---------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._failure = _explained(error, self._asked_port)
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        async with serve(
            self._handle,
            HOST,
            self._asked_port,
            process_request=self._on_request,
            process_response=self._on_response,
            select_subprotocol=_subprotocol,
            max_size=_MAX_FRAME_BYTES,
            extensions=[_STORED],
            ping_interval=_PING_EVERY_S,
            ping_timeout=None,  # a client whose loop stands still answers late, and that is no offence
            close_timeout=_CLOSE_TIMEOUT_S,
            logger=_wire_log,
            create_connection=door(self._on_plain_request),
        ) as listening:
            self._port = next(iter(listening.sockets)).getsockname()[1]
            self._ready.set()
            await self._stopping.wait()  # leaving the block closes every connection with 1001

    def _on_plain_request(self, request: HttpRequest) -> HttpAnswer:
        answer = http_api.answer(request, self._secrets)
        path = request.target.partition("?")[0]
        by = f", refused by {answer.rule}" if answer.rule else ""
        note = f" ({answer.note})" if answer.note else ""
        log.info("%s %s: HTTP %s%s%s", request.method, path, answer.status.value, by, note)
        return answer

    def _on_request(self, ws: ServerConnection, request: Request) -> Response | None:
        headers = self._dialect.headers(request.headers.raw_items())
        asked, credential = handshake.read(request.path, headers, self._secrets)
        with self._arrived:
            connection = Connection(next(self._numbers), asked, credential, self.script, self.clock)
            connection.listener = lambda: self.on_frame
            connection.debug = self._debug
            self._connections.append(connection)
            if self.remembers is not None:
                del self._connections[: -self.remembers]
            self._by_socket[ws] = connection
            self._arrived.notify_all()
        refused = connection.asked() or self._dialect.refused(credential)
        if refused is None:
            return None
        status = HTTPStatus(refused.rule.http_status or HTTPStatus.NOT_FOUND)
        return ws.respond(status, f"{refused.message} ({refused.rule.id})\n")

    def _on_response(self, ws: ServerConnection, _request: Request, response: Response) -> None:
        self._by_socket[ws].answered(response)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            del self._by_socket[ws]

    async def _handle(self, ws: ServerConnection) -> None:
        await self._by_socket.pop(ws).serve(ws)


def _subprotocol(_ws: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    ours = Subprotocol(handshake.SUBPROTOCOL)
    return ours if ours in offered else None


def _explained(error: OSError, port: int) -> OSError:
    if error.errno == errno.EADDRINUSE:
        return PortInUse(
            error.errno,
            f"port {port} is in use: stop what listens there, or choose another (0 picks a free one)",
        )
    return error
