"""A peer that plays the server by script: the least that the adapter's own tests need of one."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from realtime_adapter import OpenAIRealtimeAgentAdapter
from realtime_adapter.audio import encode_base64

KEY = "sk-test-5fb1c9e04a"
PATIENCE_S = 5.0

Event = dict[str, Any]
Play = Callable[["Peer"], Awaitable[None]]


def session(**changes: Any) -> Event:
    """Return the session a server creates, before anybody has asked for another."""
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": "sess_1",
        "model": "gpt-realtime-2.1-mini",
        "instructions": "The server's own words.",
        "tools": [],
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": None,
                "turn_detection": {"type": "server_vad"},
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin", "speed": 1.0},
        },
        **changes,
    }


def in_force(asked: Event) -> Event:
    """Return what the server has in force after it was asked for ``asked``: that, and more."""
    effective = session()
    for field, value in asked.items():
        effective[field] = value
    echo = {"language": None, "prompt": None}
    given = asked["audio"]
    effective["audio"] = {
        "input": {
            **given["input"],
            "transcription": {**given["input"]["transcription"], **echo},
            "noise_reduction": None,
        },
        "output": {**given["output"], "speed": 1.0},
    }
    return effective


class Peer:
    """The server's end of one connection.

    Attributes:
        received: The events the adapter has sent so far, as far as the script has read them.
    """

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.received: list[Event] = []
        self._events = 0

    async def say(self, kind: str, **fields: Any) -> None:
        """Send an event."""
        self._events += 1
        await self.connection.send(json.dumps({"type": kind, "event_id": f"event_{self._events}", **fields}))

    async def hear(self, kind: str | None = None) -> Event:
        """Read the next event, which must be of type ``kind``."""
        event: Event = json.loads(await self.connection.recv())
        self.received.append(event)
        assert kind is None or event["type"] == kind, f"expected {kind}, the adapter sent {event['type']}"
        return event

    async def hear_until(self, kind: str) -> Event:
        """Read events up to the first of type ``kind``."""
        while (event := await self.hear())["type"] != kind:
            pass
        return event

    async def open_session(self) -> None:
        """Create the session and put in force what is asked for."""
        await self.say("session.created", session=session())
        update = await self.hear("session.update")
        await self.say("session.updated", session=in_force(update["session"]))

    async def refuse(self, code: str | None, message: str, **fields: Any) -> None:
        """Send an ``error`` event."""
        error = {
            "type": "invalid_request_error",
            "code": code,
            "message": message,
            "param": None,
            "event_id": None,
        }
        await self.say("error", error={**error, **fields})

    async def begin(self, response_id: str) -> None:
        """Begin a response."""
        await self.say(
            "response.created", response={"id": response_id, "status": "in_progress", "output": []}
        )

    async def speak(self, response_id: str, pcm: bytes, **fields: Any) -> None:
        """Send one slice of audio."""
        where = {
            "response_id": response_id,
            "item_id": f"item_{response_id}",
            "output_index": 0,
            "content_index": 0,
        }
        await self.say("response.output_audio.delta", **{**where, "delta": encode_base64(pcm), **fields})

    async def finish(self, response_id: str, status: str = "completed", **details: Any) -> None:
        """End a response."""
        response = {"id": response_id, "status": status, "status_details": details or None, "output": []}
        await self.say("response.done", response=response)

    async def answer(self, response_id: str, *slices: bytes) -> None:
        """Play a whole spoken response."""
        await self.begin(response_id)
        for pcm in slices:
            await self.speak(response_id, pcm)
        await self.finish(response_id)

    async def stay(self) -> None:
        """Read on until the adapter hangs up."""
        with contextlib.suppress(Exception):
            while True:
                await self.hear()


class Stage:
    """A listening peer and what became of its connections."""

    def __init__(self) -> None:
        self.url = ""
        self.connections: list[ServerConnection] = []
        self.peers: list[Peer] = []
        self.failures: list[BaseException] = []

    def adapter(self, **options: Any) -> OpenAIRealtimeAgentAdapter:
        """Return an adapter that dials this peer."""
        return OpenAIRealtimeAgentAdapter(
            **{"url": self.url, "api_key": KEY, "connect_timeout_s": 3.0, **options}
        )

    def sent(self, index: int = -1) -> list[str]:
        """Return the types of the events the adapter sent on one connection."""
        return [event["type"] for event in self.peers[index].received]


@contextlib.asynccontextmanager
async def staged(play: Play, **options: Any) -> AsyncIterator[Stage]:
    """Serve ``play`` on a free port of 127.0.0.1; an assertion that fails in it fails the test."""
    stage = Stage()

    async def handle(connection: ServerConnection) -> None:
        peer = Peer(connection)
        stage.connections.append(connection)
        stage.peers.append(peer)
        try:
            await play(peer)
        except AssertionError as failure:
            stage.failures.append(failure)

    async with serve(handle, "127.0.0.1", 0, close_timeout=0.5, max_size=None, **options) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        stage.url = f"ws://127.0.0.1:{port}/v1/realtime"
        yield stage
    if stage.failures:
        raise stage.failures[0]


def run(scene: Coroutine[Any, Any, Any]) -> Any:
    """Run a test's coroutine, bounded in time; it must leave no task behind."""

    async def bounded() -> Any:
        async with asyncio.timeout(PATIENCE_S):
            result = await scene
        left = [task for task in asyncio.all_tasks() if task.get_name().startswith("realtime-")]
        assert not left, f"tasks left behind: {left}"
        return result

    return asyncio.run(bounded())


async def whole_turn(adapter: OpenAIRealtimeAgentAdapter, timeout_s: float = 2.0) -> bytes:
    """Return all audio up to the end of the turn."""
    heard = b""
    while (chunk := await adapter.recv_audio(timeout_s)).data:
        heard += chunk.data
    return heard
