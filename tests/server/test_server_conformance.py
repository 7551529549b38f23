"""What the server sends against the vendor's types: the comparison itself, and its list of exceptions."""

from __future__ import annotations

import json

import pytest
from websockets.asyncio.client import connect

from realtime_server import Answer, RealtimeServer, ToolCall, conformance, rules

DELTA = {
    "type": "response.output_text.delta",
    "event_id": "event_1",
    "response_id": "resp_1",
    "item_id": "item_1",
    "output_index": 0,
    "content_index": 0,
    "delta": "Hi",
    "obfuscation": "x",
}
ADDED = {"type": "conversation.item.added", "event_id": "e"}
ITEM = {"id": "i", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}


def test_an_event_that_is_as_typed_deviates_only_where_it_is_excepted():
    (deviation,) = conformance.deviations(DELTA)
    assert deviation.rule is rules.UNTYPED_OBFUSCATION
    assert str(deviation) == "response.output_text.delta obfuscation: is not typed (RT-wire-01)"
    assert conformance.faults(DELTA) == []


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({**DELTA, "delta": None}, "delta: is null"),
        ({**DELTA, "delta": 5}, "delta: is an integer (5)"),
        ({**DELTA, "output_index": True}, "output_index: is a boolean (True)"),
        ({key: DELTA[key] for key in DELTA if key != "item_id"}, "item_id: is missing"),
        ({**DELTA, "colour": "red"}, "colour: is not typed"),
        ({**DELTA, "type": "response.text.delta"}, "type: no such event is published"),
        ({**ADDED, "item": {**ITEM, "role": "nobody"}}, "item.role:"),
        ({**ADDED, "item": {**ITEM, "content": [{"type": "x"}]}},
         "item.content[].type:"),
        ({"type": "rate_limits.updated", "event_id": "e", "rate_limits": [{"limit": "many"}]},
         "rate_limits[].limit: is a string ('many')"),
    ],
)  # fmt: skip
def test_what_differs_is_named_with_its_place(event, found):
    assert any(found in str(fault) for fault in conformance.faults(event))


def test_every_exception_is_needed_and_stands_in_the_table(server, open_client, play):
    tool = {"type": "function", "name": "look_up", "parameters": {}}
    server.script.answers = [Answer(tool_calls=[ToolCall("look_up")])]

    async def scene():
        async with open_client("?model=gpt-realtime-2.1") as client:
            await client.update(tools=[tool])
            await client.respond()
            await client.until("rate_limits.updated")

    play(scene())
    sent = server.wait_for_connection().transcript.events("server")
    used = {d.rule.id for event in sent for d in conformance.deviations(event) if d.rule}
    assert used == {rule.id for _, _, rule in conformance.EXCEPTIONS}
    listed = {row["id"] for row in json.loads(rules.as_json()) if row["id"].startswith("RT-wire-")}
    assert used == listed


def test_debug_mode_names_the_rule_and_the_near_miss_on_the_wire(play):
    async def scene(url):
        async with connect(
            f"{url}?model=gpt-realtime", additional_headers={"Authorization": "Bearer k"}
        ) as ws:
            await ws.recv()
            await ws.send(
                json.dumps({"type": "session.update", "session": {"type": "realtime", "voice": "a"}})
            )
            first = json.loads(await ws.recv())["error"]
            await ws.send("{")
            return first, json.loads(await ws.recv())["error"]

    with RealtimeServer(debug=True) as server:
        named, plain = play(scene(server.url))
    assert named["rule_id"] == "RT-shape-02"
    assert "`session.audio.output.voice`" in named["near_miss"]
    assert (plain["rule_id"], plain["near_miss"]) == ("RT-frame-01", None)
