"""What the embedded endpoint costs: CPU, memory, latency, and an hour of virtual time.

The server runs in a process of its own, so that its CPU and memory are its alone. The clients are bare
``websockets`` and do nothing but receive. The floor is what such a client takes when a bare ``websockets``
server feeds it the same frames, made beforehand: no client takes less. Run it from the project's root::

    python -m benchmarks.server
    python -m benchmarks.server --only cpu --rounds 9
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import multiprocessing
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from statistics import median
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as bare_server

from realtime_server import Answer, Connection, Frame, RealtimeServer, Script, Sender, VirtualClock, speech

TIMEOUT_S = 120
MS_PER_DELTA = 100
BYTES_PER_DELTA = 4_800
HEADERS = {"Authorization": "Bearer sk-benchmark"}
CREATE = json.dumps({"type": "response.create"})
ANSWERS = 5
TARGET = 2.0


# --- the server's process -------------------------------------------------------------------------------


def serve(pipe: Pipe, seconds: float, pause_ms: float) -> None:
    """Serve until told to stop; answer with so many seconds of speech, and tell what that costs."""
    sent_at_s: dict[str, float] = {}

    def note(_connection: Connection, frame: Frame) -> None:
        if frame.sender is Sender.SERVER and '"response.output_audio.delta"' in frame.payload[:60]:
            sent_at_s[_event_id(frame.payload)] = time.monotonic()

    script = Script(default_answer=Answer(transcript="", audio=_audio(seconds), pause_ms=pause_ms))
    with RealtimeServer(script) as server:
        # Noting each frame costs CPU of its own, so it is done only where latency is asked for.
        server.on_frame = note if pause_ms else None
        pipe.send(server.url)
        while (asked := pipe.recv()) != "stop":
            pipe.send({"cpu_s": time.process_time(), "rss_kib": _rss_kib(), "sent": dict(sent_at_s)}[asked])


def _event_id(text: str) -> str:
    start = text.index('"event_id": "') + 13
    return text[start : text.index('"', start)]


def _rss_kib() -> float:
    """Return the resident memory of this process, in KiB: now where it can be read, else its peak."""
    try:
        with open("/proc/self/statm", encoding="ascii") as memory:  # noqa: PTH123 - not a file of ours
            return int(memory.read().split()[1]) * resource.getpagesize() / 1024
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 1024 if sys.platform == "darwin" else peak


def serve_bare(pipe: Pipe, seconds: float, _pause_ms: float) -> None:
    """Send the same deltas, made beforehand, from a bare ``websockets`` server: the least sending costs."""
    asyncio.run(_serve_bare(pipe, [*_frames(seconds)]))


async def _serve_bare(pipe: Pipe, frames: list[str]) -> None:
    async def feed(ws: ServerConnection) -> None:
        await ws.send(json.dumps({"type": "session.created"}))
        async for _ in ws:
            for frame in frames:
                await ws.send(frame)
            await ws.send(json.dumps({"type": "response.done"}))

    async with bare_server(feed, "127.0.0.1", 0) as listening:
        pipe.send(f"ws://127.0.0.1:{next(iter(listening.sockets)).getsockname()[1]}/")
        while (await asyncio.to_thread(pipe.recv)) != "stop":
            pipe.send(time.process_time())


def _frames(seconds: float) -> Iterator[str]:
    audio = _audio(seconds)
    for start in range(0, len(audio), BYTES_PER_DELTA):
        place = {
            "response_id": f"resp_{0:021}",
            "item_id": f"item_{0:021}",
            "output_index": 0,
            "content_index": 0,
        }
        delta = base64.b64encode(audio[start : start + BYTES_PER_DELTA]).decode()
        event = {
            "type": "response.output_audio.delta",
            "event_id": f"event_{start:021}",
            **place,
            "delta": delta,
        }
        yield json.dumps(event)


def _audio(seconds: float) -> bytes:
    said, size = speech("answer").pcm, int(seconds * 1_000) * 48
    return (said * (size // len(said) + 1))[:size]


@contextmanager
def served(
    seconds: float, pause_ms: float = 0, run: Callable[[Pipe, float, float], None] = serve
) -> Iterator[tuple[str, Callable[[str], Any]]]:
    """Run a server in another process; give its address and a way to ask it something."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run, args=(theirs, seconds, pause_ms), daemon=True)
    process.start()

    def heard() -> Any:
        if not ours.poll(TIMEOUT_S):
            raise TimeoutError(f"the server's process said nothing in {TIMEOUT_S} s")
        return ours.recv()

    def ask(what: str) -> Any:
        ours.send(what)
        return heard()

    try:
        yield heard(), ask
    finally:
        ours.send("stop")
        process.join(5)
        process.terminate()


