"""HTTP on the port of the WebSocket: client secrets, the models, and what is no HTTP at all."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest
from openai.types.realtime import ClientSecretCreateResponse

from realtime_server import rules

SECRETS = "/v1/realtime/client_secrets"
KEY = "sk-some-key"


@pytest.mark.shows(rules.SECRET_MADE)
def test_a_secret_is_made_for_ten_minutes_with_the_effective_session(ask, clock):
    status, made = ask(
        "POST", SECRETS, {"session": {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}}
    )
    assert status == 200
    assert set(made) == {"value", "expires_at", "session"}
    assert made["value"].startswith("ek_")
    assert made["expires_at"] == clock.unix_s() + 600
    assert (made["session"]["object"], made["session"]["expires_at"]) == ("realtime.session", 0)
    assert made["session"]["audio"]["output"]["voice"] == "cedar"
    assert ClientSecretCreateResponse.model_validate(made).session.type == "realtime"
    assert ask("POST", SECRETS)[1]["value"] != made["value"]


def test_a_secret_opens_several_sessions_that_begin_as_it_was_made(ask, server, open_client, play):
    configured = {"type": "realtime", "model": "gpt-realtime-mini", "instructions": "Be brief."}
    secret = ask("POST", SECRETS, {"session": configured})[1]["value"]

    async def scene(**arguments):
        async with open_client("", key=None, greeted=False, **arguments) as client:
            return (await client.receive())["session"]

    bearer = play(scene(headers={"Authorization": f"Bearer {secret}"}))
    browser = play(scene(subprotocols=["realtime", f"openai-insecure-api-key.{secret}"]))
    for begun in (bearer, browser):
        assert (begun["model"], begun["instructions"]) == ("gpt-realtime-mini", "Be brief.")
    assert bearer["id"] != browser["id"]
    assert secret not in "".join(c.transcript.to_jsonl() for c in server.connections)


def test_a_secret_for_a_transcription_session_opens_one(ask, open_client, play):
    asked = {"type": "transcription", "audio": {"input": {"transcription": {"model": "whisper-1"}}}}
    made = ask("POST", SECRETS, {"session": asked})[1]
    assert made["session"]["object"] == "realtime.transcription_session"

    async def scene():
        async with open_client("", key=made["value"], greeted=False) as client:
            return (await client.receive())["session"]

    begun = play(scene())
    assert begun["type"] == "transcription"
    assert begun["audio"]["input"]["transcription"]["model"] == "whisper-1"


@pytest.mark.shows(rules.SECRET_OPENS)
def test_an_expired_secret_opens_nothing_but_an_open_session_outlives_it(
    ask, server, clock, open_client, play
):
    secret = ask("POST", SECRETS, {"expires_after": {"anchor": "created_at", "seconds": 10}})[1]["value"]

    async def scene():
        async with open_client(key=secret) as first:
            await asyncio.to_thread(clock.advance, 9_999)
            async with open_client(key=secret):
                pass
            await asyncio.to_thread(clock.advance, 1)
            async with open_client(key=secret, greeted=False) as late:
                events, code, reason = await late.end()
            return (await first.update())["type"], events, code, reason

    still, events, code, reason = play(scene())
    assert still == "session.updated"
    assert [e["error"]["code"] for e in events] == ["invalid_api_key"]
    assert (code, reason) == (3000, "invalid_request_error.invalid_api_key")
    assert [r.rule_id for c in server.connections for r in c.refusals] == ["RT-connect-12"]
    assert secret not in events[0]["error"]["message"]


def test_a_secret_that_was_never_made_is_a_wrong_key(open_client, play):
    async def scene():
        async with open_client(key="ek_invented", greeted=False) as client:
            return await client.end()

    events, code, _ = play(scene())
    assert (events[0]["error"]["code"], code) == ("invalid_api_key", 3000)


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"session": {"type": "realtime", "output_modalities": ["audio", "text"]}}, "invalid_value",
         "session.output_modalities"),
        ({"session": {"type": "realtime", "voice": "alloy"}}, "unknown_parameter", "session.voice"),
        ({"session": {"voice": "alloy"}}, "missing_required_parameter", "session.type"),
        ({"session": {"type": "realtime", "model": "gpt-9"}}, "invalid_model", "session.model"),
        ({"session": {"type": "realtime", "reasoning": {"effort": "low"}}}, "unsupported_parameter",
         "session.reasoning"),
        ({"expires_after": {"seconds": 9}}, "integer_below_min_value", "expires_after.seconds"),
        ({"expires_after": {"seconds": 7_201}}, "integer_above_max_value", "expires_after.seconds"),
        ({"expires_after": {"anchor": "now"}}, "invalid_value", "expires_after.anchor"),
        ({"voice": "alloy"}, "unknown_parameter", "voice"),
        ([1], None, None),
        (b"{", None, None),
    ],
)  # fmt: skip
@pytest.mark.shows(rules.HTTP_FAULTS)
def test_a_bad_body_is_refused_as_on_the_socket(ask, body, code, param):
    status, answer = ask("POST", SECRETS, body)
    assert status == 400
    assert set(answer["error"]) == {"message", "type", "param", "code"}
    assert (answer["error"]["code"], answer["error"]["param"]) == (code, param)


@pytest.mark.parametrize("seconds", [10, 7_200])
def test_the_neighbouring_life_is_accepted(ask, clock, seconds):
    status, made = ask("POST", SECRETS, {"expires_after": {"anchor": "created_at", "seconds": seconds}})
    assert (status, made["expires_at"]) == (200, clock.unix_s() + seconds)


def test_a_request_needs_a_key_and_a_secret_is_none(ask):
    secret = ask("POST", SECRETS)[1]["value"]
    for key, code in ((None, None), ("wrong-key", "invalid_api_key"), (secret, "invalid_api_key")):
        status, answer = ask("POST", SECRETS, key=key)
        assert (status, answer["error"]["code"]) == (401, code)
        assert secret not in json.dumps(answer)


@pytest.mark.parametrize(
    ("request_line", "status", "code"),
    [
        ("POST /v1/realtime/sessions", 400, "beta_api_shape_disabled"),
        ("POST /v1/realtime/transcription_sessions", 400, "beta_api_shape_disabled"),
        ("POST /v1/realtime?model=gpt-realtime", 400, "beta_api_shape_disabled"),
        ("POST /v1/realtime/calls", 501, "not_emulated"),
        ("POST /v1/realtime/translations/client_secrets", 501, "not_emulated"),
        ("POST /v1/chat/completions", 404, "unknown_url"),
        (f"DELETE {SECRETS}", 404, "unknown_url"),
        ("GET /v1/models/gpt-9", 404, "model_not_found"),
    ],
)
def test_what_is_not_offered_is_refused(ask, caplog, request_line, status, code):
    caplog.set_level("INFO", "realtime_server")
    found, answer = ask(*request_line.split())
    assert (found, answer["error"]["code"]) == (status, code)
    (line,) = [r.getMessage() for r in caplog.records if "HTTP" in r.getMessage()]
    assert "refused by RT-" in line
    assert ("GA wants POST" in line) == (code == "beta_api_shape_disabled")
    assert KEY not in line


@pytest.mark.shows(rules.MODELS)
def test_models_say_when_they_shut_down(ask):
    status, listed = ask("GET", "/v1/models")
    dates = {model["id"]: model["shutdown_date"] for model in listed["data"]}
    assert (status, listed["object"]) == (200, "list")
    assert dates["gpt-realtime"] == dates["gpt-realtime-mini"] == "2027-01-20"
    assert dates["whisper-1"] == "2027-02-26"
    assert dates["gpt-realtime-2.1"] is None
    assert ask("GET", "/v1/models/gpt-realtime")[1] == next(
        m for m in listed["data"] if m["id"] == "gpt-realtime"
    )


def test_a_request_may_arrive_byte_by_byte(address):
    body = b'{"session": {"type": "realtime"}}'
    head = f"POST {SECRETS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: {len(body)}"
    with socket.create_connection(address, timeout=3) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in head.encode() + b"\r\n\r\n" + body:
            raw.sendall(bytes([byte]))
        assert b"200 OK" in _everything(raw)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"HELO mail.example.com\r\n\r\n", b"404"),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"404"),
        (b"POST / HTTP/1.1\r\nno colon here\r\n\r\n", b"401"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000, b"413"),
        (b"POST / HTTP/1.1\r\n" + b"x: y\r\n" * 200 + b"\r\n", b"404"),
        (b"x" * 70_000, b"413"),
    ],
)
def test_what_is_no_request_is_answered_and_the_server_lives_on(address, ask, sent, status):
    with socket.create_connection(address, timeout=3) as raw:
        raw.sendall(sent)
        assert _everything(raw).split(b" ", 2)[1] == status
    assert ask("GET", "/v1/models")[0] == 200


def test_a_flood_of_half_requests_leaves_nothing_behind(server, address, ask):
    halves = [socket.create_connection(address, timeout=3) for _ in range(50)]
    for number, raw in enumerate(halves):
        raw.sendall([b"P", b"POST / HTTP/1.1\r\n", b"GET /v1/realtime HTTP/1.1\r\nUpgr"][number % 3])
    assert ask("GET", "/v1/models")[0] == 200
    for raw in halves:
        raw.close()
    assert server.connections == []


def _everything(raw: socket.socket) -> bytes:
    received = b""
    try:
        while chunk := raw.recv(65_536):
            received += chunk
    except ConnectionResetError:  # what was not read is lost when the server closes; the answer came before
        pass
    return received
