"""A wire that lies: a relay between the client and the endpoint that changes what passes.

The relay is how a client that has gone back to the beta is played without touching the client: what the
endpoint receives is what such a client would have sent, and what the client is given is what such a client
would have understood. It works on any client and any endpoint, because it knows neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Event = dict[str, Any]
Headers = list[tuple[str, str]]

# Headers that the relay's own WebSocket handshake writes anew.
_OWN_HEADERS = frozenset({"host", "upgrade", "connection", "user-agent"})
_TIMEOUT_S = 5.0


def _same_headers(headers: Headers) -> Headers:
    return headers


def _same_event(event: Event) -> Iterable[Event]:
    return (event,)


@dataclass(frozen=True)
class Tampering:
    """What is changed on the wire, and in what the client says of itself.

    Attributes:
        headers: From the headers of the client's upgrade request to those the endpoint receives.
        sent: From one event of the client to the events the endpoint receives (none drops it).
        received: From one event of the endpoint to the events the client receives (none drops it).
        documentation: From the documentation of the client's module to that which is read.
    """

    headers: Callable[[Headers], Headers] = field(default=_same_headers)
    sent: Callable[[Event], Iterable[Event]] = field(default=_same_event)
    received: Callable[[Event], Iterable[Event]] = field(default=_same_event)
    documentation: Callable[[str], str] = field(default=str)


class Relay:
    """A WebSocket server on loopback that passes everything on to ``endpoint``, tampered with.

    Args:
        endpoint: Where the frames go: ``ws://host:port/path`` (the client's query is kept).
        tampering: What is changed on the way.
    """

    def __init__(self, endpoint: str, tampering: Tampering) -> None:
        self.endpoint = endpoint
        self.tampering = tampering
        self.url = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Listen on a free port of 127.0.0.1.

        Raises:
            TimeoutError: the relay was not listening within 5 s.
        """
        self._thread.start()
        if not self._ready.wait(_TIMEOUT_S):
            raise TimeoutError(f"the relay was not listening within {_TIMEOUT_S} s")

    def stop(self) -> None:
        """Close every connection and end the relay's thread; harmless when it is not running."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(_TIMEOUT_S)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with serve(
            self._relay, "127.0.0.1", 0, max_size=None, close_timeout=1, select_subprotocol=_first_offered
        ) as server:
            self.url = f"ws://127.0.0.1:{_port(server)}{urlsplit(self.endpoint).path}"
            self._ready.set()
            await self._stop.wait()

    async def _relay(self, client: ServerConnection) -> None:
        assert client.request is not None
        query = urlsplit(client.request.path).query
        headers = [
            (name, value)
            for name, value in client.request.headers.raw_items()
            if name.lower() not in _OWN_HEADERS and not name.lower().startswith("sec-websocket-")
        ]
        offered = client.request.headers.get("Sec-WebSocket-Protocol", "")
        async with connect(
            f"{self.endpoint}?{query}" if query else self.endpoint,
            additional_headers=self.tampering.headers(headers),
            subprotocols=[Subprotocol(name.strip()) for name in offered.split(",") if name.strip()] or None,
            user_agent_header=None,
            max_size=None,
            close_timeout=1,
            proxy=None,
        ) as endpoint:
            await asyncio.gather(
                _pump(client, endpoint, self.tampering.sent),
                _pump(endpoint, client, self.tampering.received),
            )


def _first_offered(_: ServerConnection, offered: list[Subprotocol] | Any) -> Subprotocol | None:
    return offered[0] if offered else None


def _port(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port


async def _pump(
    source: ClientConnection | ServerConnection,
    sink: ClientConnection | ServerConnection,
    tamper: Callable[[Event], Iterable[Event]],
) -> None:
    """Pass frames on until ``source`` closes, then close ``sink`` with the same code and reason."""
    with contextlib.suppress(ConnectionClosed):
        async for frame in source:
            for changed in _changed(frame, tamper):
                await sink.send(changed)
    if source.close_code in (None, 1005, 1006):
        # Neither code may stand in a close frame (RFC 6455 §7.4.1): an abnormal end is passed on as one.
        sink.transport.abort() if source.close_code == 1006 else await sink.close()
    else:
        assert source.close_code is not None
        await sink.close(source.close_code, source.close_reason or "")


def _changed(frame: str | bytes, tamper: Callable[[Event], Iterable[Event]]) -> Iterable[str | bytes]:
    """Return what stands in for one frame; a frame that holds no event passes verbatim."""
    if isinstance(frame, bytes):
        return (frame,)
    try:
        event = json.loads(frame)
    except json.JSONDecodeError:
        return (frame,)
    events = list(tamper(event))
    if len(events) == 1 and events[0] is event:
        return (frame,)  # untouched: to the letter as it was sent
    return [json.dumps(changed) for changed in events]
