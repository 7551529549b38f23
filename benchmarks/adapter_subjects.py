"""The clients that are measured side by side, each in a process of its own.

``python adapter_subjects.py <subject> <url> <sessions>`` opens so many sessions, then does what the lines on
its standard input say (``receive``, ``send <deltas> <bytes>``), and answers each with one line of JSON. It
imports only what its subject needs, so that a subject can run in another environment.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

KEY = "sk-benchmark-0123456789"
HEADERS = {"Authorization": f"Bearer {KEY}"}
TIMEOUT_S = 120
CREATE = '{"type":"response.create"}'
Answer = dict[str, float]


class Subject:
    """A client under measure.

    Attributes:
        late_ms: How long after it was sent each delta was in the caller's hands, where deltas tell.
    """

    def __init__(self) -> None:
        self.late_ms: list[float] = []

    def took(self, pcm: bytes) -> int:
        """Take in a delta; one that begins with the time it was sent says so by its first byte."""
        if pcm[:1] == b"@":
            self.late_ms.append((time.monotonic_ns() - int.from_bytes(pcm[1:9], "big")) / 1e6)
        return len(pcm)

    async def open(self, url: str) -> None:
        """Connect."""
        raise NotImplementedError

    async def receive(self) -> int:
        """Ask for one answer, take it in to its end, and return how many bytes of PCM came."""
        raise NotImplementedError

    async def send(self, pcm: bytes, times: int) -> None:
        """Send ``pcm`` so many times."""
        raise NotImplementedError


class Bare(Subject):
    """``websockets`` alone, with another way to decode for each subject."""

    def __init__(self, decode: Callable[[str], tuple[str, bytes]], encode: Callable[[bytes], str]) -> None:
        super().__init__()
        self._decode, self._encode = decode, encode

    async def open(self, url: str) -> None:
        """Connect."""
        connect = importlib.import_module("websockets.asyncio.client").connect
        self.ws = await connect(
            url, additional_headers=HEADERS, compression=None, max_size=None, ping_interval=None, proxy=None
        )
        await self.ws.recv()

    async def receive(self) -> int:
        """Ask for one answer and take it in."""
        await self.ws.send(CREATE)
        size = 0
        while True:
            kind, pcm = self._decode(await self.ws.recv())
            size += self.took(pcm)
            if kind == "response.done":
                return size

    async def send(self, pcm: bytes, times: int) -> None:
        """Send ``pcm`` so many times."""
        for _ in range(times):
            await self.ws.send(f'{{"type":"input_audio_buffer.append","audio":"{self._encode(pcm)}"}}')


def floor() -> Bare:
    """Return the least that receiving, typed decoding and base64 take: msgspec and pybase64."""
    msgspec, pybase64 = importlib.import_module("msgspec"), importlib.import_module("pybase64")

    class Event(msgspec.Struct):  # type: ignore[name-defined,misc]
        type: str
        response_id: str = ""
        item_id: str = ""
        output_index: int = 0
        content_index: int = 0
        delta: str = ""

    decoder = msgspec.json.Decoder(Event)

    def decode(frame: str) -> tuple[str, bytes]:
        event = decoder.decode(frame)
        return event.type, pybase64.b64decode(event.delta, validate=True)

    return Bare(decode, pybase64.b64encode_as_string)


def stdlib() -> Bare:
    """Return the same with the standard library's json and base64."""
    base64 = importlib.import_module("base64")

    def decode(frame: str) -> tuple[str, bytes]:
        event = json.loads(frame)
        return event["type"], base64.b64decode(event.get("delta", ""))

    return Bare(decode, lambda pcm: base64.b64encode(pcm).decode())


def receive_alone() -> Bare:
    """Return a client that reads no frame, only looks for the last."""

    def decode(frame: str) -> tuple[str, bytes]:
        return ("response.done" if '"response.done"' in frame[:40] else ""), b""

    return Bare(decode, lambda pcm: pcm.hex())


class Adapter(Subject):
    """The adapter of this project, as its users use it."""

    async def open(self, url: str) -> None:
        """Connect."""
        package = importlib.import_module("realtime_adapter")
        self._chunk = package.AudioChunk
        self.adapter = package.OpenAIRealtimeAgentAdapter(url=url, api_key=KEY, speaks_first=True)
        await self.adapter.connect()

    async def receive(self) -> int:
        """Ask for one answer and hear it, slice by slice."""
        self.adapter.notify_agent_turn()
        size = 0
        while (chunk := await self.adapter.recv_audio(60)).data:
            size += self.took(chunk.data)
        return size

    async def send(self, pcm: bytes, times: int) -> None:
        """Send ``pcm`` so many times."""
        for _ in range(times):
            await self.adapter.send_audio(self._chunk(pcm))


