"""What was said by both sides, item by item, in the order of the conversation.

Words come in pieces, in any order between items, and the user's often after the model has answered. An
item's place is the one ``conversation.item.added`` gives it; until then it is at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from realtime_adapter.errors import ServerError
from realtime_adapter.events import (
    ConversationItemAdded,
    ConversationItemCreated,
    ConversationItemDeleted,
    InputAudioTranscriptionCompleted,
    InputAudioTranscriptionDelta,
    OutputAudioTranscriptDelta,
    OutputAudioTranscriptDone,
    OutputTextDelta,
    OutputTextDone,
    ServerEvent,
)

Speaker = Literal["user", "agent"]


@dataclass(frozen=True)
class Utterance:
    """What one side said in one item of the conversation.

    Attributes:
        item_id: The server's id of the item.
        speaker: Who said it.
        text: The words, as far as they are known.
        final: No more words will come.
        error: Why the words are not known, or None.
    """

    item_id: str
    speaker: Speaker
    text: str
    final: bool
    error: ServerError | None = None


@dataclass
class _Words:
    speaker: Speaker
    parts: dict[int | None, str] = field(default_factory=dict)
    known: set[int | None] = field(default_factory=set)  # the parts whose words are all there
    error: ServerError | None = None

    @property
    def text(self) -> str:
        return " ".join(filter(None, self.parts.values()))

    @property
    def final(self) -> bool:
        return self.error is not None or self.parts.keys() <= self.known


_SPEAKERS: Mapping[Any, Speaker] = {"user": "user", "assistant": "agent"}


class Transcripts:
    """The words of one conversation."""

    def __init__(self) -> None:
        self._order: list[str] = []
        self._words: dict[str, _Words] = {}

    def take(self, event: ServerEvent) -> None:
        """Take in what an event says of what was said; of most, that is nothing."""
        match event:
            case OutputAudioTranscriptDelta() | OutputTextDelta():
                self._heard(event.item_id, "agent", event.content_index, event.delta)
            case OutputAudioTranscriptDone():
                self._known(event.item_id, "agent", event.content_index, event.transcript)
            case OutputTextDone():
                self._known(event.item_id, "agent", event.content_index, event.text)
            case InputAudioTranscriptionDelta():
                self._heard(event.item_id, "user", event.content_index, event.delta or "")
            case InputAudioTranscriptionCompleted():
                self._known(event.item_id, "user", event.content_index, event.transcript)
            case ConversationItemAdded() | ConversationItemCreated():
                self._added(event.item, event.previous_item_id)
            case ConversationItemDeleted():
                self._deleted(event.item_id)

    def _added(self, item: Mapping[str, Any], previous_item_id: str | None) -> None:
        """Take in that an item has joined the conversation, and where."""
        item_id, speaker = item.get("id"), _SPEAKERS.get(item.get("role"))
        if not isinstance(item_id, str):
            return
        if item_id in self._order:
            self._order.remove(item_id)
        after = self._order.index(previous_item_id) + 1 if previous_item_id in self._order else None
        self._order.insert(len(self._order) if after is None else after, item_id)
        if speaker is not None:
            words = self._words.setdefault(item_id, _Words(speaker))
            for index, part in enumerate(item.get("content") or ()):
                if isinstance(part, Mapping) and part.get("type") == "input_text":
                    words.parts[index] = str(part.get("text", ""))
                    words.known.add(index)

    def _deleted(self, item_id: str | None) -> None:
        """Take in that an item has left the conversation."""
        if item_id in self._order:
            self._order.remove(item_id)
            self._words.pop(item_id, None)

    def _heard(self, item_id: str | None, speaker: Speaker, part: int | None, piece: str) -> None:
        """Take in a few words of an item."""
        if (words := self._of(item_id, speaker)) is not None and part not in words.known:
            words.parts[part] = words.parts.get(part, "") + piece

    def _known(self, item_id: str | None, speaker: Speaker, part: int | None, whole: str | None) -> None:
        """Take in all words of a part; none leave those that were streamed as they are."""
        if (words := self._of(item_id, speaker)) is not None:
            words.known.add(part)
            if whole:
                words.parts[part] = whole

    def failed(self, item_id: str | None, error: ServerError) -> None:
        """Take in that what the user said in an item will not be known."""
        if (words := self._of(item_id, "user")) is not None:
            words.error = error

    def all(self) -> tuple[Utterance, ...]:
        """Return everything said so far, in the order of the conversation; items without words are none."""
        said = ((item_id, self._words[item_id]) for item_id in self._order if item_id in self._words)
        return tuple(
            Utterance(item_id, words.speaker, words.text, words.final, words.error)
            for item_id, words in said
            if words.parts or words.error
        )

    def _of(self, item_id: str | None, speaker: Speaker) -> _Words | None:
        if item_id is None:
            return None
        if item_id not in self._words:
            self._words[item_id] = _Words(speaker)
            if item_id not in self._order:
                self._order.append(item_id)
        return self._words[item_id]
