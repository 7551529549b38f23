"""Clients that cannot behave: unreadable handshakes, frames against RFC 6455, floods, silent sockets."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from realtime_server import RealtimeServer, rules
from realtime_server import server as server_module
from realtime_server.server import HOST

KEY = "Sec-WebSocket-Key: bshQ9YCTYep+eRnmAqahag==\r\nSec-WebSocket-Version: 13\r\n"
UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
LINE = "GET /v1/realtime?model=gpt-realtime HTTP/1.1"
CLEAR = b'{"type": "input_audio_buffer.clear"}'
TEXT, BINARY, CLOSE, PING, CONTINUED = 1, 2, 8, 9, 0


def handshake(line: str = LINE, more: str = "", *, upgrade: str = UPGRADE, key: str = KEY) -> bytes:
    return f"{line}\r\nHost: x\r\nAuthorization: Bearer k\r\n{upgrade}{key}{more}\r\n".encode()


def frame(
    opcode: int, payload: bytes = b"", *, first_byte: int = 0x80, masked: bool = True, length=None
) -> bytes:
    """A client's frame; ``first_byte`` holds FIN and the reserved bits, ``length`` may lie."""
    length, mask = len(payload) if length is None else length, 0x80 if masked else 0
    size = bytes([mask | length]) if length < 126 else bytes([mask | 127]) + struct.pack("!Q", length)
    return bytes([first_byte | opcode]) + size + (bytes(4) if masked else b"") + payload


@contextmanager
def sent(address, data: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=5) as raw:
        raw.sendall(data)
        yield raw


def everything(raw: socket.socket) -> bytes:
    """Read until the server ends the connection."""
    received = b""
    try:
        while chunk := raw.recv(65_536):
            received += chunk
    except ConnectionResetError:  # what it had not read is lost when it closes
        pass
    return received


def frames(received: bytes) -> list[tuple[int, bytes]]:
    """The server's frames, which are never masked, fragmented or larger than 64 KiB here."""
    found, left = [], received.partition(b"\r\n\r\n")[2]
    while left:
        length, start = left[1], 2
        if length == 126:
            length, start = struct.unpack("!H", left[2:4])[0], 4
        found.append((left[0] & 0x0F, left[start : start + length]))
        left = left[start + length :]
    return found


@pytest.fixture(autouse=True)
def the_next_client_is_served(open_client, play):
    """Whatever a client did, the next one has its turn."""
    yield

    async def scene():
        async with open_client() as client:
            return (await client.ask({"type": "input_audio_buffer.clear"}))["type"]

    assert play(scene()) == "input_audio_buffer.cleared"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (handshake(key=""), "400"),
        (handshake(key=KEY.replace("13", "8")), "400"),
        (handshake(upgrade=""), "426"),
        (handshake("GET /v1/realtime HTTP/1.0"), "505"),
        (handshake("HEAD /v1/realtime HTTP/1.1"), "404"),
        (handshake("PRI * HTTP/2.0"), "404"),
        (handshake(f"GET /v1/realtime?model={'x' * 20_000} HTTP/1.1"), "414"),
        (handshake(more=f"X: {'y' * 20_000}\r\n"), "431"),
        (handshake(more=f"X: {'y' * 70_000}\r\n"), "431"),
        (handshake(more="X: y\r\n" * 300), "431"),
    ],
)
def test_a_handshake_that_is_none_is_answered_in_http(address, asked, status):
    with sent(address, asked) as raw:
        assert everything(raw).split(b" ", 2)[1].decode() == status