# --- the clients ----------------------------------------------------------------------------------------


async def opened(url: str, *, compressed: bool = False) -> ClientConnection:
    """Connect, and return when the session has been created."""
    ws = await connect(
        f"{url}?model=gpt-realtime",
        additional_headers=HEADERS,
        compression="deflate" if compressed else None,
        max_size=None,
        max_queue=None,
        ping_interval=None,
        proxy=None,
    )
    await ws.recv()
    return ws


async def received(ws: ClientConnection) -> int:
    """Take in one answer without reading it; return how many audio deltas it had."""
    deltas = 0
    await ws.send(CREATE)
    while True:
        head = bytes(await ws.recv(decode=False))[:60]
        deltas += b'"response.output_audio.delta"' in head
        if b'"response.done"' in head:
            return deltas


# --- the figures ----------------------------------------------------------------------------------------


async def cpu(rounds: int, seconds: float) -> None:
    """CPU per delta of 100 ms: the server's, beside the least that sending and receiving cost."""
    for compressed in (False, True):
        how = "with permessage-deflate" if compressed else "without compression"
        (server_us, client_us), (bare_us, floor_us) = await fed(rounds, seconds, compressed=compressed)
        floor_us = min(floor_us, client_us)
        print(
            f"CPU per 100 ms delta {how}: server {server_us:.1f} µs (a client that only receives from it "
            f"{client_us:.1f} µs); floor: receiving {floor_us:.1f} µs, sending {bare_us:.1f} µs; "
            f"the server feeds {floor_us / server_us:.2f} times what the floor takes, "
            f"wanted {TARGET:g}: {'met' if floor_us / server_us >= TARGET else 'NOT met'}"
        )


async def fed(rounds: int, seconds: float, *, compressed: bool) -> list[tuple[float, float]]:
    """Return, of our server and of the bare one, its median CPU per delta and its client's, in microseconds.

    The two take turns, so that neither has the quieter half of the run.
    """
    cost: dict[str, list[tuple[float, float]]] = {}
    with served(seconds) as ours, served(seconds, run=serve_bare) as bare:
        for name, (url, ask) in (("warm", ours), ("warm", bare), *[("ours", ours), ("bare", bare)] * rounds):
            ws = await opened(url, compressed=compressed)
            server_s, client_s = ask("cpu_s"), time.process_time()
            deltas = sum([await received(ws) for _ in range(ANSWERS)])
            client_us = (time.process_time() - client_s) / deltas * 1e6
            cost.setdefault(name, []).append(((ask("cpu_s") - server_s) / deltas * 1e6, client_us))
            await ws.close()
            say(f"{name}: {cost[name][-1][0]:.1f} µs, client {client_us:.1f} µs, {deltas} deltas")
    return [
        (median(server for server, _ in of), median(client for _, client in of))
        for of in (cost["ours"], cost["bare"])
    ]


async def memory(sessions: int) -> None:
    """Memory per idle session."""
    with served(1) as (url, ask):
        first = await opened(url)
        before_kib = ask("rss_kib")
        clients = [first]
        for start in range(0, sessions, 50):
            many = min(50, sessions - start)
            clients += await asyncio.gather(*(opened(url) for _ in range(many)))
            say(f"{len(clients) - 1}/{sessions} sessions")
        each_kib = (ask("rss_kib") - before_kib) / sessions
        await asyncio.gather(*(ws.close() for ws in clients))
    print(f"{sessions:,} idle sessions: {each_kib:.1f} KiB each")


