"""The relay: verbatim where nothing is changed, changed where it is, closed as the other side was."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from realtime_server import CloseWith, RealtimeServer, ResetConnection, Script, Sender, Transcript
from realtime_server.script import Answer
from support.mutants import BY_TITLE, MUTANTS, RENAMED_EVENTS
from support.tamper import Relay, Tampering

BEARER = {"Authorization": "Bearer sk-a-key-of-a-test"}
GA_SESSION = {
    "type": "realtime",
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24000},
            "turn_detection": None,
            "transcription": {"model": "gpt-4o-transcribe"},
        },
        "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "alloy"},
    },
}


@contextmanager
def relayed(tampering: Tampering, script: Script | None = None) -> Iterator[tuple[str, RealtimeServer]]:
    with RealtimeServer(script=script or Script()) as server:
        relay = Relay(server.url, tampering)
        relay.start()
        try:
            yield f"{relay.url}?model=gpt-realtime-mini", server
        finally:
            relay.stop()


async def converse(url: str, *events: str, until: str = "session.updated") -> list[dict[str, object]]:
    received = []
    async with asyncio.timeout(5), connect(url, additional_headers=BEARER, proxy=None) as socket:
        for event in events:
            await socket.send(event)
        try:
            async for frame in socket:
                received.append(json.loads(frame))
                if received[-1]["type"] in (until, "error"):
                    break
        except ConnectionClosed:
            pass
    return received


def closed_transcript(server: RealtimeServer) -> Transcript:
    connection = server.wait_for_connection(0)
    connection.wait_closed()
    return connection.transcript.complete()


def test_a_frame_that_nothing_changes_passes_to_the_letter() -> None:
    oddly_spaced = '{ "session":' + json.dumps(GA_SESSION) + ',\n"type":"session.update" }'
    with relayed(Tampering()) as (url, server):
        received = asyncio.run(converse(url, oddly_spaced))
        sent = [frame.payload for frame in closed_transcript(server).frames if frame.kind == "text"]
    assert [event["type"] for event in received] == ["session.created", "session.updated"]
    assert oddly_spaced in sent


def test_the_key_and_the_query_reach_the_endpoint() -> None:
    with relayed(Tampering()) as (url, server):
        asyncio.run(converse(url, json.dumps({"type": "session.update", "session": GA_SESSION})))
        request = server.wait_for_connection(0).request
    assert request.bearer_is("sk-a-key-of-a-test")
    assert request.query == {"model": "gpt-realtime-mini"}


@pytest.mark.parametrize(
    ("regression", "refused"),
    [
        ("sends the beta session", "session.type"),
        ("sends one flat setting of the beta", "session.voice"),
        ("names its audio format as the beta did", "session.audio.input.format"),
    ],
)
def test_a_regression_of_the_session_is_what_the_endpoint_refuses(regression: str, refused: str) -> None:
    with relayed(BY_TITLE[regression]) as (url, _):
        received = asyncio.run(converse(url, json.dumps({"type": "session.update", "session": GA_SESSION})))
    assert received[-1]["error"]["param"] == refused  # type: ignore[index]


def test_the_beta_header_is_answered_with_the_error_and_the_close_of_the_endpoint() -> None:
    async def dialled(url: str) -> tuple[str, int, str]:
        async with asyncio.timeout(5), connect(url, additional_headers=BEARER, proxy=None) as socket:
            error = json.loads(await socket.recv())
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            return error["error"]["code"], socket.close_code or 0, socket.close_reason or ""

    with relayed(BY_TITLE["sends the beta header"]) as (url, _):
        code, close_code, reason = asyncio.run(dialled(url))
    assert code == "beta_api_shape_disabled"
    assert (close_code, reason) == (4000, "invalid_request_error.beta_api_shape_disabled")


def test_leaving_turn_detection_out_leaves_the_endpoint_s_own_in_force() -> None:
    with relayed(BY_TITLE["leaves turn detection out"]) as (url, server):
        asyncio.run(converse(url, json.dumps({"type": "session.update", "session": GA_SESSION})))
        session = server.wait_for_connection(0).session
    assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"


def test_a_client_of_the_beta_is_not_given_the_renamed_events() -> None:
    events = (
        json.dumps({"type": "session.update", "session": GA_SESSION}),
        json.dumps({"type": "response.create"}),
    )
    with relayed(BY_TITLE["understands only the beta event names"]) as (url, server):
        received = asyncio.run(converse(url, *events, until="response.done"))
        sent = set(closed_transcript(server).types(Sender.SERVER))
    assert set(RENAMED_EVENTS) & sent, "the endpoint did send them"
    assert not set(RENAMED_EVENTS) & {event["type"] for event in received}
    assert received[-1]["type"] == "response.done"


BENIGN = [
    mutant.title for mutant in MUTANTS if mutant.plane == "benign" and mutant.tampering.documentation is str
]


@pytest.mark.parametrize("change", BENIGN)
def test_a_benign_change_changes_the_wire_but_not_the_answer(change: str) -> None:
    update = json.dumps({"type": "session.update", "session": GA_SESSION})
    with relayed(BY_TITLE[change]) as (url, server):
        received = asyncio.run(converse(url, update))
        request = server.wait_for_connection(0).request
        sent = [frame.payload for frame in closed_transcript(server).frames if frame.sender == "client"]
    seen = [event["type"] for event in received]
    assert [name for name in seen if name.startswith("session.")] == ["session.created", "session.updated"]
    seen_changed = {
        "sends an unrelated header": request.has_header("X-Request-Tag"),
        "orders the keys of its events anew": update not in sent,
        "is sent an unknown event now and then": "conversation.weather.updated" in seen,
    }
    assert seen_changed.get(change, update in sent)


@pytest.mark.parametrize(
    ("ending", "code"), [(CloseWith(1011, "internal error"), 1011), (ResetConnection(), 1006)]
)
def test_a_lost_connection_is_lost_in_the_same_way(ending: CloseWith | ResetConnection, code: int) -> None:
    async def dialled(url: str) -> int | None:
        async with asyncio.timeout(5), connect(url, additional_headers=BEARER, proxy=None) as socket:
            await socket.send(json.dumps({"type": "response.create"}))
            await asyncio.wait_for(socket.wait_closed(), 5)
            return socket.close_code

    with relayed(Tampering(), Script(answers=[Answer(ending=ending)])) as (url, _):
        assert asyncio.run(dialled(url)) == code


def test_a_changed_upgrade_is_shown_without_the_key() -> None:
    with RealtimeServer() as server:
        relay = Relay(server.url, BY_TITLE["writes its key into the address"])
        relay.start()
        try:
            asyncio.run(converse(f"{relay.url}?model=gpt-realtime-mini", until="session.created"))
        finally:
            relay.stop()
    ((before, after),) = relay.changes
    assert "api_key" not in before
    assert "api_key=***" in after
    assert "sk-a-key-of-a-test" not in before + after
