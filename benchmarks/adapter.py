"""What the adapter costs, beside the least that it could cost and beside other clients.

A bare ``websockets`` server in a process of its own sends deltas that it made beforehand; each client has a
process of its own, pinned to another core, and its CPU is counted from frame to PCM in the caller's hands.
The floor is ``websockets``, msgspec and pybase64 and nothing else. Rounds are interleaved, the figure is
their median. Run it from the project's root::

    python -m benchmarks.adapter
    python -m benchmarks.adapter --guests .venv-interop/bin/python    # with the vendor's clients
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

REPORT = Path("reports/benchmarks.json")
SUBJECTS = Path(__file__).with_name("adapter_subjects.py")
OWN = ("floor", "realtime_adapter", "stdlib", "receive alone")
GUESTS = ("openai", "openai-agents")
SIZES_MS = (100, 20)
BYTES_PER_MS = 48
RESPONSE_ID = f"resp_{0:021}"
TARGETS = {"receive": 1.25, "send": 1.3}
IMPORT_TARGET = (0.25, 45.0)  # CPU in seconds, resident memory in MiB
TURN_END_TARGET_MS = 5.0
TURN_DELTAS = 10
SESSIONS, SESSIONS_TARGET, MEMORY_TARGET_KIB = 100, 1.2, 300
PACED_DELTAS, PACE_MS, LATENCY_TARGET = 300, 5, 1.2


@dataclass
class Row:
    """One figure: what a subject takes in a case."""

    subject: str
    case: str
    us_per_delta: float | None = None
    ratio_to_floor: float | None = None
    target: float | None = None
    met: bool | None = None
    detail: str = ""


# --- the server's process -------------------------------------------------------------------------------


def feed(pipe: Pipe, deltas: int) -> None:
    """Serve until told to stop."""
    pin(0)
    asyncio.run(_feed(pipe, deltas))


async def _feed(pipe: Pipe, deltas: int) -> None:
    frames = {ms: [*_frames(ms, deltas)] for ms in SIZES_MS}
    done_at_s: list[float] = [0.0]

    async def handle(ws: ServerConnection) -> None:
        assert ws.request is not None  # noqa: S101 - there is one once the handler runs
        asked = parse_qs(urlsplit(ws.request.path).query)
        ms, many, pause_ms = (int(asked[name][0]) for name in ("ms", "deltas", "pause_ms"))
        await ws.send(json.dumps({"type": "session.created", "event_id": "event_1", "session": {}}))
        turns = 0
        async for message in ws:
            if '"session.update"' in message[:60]:
                session = json.loads(message)["session"]
                await ws.send(
                    json.dumps({"type": "session.updated", "event_id": "event_2", "session": session})
                )
            elif '"response.create"' in message[:60]:
                turns += 1
                answer = [
                    frame.replace(RESPONSE_ID, f"resp_{turns:021}", 1)
                    for frame in [*frames[ms][: many + 1], frames[ms][-1]]
                ]
                for frame in answer[:-1]:
                    await ws.send(_stamped(frame) if pause_ms else frame)
                    if pause_ms:
                        await asyncio.sleep(pause_ms / 1000)
                done_at_s[0] = time.monotonic()
                await ws.send(answer[-1])

    async def serve_client(ws: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await handle(ws)

    async with serve(
        serve_client, "127.0.0.1", 0, max_size=None, compression=None, ping_interval=None
    ) as listening:
        pipe.send(next(iter(listening.sockets)).getsockname()[1])
        while (await asyncio.to_thread(pipe.recv)) != "stop":
            pipe.send(done_at_s[0])


def _frames(ms: int, deltas: int) -> Iterator[str]:
    """Make an answer of ``deltas`` deltas of ``ms``."""
    place = {
        "response_id": RESPONSE_ID,
        "item_id": f"item_{1:021}",
        "output_index": 0,
        "content_index": 0,
    }
    yield json.dumps(_response("response.created", "in_progress"))
    for number in range(deltas):
        delta = base64.b64encode(os.urandom(ms * BYTES_PER_MS)).decode()
        name = {"type": "response.output_audio.delta", "event_id": f"event_{number:021}"}
        yield json.dumps({**name, **place, "delta": delta})
    yield json.dumps(_response("response.done", "completed"))


def _stamped(frame: str) -> str:
    """Return a delta that begins with the time at which it is sent."""
    event = json.loads(frame)
    if "delta" in event:
        pcm = b"@" + time.monotonic_ns().to_bytes(8, "big")
        event["delta"] = base64.b64encode(pcm.ljust(SIZES_MS[1] * BYTES_PER_MS, b"\0")).decode()
    return json.dumps(event)


def _response(kind: str, status: str) -> dict[str, Any]:
    response = {"id": RESPONSE_ID, "object": "realtime.response", "status": status, "output": []}
    return {"type": kind, "event_id": f"event_{kind}", "response": response}


@contextmanager
def served(deltas: int) -> Iterator[tuple[int, Pipe]]:
    """Run the server in another process; give its port and a pipe to it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=feed, args=(theirs, deltas), daemon=True)
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        ours.send("stop")
        process.join(5)
        process.terminate()


