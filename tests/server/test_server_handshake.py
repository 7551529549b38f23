"""The opening handshake: who is let in, who is turned away and how that looks."""

from __future__ import annotations

import asyncio
import json
import socket
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from realtime_server import Answer, CloseWith, RealtimeServer, Script, Sender, rules

KEY = "sk-live-0123456789abcdef"
_HANDSHAKE = (
    b"GET /v1/realtime?model=gpt-realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: bshQ9YCTYep+eRnmAqahag==\r\n"
    b"Sec-WebSocket-Version: 13\r\nAuthorization: Bearer k\r\n\r\n"
)


@pytest.mark.parametrize(
    "arguments",
    [
        {"query": "?model=gpt-realtime"},
        {"query": "?model=gpt-realtime-mini-2025-12-15"},
        {"query": "?intent=transcription"},
        {"headers": {"OpenAI-Safety-Identifier": "u1"}},
        {"subprotocols": ["realtime"]},
        {"key": None, "subprotocols": ["realtime", f"openai-insecure-api-key.{KEY}"]},
    ],
)
@pytest.mark.shows(rules.SUBPROTOCOL_ANSWER, rules.SUBPROTOCOL_KEY)
def test_the_neighbouring_handshake_is_let_in(server, open_client, play, arguments):
    async def scene():
        async with open_client(**arguments) as client:
            return client.ws.subprotocol

    offered = "realtime" in arguments.get("subprotocols", [])
    assert play(scene()) == ("realtime" if offered else None)
    assert server.wait_for_connection().refusals == []


@pytest.mark.shows(rules.CHECK_ORDER)
def test_the_key_is_judged_before_the_protocol_and_the_protocol_before_the_model(server, open_client, play):
    async def scene(**arguments):
        beta = {"OpenAI-Beta": "realtime=v1"}
        async with open_client(query="", headers=beta, greeted=False, **arguments) as client:
            return await client.end()

    play(scene(key="wrong-key"))
    play(scene(key="sk-good"))
    assert [c.refusals[0].rule_id for c in server.connections] == ["RT-connect-04", "RT-connect-01"]


TIMINGS = {
    "error then close": (["error"], 4000),
    "error, pause, close": (["error"], 4000),
    "close only": ([], 4000),
    "error only then end of stream": (["error"], None),
}


@pytest.mark.parametrize("timing", TIMINGS)
def test_the_same_refusal_in_every_timing(server, open_client, play, timing):
    server.script.refusal_timing = timing

    async def scene():
        async with open_client(headers={"OpenAI-Beta": "realtime=v1"}, greeted=False) as client:
            return await client.end()

    events, code, _ = play(scene())
    assert ([e["type"] for e in events], code) == TIMINGS[timing]
    connection = server.wait_for_connection()
    connection.wait_closed()
    assert connection.closed_by == "server"
    assert connection.close_code == (code or 1006)
    assert [r.rule_id for r in connection.refusals] == ["RT-connect-01"]
    assert connection.transcript.frames[-2 if code else -1].rule == "RT-connect-01"


def test_what_a_client_sends_into_a_refusal_is_written_down_and_not_answered(server, open_client, play):
    server.script.refusal_timing = "error, pause, close"

    async def scene():
        async with open_client(headers={"OpenAI-Beta": "realtime=v1"}, greeted=False) as client:
            await client.send({"type": "session.update", "session": {"type": "realtime"}})
            return await client.end()

    events, _, _ = play(scene())
    assert len(events) == 1
    connection = server.wait_for_connection()
    connection.wait_closed()
    assert connection.transcript.types(Sender.CLIENT) == ["session.update"]
    assert [f.note for f in connection.transcript.frames if f.type == "session.update"] != [""]


