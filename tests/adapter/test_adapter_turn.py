"""A turn: where it is cut, and what is left of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from realtime_adapter.audio import BYTES_PER_MS, encode_base64
from realtime_adapter.events import OutputEvent, ResponseDone, parse
from realtime_adapter.turn import Turn


def spoken(*parts: tuple[str, int], over: bool = False) -> Turn:
    """Return a turn of so many milliseconds of audio per item."""
    turn = Turn()
    turn.response_id = "r1"
    for item_id, ms in parts:
        delta = encode_base64(bytes(ms * BYTES_PER_MS))
        event = {
            "type": "response.output_audio.delta",
            "item_id": item_id,
            "content_index": 0,
            "delta": delta,
        }
        taken = parse(json.dumps({**event, "response_id": "r1"}))
        assert isinstance(taken, OutputEvent)
        turn.take(taken, lambda: 0.0)
    if over:
        done = parse(json.dumps({"type": "response.done", "response": {"id": "r1", "status": "completed"}}))
        assert isinstance(done, ResponseDone)
        turn.end(done)
    return turn


@pytest.mark.parametrize(
    ("played_ms", "cut"),
    [
        (0, None),
        (0.9, None),
        (1, ("a", 1)),
        (150.7, ("a", 150)),
        (300, ("a", 300)),
        (301, ("b", 1)),
        (450, ("b", 150)),
        (500, ("b", 200)),
        (9_000, ("b", 200)),
    ],
)
def test_a_turn_is_cut_in_the_item_that_was_playing(played_ms: float, cut: tuple[str, int] | None) -> None:
    found = spoken(("a", 100), ("a", 200), ("b", 200)).cut(played_ms)
    expected: dict[str, Any] | None = None
    if cut is not None:
        expected = {"item_id": cut[0], "content_index": 0, "audio_end_ms": cut[1]}
    assert found == expected


def test_what_was_played_to_its_end_is_not_cut() -> None:
    assert spoken(("a", 100), over=True).cut(100) is None
    assert spoken(("a", 100), over=True).cut(99) is not None


def test_a_turn_without_audio_is_not_cut() -> None:
    assert spoken().cut(100) is None


def test_a_second_cut_is_made_only_before_the_first() -> None:
    turn = spoken(("a", 300))
    assert turn.cut(200) is not None
    assert turn.cut(250) is None
    assert turn.cut(200) is None
    again = turn.cut(100)
    assert again is not None
    assert again["audio_end_ms"] == 100


def test_what_is_forgotten_is_counted_no_more() -> None:
    turn = spoken(("a", 300))
    assert turn.unheard_bytes == 300 * BYTES_PER_MS
    turn.forget()
    assert (turn.unheard_bytes, len(turn.chunks)) == (0, 0)
