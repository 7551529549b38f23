"""The words of the conversation: where an item stands, and what is known of it."""

from __future__ import annotations

import json
from typing import Any

from realtime_adapter.events import parse
from realtime_adapter.transcripts import Transcripts


def after(*events: dict[str, Any]) -> list[tuple[str, str, bool]]:
    transcripts = Transcripts()
    for event in events:
        transcripts.take(parse(json.dumps(event)))
    return [(each.item_id, each.text, each.final) for each in transcripts.all()]


def added(item_id: str, previous: str | None, role: str = "user", *words: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text} for text in words]
    item = {"id": item_id, "type": "message", "role": role, "content": content}
    return {"type": "conversation.item.added", "previous_item_id": previous, "item": item}


def words(item_id: str, delta: str, part: int = 0) -> dict[str, Any]:
    name = "response.output_audio_transcript.delta"
    return {"type": name, "item_id": item_id, "content_index": part, "delta": delta}


def all_words(item_id: str, transcript: str | None, part: int = 0) -> dict[str, Any]:
    name = "response.output_audio_transcript.done"
    return {"type": name, "item_id": item_id, "content_index": part, "transcript": transcript}


def test_an_item_stands_where_the_server_says_whenever_its_words_come() -> None:
    said = after(
        words("b", "second"),
        added("c", None, "user", "third"),
        added("b", None, "assistant"),
        added("a", None, "user", "first"),
        added("b", "a", "assistant"),
        added("c", "b", "user", "third"),
    )
    assert [item_id for item_id, _, _ in said] == ["a", "b", "c"]


def test_an_item_put_between_two_others_stands_between_them() -> None:
    said = after(
        added("a", None, "user", "one"), added("c", "a", "user", "three"), added("b", "a", "user", "two")
    )
    assert [text for _, text, _ in said] == ["one", "two", "three"]


def test_a_part_that_is_whole_does_not_make_the_next_one_so() -> None:
    assert after(words("a", "We o"), all_words("a", "We open."), words("a", "At n", 1)) == [
        ("a", "We open. At n", False)
    ]


def test_streamed_words_stand_when_the_whole_is_empty() -> None:
    assert after(words("a", "At nine."), all_words("a", None)) == [("a", "At nine.", True)]


def test_words_that_come_after_the_whole_are_no_more() -> None:
    assert after(all_words("a", "At nine."), words("a", " At nine.")) == [("a", "At nine.", True)]


def test_an_item_that_was_deleted_is_gone() -> None:
    gone = {"type": "conversation.item.deleted", "item_id": "a"}
    assert after(added("a", None, "user", "one"), added("b", "a", "user", "two"), gone) == [
        ("b", "two", True)
    ]
