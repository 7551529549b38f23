"""The output items of a response, each with its own events: a message, or the call of a function."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from realtime_server.audio import Slice, Voice
from realtime_server.clock import Clock
from realtime_server.conversation import Conversation, Item
from realtime_server.ids import Ids
from realtime_server.rules import Refused
from realtime_server.script import Answer, Ending, McpCall, ToolCall

_Wire = dict[str, Any]

# How the vendor counts sound that is said: a token is 50 ms.
_SAID_MS_PER_TOKEN = 50

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

    async def stream(self, event_type: str, place: Mapping[str, Any], deltas: Sequence[bytes]) -> None:
        """Send one event for each of ``deltas``, which are base64; ``place`` is the same in all of them."""

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


class Piece(NamedTuple):
    """What one step of a response sends: words (or arguments), then sound."""

    words: Sequence[str]
    sound: Slice | None = None


@lru_cache(maxsize=32)  # like the voice itself
def _spoken(transcript: str, voice: Voice) -> Sequence[Piece]:
    words, slices = tokens(transcript), voice.slices
    if not slices:
        return [Piece(words)] if words else []
    ends = [math.ceil(number * len(words) / len(slices)) for number in range(len(slices) + 1)]
    return [Piece(words[ends[number] : ends[number + 1]], sound) for number, sound in enumerate(slices)]


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

    def pieces(self) -> Sequence[Piece]:
        """The content as it is cut into deltas."""
        raise NotImplementedError

    def spent(self, more: Sequence[Piece] = ()) -> Tokens:
        """What has been put out so far, and ``more`` that is next."""
        raise NotImplementedError

    async def put(self, pieces: Sequence[Piece]) -> None:
        """Send the pieces that are next."""
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
        if "status" in self._body:
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
        self._voice = stage.answer.voice(kind) if kind else None

    def spent(self, more: Sequence[Piece] = ()) -> Tokens:
        """What has been put out so far, and ``more`` that is next."""
        words = len(self._said) + sum(len(piece.words) for piece in more)
        ends = [piece.sound.end for piece in more if piece.sound]
        sound = self._voice.until(ends[-1]) if self._voice and ends else self.item.audio.get(0)
        return Tokens(words, math.ceil(sound.ms / _SAID_MS_PER_TOKEN) if sound else 0)

    async def open(self) -> None:
        """Announce the item and its one content part."""
        await super().open()
        self._body["content"] = [self._part(inside_item=True)]
        await self._content("response.content_part.added", part=self._part())

    def pieces(self) -> Sequence[Piece]:
        """Words, each group with the audio delta it runs ahead of; written words come one by one."""
        if not self._voice:
            return [Piece([word]) for word in tokens(self.stage.answer.transcript)]
        return _spoken(self.stage.answer.transcript, self._voice)

    async def put(self, pieces: Sequence[Piece]) -> None:
        """Send words, each group before its sound; sound that has no words in between leaves together."""
        run: list[Slice] = []
        for piece in pieces:
            if piece.words:
                await self._sound(run)
                run = []
                await self._say(piece.words)
            if piece.sound:
                run.append(piece.sound)
        await self._sound(run)

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

    async def _sound(self, run: Sequence[Slice]) -> None:
        if run and self._voice:
            self.item.audio[0] = self._voice.until(run[-1].end)
            name = self._named("response.output_audio.delta")
            await self.stage.line.stream(name, self._place, [each.encoded for each in run])

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
        await self.stage.line.send(self._named(name), **self._place, **fields)

    def _named(self, name: str) -> str:
        return _LEGACY_NAMES.get(name, name) if self.stage.answer.event_names == "legacy" else name

    @property
    def _place(self) -> _Wire:
        return {
            "response_id": self.stage.response_id,
            "item_id": self.item.id,
            "output_index": self.index,
            "content_index": 0,
        }


class Call(Output):
    """A call the model makes: its arguments come in deltas, then whole.

    Args:
        stage: Where it appears.
        index: Its place in the response.
        body: The item as it begins, without its id.
        arguments: What the model writes.
    """

    def __init__(self, stage: Stage, index: int, body: _Wire, arguments: str) -> None:
        super().__init__(stage, index, body)
        self._arguments = arguments
        self._written: list[str] = []

    def spent(self, more: Sequence[Piece] = ()) -> Tokens:
        """What has been put out so far, and ``more`` that is next."""
        return Tokens(len(self._written) + len(more), 0)

    def pieces(self) -> Sequence[Piece]:
        """The arguments, a word or mark at a time."""
        return [Piece([word]) for word in tokens(self._arguments)]

    async def put(self, pieces: Sequence[Piece]) -> None:
        """Send deltas of the arguments."""
        for piece in pieces:
            (written,) = piece.words
            self._written.append(written)
            padding = self.stage.line.ids.obfuscation(written)
            await self._tell("delta", delta=written, obfuscation=padding)

    async def close(self, status: str) -> None:
        """Close the arguments and the item."""
        self._body["arguments"] = "".join(self._written)
        await self._tell("done", arguments=self._body["arguments"])
        await super().close(status)

    async def _tell(self, event: str, **fields: Any) -> None:
        """Send the event of that name about the arguments."""
        raise NotImplementedError


class FunctionCall(Call):
    """A call that the client has to carry out.

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
        super().__init__(stage, index, body, call.arguments)

    async def _tell(self, event: str, **fields: Any) -> None:
        place = {
            "response_id": self.stage.response_id,
            "item_id": self.item.id,
            "output_index": self.index,
            "call_id": self._body["call_id"],
        }
        name = {"name": self._body["name"]} if event == "done" else {}
        await self.stage.line.send(f"response.function_call_arguments.{event}", **place, **name, **fields)