# --- the clients ----------------------------------------------------------------------------------------


class Client:
    """A subject in its process."""

    def __init__(  # noqa: PLR0913 - what a client is told
        self,
        subject: str,
        port: int,
        ms: int,
        deltas: int,
        *,
        python: str = sys.executable,
        sessions: int = 1,
        pause_ms: int = 0,
    ) -> None:
        self.subject = subject
        url = f"ws://127.0.0.1:{port}/v1/realtime?ms={ms}&deltas={deltas}&pause_ms={pause_ms}"
        self._process = subprocess.Popen(
            [python, str(SUBJECTS), subject, url, str(sessions)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": "."},
            preexec_fn=lambda: pin(1),  # noqa: PLW1509 - there is one thread here
        )
        self.kib_per_session = self._heard()["kib_per_session"]

    def ask(self, line: str) -> dict[str, float]:
        """Let the subject do something and return what it took."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._heard()

    def _heard(self) -> dict[str, float]:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.subject} has ended with {self._process.wait()}")
        answer: dict[str, float] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(5)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def pin(core: int) -> None:
    """Bind this process to one core, where that can be done."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > core:
        os.sched_setaffinity(0, {core})


# --- the figures ----------------------------------------------------------------------------------------


def streams(rounds: int, deltas: int, subjects: dict[str, str]) -> list[Row]:
    """Measure receiving and sending, round by round, subject by subject."""
    took: dict[tuple[str, str], list[float]] = {}
    with served(deltas) as (port, _), ExitStack() as stack:
        for ms in SIZES_MS:
            clients = [
                Client(subject, port, ms, deltas, python=python) for subject, python in subjects.items()
            ]
            for client in clients:
                stack.callback(client.close)
            for number in range(rounds + 1):
                for client in clients:
                    received = client.ask("receive")
                    sent = client.ask(f"send {deltas} {ms * BYTES_PER_MS}")
                    if client.subject != "receive alone" and received["bytes"] != deltas * ms * BYTES_PER_MS:
                        raise RuntimeError(
                            f"{client.subject} has lost audio: {received['bytes']:g} bytes came"
                        )
                    if number == 0:
                        continue  # warm
                    for case, what in (("receive", received), ("send", sent)):
                        key = (client.subject, f"{case} {ms} ms")
                        took.setdefault(key, []).append(what["cpu_s"] / deltas * 1e6)
                    figures = f"{took[client.subject, f'receive {ms} ms'][-1]:.1f} µs"
                    say(f"{ms} ms, round {number}/{rounds}, {client.subject}: {figures}")
            for client in clients:
                client.close()
    rows = []
    for (subject, case), each in took.items():
        if subject == "receive alone" and case.startswith("send"):
            continue
        median = statistics.median(each)
        ratio = median / statistics.median(took["floor", case])
        row = Row(subject, case, round(median, 2), round(ratio, 3), detail=f"median of {len(each)}")
        if subject == "realtime_adapter":
            row.target = TARGETS[case.split()[0]]
            row.met = ratio <= row.target
        rows.append(row)
    return rows


def turn_end(turns: int) -> Row:
    """Measure how long after ``response.done`` has left the server a turn returns."""
    with served(TURN_DELTAS) as (port, pipe), ExitStack() as stack:
        client = Client("realtime_adapter", port, SIZES_MS[0], TURN_DELTAS)
        stack.callback(client.close)
        late_ms = []
        for _ in range(turns):
            ended_at_s = client.ask("receive")["ended_at_s"]
            pipe.send("done_at_s")
            late_ms.append((ended_at_s - pipe.recv()) * 1000)
    median = statistics.median(late_ms)
    words = f"median {median:.2f} ms, worst of {turns} {max(late_ms):.2f} ms"
    met = median <= TURN_END_TARGET_MS
    return Row(
        "realtime_adapter", "turn end after response.done", target=TURN_END_TARGET_MS, met=met, detail=words
    )


def many_sessions(rounds: int, deltas: int) -> list[Row]:
    """Measure a delta where a hundred sessions are answered at once, beside one session; and their memory."""
    ms = SIZES_MS[0]
    took: dict[int, list[float]] = {1: [], SESSIONS: []}
    with served(deltas) as (port, _), ExitStack() as stack:
        clients = {}
        for sessions in took:
            clients[sessions] = Client("realtime_adapter", port, ms, deltas // sessions, sessions=sessions)
            stack.callback(clients[sessions].close)
        for number in range(rounds + 1):
            for sessions, client in clients.items():
                cpu_s = client.ask("receive")["cpu_s"]
                if number:
                    took[sessions].append(cpu_s / (deltas // sessions * sessions) * 1e6)
    alone_us, each_us = (statistics.median(took[sessions]) for sessions in took)
    kib = clients[SESSIONS].kib_per_session
    return [
        Row(
            "realtime_adapter",
            f"receive {ms} ms at {SESSIONS} sessions",
            round(each_us, 2),
            target=SESSIONS_TARGET,
            met=each_us / alone_us <= SESSIONS_TARGET,
            detail=f"{each_us / alone_us:.2f} x one session",
        ),
        Row(
            "realtime_adapter",
            "memory of a session",
            target=MEMORY_TARGET_KIB,
            met=kib <= MEMORY_TARGET_KIB,
            detail=f"{kib:.0f} KiB",
        ),
    ]


def latency(rounds: int) -> Row:
    """Measure how late a paced delta is in the caller's hands, beside the floor."""
    subjects = ("floor", "realtime_adapter")
    p99_ms: dict[str, list[float]] = {subject: [] for subject in subjects}
    with served(PACED_DELTAS) as (port, _), ExitStack() as stack:
        clients = [Client(subject, port, SIZES_MS[1], PACED_DELTAS, pause_ms=PACE_MS) for subject in subjects]
        for client in clients:
            stack.callback(client.close)
        for number in range(rounds + 1):
            for client in clients:
                late_ms = client.ask("receive")["p99_ms"]
                if number:
                    p99_ms[client.subject].append(late_ms)
    floor_ms, adapter_ms = (statistics.median(p99_ms[subject]) for subject in subjects)
    return Row(
        "realtime_adapter",
        "latency of a paced delta, p99",
        ratio_to_floor=round(adapter_ms / floor_ms, 3),
        target=LATENCY_TARGET,
        met=adapter_ms / floor_ms <= LATENCY_TARGET,
        detail=f"{adapter_ms:.3f} ms, {adapter_ms / floor_ms:.2f} x floor",
    )


def importing(rounds: int) -> Row:
    """Measure ``import realtime_adapter`` in fresh interpreters."""
    code = (
        "import time, resource; import realtime_adapter; print(time.process_time(), "
        "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    runs = [
        tuple(map(float, subprocess.check_output([sys.executable, "-c", code], text=True).split()))
        for _ in range(rounds)
    ]
    cpu_s, mib = (statistics.median(column) for column in zip(*runs, strict=True))
    met = cpu_s <= IMPORT_TARGET[0] and mib <= IMPORT_TARGET[1]
    words = f"{cpu_s:.3f} s of CPU, {mib:.1f} MiB resident, the interpreter's own included"
    return Row("realtime_adapter", "import", met=met, detail=words)


def say(progress: str) -> None:
    """Print a line of progress."""
    print(f"  {progress}", file=sys.stderr, flush=True)


def table(rows: Sequence[Row]) -> str:
    """Return the figures for a reader."""
    lines = []
    for row in rows:
        cost = f"{row.us_per_delta:8.1f} µs" if row.us_per_delta is not None else ""
        ratio = f"{row.ratio_to_floor:6.2f} x floor" if row.ratio_to_floor is not None else ""
        verdict = "" if row.met is None else ("  met" if row.met else "  NOT met")
        lines.append(f"{row.subject:17} {row.case:33} {cost:11} {ratio:14} {row.detail}{verdict}")
    return "\n".join(lines)


def main() -> None:
    """Print the figures and write them to ``reports/benchmarks.json``."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.adapter",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="rounds after the first, which warms (default: 5)"
    )
    parser.add_argument("--deltas", type=int, default=20_000, help="deltas in each answer (default: 20000)")
    parser.add_argument("--guests", help="the Python of an environment that holds the vendor's clients")
    arguments = parser.parse_args()
    subjects = dict.fromkeys(OWN, sys.executable)
    if arguments.guests:
        subjects |= dict.fromkeys(GUESTS, arguments.guests)
    rows = [
        *streams(arguments.rounds, arguments.deltas, subjects),
        *many_sessions(arguments.rounds, arguments.deltas),
        latency(arguments.rounds),
        turn_end(100),
        importing(arguments.rounds),
    ]
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {arguments.deltas:,} deltas")
    print(table(rows))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
