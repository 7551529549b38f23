"""What counts as drift, and what does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from realtime_server.recording import EMBEDDED, Recording
from realtime_server.transcript import Frame, Sender
from support import drift, recordings
from support.drift import Shapes

Event = dict[str, Any]
ITEM = {"id": "item_1", "type": "message", "status": "completed", "content": []}
EVENTS: list[Event] = [
    {"type": "session.created", "event_id": "e", "session": {"type": "realtime", "id": "s", "include": None}},
    {"type": "conversation.item.added", "event_id": "e", "item": ITEM},
    {"type": "response.created", "event_id": "e", "response": {"id": "r", "usage": None}},
    {"type": "response.output_audio.delta", "event_id": "e", "response_id": "r", "delta": "AAAA"},
    {"type": "response.output_audio.delta", "event_id": "e", "response_id": "r", "delta": "AAAA"},
    {"type": "response.done", "event_id": "e", "response": {"id": "r", "usage": {"total_tokens": 1}}},
    {
        "type": "error",
        "event_id": "e",
        "error": {"code": "invalid_api_key", "message": "Incorrect key: sk-***ef"},
    },
    {"type": "conversation.item.truncated", "event_id": "e", "item_id": "item_1", "audio_end_ms": 100},
]


def recording(events: list[Event]) -> Recording:
    frames = tuple(
        Frame(float(at), Sender.SERVER, "text", json.dumps(each)) for at, each in enumerate(events)
    )
    return Recording(EMBEDDED, datetime.now(UTC), frames)


def differences(change: Callable[[list[Event]], Any]) -> list[str]:
    seen: list[Event] = json.loads(json.dumps(EVENTS))
    change(seen)
    return [str(each) for each in Shapes.of([recording(EVENTS)]).differences(recording(seen), "night.jsonl")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda e: e[0]["session"].update(tier="x"), "session.created.session(realtime).tier is a new field"),
        (lambda e: e[0]["session"].pop("id"), "session.created.session(realtime).id is missing"),
        (
            lambda e: e[1]["item"].update(phase="final"),
            "conversation.item.added.item(message).phase is a new field",
        ),
        (
            lambda e: e[5]["response"]["usage"].update(total_tokens="1"),
            "response.done.response.usage.total_tokens is now a text, known is a number",
        ),
        (lambda e: e.insert(1, {"type": "session.unheard_of"}), "session.unheard_of is a new event"),
        (
            lambda e: e.insert(2, e.pop(5)),
            "response.done comes before response.created, known is after it",
        ),
        (
            lambda e: e[6]["error"].update(message="Wrong key: sk-***ef"),
            "error invalid_api_key says «Wrong key: …», known is «Incorrect key: …»",
        ),
    ],
)
def test_each_kind_of_drift_is_named_with_its_frame(change: Callable[[list[Event]], Any], said: str) -> None:
    found = differences(change)
    assert [each.partition(" (night.jsonl, line ")[0] for each in found][:1] == [said]
    assert "(night.jsonl, line " in found[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        lambda e: e[0]["session"].update(id="another", include=["something"]),
        lambda e: e[2]["response"].update(usage={"total_tokens": 5}) or e.pop(5),
        lambda e: e.insert(4, dict(e[3])),
        lambda e: e.insert(0, e.pop(1)),  # another strand: between two of them no order is meant
        lambda e: e.insert(0, e.pop(7)),  # an answer comes whenever the client has asked
        lambda e: e[6]["error"].update(message="Incorrect key: wr***ey"),
        lambda e: e.pop(6),
    ],
)
def test_other_values_other_counts_and_other_strands_are_no_drift(
    change: Callable[[list[Event]], Any],
) -> None:
    assert differences(change) == []


def test_each_difference_is_said_once() -> None:
    assert len(differences(lambda e: [each.update(new=1) for each in e[3:5]])) == 1


def test_what_the_repository_ships_does_not_drift_from_itself_and_is_marked_as_embedded() -> None:
    shipped = recordings.read_all(recordings.SHIPPED)
    known = Shapes.of(shipped.values())
    assert shipped
    assert {each.origin for each in shipped.values()} == {EMBEDDED}
    assert [found for name, each in shipped.items() for found in known.differences(each, name)] == []


def test_the_command_says_drift_with_an_exit_code_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = recordings.read_all(recordings.SHIPPED)
    name = next(each for each in shipped if each.startswith("ac2-"))
    known = shipped[name]
    (tmp_path / name).write_text(known.to_jsonl())
    assert drift.main([str(tmp_path)]) == 0
    (tmp_path / name).write_text(known.to_jsonl().replace('"expires_at"', '"ends_at"'))
    assert drift.main([str(tmp_path)]) == drift.DRIFT
    assert "session.created.session(realtime).ends_at is a new field" in capsys.readouterr().out
    (tmp_path / name).write_text("{}")
    assert drift.main([str(tmp_path)]) == 2
    assert drift.main([str(tmp_path / "empty")]) == 2
