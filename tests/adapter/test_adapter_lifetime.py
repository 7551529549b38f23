"""The end of a session announced in time, what may recover, and the conversation to be created anew."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from realtime_adapter import ConfigurationError, ConnectionFailed, ConnectionLost, InvalidApiKey, Reconnect
from realtime_adapter.events import parse
from realtime_adapter.expiry import ExpiryNotice
from realtime_adapter.history import History
from realtime_adapter.reconnection import may_recover

# ------------------------------------------------------------------ expiry


def test_the_end_is_announced_by_itself_when_the_time_has_come() -> None:
    async def scene() -> list[float]:
        told: list[float] = []
        loop, announced = asyncio.get_running_loop(), asyncio.Event()

        def announce(left_s: float) -> None:
            told.append(left_s)
            announced.set()

        notice = ExpiryNotice(10, loop.time, announce)
        notice.begin(loop.time() + 10.05)
        assert told == []
        await asyncio.wait_for(announced.wait(), 10)
        notice.check()
        return told

    assert asyncio.run(scene()) == [pytest.approx(10, abs=1)]


def test_a_session_that_has_ended_is_not_announced_any_more() -> None:
    told: list[float] = []

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        notice = ExpiryNotice(10, loop.time, told.append)
        notice.begin(loop.time() + 10.02)
        notice.end()
        await asyncio.sleep(0.05)
        notice.check()

    asyncio.run(scene())
    assert told == []


@pytest.mark.parametrize("expires_at_s", [None, 0, "soon", -1, 999])
def test_what_is_no_time_or_is_past_is_announced_never(expires_at_s: object) -> None:
    notice = ExpiryNotice(10, lambda: 1_000, lambda _: pytest.fail("announced"))
    notice.begin(expires_at_s)
    notice.check()


def test_a_callback_that_fails_is_told_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_left_s: float) -> None:
        raise ValueError("what now?")

    with caplog.at_level(logging.WARNING, logger="realtime_adapter"):
        ExpiryNotice(10, lambda: 0, broken).begin(5)
    assert "this session ends in 5 s" in caplog.text
    assert "on_expiring failed" in caplog.text


# ------------------------------------------------------------------ what may recover


def lost(code: int) -> ConnectionLost:
    return ConnectionLost("lost", closed_by="server", close_code=code)


@pytest.mark.parametrize("code", [1001, 1005, 1006, 1011, 1012, 1013, 1015])
def test_these_may_recover(code: int) -> None:
    assert may_recover(lost(code))


@pytest.mark.parametrize("code", [1000, 1002, 1003, 1007, 1008, 1009, 1010, 3000, 3999, 4000, 4004, 4999])
def test_these_may_not(code: int) -> None:
    assert not may_recover(lost(code))


@pytest.mark.parametrize(
    ("status", "recovers"), [(None, True), (429, True), (503, True), (401, False), (403, False), (404, False)]
)
def test_a_refused_upgrade_may_recover_only_from_trouble(status: int | None, recovers: bool) -> None:
    assert may_recover(ConnectionFailed("no", http_status=status)) is recovers


def test_a_refused_key_may_not_recover() -> None:
    assert not may_recover(InvalidApiKey("no", close_code=3000))


@pytest.mark.parametrize("pauses_s", [(-1,), ("1",), (True,)])
def test_a_pause_is_a_number_of_seconds(pauses_s: Any) -> None:
    with pytest.raises(ConfigurationError, match="pauses_s holds") as refused:
        Reconnect(pauses_s)
    assert refused.value.param == "pauses_s"


# ------------------------------------------------------------------ the conversation so far


def after(*events: dict[str, Any]) -> list[dict[str, Any]]:
    history = History()
    for event in events:
        history.put(parse(json.dumps(event)))
    return history.items()


def added(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "conversation.item.added", "item": item}


def done(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "conversation.item.done", "item": item}


def message(item_id: str, role: str, *content: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": item_id,
        "type": "message",
        "role": role,
        "content": list(content),
        "status": "completed",
        **more,
    }


SPOKEN = message("item_2", "assistant", {"type": "output_audio", "transcript": "At nine."})


def test_what_was_said_is_told_in_writing_and_in_order() -> None:
    heard = {
        "type": "conversation.item.input_audio_transcription.completed",
        "item_id": "item_1",
        "content_index": 0,
        "transcript": "When do you open?",
    }
    events = [
        added(message("item_1", "user", {"type": "input_audio", "transcript": None})),
        done(message("item_1", "user", {"type": "input_audio", "transcript": None})),
        added(message("item_2", "assistant")),
        done(SPOKEN),
        heard,  # as late as it pleases
        done(message("item_3", "system", {"type": "input_text", "text": "Be brief."})),
    ]
    assert after(*events) == [
        {
            "type": "message",
            "id": "item_1",
            "role": "user",
            "content": [{"type": "input_text", "text": "When do you open?"}],
        },
        {
            "type": "message",
            "id": "item_2",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "At nine."}],
        },
        {
            "type": "message",
            "id": "item_3",
            "role": "system",
            "content": [{"type": "input_text", "text": "Be brief."}],
        },
    ]


def test_what_is_about_to_be_created_anew_is_not_lost_when_that_connection_ends_too() -> None:
    history = History()
    history.hold(after(done(SPOKEN)))
    assert history.items() == after(done(SPOKEN))


def test_functions_called_and_what_they_returned_are_kept() -> None:
    call = {"id": "item_1", "type": "function_call", "call_id": "call_1", "name": "hours", "arguments": "{}"}
    output = {"id": "item_2", "type": "function_call_output", "call_id": "call_1", "output": "9-6"}
    assert after(done({**call, "status": "completed"}), done(output)) == [call, output]


def test_an_image_is_kept_and_its_words_with_it() -> None:
    image = {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"}
    (item,) = after(done(message("item_1", "user", image, {"type": "input_text", "text": "What is it?"})))
    assert item["content"] == [image, {"type": "input_text", "text": "What is it?"}]


def test_what_nobody_knows_the_words_of_is_left_out() -> None:
    truncated = {
        "type": "conversation.item.truncated",
        "item_id": "item_2",
        "content_index": 0,
        "audio_end_ms": 300,
    }
    deleted = {"type": "conversation.item.deleted", "item_id": "item_2"}
    unheard = done(message("item_1", "user", {"type": "input_audio", "transcript": None}))
    assert after(unheard) == []
    assert after(done(SPOKEN), truncated) == []
    assert after(done(SPOKEN), deleted) == []
    assert after(done({"id": "item_9", "type": "mcp_list_tools"})) == []
