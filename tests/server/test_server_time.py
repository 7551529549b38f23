"""Time on the server's clock: a session's hour, a clock that a test moves."""

from __future__ import annotations

import asyncio
import time

import pytest

from realtime_server import Answer, CloseWith, RealtimeServer, Sender, VirtualClock, fault, rules

SENTENCE = "Your session hit the maximum duration of 60 minutes."


@pytest.mark.shows(rules.NOT_PROLONGED)
def test_a_session_ends_after_an_hour_with_an_error_and_the_close(server, clock, open_client, play):
    async def scene():
        async with open_client() as client:
            await asyncio.to_thread(clock.advance, 3_599_999)
            assert (await client.update())["type"] == "session.updated"  # which does not prolong it
            await asyncio.to_thread(clock.advance, 1)
            return await client.end()

    events, code, reason = play(scene())
    assert [e["type"] for e in events] == ["error"]
    assert events[0]["error"] == {
        "type": "invalid_request_error",
        "code": "session_expired",
        "message": SENTENCE,
        "param": None,
        "event_id": None,
    }
    assert (code, reason) == (1001, SENTENCE)
    connection = server.wait_for_connection()
    connection.wait_closed()
    assert connection.closed_by == "server"
    assert [r.rule_id for r in connection.refusals] == ["RT-session-24"]
    assert connection.transcript.frames[-1].at_ms == 3_600_000


@pytest.mark.shows(rules.EXPIRES_AT)
def test_the_session_says_when_it_will_end(clock, open_client, play):
    async def scene():
        async with open_client(greeted=False) as client:
            return (await client.receive())["session"]["expires_at"]

    clock.advance(5_000)
    assert play(scene()) == clock.unix_s() + 3_600


def test_an_hour_cuts_a_running_response_short(server, clock, open_client, play):
    server.script.answers = [Answer(hold_after=1)]

    async def scene():
        async with open_client() as client:
            await client.respond()
            await client.until("response.output_audio.delta")
            await asyncio.to_thread(clock.advance, 3_600_000)
            return await client.end()

    events, code, _ = play(scene())
    assert (events[-1]["type"], code) == ("error", 1001)


@pytest.mark.usefixtures("clock")
def test_pauses_of_a_clock_that_stands_still_do_not_end(server, open_client, play):
    server.script.answers = [Answer(pause_ms=1)]

    async def scene():
        async with open_client() as client:
            await client.respond()
            await client.until("response.created")
            return await client.nothing_more()

    assert play(scene()) == []


def test_waits_end_in_the_order_of_their_time():
    clock, ended = VirtualClock(), []

    async def wait(ms, *, event=None):
        timed_out = not await clock.wait(event or asyncio.Event(), ms)
        ended.append((ms, clock.now_ms(), timed_out))

    async def scene():
        early = asyncio.Event()
        waits = [asyncio.create_task(wait(ms)) for ms in (300, 100, 200)]
        waits.append(asyncio.create_task(wait(250, event=early)))
        await asyncio.sleep(0)
        assert clock.next_due_ms == 100
        await asyncio.to_thread(clock.advance, 150)
        early.set()
        await asyncio.sleep(0.01)
        await asyncio.to_thread(clock.advance, 150)
        await asyncio.gather(*waits)

    asyncio.run(asyncio.wait_for(scene(), 5))
    assert ended == [(100, 100, True), (250, 150, False), (200, 200, True), (300, 300, True)]
    assert clock.next_due_ms is None
    assert (clock.now_ms(), clock.unix_s()) == (300, 1_790_000_000)


def test_what_follows_a_wait_may_wait_again_within_the_same_advance():
    clock, seen = VirtualClock(), []

    async def scene():
        async def steps():
            for _ in range(3):
                await clock.wait(asyncio.Event(), 10)
                seen.append(clock.now_ms())

        task = asyncio.create_task(steps())
        await asyncio.sleep(0)
        await asyncio.to_thread(clock.advance, 100)
        await task

    asyncio.run(asyncio.wait_for(scene(), 5))
    assert seen == [10, 20, 30]
    assert clock.now_ms() == 100


def test_time_is_not_moved_from_the_servers_own_thread(server, clock, open_client, play):
    raised = []

    def advance(_connection, frame):
        if frame.type == "input_audio_buffer.clear":
            with pytest.raises(RuntimeError, match="call it from the test's") as error:
                clock.advance(3_600_000)
            raised.append(error.value)

    server.on_frame = advance

    async def scene():
        async with open_client() as client:
            await client.ask({"type": "input_audio_buffer.clear"})

    play(scene())
    assert len(raised) == 1


@pytest.mark.parametrize("ending", [None, CloseWith(1011)])
def test_a_server_on_virtual_time_stops_as_quickly(ending):
    server = RealtimeServer(clock=VirtualClock())
    server.script.answers = [Answer(pause_ms=60_000, ending=ending, ending_after=5)]
    server.start()
    began_s = time.monotonic()
    server.stop()
    assert time.monotonic() - began_s < 1


def test_virtual_time_stands_in_the_evidence(server, clock, open_client, play):
    async def scene():
        async with open_client() as client:
            await asyncio.to_thread(clock.advance, 1_234)
            await client.ask({"type": "input_audio_buffer.clear"})

    play(scene())
    (frame,) = [
        f
        for f in server.wait_for_connection().transcript.frames
        if f.sender is Sender.SERVER and f.type == "input_audio_buffer.cleared"
    ]
    assert frame.at_ms == 1_234


def delta_times(server) -> list[float]:
    frames = server.wait_for_connection().transcript.frames
    return [frame.at_ms for frame in frames if frame.type == "response.output_audio.delta"]


def test_a_delta_that_comes_late_does_not_delay_those_after_it(server, clock, open_client, play):
    server.script.answers = [Answer("", bytes(8 * 4_800), pause_ms=100)]
    server.script.faults = [fault("stall ms=250 after=3")]

    async def scene():
        async with open_client() as client:
            await client.respond()
            await client.until("response.created")
            await asyncio.to_thread(clock.advance, 1_000)
            await client.until("response.done")

    play(scene())
    assert delta_times(server) == [100, 200, 300, 650, 650, 650, 700, 800]


def test_a_held_answer_goes_on_at_its_pace_and_does_not_hurry(server, clock, open_client, play):
    server.script.answers = [Answer("", bytes(4 * 4_800), pause_ms=100, hold_after=2)]

    async def scene():
        async with open_client() as client:
            await client.respond()
            await client.until("response.created")
            await asyncio.to_thread(clock.advance, 5_000)
            server.script.release()
            await asyncio.to_thread(clock.advance, 1_000)
            await client.until("response.done")

    play(scene())
    assert delta_times(server) == [100, 200, 5_100, 5_200]
