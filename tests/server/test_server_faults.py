"""Faults by name: how they are written, what they do, and that the same faults give the same trouble."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from realtime_server import RealtimeServer, Sender, rules
from realtime_server.faults import FAULTS, FaultError, fault
from tests.server.conftest import Client, Connect, Event

Play = Callable[[Any], Any]
DELTA = "response.output_audio.delta"
SPOKEN = {
    "type": "session.update",
    "session": {"type": "realtime", "audio": {"input": {"turn_detection": None}}},
}


async def answered(client: Client) -> list[Event]:
    await client.send({"type": "response.create"})
    return await client.until("response.done")


def sounds(events: list[Event]) -> list[bytes]:
    return [base64.b64decode(event["delta"]) for event in events if event["type"] == DELTA]


# --- how they are written -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_can_be_had_by_its_name_alone_and_reads_back_as_written(name: str) -> None:
    assert fault(name) == FAULTS[name]()
    assert fault(str(fault(name))) == fault(name)


def test_parameters_have_types_and_words_may_be_quoted() -> None:
    read = fault('close code=4001 reason="going away" after=3 on=response.*')
    assert (
        str(read) == "close 'on=response.*' after=3 code=4001 'reason=going away'" or fault(str(read)) == read
    )
    assert vars(read) == {"code": 4001, "reason": "going away", "after": 3, "on": "response.*"}
    assert vars(fault("duplicate share=0.25 seed=9"))["share"] == 0.25


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", "no fault is called ''"),
        ("clos", "did you mean close?"),
        ("close cod=1", "did you mean code? it has: on=, after=, code=, reason="),
        ("close 1011", "'1011' is none of its parameters"),
        ("no-pong ms=1", "it has: none"),
        ("close code=x", "code=x is not a whole number"),
        ("delay ms=soon", "ms=soon is not a number"),
        ("close code=1006", "code: 1006 cannot be sent"),
        ("close on=response.don", "did you mean response.done?"),
        ("close on=response.create", "is no event of the server"),
        ("stall after=-1", "after=-1 is too small"),
        ("delay ms=-1", "ms=-1.0 is too small"),
        ("duplicate share=2", "share=2.0 is no share"),
        ("incomplete reason=tired", "none of max_output_tokens, content_filter"),
        ('close reason="', "cannot be read"),
    ],
)
def test_what_cannot_be_had_is_refused_with_the_remedy(written: str, sentence: str) -> None:
    with pytest.raises(FaultError) as refusal:
        fault(written)
    assert sentence in str(refusal.value)


def test_the_command_line_lists_them_and_says_what_each_does() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "realtime_server", "--faults"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    ).stdout
    for name, kind in FAULTS.items():
        assert f"{name}" in listed
        assert (kind.__doc__ or "?").splitlines()[0] in listed


def test_the_command_line_refuses_an_unknown_fault_in_one_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "realtime_server", "--port", "0", "--fault", "clos"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2
    assert "no fault is called 'clos'; did you mean close?" in done.stderr
    assert "Traceback" not in done.stderr


# --- what they do ---------------------------------------------------------------------------------------


def test_a_server_with_no_fault_is_struck_by_none(
    server: RealtimeServer, open_client: Connect, play: Play
) -> None:
    async def scene() -> None:
        async with open_client() as client:
            await answered(client)

    play(scene())
    assert server.script.struck == []


@pytest.mark.parametrize("written", ["duplicate seed=3", "reorder seed=3", "odd-slices seed=3"])
def test_the_same_seed_gives_the_same_trouble_and_another_seed_another(
    server: RealtimeServer, open_client: Connect, play: Play, written: str
) -> None:
    async def heard(text: str) -> list[bytes]:
        server.script.faults = [fault(text)]
        async with open_client() as client:
            return sounds(await answered(client))

    async def scene() -> tuple[list[bytes], list[bytes]]:
        return await heard(written), await heard(written.replace("3", "4"))

    first, second = play(scene())
    with RealtimeServer() as other:
        other.script.faults = [fault(written)]
        again = play(_heard_from(other))
    assert first == again
    assert first != second


async def _heard_from(server: RealtimeServer) -> list[bytes]:
    from websockets.asyncio.client import connect

    headers = {"Authorization": "Bearer sk-some-key"}
    async with connect(f"{server.url}?model=gpt-realtime", additional_headers=headers) as ws:
        client = Client(ws)
        await client.receive()
        return sounds(await answered(client))


def test_duplicates_are_the_same_event_twice_and_nothing_is_lost(
    server: RealtimeServer, open_client: Connect, play: Play
) -> None:
    server.script.faults = [fault("duplicate share=1")]

    async def scene() -> list[Event]:
        async with open_client() as client:
            return await answered(client)

    deltas = [event for event in play(scene()) if event["type"] == DELTA]
    assert deltas[::2] == deltas[1::2]
    assert b"".join(sounds(deltas[::2])) == server.script.default_answer.audio


def test_reordered_deltas_change_places_and_none_is_lost(
    server: RealtimeServer, open_client: Connect, play: Play
) -> None:
    server.script.faults = [fault("reorder share=1")]

    async def scene() -> list[Event]:
        async with open_client() as client:
            return await answered(client)

    said = server.script.default_answer.audio
    slices = [said[start : start + 4_800] for start in range(0, len(said), 4_800)]
    swapped = [each for pair in zip(slices[1::2], slices[::2], strict=False) for each in pair]
    assert len(slices) > 2
    assert sounds(play(scene())) == swapped + slices[len(swapped) :]


def test_a_stalled_line_holds_back_everything_behind_it_and_a_stop_does_not_wait_for_it(
    server: RealtimeServer, open_client: Connect, play: Play
) -> None:
    server.script.faults = [fault("stall ms=60000 on=session.updated after=0")]

    async def scene() -> None:
        async with open_client() as client:
            await client.send(SPOKEN)
            await client.send({"type": "input_audio_buffer.clear"})
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.ws.recv(), 0.15)

    play(scene())
    server.connections[0].wait_closed()
    assert server.connections[0].transcript.types(Sender.SERVER) == ["session.created"]


def test_a_broken_event_stands_in_the_transcript_as_it_was_sent(
    server: RealtimeServer, open_client: Connect, play: Play
) -> None:
    server.script.faults = [fault("malformed on=input_audio_buffer.cleared after=1")]

    async def scene() -> list[str]:
        async with open_client() as client:
            for _ in range(3):
                await client.send({"type": "input_audio_buffer.clear"})
            return [str(await client.ws.recv()) for _ in range(3)]

    whole, broken, last = play(scene())
    assert json.loads(whole)["type"] == json.loads(last)["type"] == "input_audio_buffer.cleared"
    with pytest.raises(ValueError, match="Unterminated string"):
        json.loads(broken)
    struck = [frame for frame in server.connections[0].transcript.frames if frame.note == "fault: malformed"]
    assert [frame.payload for frame in struck] == [broken]


def test_an_oversized_event_is_the_event_and_spaces(
    server: RealtimeServer, open_client: Connect, play: Play
) -> None:
    server.script.faults = [fault("oversized on=session.created after=0 padding_bytes=70000")]

    async def scene() -> str:
        async with open_client(greeted=False) as client:
            return str(await client.ws.recv())

    frame = play(scene())
    assert frame == frame.rstrip() + " " * 70_000
    assert server.connections[0].transcript.frames[2].payload == frame.rstrip()


@pytest.mark.untyped
def test_unknown_events_and_fields_come_with_every_event(
    server: RealtimeServer, open_client: Connect, play: Play
) -> None:
    server.script.faults = [fault("extra-fields"), fault("unknown-event")]

    async def scene() -> list[Event]:
        async with open_client(greeted=False) as client:
            return [await client.receive(), await client.receive()]

    unknown, created = play(scene())
    assert (unknown["type"], created["type"]) == ("session.unheard_of", "session.created")
    assert "unheard_of" in created
    assert "unheard_of" in created["session"]
    assert {"extra-fields", "unknown-event"} <= {*server.script.struck}


@pytest.mark.parametrize(
    ("written", "code", "seen"),
    [
        ("close code=1013 on=session.created", 1013, []),
        ("close code=4000 on=session.created after=1", 4000, ["session.created"]),
        ("reset on=session.created", None, []),
        ("end-of-stream on=session.created after=1", None, ["session.created"]),
    ],
)
def test_the_connection_is_lost_in_place_of_an_event_or_right_after_it(  # noqa: PLR0917 - fixtures and a row
    server: RealtimeServer, open_client: Connect, play: Play, written: str, code: int | None, seen: list[str]
) -> None:
    server.script.faults = [fault(written)]

    async def scene() -> tuple[list[Event], int | None, str]:
        async with open_client(greeted=False) as client:
            return await client.end()

    events, close_code, _ = play(scene())
    assert ([event["type"] for event in events], close_code) == (seen, code)
    server.connections[0].wait_closed()
    assert server.connections[0].closed_by == "server"


def test_pings_are_answered_without_the_fault_and_not_with_it(
    server: RealtimeServer, open_client: Connect, play: Play
) -> None:
    async def scene() -> None:
        async with open_client() as client:
            await asyncio.wait_for(await client.ws.ping(), 2)
        assert server.script.struck == []
        server.script.faults = [fault("no-pong")]
        async with open_client() as client:
            pong = await client.ws.ping()
            assert (await client.ask({"type": "input_audio_buffer.clear"}))[
                "type"
            ] == "input_audio_buffer.cleared"
            assert not pong.done()
            pong.cancel()

    play(scene())
    assert server.script.struck == ["no-pong"]


def test_a_slow_reader_makes_the_client_wait_for_room(
    server: RealtimeServer, open_client: Connect, play: Play
) -> None:
    server.script.faults = [fault("slow-reader ms=60000")]
    padding = base64.b64encode(Random(1).randbytes(64 * 1024)).decode()  # noqa: S311 - it must not compress

    async def flood(client: Client) -> None:
        for _ in range(2_000):
            await client.send({"type": "input_audio_buffer.append", "audio": padding})

    async def scene() -> None:
        async with open_client() as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(flood(client), 1)
            client.ws.transport.abort()

    play(scene())
    assert server.script.struck == ["slow-reader"]


@pytest.mark.parametrize(
    ("written", "status", "details", "slices"),
    [
        ("rate-limit slices=1", "failed", {"code": "rate_limit_exceeded"}, 1),
        ("failed code=overloaded slices=0", "failed", {"code": "overloaded"}, 0),
        ("incomplete reason=content_filter slices=3", "incomplete", "content_filter", 3),
    ],
)
@pytest.mark.shows(rules.LIMIT_INSIDE)
def test_an_answer_is_cut_short_and_ends_as_it_says(  # noqa: PLR0917 - fixtures and a row
    server: RealtimeServer,
    open_client: Connect,
    play: Play,
    written: str,
    status: str,
    details: Any,
    slices: int,
) -> None:
    server.script.faults = [fault(written)]

    async def scene() -> list[Event]:
        async with open_client() as client:
            return await answered(client)

    events = play(scene())
    done = events[-1]["response"]
    told = done["status_details"].get("reason") or {"code": done["status_details"]["error"]["code"]}
    assert (done["status"], told, len(sounds(events))) == (status, details, slices)


def test_a_forgotten_event_is_not_sent_and_not_written_down(
    server: RealtimeServer, open_client: Connect, play: Play
) -> None:
    server.script.faults = [fault("forgotten")]

    async def scene() -> list[Event]:
        async with open_client() as client:
            await client.send({"type": "response.create"})
            return await client.until("rate_limits.updated")

    assert "response.done" not in [event["type"] for event in play(scene())]
    assert "response.done" not in server.connections[0].transcript.types(Sender.SERVER)
    assert server.script.struck == ["forgotten"]


def test_a_delay_is_between_the_deltas(server: RealtimeServer, open_client: Connect, play: Play) -> None:
    server.script.faults = [fault("delay ms=5")]

    async def scene() -> None:
        async with open_client() as client:
            await answered(client)

    play(scene())
    frames = server.connections[0].transcript.frames
    (created_ms,) = [frame.at_ms for frame in frames if frame.type == "response.created"]
    deltas = [frame.at_ms for frame in frames if frame.type == DELTA]
    assert len(deltas) > 2
    for number, at_ms in enumerate(deltas, start=1):
        assert at_ms >= created_ms + 5 * number - 0.1


def test_what_the_user_said_is_not_written_down(
    server: RealtimeServer, open_client: Connect, play: Play
) -> None:
    server.script.faults = [fault("transcription-failure code=audio_unintelligible")]
    update = json.loads(json.dumps(SPOKEN))
    update["session"]["audio"]["input"]["transcription"] = {"model": "whisper-1"}

    async def scene() -> Event:
        async with open_client() as client:
            await client.ask(update)
            audio = base64.b64encode(b"\0" * 9_600).decode()
            await client.send({"type": "input_audio_buffer.append", "audio": audio})
            await client.send({"type": "input_audio_buffer.commit"})
            return (await client.until("conversation.item.input_audio_transcription.failed"))[-1]

    assert play(scene())["error"]["code"] == "audio_unintelligible"


def test_a_fault_put_in_force_later_troubles_the_next_connection(
    server: RealtimeServer, open_client: Connect, play: Play
) -> None:
    async def scene() -> None:
        async with open_client() as client:
            server.script.faults = [fault("close on=input_audio_buffer.cleared")]
            await client.ask({"type": "input_audio_buffer.clear"})
        async with open_client() as client:
            with pytest.raises(ConnectionClosed):
                await client.ask({"type": "input_audio_buffer.clear"})

    play(scene())
