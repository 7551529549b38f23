"""The conversation so far, as items that can be created anew on another connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from realtime_adapter.events import (
    ConversationItemAdded,
    ConversationItemDeleted,
    ConversationItemDone,
    ConversationItemTruncated,
    InputAudioTranscriptionCompleted,
    ServerEvent,
)

# What a client may create (PyPI openai 3.54.0, realtime_conversation_item_*): an assistant's audio is not
# among it, and audio of the user that was not kept cannot be; both are told in their words.
_KEPT = {
    "function_call": ("type", "id", "call_id", "name", "arguments"),
    "function_call_output": ("type", "id", "call_id", "output"),
}


class History:
    """Keeps, of a connection's events, what the conversation holds."""

    def __init__(self) -> None:
        self._items: dict[str, dict[str, Any]] = {}
        self._words: dict[str, str | None] = {}  # by item: what was said; None: it is no longer known

    def put(self, event: ServerEvent) -> None:
        """Take in an event."""
        match event:
            case ConversationItemAdded() | ConversationItemDone():
                item_id = event.item.get("id")
                if isinstance(item_id, str):
                    self._items[item_id] = event.item
            case InputAudioTranscriptionCompleted(item_id=str(item_id)):
                self._words[item_id] = event.transcript
            case ConversationItemTruncated(item_id=str(item_id)):
                self._words[item_id] = None  # the server, too, forgets the words of an answer that was cut
            case ConversationItemDeleted(item_id=str(item_id)):
                self._items.pop(item_id, None)
            case _:
                pass

    def hold(self, items: Sequence[dict[str, Any]]) -> None:
        """Take in what is about to be created anew: it counts even if the connection ends first."""
        self._items |= {item["id"]: item for item in items}

    def items(self) -> list[dict[str, Any]]:
        """Return the conversation, in order, as items for ``conversation.item.create``.

        What was said is told in writing. An item whose words nobody knows is left out.
        """
        return [item for each in self._items.values() if (item := self._creatable(each)) is not None]

    def _creatable(self, item: Mapping[str, Any]) -> dict[str, Any] | None:
        if fields := _KEPT.get(str(item.get("type"))):
            return {name: item[name] for name in fields if item.get(name) is not None}
        if item.get("type") != "message":
            return None
        role, item_id = item.get("role"), str(item.get("id"))
        kind = "output_text" if role == "assistant" else "input_text"
        content: list[dict[str, Any]] = []
        for part in item.get("content") or ():
            if part.get("type") == "input_image" and part.get("image_url"):
                content.append(
                    {name: part[name] for name in ("type", "image_url", "detail") if part.get(name)}
                )
                continue
            spoken = self._words[item_id] if item_id in self._words else part.get("transcript")
            words = part.get("text") or spoken
            if words:
                content.append({"type": kind, "text": words})
        return {"type": "message", "id": item_id, "role": role, "content": content} if content else None
