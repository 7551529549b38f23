"""The adapter over a real socket: deadlines, refusals in every timing, the end of connections, secrets."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import socket
import struct
import threading
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from realtime_adapter import (
    AgentRole,
    AudioChunk,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    InvalidApiKey,
    InvalidAudio,
    LocalProtocolError,
    MalformedApiKey,
    MissingApiKey,
    NotConnected,
    OpenAIRealtimeAgentAdapter,
    RealtimeError,
    RemoteProtocolError,
    ServerError,
    SessionRefused,
)
from realtime_adapter import adapter as public
from realtime_adapter import connection as shell
from realtime_adapter import dial as dialling
from tests.adapter.scripted_peer import KEY, Peer, in_force, run, session, staged, whole_turn

SECOND = AudioChunk(b"\x01\x02" * 24_000)
REFUSED_KEY = ("invalid_api_key", f"Incorrect API key provided: {KEY}.")
REFUSED_CLOSE = (3000, "invalid_request_error.invalid_api_key")


async def flood(adapter: OpenAIRealtimeAgentAdapter) -> None:
    """Send more than the buffers of both sides hold, and nothing that could be compressed."""
    for _ in range(10):
        await adapter.send_audio(AudioChunk(os.urandom(2_000_000)))


async def answering(peer: Peer) -> None:
    """Answer each request with two slices of one sample."""
    await peer.open_session()
    turn = 0
    with contextlib.suppress(Exception):
        while True:
            await peer.hear_until("response.create")
            turn += 1
            await peer.answer(f"r{turn}", struct.pack("<h", turn), struct.pack("<h", -turn))


async def drop(connection: ServerConnection) -> None:
    """End the connection with a TCP reset."""
    connection.transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    connection.transport.abort()


# ----------------------------------------------------------------------- connecting


def test_a_connection_is_opened_configured_and_closed() -> None:
    async def scene() -> None:
        async with staged(answering) as stage:
            adapter = stage.adapter(instructions="Be brief.")
            assert (adapter.connected, adapter.session) == (False, None)
            async with adapter as entered:
                assert entered is adapter
                assert adapter.connected
                assert adapter.session == in_force(stage.peers[0].received[0]["session"])
            assert (adapter.connected, adapter.session) == (False, None)
            request = stage.connections[0].request
            assert request is not None
            assert request.path == "/v1/realtime?model=gpt-realtime-2.1-mini"
            assert request.headers["Authorization"] == f"Bearer {KEY}"
            assert "OpenAI-Beta" not in request.headers
            assert "Sec-WebSocket-Protocol" not in request.headers
            await stage.connections[0].wait_closed()
            assert stage.connections[0].close_code == 1000
            assert stage.sent() == ["session.update"]

    run(scene())


@pytest.mark.parametrize(("key", "error"), [(None, MissingApiKey), ("sk bad", MalformedApiKey)])
def test_without_a_usable_key_nothing_is_dialled(key: str | None, error: type) -> None:
    async def scene() -> None:
        async with staged(answering) as stage:
            with pytest.raises(error):
                await stage.adapter(api_key=key).connect()
            assert not stage.connections

    run(scene())


def test_connecting_twice_is_refused_and_the_connection_stays() -> None:
    async def scene() -> None:
        async with staged(answering) as stage, stage.adapter() as adapter:
            with pytest.raises(LocalProtocolError, match="twice"):
                await adapter.connect()
            await adapter.send_audio(SECOND)
            assert await whole_turn(adapter) == b"\x01\x00\xff\xff"
            assert len(stage.connections) == 1

    run(scene())


@pytest.mark.parametrize("at", ["session.created", "session.updated"])
def test_a_silent_server_is_a_deadline_that_names_what_is_missing(at: str) -> None:
    async def play(peer: Peer) -> None:
        if at == "session.updated":
            await peer.say("session.created", session=session())
        await peer.stay()

    async def scene() -> None:
        async with staged(play) as stage:
            adapter = stage.adapter(connect_timeout_s=0.1)
            with pytest.raises(DeadlineExceeded) as caught:
                await adapter.connect()
            seen = {"session.created": "nothing", "session.updated": "session.created"}[at]
            assert (caught.value.awaited, caught.value.last_seen, caught.value.timeout_s) == (at, seen, 0.1)
            assert not adapter.connected
            await asyncio.wait_for(stage.connections[0].wait_closed(), 1)

    run(scene())


@contextlib.asynccontextmanager
async def listening(answer: bytes) -> AsyncIterator[str]:
    """Serve something that answers whatever it reads first with ``answer``; gives its host and port."""
    handled: list[asyncio.Task[Any]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handled.append(task)
        with contextlib.suppress(OSError):
            await reader.read(64)
            writer.write(answer)
            while answer and not reader.at_eof():
                writer.write_eof()
                await reader.read(4_096)
            await reader.read()
            writer.close()
            await writer.wait_closed()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.wait(handled, timeout=1)


def test_a_server_that_never_answers_the_upgrade_is_a_deadline() -> None:
    async def scene() -> None:
        async with listening(b"") as place:
            adapter = OpenAIRealtimeAgentAdapter(url=f"ws://{place}/", api_key=KEY, connect_timeout_s=0.1)
            words = r"No WebSocket upgrade within 0\.1 s; last seen: nothing"
            with pytest.raises(DeadlineExceeded, match=words):
                await adapter.connect()

    run(scene())


def test_nobody_there_is_said_with_the_remedy() -> None:
    async def scene() -> None:
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            port = reserved.getsockname()[1]
        with pytest.raises(ConnectionFailed, match=r"endpoint cannot be reached.*Check the endpoint"):
            await OpenAIRealtimeAgentAdapter(url=f"ws://127.0.0.1:{port}/", api_key=KEY).connect()

    run(scene())


def test_an_unknown_host_is_said_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def scene() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
        with pytest.raises(ConnectionFailed, match="host name cannot be resolved: Name or service not known"):
            await OpenAIRealtimeAgentAdapter(url="ws://no.such.host/r", api_key=KEY).connect()

    run(scene())


@pytest.mark.parametrize(
    ("scheme", "answer", "words"),
    [
        ("wss", b"HTTP/1.1 400 Bad Request\r\n\r\n", r"TLS with the endpoint failed.*ws://"),
        ("ws", b"220 mail.example ESMTP\r\n\r\n", "did not answer as a WebSocket server"),
        ("ws", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP 200"),
    ],
)
def test_a_server_of_another_kind_is_said_with_the_remedy(scheme: str, answer: bytes, words: str) -> None:
    async def scene() -> None:
        async with listening(answer) as place:
            with pytest.raises(ConnectionFailed, match=words):
                await OpenAIRealtimeAgentAdapter(url=f"{scheme}://{place}/", api_key=KEY).connect()

    run(scene())


@pytest.mark.parametrize(
    ("status", "words"), [(401, "Check the key"), (404, "path"), (503, "stands between")]
)
def test_another_answer_to_the_upgrade_is_said_with_its_status(status: int, words: str) -> None:
    def refuse(connection: ServerConnection, _: Request) -> Response:
        return connection.respond(status, f"no, {KEY}\n")

    async def scene() -> None:
        async with staged(answering, process_request=refuse) as stage:
            with pytest.raises(ConnectionFailed, match=f"HTTP {status}.*{words}") as caught:
                await stage.adapter().connect()
            assert caught.value.http_status == status

    run(scene())


# -------------------------------------------------------------------------- refusals


async def error_then_close(peer: Peer) -> None:
    await peer.refuse(*REFUSED_KEY)
    await peer.connection.close(*REFUSED_CLOSE)


async def error_pause_close(peer: Peer) -> None:
    await peer.refuse(*REFUSED_KEY)
    await asyncio.wait({asyncio.ensure_future(peer.connection.wait_closed())}, timeout=0.1)
    await peer.connection.close(*REFUSED_CLOSE)


async def close_only(peer: Peer) -> None:
    await peer.connection.close(*REFUSED_CLOSE)


async def error_then_end(peer: Peer) -> None:
    await peer.refuse(*REFUSED_KEY)
    peer.connection.transport.close()


async def error_then_reset(peer: Peer) -> None:
    await peer.refuse(*REFUSED_KEY)
    await drop(peer.connection)


async def error_and_silence(peer: Peer) -> None:
    await peer.refuse(*REFUSED_KEY)
    await peer.stay()


@pytest.mark.parametrize(
    "refusal",
    [
        error_then_close,
        error_pause_close,
        close_only,
        error_then_end,
        error_then_reset,
        error_and_silence,
    ],
)
@pytest.mark.parametrize("after", ["upgrade", "session.created"])
def test_the_same_refusal_is_the_same_error_in_every_timing(
    refusal: Any, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "REFUSAL_GRACE_S", 0.2)

    async def play(peer: Peer) -> None:
        if after == "session.created":
            await peer.say("session.created", session=session())
            await peer.hear("session.update")
        await refusal(peer)

    async def scene() -> None:
        async with staged(play) as stage:
            adapter = stage.adapter(connect_timeout_s=30.0)
            with pytest.raises(InvalidApiKey) as caught:
                await adapter.connect()
            error = caught.value
            assert (error.code, error.close_code, error.close_reason) == ("invalid_api_key", *REFUSED_CLOSE)
            assert "OPENAI_API_KEY" in error.remedy
            assert not adapter.connected
            assert KEY not in "".join(traceback.format_exception(error))

    run(scene())


def test_a_refused_session_fails_the_connection_and_hangs_up() -> None:
    async def play(peer: Peer) -> None:
        await peer.say("session.created", session=session())
        update = await peer.hear("session.update")
        await peer.refuse("unknown_parameter", "Unknown.", param="session.voice", event_id=update["event_id"])
        await peer.stay()

    async def scene() -> None:
        async with staged(play) as stage:
            with pytest.raises(SessionRefused) as caught:
                await stage.adapter().connect()
            assert (caught.value.code, caught.value.param) == ("unknown_parameter", "session.voice")
            await asyncio.wait_for(stage.connections[0].wait_closed(), 1)

    run(scene())


def test_another_session_in_force_fails_the_connection() -> None:
    async def play(peer: Peer) -> None:
        await peer.say("session.created", session=session())
        await peer.hear("session.update")
        await peer.say("session.updated", session=session())
        await peer.stay()

    async def scene() -> None:
        async with staged(play) as stage:
            with pytest.raises(SessionRefused, match=r"session\.audio\.input\.transcription is null"):
                await stage.adapter().connect()

    run(scene())


@pytest.mark.parametrize("frame", ["{", b"\x00\x01"])
def test_a_server_that_speaks_something_else_fails_the_connection(frame: str | bytes) -> None:
    async def play(peer: Peer) -> None:
        await peer.connection.send(frame)
        await peer.stay()

    async def scene() -> None:
        async with staged(play) as stage:
            with pytest.raises(RemoteProtocolError):
                await stage.adapter().connect()

    run(scene())


@pytest.mark.parametrize("way", ["send_audio", "send_text", "interrupt", "recv_audio"])
def test_a_refusal_that_arrived_while_the_loop_stood_still_survives_the_next_call(way: str) -> None:
    """The peer refuses and is gone; a write to its closed socket would otherwise destroy what it said."""
    gone = threading.Event()

    async def play(peer: Peer) -> None:
        await peer.open_session()
        await peer.hear_until("input_audio_buffer.append")
        await peer.refuse(*REFUSED_KEY)
        peer.connection.transport.close()

    def serve_elsewhere(started: threading.Event, place: list[str]) -> None:
        async def scene() -> None:
            async with staged(play) as stage:
                place.append(stage.url)
                started.set()
                while not stage.connections:
                    await asyncio.wait_for(asyncio.sleep(0.005), 1)
                await stage.connections[0].wait_closed()
                gone.set()

        asyncio.run(asyncio.wait_for(scene(), 5))

    started: threading.Event = threading.Event()
    place: list[str] = []
    server = threading.Thread(target=serve_elsewhere, args=(started, place))
    server.start()
    assert started.wait(2)
    calls: dict[str, Callable[[OpenAIRealtimeAgentAdapter], Any]] = {
        "send_audio": lambda adapter: adapter.send_audio(SECOND),
        "send_text": lambda adapter: adapter.send_text("hello"),
        "interrupt": lambda adapter: adapter.interrupt(),
        "recv_audio": lambda adapter: adapter.recv_audio(1.0),
    }
    loop = asyncio.new_event_loop()
    try:
        adapter = OpenAIRealtimeAgentAdapter(url=place[0], api_key=KEY)
        loop.run_until_complete(adapter.connect())
        loop.run_until_complete(adapter.send_audio(SECOND))
        assert gone.wait(2)  # and the client's loop stands still meanwhile
        for _ in range(2):
            with pytest.raises(InvalidApiKey) as caught:
                loop.run_until_complete(calls[way](adapter))
            assert caught.value.close_code == 3000
        loop.run_until_complete(adapter.disconnect())
    finally:
        loop.close()
        server.join(3)
    assert not server.is_alive()


def test_nothing_is_sent_to_a_server_that_may_just_have_refused_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "REFUSAL_GRACE_S", 0.1)

    async def play(peer: Peer) -> None:
        await peer.open_session()
        await peer.hear("input_audio_buffer.append")
        await peer.refuse("session_expired", "Your session hit the maximum duration of 60 minutes.")
        await peer.stay()

    async def scene() -> None:
        refused = asyncio.Event()

        def listen(direction: str, _: str, payload: str, __: int | None) -> None:
            if direction == "server" and "session_expired" in payload:
                refused.set()

        async with staged(play) as stage, stage.adapter(on_frame=listen) as adapter:
            await adapter.send_audio(SECOND)
            await asyncio.wait_for(refused.wait(), 2)
            with pytest.raises(ConnectionLost) as caught:
                await adapter.send_audio(SECOND)
            assert (caught.value.code, caught.value.close_code) == ("session_expired", 1001)
            await adapter.disconnect()
            assert stage.sent() == ["session.update", "input_audio_buffer.append"]

    run(scene())


# ----------------------------------------------------------------------------- turns


def test_speech_is_answered_and_each_turn_is_its_own() -> None:
    async def scene() -> None:
        async with staged(answering) as stage, stage.adapter() as adapter:
            for turn in (1, 2):
                await adapter.send_audio(SECOND)
                await adapter.send_audio(SECOND)
                assert await whole_turn(adapter) == struct.pack("<hh", turn, -turn)
            assert (await adapter.recv_audio(0.0)).data == b""
            await adapter.disconnect()
            turn_events = ["input_audio_buffer.append"] * 2 + ["input_audio_buffer.commit", "response.create"]
            assert stage.sent() == ["session.update", *turn_events, *turn_events]
            ids = [event["event_id"] for event in stage.peers[0].received]
            assert len(set(ids)) == len(ids)

    run(scene())


def test_text_is_answered_in_the_role_of_the_user() -> None:
    async def scene() -> None:
        async with staged(answering) as stage, stage.adapter(role=AgentRole.USER) as adapter:
            adapter.notify_agent_turn()
            await adapter.send_text("When do you open?")
            assert await whole_turn(adapter) == b"\x01\x00\xff\xff"
            await adapter.disconnect()
            assert stage.sent() == ["session.update", "conversation.item.create", "response.create"]

    run(scene())


def test_an_agent_that_speaks_first_does_so_on_every_connection() -> None:
    async def scene() -> None:
        async with staged(answering) as stage:
            adapter = stage.adapter(speaks_first=True)
            for _ in range(2):
                async with adapter:
                    assert await whole_turn(adapter) == b"\x01\x00\xff\xff"
                    assert (await adapter.recv_audio(0.1)).data == b""
                    adapter.notify_agent_turn()
                    assert await whole_turn(adapter) == b"\x02\x00\xfe\xff"
                assert stage.sent() == ["session.update", "response.create", "response.create"]

    run(scene())


def test_nothing_asked_and_nothing_said_is_a_deadline() -> None:
    async def scene() -> None:
        async with staged(answering) as stage, stage.adapter() as adapter:
            with pytest.raises(DeadlineExceeded) as caught:
                await adapter.recv_audio(0.05)
            assert caught.value.awaited == "response.created"
            assert caught.value.last_seen == "session.updated"
            assert isinstance(caught.value, TimeoutError)

    run(scene())


def test_a_deadline_inside_a_turn_loses_nothing_of_it() -> None:
    more = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.open_session()
        await peer.hear_until("response.create")
        await peer.begin("r1")
        await peer.speak("r1", b"\x01\x00")
        await more.wait()
        await peer.speak("r1", b"\x02\x00")
        await peer.finish("r1")
        await peer.stay()

    async def scene() -> None:
        async with staged(play) as stage, stage.adapter() as adapter:
            await adapter.send_audio(SECOND)
            assert (await adapter.recv_audio(1.0)).data == b"\x01\x00"
            with pytest.raises(DeadlineExceeded, match=r"response\.output_audio\.delta or response\.done"):
                await adapter.recv_audio(0.05)
            more.set()
            assert await whole_turn(adapter) == b"\x02\x00"

    run(scene())


def test_transcripts_are_taken_in_whether_or_not_somebody_waits() -> None:
    late = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.open_session()
        await peer.hear_until("response.create")
        await peer.say("input_audio_buffer.committed", item_id="u1")
        await peer.begin("r1")
        await peer.say("response.output_audio_transcript.delta", response_id="r1", delta="Nine.")
        await peer.finish("r1")
        await late.wait()
        name = "conversation.item.input_audio_transcription.completed"
        await peer.say(name, item_id="u1", transcript="When do you open?")
        await peer.stay()

    async def scene() -> None:
        async with staged(play) as stage, stage.adapter() as adapter:
            await adapter.send_audio(SECOND)
            end = await adapter.recv_audio(1.0)
            assert (end.data, end.transcript, adapter.last_agent_transcript) == (b"", "Nine.", "Nine.")
            with pytest.raises(DeadlineExceeded, match=r"input_audio_transcription\.completed"):
                await adapter.wait_for_user_transcript(0.02)
            assert adapter.last_user_transcript is None
            waiting = asyncio.create_task(adapter.wait_for_user_transcript(1.0))
            late.set()
            assert await waiting == adapter.last_user_transcript == "When do you open?"
            await adapter.disconnect()
            assert adapter.last_user_transcript == "When do you open?"

    run(scene())


def test_an_interruption_is_sent_once_and_ends_the_turn() -> None:
    async def play(peer: Peer) -> None:
        await peer.open_session()
        await peer.hear_until("response.create")
        await peer.begin("r1")
        await peer.speak("r1", b"\x01\x00")
        await peer.hear("response.cancel")
        await peer.speak("r1", b"\x09\x00")
        await peer.finish("r1", "cancelled", type="cancelled", reason="client_cancelled")
        await peer.stay()

    async def scene() -> None:
        async with staged(play) as stage, stage.adapter() as adapter:
            await adapter.interrupt()
            await adapter.send_audio(SECOND)
            assert (await adapter.recv_audio(1.0)).data == b"\x01\x00"
            await adapter.interrupt()
            await adapter.interrupt()
            assert await whole_turn(adapter) == b""
            await adapter.interrupt()
            await adapter.disconnect()
            assert stage.sent().count("response.cancel") == 1

    run(scene())


def test_a_deferred_request_is_sent_though_nobody_receives() -> None:
    asked = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.open_session()
        await peer.hear_until("response.create")
        await peer.begin("r1")
        await peer.hear("conversation.item.create")
        await peer.finish("r1")
        await peer.hear("response.create")
        asked.set()
        await peer.stay()

    async def scene() -> None:
        async with staged(play) as stage, stage.adapter() as adapter:
            await adapter.send_text("one")
            with pytest.raises(DeadlineExceeded):
                await adapter.recv_audio(0.05)
            await adapter.send_text("two")
            await asyncio.wait_for(asked.wait(), 1)

    run(scene())


def test_a_server_error_is_raised_and_the_connection_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shell, "REFUSAL_GRACE_S", 0.05)

    async def play(peer: Peer) -> None:
        await peer.open_session()
        await peer.hear_until("response.create")
        await peer.begin("r1")
        await peer.refuse("server_error", "Hiccup.")
        for _ in range(20):  # news that keeps coming must not put the judgement off
            await peer.speak("r1", b"\x01\x00")
        await peer.finish("r1")
        await peer.hear_until("response.create")
        await peer.answer("r2", b"\x02\x00")
        await peer.stay()

    async def scene() -> None:
        async with staged(play) as stage, stage.adapter() as adapter:
            await adapter.send_audio(SECOND)
            assert [(await adapter.recv_audio(1.0)).data for _ in range(20)] == [b"\x01\x00"] * 20
            with pytest.raises(ServerError, match="Hiccup"):
                await adapter.recv_audio(30.0)
            await adapter.send_audio(SECOND)
            assert await whole_turn(adapter) == b"\x02\x00"
            assert adapter.connected

    run(scene())


# --------------------------------------------------------------------- what is refused


def test_before_connecting_every_call_is_refused_with_the_remedy() -> None:
    async def scene() -> None:
        adapter = OpenAIRealtimeAgentAdapter(api_key=KEY)
        for call in (
            adapter.send_audio(SECOND),
            adapter.send_text("hi"),
            adapter.recv_audio(0.1),
            adapter.interrupt(),
            adapter.wait_for_user_transcript(0.1),
        ):
            with pytest.raises(NotConnected, match=r"connect\(\)"):
                await call
        await adapter.disconnect()
        await adapter.disconnect()
        adapter.notify_agent_turn()

    run(scene())


def test_what_cannot_be_sent_is_refused_and_the_turn_goes_on() -> None:
    async def scene() -> None:
        async with staged(answering) as stage, stage.adapter() as adapter:
            with pytest.raises(InvalidAudio, match="bytes, not an AudioChunk"):
                await adapter.send_audio(b"\x00\x00")  # type: ignore[arg-type]
            chunk = AudioChunk(b"\x00\x00")
            chunk.data = b"\x00"
            with pytest.raises(InvalidAudio, match="even"):
                await adapter.send_audio(chunk)
            with pytest.raises(ConfigurationError, match="text"):
                await adapter.send_text(None)  # type: ignore[arg-type]
            for timeout in (-1, float("nan"), "soon", None):
                with pytest.raises(ConfigurationError, match="timeout is"):
                    await adapter.recv_audio(timeout)  # type: ignore[arg-type]
            await adapter.send_audio(AudioChunk(b""))
            await adapter.send_audio(AudioChunk(b"\x00\x00"))
            with pytest.raises(InvalidAudio, match="100 ms"):
                await adapter.recv_audio(0.1)
            await adapter.send_audio(SECOND)
            assert await whole_turn(adapter) == b"\x01\x00\xff\xff"
            await adapter.disconnect()
            assert stage.sent().count("input_audio_buffer.append") == 2

    run(scene())


# ------------------------------------------------------------------------ the end of it


@pytest.mark.parametrize(
    ("end", "code", "by"),
    [
        (lambda peer: peer.connection.close(1011, "internal"), 1011, "server"),
        (lambda peer: peer.connection.close(1000), 1000, "server"),
        (lambda peer: drop(peer.connection), 1006, "network"),
    ],
    ids=["1011", "1000", "reset"],
)
def test_a_lost_connection_gives_its_audio_first_and_says_who_ended_it(end: Any, code: int, by: str) -> None:
    async def play(peer: Peer) -> None:
        await peer.open_session()
        await peer.hear_until("response.create")
        await peer.begin("r1")
        await peer.speak("r1", b"\x01\x00")
        await peer.speak("r1", b"\x02\x00")
        await end(peer)

    async def scene() -> None:
        async with staged(play) as stage, stage.adapter() as adapter:
            await adapter.send_audio(SECOND)
            assert [(await adapter.recv_audio(1.0)).data for _ in range(2)] == [b"\x01\x00", b"\x02\x00"]
            for call in (adapter.recv_audio, adapter.recv_audio, adapter.wait_for_user_transcript):
                with pytest.raises(ConnectionLost, match=str(code)) as caught:
                    await call(1.0)
                assert (caught.value.close_code, caught.value.closed_by) == (code, by)
            for send in (adapter.send_audio(SECOND), adapter.send_text("hi"), adapter.interrupt()):
                with pytest.raises(ConnectionLost):
                    await send
            assert not adapter.connected

    run(scene())


def test_after_a_loss_the_same_adapter_connects_afresh() -> None:
    async def play(peer: Peer) -> None:
        await peer.open_session()
        if len(stages[0].peers) == 1:
            await peer.hear_until("response.create")
            await peer.begin("r1")
            await peer.speak("r1", b"\x01\x00")
            await peer.hear_until("input_audio_buffer.append")
            await drop(peer.connection)
        else:
            await peer.hear_until("response.create")
            await peer.answer("r1", b"\x02\x00")
            await peer.stay()

    stages: list[Any] = []

    async def scene() -> None:
        async with staged(play) as stage:
            stages.append(stage)
            adapter = stage.adapter()
            await adapter.connect()
            await adapter.send_audio(SECOND)
            assert (await adapter.recv_audio(1.0)).data == b"\x01\x00"
            await adapter.send_text("lost")
            await adapter.send_audio(SECOND)
            with pytest.raises(ConnectionLost):
                await adapter.recv_audio(1.0)
            await adapter.connect()
            assert (adapter.last_agent_transcript, adapter.last_user_transcript) == (None, None)
            await adapter.send_audio(SECOND)
            assert await whole_turn(adapter) == b"\x02\x00"
            await adapter.disconnect()
            turn = ["input_audio_buffer.append", "input_audio_buffer.commit", "response.create"]
            assert stage.sent() == ["session.update", *turn]

    run(scene())


def test_unsent_audio_does_not_survive_a_disconnect() -> None:
    async def scene() -> None:
        async with staged(answering) as stage:
            adapter = stage.adapter()
            await adapter.connect()
            await adapter.send_audio(SECOND)
            await adapter.disconnect()
            await adapter.connect()
            with pytest.raises(DeadlineExceeded):
                await adapter.recv_audio(0.05)
            await adapter.disconnect()
            assert stage.sent() == ["session.update"]

    run(scene())


def test_hanging_up_wakes_whoever_waits() -> None:
    async def scene() -> None:
        async with staged(answering) as stage, stage.adapter() as adapter:
            waiting = asyncio.create_task(adapter.recv_audio(5.0))
            await asyncio.sleep(0)
            await adapter.disconnect()
            with pytest.raises(ConnectionLost) as caught:
                await waiting
            assert caught.value.closed_by == "client"

    run(scene())


def dead_peer(
    listener: socket.socket, close: Close | None, ready: threading.Event, end: threading.Event
) -> None:
    """Play a peer that configures the session, says goodbye or not, and then does nothing any more."""
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(3)
        protocol = ServerProtocol()
        while not ready.is_set():
            protocol.receive_data(connection.recv(65_536))
            for event in protocol.events_received():
                if isinstance(event, Request):
                    protocol.send_response(protocol.accept(event))
                    created = {"type": "session.created", "session": session()}
                    protocol.send_text(json.dumps(created).encode())
                elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    asked = json.loads(bytes(event.data))["session"]
                    updated = {"type": "session.updated", "session": in_force(asked)}
                    protocol.send_text(json.dumps(updated).encode())
                    if close is not None:
                        protocol.send_close(close.code, close.reason)
                    ready.set()
            for data in protocol.data_to_send():
                connection.sendall(data)
        end.wait(4)


@contextlib.contextmanager
def dead(close: Close | None) -> Iterator[str]:
    """Serve such a peer in a thread of its own; gives its address."""
    ready, end = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=dead_peer, args=(listener, close, ready, end))
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}/v1/realtime"
        finally:
            end.set()
            thread.join(4)
    assert not thread.is_alive()


@pytest.mark.parametrize("close", [None, Close(1011, "gone")], ids=["silent", "closes and stays"])
def test_hanging_up_on_a_dead_peer_takes_less_than_a_second(
    close: Close | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "SEND_TIMEOUT_S", 0.1)

    async def scene(url: str) -> float:
        adapter = OpenAIRealtimeAgentAdapter(url=url, api_key=KEY)
        await adapter.connect()
        if close is None:
            with pytest.raises(DeadlineExceeded):
                await flood(adapter)
        started = time.perf_counter()
        await adapter.disconnect()
        return time.perf_counter() - started

    with dead(close) as url:
        assert run(scene(url)) < 1.0


def test_a_peer_that_says_goodbye_and_stays_is_not_waited_for() -> None:
    async def scene(url: str) -> None:
        async with OpenAIRealtimeAgentAdapter(url=url, api_key=KEY) as adapter:
            with pytest.raises(ConnectionLost) as caught:
                await adapter.recv_audio(3.0)
            assert (caught.value.close_code, caught.value.close_reason) == (1011, "gone")

    with dead(Close(1011, "gone")) as url:
        run(scene(url))


def test_a_peer_that_stops_reading_is_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "SEND_TIMEOUT_S", 0.1)
    done = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.open_session()
        peer.connection.transport.pause_reading()
        await done.wait()

    async def scene() -> None:
        async with staged(play) as stage, stage.adapter() as adapter:
            with pytest.raises(DeadlineExceeded, match="room in the send buffer"):
                await flood(adapter)
            done.set()

    run(scene())


@pytest.mark.parametrize("at", ["upgrade", "session.created", "session.updated", "recv_audio"])
def test_a_cancelled_call_leaves_nothing_behind(at: str) -> None:
    reached = asyncio.Event()

    async def play(peer: Peer) -> None:
        if at in ("session.updated", "recv_audio"):
            await peer.say("session.created", session=session())
            update = await peer.hear("session.update")
            if at == "recv_audio":
                await peer.say("session.updated", session=in_force(update["session"]))
                await peer.hear_until("response.create")
        reached.set()
        await peer.stay()

    async def hold(connection: ServerConnection, _: Request) -> None:
        if at == "upgrade":
            reached.set()
            await connection.wait_closed()

    async def scene() -> None:
        async with staged(play, process_request=hold) as stage:
            adapter = stage.adapter()

            async def use() -> None:
                await adapter.connect()
                await adapter.send_audio(SECOND)
                await adapter.recv_audio(5.0)

            task = asyncio.create_task(use())
            await asyncio.wait_for(reached.wait(), 2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert adapter.connected is (at == "recv_audio")
            await adapter.disconnect()

    run(scene())


def test_a_loop_that_ended_without_hanging_up_leaves_nothing_open() -> None:
    with dead(None) as url:
        adapter = OpenAIRealtimeAgentAdapter(url=url, api_key=KEY)
        asyncio.run(adapter.connect())
        asyncio.run(adapter.disconnect())
    assert not adapter.connected
    del adapter
    gc.collect()  # a transport left open would warn now, and a warning is an error here


def test_a_deadline_shorter_than_the_doubt_about_an_error_raises_the_error() -> None:
    async def play(peer: Peer) -> None:
        await peer.open_session()
        await peer.hear_until("response.create")
        await peer.begin("r1")
        await peer.refuse("server_error", "Hiccup.")
        await peer.stay()

    async def scene() -> None:
        async with staged(play) as stage, stage.adapter() as adapter:
            await adapter.send_audio(SECOND)
            with pytest.raises(ServerError, match="Hiccup"):
                await adapter.recv_audio(0.1)

    run(scene())


def test_the_loop_may_stand_still_and_go_on() -> None:
    """As between two steps of behave: each call runs the loop anew, and nothing runs in between."""
    started = threading.Event()
    stop = threading.Event()
    place: list[str] = []

    def serve_elsewhere() -> None:
        async def scene() -> None:
            async with staged(answering, ping_interval=0.02, ping_timeout=1) as stage:
                place.append(stage.url)
                started.set()
                await asyncio.to_thread(stop.wait, 4)

        asyncio.run(scene())

    server = threading.Thread(target=serve_elsewhere)
    server.start()
    assert started.wait(2)
    loop = asyncio.new_event_loop()
    try:
        adapter = OpenAIRealtimeAgentAdapter(url=place[0], api_key=KEY)
        loop.run_until_complete(adapter.connect())
        for turn in (1, 2):
            loop.run_until_complete(adapter.send_audio(SECOND))
            threading.Event().wait(0.1)
            assert loop.run_until_complete(whole_turn(adapter)) == struct.pack("<hh", turn, -turn)
        loop.run_until_complete(adapter.disconnect())
        assert not asyncio.all_tasks(loop)
    finally:
        loop.close()
        stop.set()
        server.join(3)
    assert not server.is_alive()


# ---------------------------------------------------------------------------- evidence


def test_the_listener_is_told_what_went_over_the_wire_in_order() -> None:
    told: list[tuple[str, str, str, int | None]] = []

    def listen(direction: str, kind: str, payload: str, code: int | None) -> None:
        told.append((direction, kind, payload, code))

    async def scene() -> None:
        async with staged(answering) as stage, stage.adapter(on_frame=listen) as adapter:
            await adapter.send_audio(SECOND)
            await whole_turn(adapter)

    run(scene())
    assert [(direction, kind) for direction, kind, _, _ in told][:5] == [
        ("client", "request"),
        ("server", "upgrade"),
        ("server", "text"),
        ("client", "text"),
        ("server", "text"),
    ]
    assert told[0][2].startswith("GET /v1/realtime?model=gpt-realtime-2.1-mini HTTP/1.1\r\n")
    assert "Authorization: Bearer ***\r\n" in told[0][2]
    assert [(direction, kind, code) for direction, kind, _, code in told][-2:] == [
        ("client", "close", 1000),
        ("server", "close", 1000),
    ]
    assert not any(KEY in payload for _, _, payload, _ in told)


def test_a_listener_that_fails_is_reported_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    async def scene() -> None:
        async with staged(answering) as stage, stage.adapter(on_frame=fail) as adapter:
            await adapter.send_audio(SECOND)
            assert await whole_turn(adapter) == b"\x01\x00\xff\xff"

    run(scene())
    assert "on_frame failed" in caplog.text


def test_the_key_reaches_no_log_no_error_and_no_listener(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("websockets", "websockets.client", "realtime_adapter", "realtime_adapter.socket", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    told: list[str] = []

    async def play(peer: Peer) -> None:
        await peer.say("session.created", session=session(echo=KEY))
        await peer.hear("session.update")
        await peer.refuse("invalid_api_key", f"Incorrect API key provided: {KEY}")
        await peer.connection.close(3000, f"invalid {KEY}")

    async def scene() -> RealtimeError:
        # The peer's own log would show the header it received; only the client's side counts here.
        quiet = logging.Logger("peer")
        async with staged(play, logger=quiet) as stage:
            adapter = stage.adapter(on_frame=lambda _, __, payload, ___: told.append(payload))
            with pytest.raises(InvalidApiKey) as caught:
                await adapter.connect()
            told.append(repr(adapter))
            return caught.value

    error = run(scene())
    shown = "".join(traceback.format_exception(error)) + repr(vars(error)) + caplog.text + "".join(told)
    assert KEY not in shown
    assert "***" in str(error)
    assert not dialling._logger.isEnabledFor(logging.DEBUG)


def test_the_documentation_names_the_ga_protocol_and_not_the_beta() -> None:
    text = public.__doc__ or ""
    for named in (
        "wss://api.openai.com/v1/realtime",
        "Authorization: Bearer",
        "session.update",
        "response.output_audio.delta",
    ):
        assert named in text
    for retired in ("OpenAI-Beta", "realtime=v1", "response.audio.delta", "response.audio_transcript.delta"):
        assert retired not in text
