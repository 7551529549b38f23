"""A wire that lies: a relay between the client and the endpoint that changes what passes.

The relay is how a client that has gone back to the beta is played without touching the client: what the
endpoint receives is what such a client would have sent, and what the client is given is what such a client
would have understood. It works on any client and any endpoint, because it knows neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Event = dict[str, Any]
Headers = list[tuple[str, str]]
Listener = Callable[[str, str, str, int | None], None]

# Headers that the relay's own WebSocket handshake writes anew.
_SUBPROTOCOLS = "sec-websocket-protocol"
_OWN_HEADERS = frozenset({"host", "upgrade", "connection", "user-agent"})
_TIMEOUT_S = 5.0
# The library's own log would show the client's credential, and pass for the client's log.
_SILENT = logging.getLogger("relay")
_SILENT.propagate = False
_SILENT.addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Upgrade:
    """The part of an upgrade request that a client chooses.

    Attributes:
        headers: Name and value of each header, the subprotocols offered among them.
        query: Name and value of each parameter of the address.
    """

    headers: Headers
    query: list[tuple[str, str]]

    @property
    def shown(self) -> str:
        """What the client chose, a line each, without its key."""
        key = next((value for name, value in self.headers if name.lower() == "authorization"), "")
        lines = [f"?{urlencode(self.query)}", *(f"{name}: {value}" for name, value in self.headers)]
        secret = key.removeprefix("Bearer ")
        return "\n".join(line.replace(secret, "***") if secret else line for line in lines)

    def having(self, *headers: tuple[str, str]) -> Upgrade:
        """Return the request with headers added."""
        return Upgrade([*self.headers, *headers], self.query)


def _same_upgrade(upgrade: Upgrade) -> Upgrade:
    return upgrade


def _same_event(event: Event) -> Iterable[Event]:
    return (event,)


def _same_client(client: Any) -> Any:
    return client


def _unheard(_direction: str, _kind: str, _payload: str, _code: int | None) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Tampering:
    """What is changed on the wire, and in what the client does and says of itself.

    Attributes:
        upgrade: From the client's upgrade request to the one the endpoint receives.
        sent: From one event of the client to the events the endpoint receives (none drops it).
        received: From one event of the endpoint to the events the client receives (none drops it).
        client: From the client to what the scenario holds in its place; for what no wire shows.
        documentation: From the documentation of the client's module to that which is read.
        close_code: What stands in for the code with which the client hangs up; 0 leaves it.
        fragmented: Whether each text frame reaches the client in several WebSocket fragments.
    """

    upgrade: Callable[[Upgrade], Upgrade] = field(default=_same_upgrade)
    sent: Callable[[Event], Iterable[Event]] = field(default=_same_event)
    received: Callable[[Event], Iterable[Event]] = field(default=_same_event)
    client: Callable[[Any], Any] = field(default=_same_client)
    documentation: Callable[[str], str] = field(default=str)
    close_code: int = 0
    fragmented: bool = False

    def then(self, other: Tampering) -> Tampering:
        """Return both changes as one: this one is nearer to the client, ``other`` to the endpoint."""
        if NONE in (self, other):
            return other if self == NONE else self
        return Tampering(
            upgrade=lambda upgrade: other.upgrade(self.upgrade(upgrade)),
            sent=lambda event: _through(self.sent(event), other.sent),
            received=lambda event: _through(other.received(event), self.received),
            client=lambda client: self.client(other.client(client)),
            documentation=lambda text: other.documentation(self.documentation(text)),
            close_code=other.close_code or self.close_code,
            fragmented=self.fragmented or other.fragmented,
        )


NONE = Tampering()


class Relay:
    """A WebSocket server on loopback that passes everything on to ``endpoint``, tampered with.

    Args:
        endpoint: Where the frames go: ``ws://host:port/path`` (the client's query is kept).
        tampering: What is changed on the way.
        listen: Called with what the endpoint is sent and sends, as (direction, kind, payload, code):
            see ``on_frame`` of ``OpenAIRealtimeAgentAdapter``; the key is never in it.

    Attributes:
        url: Where it listens, once started.
        changes: Each text frame that was changed, and the frames that stood in for it, a line each.
    """

    def __init__(self, endpoint: str, tampering: Tampering, listen: Listener | None = None) -> None:
        self.endpoint = endpoint
        self.tampering = tampering
        self._listen = listen or _unheard
        self.changes: list[tuple[str, str]] = []
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
            if self._thread.is_alive():
                raise TimeoutError(f"the relay had not ended after {_TIMEOUT_S} s")

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with serve(
            self._relay,
            "127.0.0.1",
            0,
            max_size=None,
            close_timeout=1,
            select_subprotocol=_first_offered,
            logger=_SILENT,
        ) as server:
            self.url = f"ws://127.0.0.1:{_port(server)}{urlsplit(self.endpoint).path}"
            self._ready.set()
            await self._stop.wait()

    async def _relay(self, client: ServerConnection) -> None:
        assert client.request is not None
        asked = Upgrade(
            [header for header in client.request.headers.raw_items() if _chosen(header[0])],
            parse_qsl(urlsplit(client.request.path).query, keep_blank_values=True),
        )
        self._listen("client", "request", f"GET {urlsplit(client.request.path).path} HTTP/1.1", None)
        upgrade = self.tampering.upgrade(asked)
        if upgrade != asked:
            self.changes.append((asked.shown, upgrade.shown))
        offered = [value for name, value in upgrade.headers if name.lower() == _SUBPROTOCOLS]
        query = urlencode(upgrade.query)
        async with connect(
            f"{self.endpoint}?{query}" if query else self.endpoint,
            additional_headers=[header for header in upgrade.headers if header[0].lower() != _SUBPROTOCOLS],
            subprotocols=[Subprotocol(name.strip()) for value in offered for name in value.split(",")]
            or None,
            user_agent_header=None,
            max_size=None,
            close_timeout=1,
            proxy=None,
            logger=_SILENT,
        ) as endpoint:
            await asyncio.gather(
                self._pump(client, endpoint, self._sent),
                self._pump(endpoint, client, self._received, fragmented=self.tampering.fragmented),
            )
        closes = [("client", client.close_code), ("server", endpoint.close_code)]
        for direction, code in closes:
            self._listen(direction, "close", "", code)

    def _sent(self, frame: str | bytes) -> list[str | bytes]:
        changed = _changed(frame, self.tampering.sent)
        for one in changed:
            self._listen("client", "text", str(one), None)
        return changed

    def _received(self, frame: str | bytes) -> list[str | bytes]:
        self._listen("server", "text", str(frame), None)
        return _changed(frame, self.tampering.received)

    async def _pump(
        self,
        source: ClientConnection | ServerConnection,
        sink: ClientConnection | ServerConnection,
        change: Callable[[str | bytes], list[str | bytes]],
        *,
        fragmented: bool = False,
    ) -> None:
        """Pass frames on until ``source`` closes, then close ``sink`` with the same code and reason."""
        with contextlib.suppress(ConnectionClosed):
            async for frame in source:
                changed_to = change(frame)
                if list(changed_to) != [frame]:
                    self.changes.append((str(frame), "\n".join(map(str, changed_to))))
                for changed in changed_to:
                    await sink.send(
                        _fragments(changed) if fragmented and isinstance(changed, str) else changed
                    )
        if source.close_code in (None, 1005, 1006):
            # Neither code may stand in a close frame (RFC 6455 §7.4.1): an abnormal end is passed on as one.
            sink.transport.abort() if source.close_code == 1006 else await sink.close()
        else:
            assert source.close_code is not None
            instead = self.tampering.close_code if isinstance(source, ServerConnection) else 0
            await sink.close(instead or source.close_code, source.close_reason or "")


def _chosen(header: str) -> bool:
    """Whether a header is the client's choice, and not part of WebSocket's own handshake."""
    name = header.lower()
    return name == _SUBPROTOCOLS or not (name in _OWN_HEADERS or name.startswith("sec-websocket-"))


def _through(events: Iterable[Event], change: Callable[[Event], Iterable[Event]]) -> list[Event]:
    return [changed for event in events for changed in change(event)]


def _first_offered(_: ServerConnection, offered: list[Subprotocol] | Any) -> Subprotocol | None:
    return offered[0] if offered else None


def _port(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port


def _fragments(text: str) -> list[str]:
    third = max(1, len(text) // 3)
    return [text[start : start + third] for start in range(0, len(text), third)]


def _changed(frame: str | bytes, tamper: Callable[[Event], Iterable[Event]]) -> list[str | bytes]:
    """Return what stands in for one frame; a frame that holds no event passes verbatim."""
    if isinstance(frame, bytes):
        return [frame]
    try:
        event = json.loads(frame)
    except json.JSONDecodeError:
        return [frame]
    events = list(tamper(event))
    if len(events) == 1 and events[0] is event:
        return [frame]  # untouched: to the letter as it was sent
    return [json.dumps(changed) for changed in events]
