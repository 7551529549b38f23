"""A recording served again: the same words for the same deeds, and a sentence for any other deed."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from realtime_server.recording import EMBEDDED, Recording
from realtime_server.replay import DIFFERENT, ReplayServer, differences
from realtime_server.transcript import Frame, Sender

ROOT = Path(__file__).parents[2]
UPDATE = {"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"voice": "alloy"}}}}
BEARER = {"Authorization": "Bearer some-key"}


def request(*headers: str) -> Frame:
    names = headers or ("Authorization: ***",)
    head = ["GET /v1/realtime?model=gpt-realtime HTTP/1.1", *names]
    return Frame(0.0, Sender.CLIENT, "request", "\r\n".join(head))


def text(sender: Sender, event: dict[str, Any]) -> Frame:
    return Frame(1.0, sender, "text", json.dumps(event))


EXCHANGE = (
    request(),
    text(Sender.SERVER, {"type": "session.created"}),
    text(Sender.CLIENT, UPDATE),
    text(Sender.SERVER, {"type": "session.updated"}),
    Frame(4.0, Sender.CLIENT, "close", "", 1000),
    Frame(4.1, Sender.SERVER, "close", "", 1000),
)


@contextmanager
def replayed(*frames: Frame) -> Iterator[ReplayServer]:
    made = Recording(EMBEDDED, datetime.now(UTC), frames or EXCHANGE)
    with ReplayServer(Recording.from_jsonl(made.to_jsonl()), "night.jsonl") as server:
        yield server


async def take(
    ws: ClientConnection, *events: dict[str, Any] | str
) -> tuple[list[dict[str, Any]], int | None]:
    """Send ``events``, hang up when as many have been answered; return what came and the close code."""
    received = []
    try:
        for event in ("", *events):
            if event:
                await ws.send(event if isinstance(event, str) else json.dumps(event))
            received.append(json.loads(await ws.recv()))
        await ws.close()
    except ConnectionClosed:
        pass
    return received, ws.close_code


def converse(
    server: ReplayServer, *events: dict[str, Any] | str, query: str = "?model=gpt-realtime", **headers: str
) -> tuple[list[dict[str, Any]], int | None]:
    async def bounded() -> tuple[list[dict[str, Any]], int | None]:
        async with asyncio.timeout(5):
            sent = {**BEARER, **headers}
            async with connect(server.url + query, additional_headers=sent, proxy=None) as ws:
                return await take(ws, *events)

    return asyncio.run(bounded())


def test_a_client_that_does_what_was_done_is_told_what_was_said() -> None:
    with replayed() as server:
        received, code = converse(server, {**UPDATE, "event_id": "an id of its own"})
    assert [each["type"] for each in received] == ["session.created", "session.updated"]
    assert (code, server.differences, server.missing()) == (1000, [], None)


def test_the_next_client_is_given_the_next_connection_and_then_the_first_again() -> None:
    refused = (
        request(),
        text(Sender.SERVER, {"type": "error"}),
        Frame(2.0, Sender.SERVER, "close", "invalid_request_error.invalid_api_key", 3000),
    )
    with replayed(*EXCHANGE, *refused) as server:
        codes = [converse(server, UPDATE)[1] for _ in range(3)]
    assert codes == [1000, 3000, 1000]
    assert server.missing() is None


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (
            {**UPDATE, "session": {"type": "realtime", "audio": {"output": {"voice": "marin"}}}},
            'session.update: session.audio.output.voice is sent as "marin", recorded is "alloy"',
        ),
        (
            {**UPDATE, "session": {"type": "realtime", "audio": {"output": {}}}},
            'session.update: session.audio.output.voice was recorded ("alloy") and is not sent',
        ),
        (
            {**UPDATE, "session": {**UPDATE["session"], "voice": "alloy"}},  # type: ignore[dict-item]
            'session.update: session.voice is sent ("alloy") and was not recorded',
        ),
        ({"type": "response.create"}, "the client sent response.create where session.update was recorded"),
        ("no JSON", "the client sent 7 characters that are no event where session.update was recorded"),
    ],
)
def test_a_client_that_sends_something_else_is_told_where(sent: dict[str, Any] | str, said: str) -> None:
    with replayed() as server:
        received, code = converse(server, sent)
    assert server.differences == [f"night.jsonl, line 4: {said}"]
    assert received[-1]["error"]["message"] == server.differences[0]
    assert code == DIFFERENT


@pytest.mark.parametrize(
    ("query", "headers", "said"),
    [
        (
            "?model=gpt-realtime",
            {"OpenAI-Beta": "realtime=v1"},
            "the header openai-beta is sent and was not recorded",
        ),
        ("?model=other", {}, 'query.model is sent as "other", recorded is "gpt-realtime"'),
        ("", {}, 'query.model was recorded ("gpt-realtime") and is not sent'),
    ],
)
def test_another_handshake_is_a_difference(query: str, headers: dict[str, str], said: str) -> None:
    with replayed() as server:
        received, code = converse(server, query=query, **headers)
    assert server.differences == [f"night.jsonl, line 2: handshake: {said}"]
    assert (received[0]["error"]["code"], code) == ("replay_mismatch", DIFFERENT)


def test_other_audio_is_named_by_its_size_and_not_quoted() -> None:
    append = {"type": "input_audio_buffer.append", "audio": "AAAA"}
    with replayed(request(), text(Sender.SERVER, {"type": "x"}), text(Sender.CLIENT, append)) as server:
        converse(server, {**append, "audio": "BBBBCCCC"})
    assert server.differences == [
        "night.jsonl, line 4: input_audio_buffer.append: audio is other audio than recorded "
        "(8 base64 characters, not 4)"
    ]


def test_a_client_that_leaves_early_is_a_difference() -> None:
    with replayed() as server:
        converse(server)
    assert server.differences == [
        "night.jsonl, line 4: the client hung up with 1000 where session.update was recorded"
    ]


def test_a_client_that_never_comes_is_missing() -> None:
    with replayed() as server:
        pass
    assert server.missing() == "night.jsonl: the client came through 0 of the 1 recorded connections"


def test_a_connection_that_was_lost_is_lost_again() -> None:
    with replayed(request(), text(Sender.SERVER, {"type": "session.created"})) as server:
        _, code = converse(server, UPDATE)
    assert code == 1006
    assert server.missing() is None


def test_an_upgrade_that_was_refused_is_refused_again() -> None:
    refusal = Frame(1.0, Sender.SERVER, "upgrade", "HTTP/1.1 401 Unauthorized", 401)
    with replayed(request(), refusal) as server, pytest.raises(Exception, match="HTTP 401"):
        converse(server)
    assert server.missing() is None


@pytest.mark.parametrize(("one", "other"), [([1, 2], [1, 2, 3]), (True, 1), (None, 0), ("1", 1)])
def test_values_that_only_look_alike_differ(one: Any, other: Any) -> None:
    assert list(differences({"a": one}, {"a": other}))
    assert not list(differences({"a": one}, {"a": one}))


def run(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "realtime_server", "--port", "0", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("voice", "exit_code"), [("alloy", 0), ("marin", 1)])
def test_the_command_serves_a_file_and_its_exit_code_says_whether_it_was_followed(
    tmp_path: Path, voice: str, exit_code: int
) -> None:
    file = tmp_path / "night.jsonl"
    file.write_text(Recording(EMBEDDED, datetime.now(UTC), EXCHANGE).to_jsonl())
    with run("--replay", str(file)) as process:
        try:
            url = process.stdout.readline().removeprefix("listening on ").strip()
            update = json.loads(json.dumps(UPDATE).replace("alloy", voice))

            async def scene() -> None:
                async with (
                    asyncio.timeout(5),
                    connect(f"{url}?model=gpt-realtime", additional_headers=BEARER, proxy=None) as ws,
                ):
                    await take(ws, update)

            asyncio.run(scene())
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=10)
        finally:
            process.kill()
    assert process.returncode == exit_code
    assert ("session.audio.output.voice" in log) is bool(exit_code)


@pytest.mark.parametrize(("content", "said"), [("{}", "is no recording"), (None, "No such file")])
def test_the_command_refuses_what_is_no_recording_in_one_sentence(
    tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "night.jsonl"
    if content is not None:
        file.write_text(content)
    with run("--replay", str(file)) as process:
        out, error = process.communicate(timeout=20)
    assert (process.returncode, out, error.count("\n")) == (2, "", 1)
    assert said in error