class McpToolCall(Call):
    """A call of an MCP server's tool, which the service runs itself (RT-mcp-02).

    Args:
        stage: Where it appears.
        index: Its place in the response.
        call: What is called, and how it ends.
    """

    def __init__(self, stage: Stage, index: int, call: McpCall) -> None:
        body = {
            "type": "mcp_call",
            "server_label": call.server_label,
            "name": call.name,
            "arguments": "",
            "approval_request_id": call.approval_request_id,
            "output": None,
            "error": None,
        }
        super().__init__(stage, index, body, call.arguments)
        self._call = call
        self._runs = False

    async def close(self, status: str) -> None:
        """Close the arguments, run the tool unless the call was cut short, and close the item."""
        self._runs = status == "completed"
        await super().close(status)

    async def _tell(self, event: str, **fields: Any) -> None:
        await self._send(f"response.mcp_call_arguments.{event}", item_id=self.item.id, **fields)
        if event == "done" and self._runs:
            await self._run()

    async def _run(self) -> None:
        place = {"output_index": self.index, "item_id": self.item.id}
        await self.stage.line.send("response.mcp_call.in_progress", **place)
        if self._call.error is None:
            self._body["output"] = self._call.output
        else:
            self._body["error"] = dict(self._call.error)
        ending = "completed" if self._call.error is None else "failed"
        await self.stage.line.send(f"response.mcp_call.{ending}", **place)


class ApprovalRequest(Output):
    """The question whether a tool of an MCP server may be run (RT-mcp-03).

    Args:
        stage: Where it appears.
        index: Its place in the response.
        call: What it is about.
    """

    def __init__(self, stage: Stage, index: int, call: McpCall) -> None:
        body = {
            "type": "mcp_approval_request",
            "server_label": call.server_label,
            "name": call.name,
            "arguments": call.arguments,
        }
        super().__init__(stage, index, body)
        self.call = call

    def spent(self, more: Sequence[Piece] = ()) -> Tokens:
        """What has been put out so far, and ``more`` that is next."""
        return Tokens(len(tokens(self.call.arguments)) + len(more), 0)

    def pieces(self) -> Sequence[Piece]:
        """Nothing: it comes whole."""
        return ()
