"""The function calls of a response, whichever of the events that describe them arrive."""

from __future__ import annotations

import itertools
import json
import logging
from typing import Any

import pytest

from realtime_adapter.events import OutputEvent, parse
from realtime_adapter.tool_calls import ToolCall, ToolCalls

Event = dict[str, Any]
HOURS = {"call_id": "call_1", "name": "opening_hours", "arguments": '{"day":"mon"}'}


def added(**changes: Any) -> Event:
    item = {"type": "function_call", "id": "item_1", **HOURS, "arguments": "", **changes}
    return {"type": "response.output_item.added", "item": item}


def piece(delta: str, call_id: str | None = "call_1") -> Event:
    return {"type": "response.function_call_arguments.delta", "call_id": call_id, "delta": delta}


def arguments(**changes: Any) -> Event:
    return {"type": "response.function_call_arguments.done", **HOURS, **changes}


def done(**changes: Any) -> Event:
    item = {"type": "function_call", "id": "item_1", "status": "completed", **HOURS, **changes}
    return {"type": "response.output_item.done", "item": item}


def after(*events: Event) -> tuple[ToolCall, ...]:
    calls = ToolCalls()
    for each in events:
        event = parse(json.dumps(each))
        assert isinstance(event, OutputEvent)
        calls.take(event)
    return calls.final


WHOLE = [added(), piece('{"day":'), piece('"mon"}'), arguments(), done()]


@pytest.mark.parametrize(
    "left", [*itertools.combinations(WHOLE[3:], 1), tuple(WHOLE[3:])], ids=["arguments", "item", "both"]
)
def test_one_call_id_is_one_call_whichever_events_describe_it(left: tuple[Event, ...]) -> None:
    assert after(*WHOLE[:3], *left) == (ToolCall(**HOURS),)


def test_a_call_that_is_still_being_written_is_none_yet() -> None:
    assert after(*WHOLE[:3]) == ()


def test_a_missing_name_is_filled_in_by_the_item() -> None:
    assert after(arguments(name=None), done()) == (ToolCall(**HOURS),)
    assert after(added(), arguments(name=None)) == (ToolCall(**HOURS),)


def test_the_fuller_arguments_win() -> None:
    assert after(arguments(arguments='{"day"'), done()) == (ToolCall(**HOURS),)
    assert after(arguments(), done(arguments='{"day"')) == (ToolCall(**HOURS),)


def test_streamed_arguments_are_enough() -> None:
    assert after(*WHOLE[:3], arguments(arguments=None)) == (ToolCall(**HOURS),)


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_arguments_are_an_empty_object(nothing: str | None) -> None:
    assert after(done(arguments=nothing)) == (ToolCall("call_1", "opening_hours", "{}"),)


def test_arguments_that_are_no_json_are_passed_on_as_they_are() -> None:
    assert after(done(arguments='{"day": mon')) == (ToolCall("call_1", "opening_hours", '{"day": mon'),)


@pytest.mark.parametrize("event", [arguments(call_id=None), arguments(call_id=""), done(call_id=7)])
def test_a_call_without_an_id_is_skipped(event: Event, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "realtime_adapter"):
        assert after(event) == ()
    assert "without call_id was skipped" in caplog.text


def test_a_call_that_was_cut_short_is_none() -> None:
    assert after(*WHOLE[:4], done(status="incomplete", arguments='{"day"')) == ()


def test_several_calls_keep_the_order_in_which_they_came() -> None:
    second = {"call_id": "call_2", "name": "stock", "arguments": "{}"}
    calls = after(added(), added(**second), done(**second), done())
    assert [call.call_id for call in calls] == ["call_1", "call_2"]


def test_items_of_another_kind_are_left_alone() -> None:
    assert after(added(type="message"), done(type="message"), done(type=None)) == ()


def test_a_call_has_the_shape_of_the_chat_api() -> None:
    assert ToolCall(**HOURS).as_chat() == {
        "id": "call_1",
        "type": "function",
        "function": {"name": "opening_hours", "arguments": '{"day":"mon"}'},
    }
