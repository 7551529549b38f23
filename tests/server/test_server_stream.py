"""An answer's audio on its way out: many deltas in one write, and no difference that a client could see."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest
from websockets.asyncio.client import connect

from realtime_server import Answer, Sender, fault, speech
from realtime_server.ids import Ids

DELTA = "response.output_audio.delta"
SOUND = speech("question").pcm + b"\x01\x02\x03"  # its last slice is short and odd


def heard(events) -> bytes:
    return b"".join(base64.b64decode(event["delta"]) for event in events if event["type"] == DELTA)


def answer_to(server, play, answer, *, compression=None):
    """Play one answer; return the frames as they came and as they were written down."""
    server.script.answers = [answer]

    async def scene():
        headers = {"Authorization": "Bearer sk-some-key"}
        url = f"{server.url}?model=gpt-realtime"
        async with connect(url, additional_headers=headers, compression=compression, max_queue=None) as ws:
            frames = [await ws.recv()]
            await ws.send(json.dumps({"type": "response.create"}))
            while json.loads(frames[-1])["type"] != "rate_limits.updated":
                frames.append(await ws.recv())
            return frames

    frames = play(scene())
    connection = server.connections[-1]
    connection.wait_closed()
    written = [
        f.payload for f in connection.transcript.frames if (f.sender, f.kind) == (Sender.SERVER, "text")
    ]
    return frames, written


@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("words", ["", "Words that come between the slices of sound."])
def test_what_is_written_down_is_what_went_out(server, play, compression, words):
    frames, written = answer_to(server, play, Answer(words, SOUND), compression=compression)
    assert frames == written
    events = [json.loads(frame) for frame in frames]
    assert heard(events) == SOUND
    assert len({event["event_id"] for event in events}) == len(events)


def test_a_run_of_deltas_reads_like_deltas_sent_one_by_one(server, play):
    in_runs, _ = answer_to(server, play, Answer("", SOUND))
    server.script.faults = [fault("stall after=1000000")]  # which never strikes, but has to see each event
    one_by_one, _ = answer_to(server, play, Answer("", SOUND))
    keys = [[list(json.loads(frame)) for frame in frames] for frames in (in_runs, one_by_one)]
    assert keys[0] == keys[1]
    bare = [[json.loads(frame).get("delta") for frame in frames] for frames in (in_runs, one_by_one)]
    assert bare[0] == bare[1]
    assert [len(frame) for frame in in_runs] == [len(frame) for frame in one_by_one]


def test_whoever_listens_hears_each_frame_of_a_run(server, play):
    told = []
    server.on_frame = lambda _, frame: told.append(frame)
    answer_to(server, play, Answer("", SOUND))
    assert told == list(server.connections[-1].transcript.frames)


LONG = Answer("", bytes(300_000 * 48))  # more than the sockets will hold


def unread(server, before_reading):
    """Ask for a long answer, do something, and only then read; return the events."""
    server.script.answers = [LONG]

    async def scene():
        headers = {"Authorization": "Bearer sk-some-key"}
        url = f"{server.url}?model=gpt-realtime"
        async with connect(url, additional_headers=headers, compression=None, max_queue=1) as ws:
            await ws.send(json.dumps({"type": "response.create"}))
            await before_reading(ws, server.connections[-1])
            events = [json.loads(await ws.recv())]
            while events[-1]["type"] != "rate_limits.updated":  # the last: the client reads again
                events.append(json.loads(await ws.recv()))
            return events

    return scene()


def test_a_client_that_does_not_read_holds_the_answer_back(server, play):
    async def stands_still(_ws, connection):
        before, now = -1, 0
        while now != before or not now:
            before = now
            await asyncio.sleep(0.3)
            now = connection.transcript.types(Sender.SERVER).count(DELTA)
        assert now < 3_000

    assert heard(play(unread(server, stands_still))) == LONG.audio


def test_a_cancellation_gets_in_while_the_answer_is_held_back(server, play):
    async def cancel(ws, connection):
        await asyncio.to_thread(connection.wait_for, Sender.SERVER, DELTA)
        await ws.send(json.dumps({"type": "response.cancel"}))
        await asyncio.to_thread(connection.wait_for, Sender.CLIENT, "response.cancel")

    events = play(unread(server, cancel))
    assert events[-2]["response"]["status"] == "cancelled"
    assert 0 < len(heard(events)) < len(LONG.audio)


def test_ids_drawn_together_are_those_drawn_one_by_one():
    together, one_by_one = Ids("seed"), Ids("seed")
    assert [one.decode() for one in together.several(100)] == [
        one_by_one.new("event").removeprefix("event_") for _ in range(100)
    ]
    assert together.new("item") == one_by_one.new("item")
