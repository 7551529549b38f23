"""The output items of a response, each with its own events: a message, or the call of a function."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from realtime_server import audio
from realtime_server.audio import Sound
from realtime_server.clock import Clock
from realtime_server.conversation import Conversation, Item
from realtime_server.ids import Ids
from realtime_server.rules import Refused
from realtime_server.script import Answer, Ending, ToolCall

_Wire = dict[str, Any]

# How the vendor counts sound that is said: a token is 50 ms.
_SAID_MS_PER_TOKEN = 50
_USUAL_SLICE_MS = 100

_LEGACY_NAMES = {
    "response.output_audio.delta": "response.audio.delta",
    "response.output_audio.done": "response.audio.done",
    "response.output_audio_transcript.delta": "response.audio_transcript.delta",
    "response.output_audio_transcript.done": "response.audio_transcript.done",
    "response.output_text.delta": "response.text.delta",
    "response.output_text.done": "response.text.done",
}


class Line(Protocol):
    """What a session and its responses need of their connection."""

    ids: Ids
    clock: Clock

    async def send(self, event_type: str, /, **fields: Any) -> None:
        """Send one event."""

    async def send_error(self, error: Mapping[str, Any], event_id: str | None = None) -> None:
        """Send a scripted ``error`` event."""

    async def refuse(self, refused: Refused) -> None:
        """Send the ``error`` event of a refusal that answers no event of the client."""

    async def lose(self, ending: Ending) -> None:
        """End the connection as scripted."""

    async def break_off(self, error: Exception) -> None:
        """End the connection because this server is at fault."""

    def remark(self, text: str) -> None:
        """Put a remark into the log and, with the next event, into the evidence."""


def tokens(text: str) -> list[str]:
    """Cut ``text`` into deltas: words and marks, each with the space before it; joined they are ``text``."""
    return re.findall(r"\s*(?:\w+|[^\w\s])|\s+$", text)


class Tokens(NamedTuple):
    """How much was put out, as the vendor counts."""

    text: int
    audio: int


@dataclass(frozen=True)
class Piece:
    """What is sent between two steps of a response: words (or arguments), then sound."""

    words: Sequence[str]
    sound: bytes | bytearray = b""

    def tokens(self, kind: str | None) -> Tokens:
        """Count it; ``kind`` is how the sound is coded, None without sound."""
        sounds_ms = Sound(self.sound, kind).ms if kind else 0
        return Tokens(len(self.words), math.ceil(sounds_ms / _SAID_MS_PER_TOKEN))


@dataclass(frozen=True)
class Stage:
    """Where the items of one response appear.

    Attributes:
        line: The connection.
        conversation: The conversation.
        response_id: Whose output it is.
        answer: What the model does.
        apart: The response is out of band: its items do not join the conversation.
    """

    line: Line
    conversation: Conversation
    response_id: str
    answer: Answer
    apart: bool


class Output:
    """One output item.

    Args:
        stage: Where it appears.
        index: Its place in the response.
        body: The item as it begins, without its id.

    Attributes:
        item: The item.
        kind: How its sound is coded; None: it has none.
    """

    kind: str | None = None

    def __init__(self, stage: Stage, index: int, body: _Wire) -> None:
        self.stage = stage
        self.index = index
        self._body = body
        add = stage.conversation.outside if stage.apart else stage.conversation.add
        self.item: Item = add(body)

    @property
    def spent(self) -> Tokens:
        """What has been put out so far."""
        raise NotImplementedError

    def pieces(self) -> Sequence[Piece]:
        """The content as it is cut into deltas."""
        raise NotImplementedError

    async def put(self, piece: Piece) -> None:
        """Send one piece."""
        raise NotImplementedError

    async def open(self) -> None:
        """Announce the item."""
        await self._send("response.output_item.added", item=self.item.wire())
        if not self.stage.apart:
            await self.stage.line.send(
                "conversation.item.added", previous_item_id=self.item.follows, item=self.item.wire()
            )

    async def close(self, status: str) -> None:
        """Close the item as ``completed`` or ``incomplete``."""
        self._body["status"] = status
        if not self.stage.apart:
            previous = self.item.follows_when_done
            await self.stage.line.send(
                "conversation.item.done", previous_item_id=previous, item=self.item.wire()
            )
        await self._send("response.output_item.done", item=self.item.wire())

    async def _send(self, name: str, **fields: Any) -> None:
        place = {"response_id": self.stage.response_id, "output_index": self.index}
        await self.stage.line.send(name, **place, **fields)


class Message(Output):
    """What the model says or writes.

    Args:
        stage: Where it appears.
        index: Its place in the response.
        kind: How its sound is coded; None: it is written.
        phase: ``commentary`` or ``final_answer`` of the models that tell; empty for the others.
    """

    def __init__(self, stage: Stage, index: int, kind: str | None, phase: str) -> None:
        body: _Wire = {"type": "message", "status": "in_progress", "role": "assistant", "content": []}
        super().__init__(stage, index, {**body, "phase": phase} if phase else body)
        self.kind = kind
        self._said: list[str] = []
        self._sounded = bytearray()

    @property
    def spent(self) -> Tokens:
        """What has been put out so far."""
        return Piece(self._said, self._sounded).tokens(self.kind)

    async def open(self) -> None:
        """Announce the item and its one content part."""
        await super().open()
        self._body["content"] = [self._part(inside_item=True)]
        await self._content("response.content_part.added", part=self._part())

    def pieces(self) -> Sequence[Piece]:
        """Words, each group with the audio delta it runs ahead of; written words come one by one."""
        answer = self.stage.answer
        words = tokens(answer.transcript)
        if not self.kind:
            return [Piece([word]) for word in words]
        usual_bytes = _USUAL_SLICE_MS * audio.bytes_per_ms(self.kind)
        slices = answer.slices(audio.spoken(answer.audio, self.kind), usual_bytes) or [b""] * bool(words)
        ends = [math.ceil(number * len(words) / len(slices)) for number in range(len(slices) + 1)]
        return [Piece(words[ends[number] : ends[number + 1]], sound) for number, sound in enumerate(slices)]

    async def put(self, piece: Piece) -> None:
        """Send words, then their sound."""
        await self._say(piece.words)
        if piece.sound and self.kind:
            self._sounded += piece.sound
            self.item.audio.setdefault(0, Sound(self._sounded, self.kind))
            await self._content("response.output_audio.delta", delta=audio.encoded(piece.sound))

    async def close(self, status: str) -> None:
        """Close the content and the item."""
        words = self._words()
        if self.kind:
            await self._content("response.output_audio.done")
            await self._content("response.output_audio_transcript.done", transcript=words)
        else:
            await self._content("response.output_text.done", text=words)
        await self._content("response.content_part.done", part=self._part())
        self._body["content"] = [self._part(inside_item=True)]
        await super().close(status)

    async def _say(self, words: Sequence[str]) -> None:
        name = "response.output_audio_transcript.delta" if self.kind else "response.output_text.delta"
        for word in words:
            self._said.append(word)
            if self.stage.answer.transcript_deltas:
                padding = self.stage.line.ids.obfuscation(word)
                await self._content(name, delta=word, obfuscation=padding)

    def _words(self) -> str:
        return "".join(self._said) if self.stage.answer.transcript_in_done else ""

    def _part(self, *, inside_item: bool = False) -> _Wire:
        """The content; parts in content_part events keep the shorter type names (recorded live)."""
        prefix = "output_" if inside_item else ""
        if self.kind:
            return {"type": f"{prefix}audio", "transcript": self._words()}
        return {"type": f"{prefix}text", "text": self._words()}

    async def _content(self, name: str, **fields: Any) -> None:
        if self.stage.answer.event_names == "legacy":
            name = _LEGACY_NAMES.get(name, name)
        place = {
            "response_id": self.stage.response_id,
            "item_id": self.item.id,
            "output_index": self.index,
            "content_index": 0,
        }
        await self.stage.line.send(name, **place, **fields)


class FunctionCall(Output):
    """A call the model makes: its arguments come in deltas, then whole and with the name.

    Args:
        stage: Where it appears.
        index: Its place in the response.
        call: What is called.
    """

    def __init__(self, stage: Stage, index: int, call: ToolCall) -> None:
        call_id = call.call_id or stage.line.ids.call()
        body = {
            "type": "function_call",
            "status": "in_progress",
            "name": call.name,
            "call_id": call_id,
            "arguments": "",
        }
        super().__init__(stage, index, body)
        self._call = call
        self._written: list[str] = []

    @property
    def spent(self) -> Tokens:
        """What has been put out so far."""
        return Tokens(len(self._written), 0)

    def pieces(self) -> Sequence[Piece]:
        """The arguments, a word or mark at a time."""
        return [Piece([word]) for word in tokens(self._call.arguments)]

    async def put(self, piece: Piece) -> None:
        """Send one delta of the arguments."""
        (written,) = piece.words
        self._written.append(written)
        padding = self.stage.line.ids.obfuscation(written)
        await self._arguments("delta", delta=written, obfuscation=padding)

    async def close(self, status: str) -> None:
        """Close the arguments and the item."""
        self._body["arguments"] = "".join(self._written)
        await self._arguments("done", name=self._call.name, arguments=self._body["arguments"])
        await super().close(status)

    async def _arguments(self, event: str, **fields: Any) -> None:
        place = {
            "response_id": self.stage.response_id,
            "item_id": self.item.id,
            "output_index": self.index,
            "call_id": self._body["call_id"],
        }
        await self.stage.line.send(f"response.function_call_arguments.{event}", **place, **fields)