async def latency(sessions: int, seconds: float) -> None:
    """Latency of a delta while many sessions hold a turn in real time, and how far it is behind its time."""
    came_at_s: dict[str, float] = {}
    behind_ms: dict[int, list[float]] = {}

    async def turn(ws: ClientConnection, number: int) -> tuple[str, bytes]:
        heard, began_at_s, late_ms = bytearray(), 0.0, behind_ms.setdefault(number, [])
        await asyncio.sleep(number * MS_PER_DELTA / sessions / 1000)  # turns do not begin in step
        await ws.send(CREATE)
        while True:
            text = str(await ws.recv())
            now_s = time.monotonic()
            event = json.loads(text)
            if event["type"] == "response.created":
                began_at_s = now_s
            elif event["type"] == "response.output_audio.delta":
                due_s = began_at_s + (len(late_ms) + 1) * MS_PER_DELTA / 1000
                late_ms.append((now_s - due_s) * 1000)
                came_at_s[f"{number}/{event['event_id']}"] = now_s
                heard += base64.b64decode(event["delta"])
            elif event["type"] == "response.done":
                await ws.close()
                return event["response"]["status"], bytes(heard)

    with served(seconds, MS_PER_DELTA) as (url, ask):
        clients = await asyncio.gather(*(opened(url) for _ in range(sessions)))
        say(f"{sessions} sessions, {seconds:g} s each, in real time")
        began_s = time.monotonic()
        turns = await asyncio.gather(*(turn(ws, number) for number, ws in enumerate(clients)))
        took_s = time.monotonic() - began_s
        sent_at_s = ask("sent")
    whole = sum(status == "completed" and heard == _audio(seconds) for status, heard in turns)
    on_the_way = [(at_s - sent_at_s[name.partition("/")[2]]) * 1000 for name, at_s in came_at_s.items()]
    first, last = ([late_ms[at] for late_ms in behind_ms.values()] for at in (0, -1))
    print(
        f"{sessions} turns in real time: {whole} completed whole in {took_s:.1f} s ({seconds:g} s of audio); "
        f"latency of {len(on_the_way):,} deltas {shares(on_the_way)}; "
        f"behind their time {shares([one for late_ms in behind_ms.values() for one in late_ms])}, "
        f"the first of a turn {median(first):.2f} ms and the last {median(last):.2f} ms (median)"
    )


def shares(values_ms: list[float]) -> str:
    """Return the median and the 99th percentile, to be read."""
    p50_ms, p99_ms = (sorted(values_ms)[int(len(values_ms) * share)] for share in (0.50, 0.99))
    return f"p50 {p50_ms:.2f} ms, p99 {p99_ms:.2f} ms"


async def expiry() -> None:
    """Wall time of a session that expires after 60 minutes."""
    clock = VirtualClock()
    with RealtimeServer(clock=clock) as server:
        began_s = time.perf_counter()
        ws = await opened(server.url)
        await asyncio.to_thread(clock.advance, 3_600_000)
        error = json.loads(await ws.recv())["error"]
        await ws.wait_closed()
        took_ms = (time.perf_counter() - began_s) * 1000
    print(f"60 minutes until {error['code']}, closed with {ws.close_code}: {took_ms:.0f} ms of wall time")


def say(progress: str) -> None:
    """Print a line of progress."""
    print(f"  {progress}", file=sys.stderr, flush=True)


async def run(arguments: argparse.Namespace) -> None:
    """Take the figures asked for, one after the other, each within its time."""
    figures = {
        "cpu": lambda: cpu(arguments.rounds, arguments.audio_s),
        "memory": lambda: memory(arguments.idle),
        "latency": lambda: latency(arguments.sessions, arguments.turn_s),
        "expiry": expiry,
    }
    for name, take in figures.items():
        if arguments.only in (None, name):
            async with asyncio.timeout(TIMEOUT_S):
                await take()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.server",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", choices=["cpu", "memory", "latency", "expiry"], help="one figure (default: all)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often CPU is measured (default: 5)")
    parser.add_argument("--audio-s", type=float, default=60, help="audio per round, in seconds (default: 60)")
    parser.add_argument("--idle", type=int, default=1_000, help="idle sessions (default: 1000)")
    parser.add_argument("--sessions", type=int, default=100, help="turns in real time (default: 100)")
    parser.add_argument(
        "--turn-s", type=float, default=10, help="length of such a turn, in seconds (default: 10)"
    )
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8_192) if hard > 0 else 8_192, hard))
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs")
    asyncio.run(run(arguments))


if __name__ == "__main__":
    main()
