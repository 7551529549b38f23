"""The conversation: its items, their order and their audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from realtime_server import audio, rules
from realtime_server.audio import Sound
from realtime_server.ids import Ids

Wire = dict[str, Any]


@dataclass
class Item:
    """One item of the conversation.

    Attributes:
        id: Chosen by the client or drawn by the server.
        body: Everything but the id, in the order of the wire; a message's content without audio bytes.
        audio: Sound by content index.
        follows: Id of the item before it when it was added, or None.
        follows_first: Whether that was the conversation's first item.
    """

    id: str
    body: Wire
    audio: dict[int, Sound] = field(default_factory=dict)
    follows: str | None = None
    follows_first: bool = False

    @property
    def spoken_answer(self) -> bool:
        """Whether this is the model's own speech and some of it has sounded."""
        return self.body.get("role") == "assistant" and 0 in self.audio

    def wire(self, *, with_audio: bool = False) -> Wire:
        """The item as events carry it; audio only where it was asked for."""
        wire = {"id": self.id, **self.body}
        if "content" in wire:
            wire["content"] = [
                {**part, "audio": audio.encoded(self.audio[index].data)}
                if with_audio and index in self.audio
                else dict(part)
                for index, part in enumerate(wire["content"])
            ]
        return wire

    @property
    def follows_when_done(self) -> str | None:
        """What ``conversation.item.done`` of a model's item calls its predecessor (RT-item-15)."""
        return None if self.follows_first else self.follows


class Conversation:
    """The items of one session, in order."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self.id = ids.new("conv")
        self.items: list[Item] = []

    def find(self, item_id: str) -> Item | None:
        """Return the item of that id, or None."""
        return next((item for item in self.items if item.id == item_id), None)

    def add(self, body: Wire, *, item_id: str | None = None, after: str | None = None) -> Item:
        """Put a new item after ``after``: an id, ``root`` for the beginning, None or empty for the end.

        Raises:
            Refused: the id is taken or ``after`` is unknown.
        """
        if item_id is not None and self.find(item_id):
            raise rules.DUPLICATE_ITEM.refuse(id=item_id)
        known = [item.id for item in self.items]
        if after and after != "root" and after not in known:
            raise rules.UNKNOWN_PREVIOUS.refuse(id=after)
        at = len(known)
        if after:
            at = 0 if after == "root" else known.index(after) + 1
        follows = known[at - 1] if at else None
        item = Item(item_id or self._ids.new("item"), body, follows=follows, follows_first=at == 1)
        self.items.insert(at, item)
        return item

    def add_from_client(self, given: Mapping[str, Any], after: str | None, audio_format: Wire) -> Item:
        """Add an item a client created, whose shape has been checked."""
        sounds = _sounds(given, audio_format, "item")
        if given["type"] == "function_call_output" and not self._has_call(given["call_id"]):
            raise rules.UNKNOWN_CALL.refuse(id=given["call_id"])
        if given["type"] == "mcp_approval_response" and not self._has_request(given["approval_request_id"]):
            raise rules.UNKNOWN_APPROVAL.refuse(id=given["approval_request_id"])
        item = self.add(_body(given, self._ids), item_id=given.get("id"), after=after)
        item.audio = sounds
        return item

    def outside(self, body: Wire) -> Item:
        """Return a new item that is not part of the conversation."""
        return Item(self._ids.new("item"), body)

    def context(self, given: Sequence[Mapping[str, Any]], audio_format: Wire) -> list[Item]:
        """Return what a response is to answer instead of the conversation: ``response.input``.

        Raises:
            Refused: a reference to an item there is not, or bad audio.
        """
        items = []
        for number, one in enumerate(given):
            path = f"response.input[{number}]"
            if one["type"] == "item_reference":
                found = self.find(one["id"])
                if found is None:
                    raise rules.UNKNOWN_REFERENCE.refuse(f"{path}.id", id=one["id"])
                items.append(found)
            else:
                sounds = _sounds(one, audio_format, path)
                items.append(Item(one.get("id") or "", _body(one, self._ids), sounds))
        return items

    @property
    def has_spoken_answer(self) -> bool:
        """Whether the assistant has been heard, which fixes its voice."""
        return any(item.spoken_answer for item in self.items)

    def remove(self, item_id: str) -> None:
        """Delete an item."""
        item = self.find(item_id)
        if item is None:
            raise rules.DELETE_UNKNOWN.refuse(id=item_id)
        self.items.remove(item)

    def retrieve(self, item_id: str) -> Item:
        """Return an item that is asked for."""
        item = self.find(item_id)
        if item is None:
            raise rules.RETRIEVE_UNKNOWN.refuse(id=item_id)
        return item

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> None:
        """Cut a spoken answer after ``audio_end_ms`` and forget its words."""
        item = self.find(item_id)
        if item is None:
            raise rules.TRUNCATE_UNKNOWN.refuse(id=item_id)
        if not item.spoken_answer or content_index:
            raise rules.TRUNCATE_NOT_AUDIO.refuse()
        have_ms = int(item.audio[0].ms)
        if audio_end_ms > have_ms:
            raise rules.TRUNCATE_BEYOND.refuse(have_ms=have_ms, end_ms=audio_end_ms)
        item.audio[0] = item.audio[0].until(audio_end_ms)
        item.body["content"][0]["transcript"] = ""

    def _has_call(self, call_id: str) -> bool:
        return any(
            item.body["type"] == "function_call" and item.body["call_id"] == call_id for item in self.items
        )

    def _has_request(self, item_id: str) -> bool:
        asking = self.find(item_id)
        return asking is not None and asking.body["type"] == "mcp_approval_request"


def _sounds(given: Mapping[str, Any], audio_format: Wire, path: str) -> dict[int, Sound]:
    return {
        index: Sound(
            audio.decoded(part["audio"], audio_format, f"{path}.content[{index}].audio"), audio_format["type"]
        )
        for index, part in enumerate(given.get("content", ()))
        if part["type"] == "input_audio"
    }


def _body(given: Mapping[str, Any], ids: Ids) -> Wire:
    """Return a created item as the service echoes it: no ``object``, always completed."""
    if given["type"] == "message":
        return {
            "type": "message",
            "status": "completed",
            "role": given["role"],
            "content": [_part(part) for part in given["content"]],
        }
    if given["type"] == "function_call":
        return {
            "type": "function_call",
            "status": "completed",
            "name": given["name"],
            "call_id": given.get("call_id") or ids.call(),
            "arguments": given["arguments"],
        }
    return {key: value for key, value in given.items() if key not in {"id", "object", "status"}}


def _part(part: Mapping[str, Any]) -> Wire:
    if part["type"] == "input_audio":
        return {"type": "input_audio", "transcript": part.get("transcript")}
    return dict(part)
