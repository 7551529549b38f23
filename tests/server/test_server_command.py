"""``python -m realtime_server`` as its users see it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from realtime_server import Answer, Script, scenario_file

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "realtime_server"]


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command and the address it prints."""
    pipe = subprocess.PIPE
    with subprocess.Popen([*COMMAND, *arguments], cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("listening on "), process.stderr.read()
            yield process, line.removeprefix("listening on ").strip()
        finally:
            process.kill()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_interrupted_and_ends_cleanly(ending):
    key = "sk-live-0123456789abcdef"

    async def scene(url):
        async with connect(
            f"{url}?model=gpt-realtime", additional_headers={"Authorization": f"Bearer {key}"}
        ) as ws:
            created = json.loads(await ws.recv())
            await ws.send('{"type": "nope"}')
            await ws.recv()
            process.send_signal(ending)
            await ws.wait_closed()
            return created, ws.close_code

    with started("--port", "0") as (process, url):
        assert re.fullmatch(r"ws://127\.0\.0\.1:\d+/v1/realtime", url)
        created, close_code = asyncio.run(asyncio.wait_for(scene(url), 10))
        out, log = process.communicate(timeout=10)
    assert (process.returncode, out) == (0, "")
    assert (created["type"], close_code) == ("session.created", 1001)
    lines = log.splitlines()
    assert len(lines) == 3
    assert "opened, model gpt-realtime" in lines[0]
    assert "refused by RT-frame-03" in lines[1]
    assert "closed by the server, 1001" in lines[2]
    assert key not in log


def test_ctrl_c_reaches_it_even_when_it_was_started_with_interrupts_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with started("--port", "0") as (process, _):
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=10) == 0
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_port_in_use_is_one_sentence_with_the_remedy():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("--port", str(port))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"port {port} is in use: stop what listens there, or choose another (0 picks a free one)\n"
    )


@pytest.mark.parametrize("port", ["-1", "65536", "http", "٣"])
def test_a_port_that_is_none_is_refused(port):
    ended = run("--port", port)
    assert ended.returncode == 2
    assert "give a number from 0 to 65535" in ended.stderr


def test_the_oracle_is_checked_from_the_command_line_without_a_word():
    command = [sys.executable, "-W", "error", "-m", "realtime_server.vendor", "--check"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_help_names_the_keys_that_play_the_refused_ones():
    shown = run("--help").stdout
    assert re.search(r"wrong-key +invalid_api_key \(3000", shown)
    assert re.search(r"no-access-key +model_not_found \(4004", shown)


def test_the_rules_are_printed_for_people_and_for_machines():
    table = json.loads(run("--rules", "json").stdout)
    text = run("--rules").stdout
    assert all(row["id"] in text for row in table)
    assert {"captured", "typed", "reported", "inferred"} == {row["mark"] for row in table}
    assert {row["mark"] for row in table if not row["gating"] and row["emulated"]} == {"inferred"}
    assert not any(row["gating"] for row in table if row["mark"] == "inferred" or not row["emulated"])
    assert {row["id"][:9] for row in table if not row["emulated"]} == {"RT-absent"}


def test_help_names_all_that_can_stand_in_a_scenario():
    shown = set(re.findall(r"\w+", run("--help").stdout))
    kinds = (
        scenario_file._Scenario,
        scenario_file._Answer,
        scenario_file._Call,
        scenario_file._McpCall,
    )
    assert {name for kind in kinds for name in kind.model_fields} - shown == set()


def test_a_scenario_can_say_all_that_a_script_can_but_what_faults_are_for():
    """What is left out is scripted by a fault, or makes sense only inside a program."""
    told = {name for kind in (scenario_file._Scenario, scenario_file._Answer) for name in kind.model_fields}
    fields = {one.name for kind in (Script, Answer) for one in dataclasses.fields(kind) if one.init}
    by_faults = {"hold_after", "ending", "ending_after", "unknown_events", "refusal_pause_ms"}
    # An answer with "to" is a reply, and whoever writes an answer has scripted it.
    assert fields - told - by_faults == {"replies", "scripted"}