@pytest.mark.parametrize(
    ("target", "status", "rule"),
    [
        ("/v2/realtime?model=gpt-realtime", 404, rules.UNKNOWN_PATH),
        ("/v1/realtime?call_id=c1", 501, rules.NO_CALL_ID),
    ],
)
def test_what_is_not_served_is_refused_in_http_and_says_so(server, play, target, status, rule):
    base = server.url.removesuffix("/v1/realtime")

    async def scene():
        await connect(base + target, additional_headers={"Authorization": "Bearer k"})

    with pytest.raises(InvalidStatus) as refused:
        play(scene())
    assert refused.value.response.status_code == status
    assert rule.id in refused.value.response.body.decode()
    connection = server.wait_for_connection()
    connection.wait_closed()
    assert connection.refusals[0].rule_id == rule.id
    assert connection.transcript.frames[1].code == status


def test_the_request_can_be_read_and_the_credential_cannot(server, open_client, play, caplog):
    caplog.set_level("DEBUG")

    async def scene():
        async with open_client(
            f"?model=gpt-realtime&note={KEY}",
            key=KEY,
            subprotocols=["realtime", f"openai-insecure-api-key.{KEY}"],
        ) as client:
            await client.ask({"type": KEY})

    # The client library logs its own request at DEBUG; only the server's logger is looked at here.
    play(scene())
    connection = server.wait_for_connection()
    connection.wait_closed()
    request = connection.request
    assert (request.path, request.query["model"]) == ("/v1/realtime", "gpt-realtime")
    assert request.header("authorization") == "Bearer ***"
    assert request.subprotocols == ("realtime", "openai-insecure-api-key.***")
    assert request.has_header("Sec-WebSocket-Version")
    assert not request.has_header("OpenAI-Beta")
    assert request.bearer_is(KEY)
    assert not request.bearer_is(KEY[:-1])
    logged = [r.getMessage() for r in caplog.records if r.name.startswith("realtime_server")]
    shown = [repr(request), repr(vars(request)), repr(connection.refusals), connection.transcript.to_jsonl()]
    assert any("RT-frame-03" in line for line in logged)
    assert [text for text in [*shown, *logged] if KEY in text or KEY[3:] in text] == []


@pytest.mark.parametrize("sent", ["Bearer tiny-one", "Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"])
def test_an_authorization_is_masked_whatever_it_is(server, open_client, play, sent):
    async def scene():
        async with open_client(key=None, headers={"Authorization": sent}, greeted=False) as client:
            await client.receive()

    play(scene())
    connection = server.wait_for_connection()
    connection.wait_closed()
    assert sent.split()[-1] not in connection.transcript.to_jsonl() + repr(connection.request)


def test_a_bearer_is_never_equal_when_none_was_sent(server, open_client, play):
    async def scene():
        async with open_client(key=None, greeted=False) as client:
            await client.end()

    play(scene())
    assert not server.wait_for_connection().request.bearer_is("")


@pytest.mark.shows(rules.CREATED_AT_ONCE)
def test_the_session_is_created_at_once_and_then_nothing_comes(server, open_client, play):
    async def scene():
        async with open_client(greeted=False) as client:
            return await client.nothing_more()

    (created,) = play(scene())
    assert created["type"] == "session.created"
    frames = server.wait_for_connection().transcript.frames
    assert frames[2].type == "session.created"
    assert frames[2].at_ms < 500


def test_a_port_in_use_is_named_with_the_remedy():
    with RealtimeServer() as first:
        port = int(first.url.split(":")[2].split("/")[0])
        second = RealtimeServer(port=port)
        with pytest.raises(OSError, match=rf"port {port} is in use: .*choose another"):
            second.start()
        second.stop()


def _wait_until_stuck(connection):
    """Wait until nothing more goes out, because nobody reads."""
    before, now = -1, 0
    while now != before or not now:
        time.sleep(0.2)
        before, now = now, connection.transcript.types(Sender.SERVER).count("response.output_audio.delta")


