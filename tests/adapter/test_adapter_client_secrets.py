"""Client secrets over HTTP: what is decided beforehand, and how a request behaves that goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from realtime_adapter import MintEndpoint, OpenAIRealtimeAgentAdapter
from realtime_adapter.client_secrets import Mint, mint_for
from realtime_adapter.errors import ConfigurationError, ConnectionFailed, DeadlineExceeded, MissingApiKey
from realtime_adapter.http import MAX_BODY_BYTES, post_json

KEY = "sk-only-for-tests"
VENDOR = "wss://api.openai.com/v1/realtime"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(re.search(rb"content-length: (\d+)", head.lower())[1]))
            await handler(reader, writer)
            await writer.drain()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def answering(head: bytes, body: bytes = b"") -> Handler:
    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    return handle


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()  # until the client has had enough


# ------------------------------------------------------------------ where, and with which key


@pytest.mark.parametrize(
    ("mint", "url", "environment", "asked"),
    [
        (False, VENDOR, {"OPENAI_API_KEY": KEY}, None),
        (None, VENDOR, {}, None),
        (None, VENDOR, {"OPENAI_REALTIME_API_KEY": KEY}, None),
        (None, VENDOR, {"OPENAI_API_KEY": KEY}, "https://api.openai.com/v1/realtime/client_secrets"),
        (True, VENDOR, {"OPENAI_API_KEY": KEY}, "https://api.openai.com/v1/realtime/client_secrets"),
        (
            True,
            "ws://127.0.0.1:8765/v1/realtime?tenant=1",
            {"OPENAI_API_KEY": KEY},
            "http://127.0.0.1:8765/v1/realtime/client_secrets",
        ),
        (
            True,
            VENDOR,
            {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "https://gateway.test/v1/"},
            "https://gateway.test/v1/realtime/client_secrets",
        ),
        (
            MintEndpoint("https://mine.test/v1", KEY),
            VENDOR,
            {"OPENAI_API_KEY": "sk-other", "OPENAI_BASE_URL": "https://gateway.test/v1"},
            "https://mine.test/v1/realtime/client_secrets",
        ),
    ],
)
def test_where_a_secret_is_asked_for(
    mint: Any, url: str, environment: dict[str, str], asked: str | None
) -> None:
    found = mint_for(mint, url, environment)
    assert (found.url if found else None) == asked
    assert found is None or found.endpoint.api_key == KEY


@pytest.mark.parametrize(
    "base_url",
    [
        "gateway.test/v1",
        "ftp://gateway.test",
        "https://",
        "https://me:secret@gateway.test/v1",
        "https://g.test/v1?k=1",
        None,
        7,
    ],
)
def test_an_address_that_is_none_is_refused_and_not_repeated(base_url: Any) -> None:
    with pytest.raises(ConfigurationError, match="base_url is no plain http or https address") as refused:
        MintEndpoint(base_url, KEY)
    assert refused.value.param == "base_url"
    assert "secret" not in str(refused.value)


def test_the_environments_address_is_called_by_its_name() -> None:
    with pytest.raises(ConfigurationError, match="OPENAI_BASE_URL is no plain http"):
        mint_for(True, VENDOR, {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "nowhere"})


def test_minting_without_a_key_is_refused_at_once() -> None:
    with pytest.raises(MissingApiKey, match="OPENAI_API_KEY is not set"):
        mint_for(True, VENDOR, {"OPENAI_REALTIME_API_KEY": KEY})
    with pytest.raises(ConfigurationError, match="mint is str"):
        mint_for("yes", VENDOR, {})  # type: ignore[arg-type]


def test_no_repr_shows_a_credential() -> None:
    endpoint = MintEndpoint("https://mine.test/v1", KEY)
    adapter = OpenAIRealtimeAgentAdapter(api_key=KEY, mint=endpoint)
    for shown in (endpoint, Mint(endpoint), adapter):
        assert KEY not in repr(shown)


# ------------------------------------------------------------------ one request


def test_the_event_loop_goes_on_while_an_answer_is_awaited() -> None:
    async def scene() -> int:
        ticks = 0
        async with serving(silent) as base:
            asking = asyncio.create_task(post_json(base, KEY, {}, 0.3))
            while not asking.done():
                await asyncio.sleep(0.01)
                ticks += 1
            with pytest.raises(DeadlineExceeded, match=r"No answer from 127\.0\.0\.1:\d+ within 0.3 s"):
                await asking
        return ticks

    assert asyncio.run(scene()) > 3


def test_the_bound_is_on_the_whole_and_not_on_each_byte() -> None:
    async def dribble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def scene() -> None:
        async with serving(dribble) as base:
            with pytest.raises(DeadlineExceeded):
                await asyncio.wait_for(post_json(base, KEY, {}, 0.2), 10)

    asyncio.run(scene())


def test_a_redirection_is_an_answer_and_takes_the_key_nowhere() -> None:
    seen = []

    async def elsewhere(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append("asked")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def scene() -> int:
        async with (
            serving(elsewhere) as there,
            serving(answering(f"HTTP/1.1 302 Found\r\nLocation: {there}".encode())) as base,
        ):
            return (await post_json(base, KEY, {}, 5)).status

    assert asyncio.run(scene()) == 302
    assert seen == []


def test_only_so_much_of_an_answer_is_read() -> None:
    async def scene() -> int:
        async with serving(answering(b"HTTP/1.1 200 OK", b"x" * (MAX_BODY_BYTES + 10))) as base:
            return len((await post_json(base, KEY, {}, 10)).body)

    assert asyncio.run(scene()) == MAX_BODY_BYTES


def test_what_is_no_http_is_said_to_be_no_answer() -> None:
    async def speak_smtp(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")

    async def scene() -> None:
        async with serving(speak_smtp) as base:
            await post_json(base, KEY, {}, 5)

    with pytest.raises(ConnectionFailed, match="got no answer"):
        asyncio.run(scene())


# ------------------------------------------------------------------ the report at the end


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (answering(b"HTTP/1.1 204 No Content"), None),
        (
            answering(b"HTTP/1.1 401 Unauthorized", f"bad key {KEY}".encode()),
            "was not taken: HTTP 401 bad key ***",
        ),
        (silent, "was not reported: No answer from"),
    ],
)
def test_a_report_raises_nothing_and_logs_what_went_wrong(
    answer: Handler, said: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("realtime_adapter.client_secrets.REPORT_TIMEOUT_S", 0.2)

    async def scene() -> None:
        async with serving(answer) as base:
            await Mint(MintEndpoint(base, KEY)).report("vs_1", {"input_tokens": 0})

    with caplog.at_level(logging.INFO, logger="realtime_adapter"):
        asyncio.run(scene())
    assert (said in caplog.text) if said else caplog.text == ""
    assert KEY not in caplog.text


def test_giving_up_while_a_secret_is_awaited_leaves_a_client_that_can_connect() -> None:
    async def scene() -> None:
        async with serving(silent) as base:
            adapter = OpenAIRealtimeAgentAdapter(api_key=KEY, mint=MintEndpoint(base, KEY))
            connecting = asyncio.create_task(adapter.connect())
            await asyncio.sleep(0.05)
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting
            assert not adapter.connected
            assert not adapter.brokered
            await adapter.disconnect()

    asyncio.run(scene())


def test_a_secret_is_bought_for_the_model_and_read_with_its_name() -> None:
    answer = answering(b"HTTP/1.1 200 OK\r\nX-LangWatch-Session-Id: vs_1", b'{"value": "ek_1"}')

    async def scene() -> None:
        async with serving(answer) as base:
            secret = await Mint(MintEndpoint(base, KEY)).secret("gpt-realtime-2.1")
        assert secret is not None
        assert (secret.value, secret.session_id) == ("ek_1", "vs_1")
        assert "ek_1" not in repr(secret)

    asyncio.run(scene())
