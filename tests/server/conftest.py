"""A raw WebSocket client for the server's tests: it sends any frame and hides none."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from realtime_server import RealtimeServer, Script, Sender, VirtualClock, conformance

WAIT_S = 3.0

Event = dict[str, Any]


class Client:
    """One connection."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws

    async def send(self, event: Event | str | bytes) -> None:
        """Send an event, or a frame as it is."""
        await self.ws.send(json.dumps(event) if isinstance(event, dict) else event)

    async def receive(self) -> Event:
        """Return the next event."""
        async with asyncio.timeout(WAIT_S):
            event: Event = json.loads(await self.ws.recv())
            return event

    async def until(self, event_type: str) -> list[Event]:
        """Every event up to and with the first of that type."""
        events = [await self.receive()]
        while events[-1]["type"] != event_type:
            events.append(await self.receive())
        return events

    async def ask(self, event: Event | str | bytes) -> Event:
        """Send one event and return the next one that comes back."""
        await self.send(event)
        return await self.receive()

    async def update(self, **session: Any) -> Event:
        """Update the session and return what comes back."""
        return await self.ask({"type": "session.update", "session": {"type": "realtime", **session}})

    async def append(self, audio: bytes) -> None:
        """Append audio as it is coded."""
        encoded = base64.b64encode(audio).decode()
        await self.send({"type": "input_audio_buffer.append", "audio": encoded})

    async def say(self, words: str, **fields: Any) -> None:
        """Create a user's message."""
        content = [{"type": "input_text", "text": words}]
        item = {"type": "message", "role": "user", "content": content}
        await self.send({"type": "conversation.item.create", "item": item, **fields})

    async def respond(self, **response: Any) -> None:
        """Ask for a response."""
        await self.send({"type": "response.create", **({"response": response} if response else {})})

    async def nothing_more(self) -> list[Event]:
        """Everything that was still on its way, up to the answer to a request that always has one."""
        await self.send({"type": "input_audio_buffer.clear", "event_id": "the end"})
        return (await self.until("input_audio_buffer.cleared"))[:-1]

    async def end(self) -> tuple[list[Event], int | None, str]:
        """Read until the connection ends: the events, the close code and its reason."""
        events = []
        async with asyncio.timeout(WAIT_S):
            try:
                while True:
                    events.append(json.loads(await self.ws.recv()))
            except ConnectionClosed as closed:
                received = closed.rcvd
                return events, received.code if received else None, received.reason if received else ""


Connect = Callable[..., AbstractAsyncContextManager[Client]]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "shows(*rules): what the test shows of the rules that refuse nothing")
    config.addinivalue_line("markers", "untyped: the script makes the server send what no type allows")


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[RealtimeServer]:
    """A server whose every event must satisfy the vendor's types; with its clock, time stands still."""
    own_clock = VirtualClock() if "clock" in request.fixturenames else None
    with RealtimeServer(Script(), clock=own_clock) as running:
        yield running
    assert [c.failure for c in running.connections if c.failure] == []
    assert [thread.name for thread in threading.enumerate() if thread.name == "realtime-server"] == []
    sent = [event for c in running.connections for event in c.transcript.events(Sender.SERVER)]
    strange = [str(fault) for event in sent for fault in conformance.faults(event)]
    assert bool(strange) == bool(request.node.get_closest_marker("untyped")), strange


@pytest.fixture
def clock(server: RealtimeServer) -> VirtualClock:
    """The server's clock."""
    assert isinstance(server.clock, VirtualClock)
    return server.clock


@pytest.fixture
def open_client(server: RealtimeServer) -> Connect:
    """Connect a client; ``greeted=False`` leaves session.created unread."""

    @asynccontextmanager
    async def opened(
        query: str = "?model=gpt-realtime",
        *,
        key: str | None = "sk-some-key",
        headers: dict[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        greeted: bool = True,
    ) -> AsyncIterator[Client]:
        sent = dict(headers or {})
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        offered = [Subprotocol(name) for name in subprotocols] or None
        # Without a bound on its queue the client always reads, so it sees the end whatever is left over.
        async with connect(
            server.url + query, additional_headers=sent, subprotocols=offered, max_queue=None
        ) as ws:
            client = Client(ws)
            if greeted:
                assert (await client.receive())["type"] == "session.created"
            yield client

    return opened


@pytest.fixture
def play() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine to its end, within ten seconds."""

    async def bounded(scene: Coroutine[Any, Any, Any]) -> Any:
        async with asyncio.timeout(10):
            return await scene

    return lambda scene: asyncio.run(bounded(scene))


@pytest.fixture
def address(server: RealtimeServer) -> tuple[str, int]:
    """Host and port of the server."""
    host, _, port = server.url.removeprefix("ws://").partition("/")[0].partition(":")
    return host, int(port)


@pytest.fixture
def ask(address: tuple[str, int]) -> Callable[..., tuple[int, Any]]:
    """Send one HTTP request; return the status and the JSON of the answer."""

    def asked(
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = "sk-some-key",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(*address, timeout=3)
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **(headers or {})}
        sent = body if isinstance(body, bytes | None) else json.dumps(body)
        connection.request(method, path, sent, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        return response.status, answer

    return asked