class OpenAiSdk(Subject):
    """The vendor's SDK."""

    async def open(self, url: str) -> None:
        """Connect."""
        openai = importlib.import_module("openai")
        self._base64 = importlib.import_module("base64")
        base, _, query = url.partition("/v1/realtime?")
        client = openai.AsyncOpenAI(api_key=KEY, base_url=f"{base.replace('ws', 'http', 1)}/v1")
        self.connection = await client.realtime.connect(
            model="gpt-realtime", extra_query=dict(pair.split("=") for pair in query.split("&"))
        ).enter()
        await self.connection.recv()

    async def receive(self) -> int:
        """Ask for one answer and take it in."""
        await self.connection.response.create()
        size = 0
        async for event in self.connection:
            if event.type == "response.output_audio.delta":
                size += len(self._base64.b64decode(event.delta))
            elif event.type == "response.done":
                return size
        raise ConnectionError("the connection ended")

    async def send(self, pcm: bytes, times: int) -> None:
        """Send ``pcm`` so many times."""
        for _ in range(times):
            await self.connection.input_audio_buffer.append(audio=self._base64.b64encode(pcm).decode())


class OpenAiAgents(Subject):
    """The model layer of the vendor's agents framework: events typed, audio decoded."""

    async def open(self, url: str) -> None:
        """Connect."""
        self._inputs = importlib.import_module("agents.realtime.model_inputs")
        model = importlib.import_module("agents.realtime.openai_realtime")
        self.model = model.OpenAIRealtimeWebSocketModel()
        self.model.add_listener(self)
        self._size, self._done = 0, asyncio.Event()  # of the turn
        settings = {"model_name": "gpt-realtime", "turn_detection": None}
        await self.model.connect({"api_key": KEY, "url": url, "initial_model_settings": settings})

    async def on_event(self, event: Any) -> None:
        """Take in what the framework gives."""
        if event.type == "audio":
            self._size += len(event.data)
        elif event.type == "turn_ended":
            self._done.set()

    async def receive(self) -> int:
        """Ask for one answer and take it in."""
        self._size = 0
        self._done.clear()
        await self.model.send_event(
            self._inputs.RealtimeModelSendRawMessage(message={"type": "response.create"})
        )
        await self._done.wait()
        return self._size

    async def send(self, pcm: bytes, times: int) -> None:
        """Send ``pcm`` so many times."""
        for _ in range(times):
            await self.model.send_event(self._inputs.RealtimeModelSendAudio(audio=pcm))


SUBJECTS: dict[str, Callable[[], Subject]] = {
    "floor": floor,
    "realtime_adapter": Adapter,
    "stdlib": stdlib,
    "receive alone": receive_alone,
    "openai": OpenAiSdk,
    "openai-agents": OpenAiAgents,
}


async def measured(work: Awaitable[Any]) -> Answer:
    """Return what ``work`` takes of this process."""
    cpu_s, wall_s = time.process_time(), time.monotonic()
    async with asyncio.timeout(TIMEOUT_S):
        result = await work
    now_s = time.monotonic()
    return {
        "cpu_s": time.process_time() - cpu_s,
        "wall_s": now_s - wall_s,
        "ended_at_s": now_s,
        "bytes": result or 0,
    }


async def main(name: str, url: str, sessions: int) -> None:
    """Do what the lines on standard input say."""
    first, *others = (SUBJECTS[name]() for _ in range(sessions))
    await first.open(url)
    alone_kib = resident_kib()
    for subject in others:
        await subject.open(url)
    say({"kib_per_session": (resident_kib() - alone_kib) / len(others) if others else 0})
    while line := await asyncio.to_thread(sys.stdin.readline):
        match line.split():
            case ["receive"]:
                say(await measured(together([first, *others])) | {"p99_ms": late(first)})
            case ["send", times, size]:
                say(await measured(first.send(os.urandom(int(size)), int(times))))


async def together(subjects: list[Subject]) -> int:
    """Let each take in one answer at the same time; return how many bytes came."""
    return sum(await asyncio.gather(*(subject.receive() for subject in subjects)))


def late(subject: Subject) -> float:
    """Return how late 99 of 100 deltas were at most, in milliseconds, and forget it."""
    late_ms, subject.late_ms = sorted(subject.late_ms), []
    return late_ms[int(len(late_ms) * 0.99)] if late_ms else 0.0


def resident_kib() -> float:
    """Return the resident memory of this process."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize() / 1024


def say(answer: Answer) -> None:
    """Answer with one line."""
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