@pytest.mark.parametrize(
    "asked",
    [
        handshake("GET"),
        handshake("GET  /v1/realtime  HTTP/1.1"),
        handshake(more="no colon here\r\n"),
        handshake(more="X: y\r\n folded\r\n"),
        handshake(more="Content-Length: 5\r\n") + b"hello",
    ],
)
def test_a_handshake_that_cannot_be_read_is_answered_with_what_can(server, address, asked):
    with sent(address, asked) as raw:
        answer = everything(raw)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request")
    assert b"send GET /v1/realtime?model=<model> HTTP/1.1" in answer
    assert server.connections == []


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (frame(TEXT, CLEAR, masked=False), 1002),
        (frame(TEXT, CLEAR, first_byte=0xC0), 1002),
        (frame(TEXT, CLEAR, first_byte=0xA0), 1002),
        (frame(3, CLEAR), 1002),
        (frame(CONTINUED, CLEAR), 1002),
        (frame(TEXT, b"{", first_byte=0) + frame(TEXT, b"}"), 1002),
        (frame(PING, b"x", first_byte=0), 1002),
        (frame(PING, b"x" * 126), 1002),
        (frame(CLOSE, b"x"), 1002),
        (frame(CLOSE, struct.pack("!H", 1005)), 1002),
        (frame(TEXT, b"\xff\xfe"), 1007),
        (frame(TEXT, length=40 << 20), 1009),
        (frame(TEXT, length=1 << 40), 1009),
        (frame(TEXT, b"{", first_byte=0) + frame(CONTINUED, first_byte=0) * 5_000, 1009),
    ],
)
def test_a_frame_against_the_rules_of_websocket_ends_the_connection_with_its_code(server, address, bad, code):
    with sent(address, handshake()) as raw:
        connection = server.wait_for_connection()
        connection.wait_for("server", "session.created")
        raw.sendall(bad)
        *_, (opcode, payload) = frames(everything(raw))
    assert (opcode, struct.unpack("!H", payload[:2])[0]) == (CLOSE, code)
    connection.wait_closed()
    assert (connection.closed_by, connection.close_code) == ("server", code)


def test_a_ping_between_two_fragments_is_answered_and_the_event_is_whole(server, address):
    half = len(CLEAR) // 2
    parts = frame(TEXT, CLEAR[:half], first_byte=0), frame(PING, b"hi"), frame(CONTINUED, CLEAR[half:])
    with sent(address, handshake()) as raw:
        connection = server.wait_for_connection()
        connection.wait_for("server", "session.created")
        raw.sendall(b"".join(parts))
        connection.wait_for("server", "input_audio_buffer.cleared")
        raw.sendall(frame(CLOSE, struct.pack("!H", 1000)))
        created, pong, cleared, closed = frames(everything(raw))
    assert pong == (10, b"hi")
    assert json.loads(created[1])["type"] == "session.created"
    assert json.loads(cleared[1])["type"] == "input_audio_buffer.cleared"
    assert closed[0] == CLOSE


def test_a_flood_is_answered_event_by_event_and_another_client_meanwhile(open_client, play):
    async def scene():
        async with open_client() as flooding, open_client() as other:
            for number in range(3_000):
                await flooding.send({"type": "nope", "event_id": f"e{number}"})
            quiet = await other.ask({"type": "input_audio_buffer.clear"})
            refused = [(await flooding.receive())["error"]["event_id"] for _ in range(3_000)]
            return quiet["type"], refused

    quiet, refused = play(scene())
    assert quiet == "input_audio_buffer.cleared"
    assert refused == [f"e{number}" for number in range(3_000)]


def test_sockets_that_say_nothing_keep_nobody_out(address, ask):
    silent = [socket.create_connection(address, timeout=5) for _ in range(200)]
    assert ask("GET", "/v1/models")[0] == 200
    for raw in silent:
        raw.close()


@pytest.mark.shows(rules.PINGS)
def test_a_client_that_says_nothing_is_pinged_with_four_bytes_and_nothing_else_is_said(monkeypatch):
    assert server_module._PING_EVERY_S == 20
    monkeypatch.setattr(server_module, "_PING_EVERY_S", 0.05)
    with RealtimeServer() as server:
        address = HOST, int(server.url.partition("//")[2].partition("/")[0].partition(":")[2])
        with sent(address, handshake()) as raw:
            received = b""
            while received.count(b"\x89\x04") < 2:
                received += raw.recv(65_536)
            said = frames(received)
    assert [opcode for opcode, _ in said] == [TEXT, PING, PING]
    assert {len(payload) for opcode, payload in said if opcode == PING} == {4}
