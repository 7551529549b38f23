"""Which endpoint is live, and which failures are the infrastructure's."""

from __future__ import annotations

import pytest

from realtime_adapter import (
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    InvalidApiKey,
    RealtimeError,
    ResponseFailed,
    ResponseIncomplete,
    ServerError,
)
from realtime_adapter.endpoint import DEFAULT_URL
from realtime_server.recording import ELSEWHERE, EMBEDDED, LIVE
from support.endpoints import endpoint_of
from support.outage import outage
from support.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        (DEFAULT_URL, LIVE),
        ("wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1", LIVE),
        ("wss://API.OpenAI.com:443/v1/realtime", LIVE),
        ("ws://api.openai.com/v1/realtime", ELSEWHERE),  # without TLS anybody may have answered
        ("wss://api.openai.com.gateway.example/v1/realtime", ELSEWHERE),
        ("wss://gateway.example/api.openai.com/v1/realtime", ELSEWHERE),
        ("wss://api.openai.com@gateway.example/v1/realtime", ELSEWHERE),
        ("wss://api.openai.com:8443/v1/realtime", ELSEWHERE),
        ("wss://eu.api.openai.com/v1/realtime", ELSEWHERE),
        ("wss://resource.openai.azure.com/openai/v1/realtime", ELSEWHERE),
        ("ws://127.0.0.1:8765/v1/realtime", EMBEDDED),
        ("ws://localhost:8765/v1/realtime", EMBEDDED),
        ("ws://[::1]:8765/v1/realtime", EMBEDDED),
        ("ws://127.0.0.1.example:8765/v1/realtime", ELSEWHERE),
    ],
)
def test_only_the_vendor_s_own_address_over_tls_is_live(address: str, origin: str) -> None:
    assert endpoint_of(address).origin == origin


def test_azure_is_told_its_key_in_a_header_of_its_own_and_others_are_told_nothing() -> None:
    azure = endpoint_of("wss://resource.openai.azure.com/openai/v1/realtime")
    assert azure.client_options == {"key_header": ("api-key", "{key}")}
    assert azure.wrong_key == 401
    assert endpoint_of(DEFAULT_URL).client_options == {}


def test_a_dialect_is_chosen_by_the_address_or_by_name() -> None:
    gateway = {"endpoint": "wss://gateway.example/v1/realtime"}
    assert Settings.read(gateway, {}).dialect.id == "gateway"
    assert Settings.read({**gateway, "dialect": "azure"}, {}).dialect.id == "azure"
    with pytest.raises(SettingsError, match="-D dialect=klingon is none that is known: openai, azure"):
        Settings.read({"dialect": "klingon"}, {})


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionFailed("", http_status=429), "rate limit (HTTP 429)"),
        (ConnectionFailed("", http_status=503), "server error (HTTP 503)"),
        (ConnectionFailed(""), "no connection came about"),
        (ConnectionLost("", closed_by="server", close_code=1011), "lost connection (1011)"),
        (ConnectionLost("", closed_by="network", close_code=1006), "lost connection (1006)"),
        (ResponseFailed("", code="rate_limit_exceeded"), "rate limit (rate_limit_exceeded)"),
        (
            ResponseFailed("", code="inference_rate_limit_exceeded"),
            "rate limit (inference_rate_limit_exceeded)",
        ),
        (ServerError("", code="server_error"), "server error (server_error)"),
    ],
)
def test_what_the_infrastructure_did_is_tried_again(error: RealtimeError, said: str) -> None:
    assert outage(error) == said


@pytest.mark.parametrize(
    "error",
    [
        None,
        AssertionError("a wrong answer"),
        ConnectionFailed("", http_status=401),
        ConnectionLost("", closed_by="server", close_code=1000),
        ConnectionLost("", closed_by="server", close_code=4900),
        ResponseFailed("", code="insufficient_quota"),
        ResponseIncomplete("", reason="content_filter"),
        ServerError("", code="invalid_value"),
        InvalidApiKey(""),
        DeadlineExceeded(awaited="response.done", seen=(), timeout_s=1),
    ],
)
def test_nothing_else_is_tried_again(error: BaseException | None) -> None:
    assert outage(error) == ""