@pytest.mark.parametrize("busy", [False, True])
def test_stopping_is_quick_even_when_a_client_neither_reads_nor_answers_the_close(busy):
    script = Script(answers=[Answer(audio=bytes(12_000_000))])
    with RealtimeServer(script) as server, socket.create_connection(("127.0.0.1", _port(server))) as raw:
        raw.sendall(_HANDSHAKE)
        connection = server.wait_for_connection()
        connection.wait_for(Sender.SERVER, "session.created")
        if busy:
            payload = b'{"type":"response.create"}'
            raw.sendall(bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload)  # masked with zeros
            _wait_until_stuck(connection)
        began = time.monotonic()
        server.stop()
        server.stop()
        assert time.monotonic() - began < 1.8
        assert (connection.closed_by, connection.close_code) == ("server", 1001)


def test_a_client_that_says_goodbye_and_leaves_tcp_open_is_let_go():
    with RealtimeServer() as server, socket.create_connection(("127.0.0.1", _port(server))) as raw:
        raw.sendall(_HANDSHAKE)
        connection = server.wait_for_connection()
        connection.wait_for(Sender.SERVER, "session.created")
        raw.sendall(bytes([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8]))  # a close frame with code 1000
        connection.wait_closed(timeout_s=2)
        assert (connection.closed_by, connection.close_code) == ("client", 1000)


def test_a_reset_from_outside_reaches_the_client_without_a_close_frame(server, open_client, play):
    async def scene():
        async with open_client() as client:
            await asyncio.to_thread(server.reset_connection, server.wait_for_connection())
            with pytest.raises(ConnectionClosed) as lost:
                await client.receive()
            return lost.value.rcvd

    assert play(scene()) is None
    connection = server.wait_for_connection()
    connection.wait_closed()
    assert (connection.closed_by, connection.close_code) == ("server", 1006)


def test_waiting_in_vain_says_what_was_seen(server, open_client, play):
    async def scene():
        async with open_client() as client:
            await client.ask({"type": "input_audio_buffer.clear"})
            connection = server.wait_for_connection()
            with pytest.raises(TimeoutError, match=r"response\.done.*input_audio_buffer\.cleared"):
                connection.wait_for(Sender.SERVER, "response.done", timeout_s=0.01)
            with pytest.raises(TimeoutError, match="still open"):
                connection.wait_closed(timeout_s=0.01)
            with pytest.raises(TimeoutError, match=r"no connection 1 .* 1 so far"):
                server.wait_for_connection(1, timeout_s=0.01)

    play(scene())


def test_a_close_by_the_client_is_told_from_one_by_the_server(server, open_client, play):
    async def scene():
        async with open_client() as client:
            await client.ws.close(4321, "enough")

    play(scene())
    connection = server.wait_for_connection()
    connection.wait_closed()
    assert (connection.closed_by, connection.close_code, connection.close_reason) == (
        "client",
        4321,
        "enough",
    )


@pytest.mark.parametrize(("code", "reason"), [(1005, ""), (999, ""), (5000, ""), (1000, "x" * 124)])
def test_a_close_that_cannot_be_sent_cannot_be_scripted(code, reason):
    with pytest.raises(ValueError, match=r"^(code|reason): "):
        CloseWith(code, reason)


def test_each_frame_is_told_to_whoever_listens(server, open_client, play):
    told = []
    server.on_frame = lambda connection, frame: told.append((connection.number, frame))

    async def scene():
        async with open_client() as client:
            await client.ask({"type": "input_audio_buffer.clear"})

    play(scene())
    connection = server.wait_for_connection()
    connection.wait_closed()
    server.stop()
    assert [frame for _, frame in told] == list(connection.transcript.frames)
    assert json.loads(told[2][1].payload)["type"] == "session.created"


def _port(server: RealtimeServer) -> int:
    return int(server.url.split(":")[2].split("/")[0])


def test_a_server_can_be_told_to_forget(play):
    async def call(url):
        async with connect(
            f"{url}?model=gpt-realtime", additional_headers={"Authorization": "Bearer k"}
        ) as ws:
            return json.loads(await ws.recv())["session"]["id"]

    with RealtimeServer() as server:
        server.remembers = 2
        ids = [play(call(server.url)) for _ in range(4)]
        assert [connection.number for connection in server.connections] == [2, 3]
    assert len(set(ids)) == 4
