"""One response of the model: its events in the recorded order, until it ends by itself or is cancelled."""

from __future__ import annotations

import asyncio
import copy
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from realtime_server import audio
from realtime_server.clock import Clock
from realtime_server.conversation import Conversation, Item
from realtime_server.ids import Ids
from realtime_server.script import Answer, Ending, Script
from realtime_server.session import Session

_PCM = {"type": "audio/pcm"}
# How the vendor counts sound: a token is 100 ms of what is heard, 50 ms of what is said.
_HEARD_MS_PER_TOKEN = 100
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

    async def send_error(self, error: Mapping[str, Any], event_id: str | None = None) -> None:
        """Send a scripted ``error`` event."""

    async def lose(self, ending: Ending) -> None:
        """End the connection as scripted."""

    async def break_off(self, error: Exception) -> None:
        """End the connection because this server is at fault."""


def tokens(text: str) -> list[str]:
    """Cut ``text`` into deltas: words and marks, each with the space before it; joined they are ``text``."""
    return re.findall(r"\s*(?:\w+|[^\w\s])|\s+$", text)


class Response:
    """A response in progress.

    Args:
        line: The connection it is sent on.
        conversation: Where its item goes.
        script: Where a held answer waits for its release.
        answer: What the model does.
        settings: The session as this response sees it, see :func:`effective_settings`.
    """

    def __init__(
        self,
        line: Line,
        conversation: Conversation,
        script: Script,
        answer: Answer,
        settings: Session,
    ) -> None:
        self.id = line.ids.new("resp")
        self._line, self._conversation, self._script, self._answer = line, conversation, script, answer
        self._settings = settings
        self._input_tokens = _heard(conversation, settings["instructions"])
        self._spoken = settings["output_modalities"] == ["audio"]
        self._wake = asyncio.Event()
        self._cancelled = False
        self._lost = False
        self._item: Item | None = None
        self._said: list[str] = []
        self._sounded = bytearray()

    def cancel(self) -> None:
        """Let the response end as cancelled at its next step."""
        self._cancelled = True
        self._wake.set()

    async def play(self) -> bool:
        """Send everything up to, not including, ``response.done``; False when the connection was lost."""
        await self._line.send("response.created", response=self.wire("in_progress"))
        if await self._step(0):
            await self._answer_with(list(self._chunks()))
        if not self._lost:
            await self._close()
        return not self._lost

    async def _answer_with(self, chunks: list[tuple[list[str], bytes]]) -> None:
        if chunks:
            await self._open()
        for number, (words, sound) in enumerate(chunks, start=1):
            await self._say(words)
            if sound:
                self._sound(sound)
                await self._content("response.output_audio.delta", delta=audio.encoded(sound))
            if not await self._step(number):
                return

    def final(self) -> dict[str, Any]:
        """The response as ``response.done`` carries it."""
        return self.wire("cancelled" if self._cancelled else self._answer.status)

    def wire(self, status: str) -> dict[str, Any]:
        """The response object, with the fields and the order recorded live."""
        output = self._settings["audio"]["output"]
        done = status != "in_progress"
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": self._details(status),
            "output": [self._item.wire()] if done and self._item else [],
            "conversation_id": self._conversation.id,
            "output_modalities": self._settings["output_modalities"],
            "max_output_tokens": self._settings["max_output_tokens"],
            "audio": {"output": {"format": output["format"], "voice": output["voice"]}},
            "usage": self._usage() if done else None,
            "metadata": self._settings["metadata"],
        }

    def _details(self, status: str) -> dict[str, Any] | None:
        if status == "cancelled":
            return {"type": "cancelled", "reason": "client_cancelled"}
        if status == "failed":
            return {"type": "failed", "error": dict(self._answer.error or {})}
        if status == "incomplete":
            return {"type": "incomplete", "reason": self._answer.reason}
        return None

    def _chunks(self) -> Iterator[tuple[list[str], bytes]]:
        """What is sent between two steps: words, then sound. Words run ahead of the sound they belong to."""
        words = tokens(self._answer.transcript)
        if not self._spoken:
            yield from (([word], b"") for word in words)
            return
        slices = self._answer.slices() or [b""] * bool(words)
        for number, sound in enumerate(slices):
            share = slice(
                math.ceil(number * len(words) / len(slices)),
                math.ceil((number + 1) * len(words) / len(slices)),
            )
            yield words[share], sound

    async def _step(self, deltas: int) -> bool:
        """Between two deltas: let others run, hold, pause or lose the line. False ends the answer."""
        await asyncio.sleep(0)  # sending never suspends while the socket has room, and a cancel must get in
        if self._answer.hold_after == deltas:
            await self._hold()
        if self._answer.ending and self._answer.ending_after == deltas and not self._cancelled:
            self._lost = True
            await self._line.lose(self._answer.ending)
            return False
        if self._answer.pause_ms and not self._cancelled:
            await self._line.clock.wait(self._wake, self._answer.pause_ms)
        return not self._cancelled

    async def _hold(self) -> None:
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._wake.set)

        if self._cancelled:
            return
        self._script.hold(wake)
        try:
            await self._wake.wait()
        finally:
            self._script.forget(wake)
        if not self._cancelled:
            self._wake.clear()

    async def _open(self) -> None:
        body: dict[str, Any] = {
            "type": "message",
            "status": "in_progress",
            "role": "assistant",
            "content": [],
        }
        self._item = self._conversation.add(body)
        place = {"response_id": self.id, "output_index": 0}
        await self._line.send("response.output_item.added", **place, item=self._item.wire())
        await self._line.send(
            "conversation.item.added", previous_item_id=self._item.follows, item=self._item.wire()
        )
        body["content"] = [self._part(inside_item=True)]
        await self._content("response.content_part.added", part=self._part())

    async def _say(self, words: list[str]) -> None:
        name = "response.output_audio_transcript.delta" if self._spoken else "response.output_text.delta"
        for word in words:
            self._said.append(word)
            if self._answer.transcript_deltas:
                await self._content(name, delta=word, obfuscation=self._line.ids.obfuscation(word))

    def _sound(self, sound: bytes) -> None:
        self._sounded += sound
        if self._item:
            self._item.audio[0] = bytes(self._sounded)

    async def _close(self) -> None:
        if self._item is None:
            return
        completed = not self._cancelled and self._answer.status == "completed"
        words = self._words()
        if self._spoken:
            await self._content("response.output_audio.done")
            await self._content("response.output_audio_transcript.done", transcript=words)
        else:
            await self._content("response.output_text.done", text=words)
        await self._content("response.content_part.done", part=self._part())
        self._item.body["status"] = "completed" if completed else "incomplete"
        self._item.body["content"] = [self._part(inside_item=True)]
        await self._line.send(
            "conversation.item.done", previous_item_id=self._item.follows_when_done, item=self._item.wire()
        )
        await self._line.send(
            "response.output_item.done", response_id=self.id, output_index=0, item=self._item.wire()
        )

    def _words(self) -> str:
        return "".join(self._said) if self._answer.transcript_in_done else ""

    def _part(self, *, inside_item: bool = False) -> dict[str, Any]:
        """The content; parts in content_part events keep the shorter type names (recorded live)."""
        prefix = "output_" if inside_item else ""
        if self._spoken:
            return {"type": f"{prefix}audio", "transcript": self._words()}
        return {"type": f"{prefix}text", "text": self._words()}

    async def _content(self, name: str, **fields: Any) -> None:
        if self._answer.event_names == "legacy":
            name = _LEGACY_NAMES.get(name, name)
        item_id = self._item.id if self._item else None
        place = {"response_id": self.id, "item_id": item_id, "output_index": 0, "content_index": 0}
        await self._line.send(name, **place, **fields)

    def _usage(self) -> dict[str, Any]:
        text_in, audio_in = self._input_tokens
        text_out = len(self._said)
        audio_out = math.ceil(audio.duration_ms(bytes(self._sounded), _PCM) / _SAID_MS_PER_TOKEN)
        nothing = {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0}
        return {
            "total_tokens": text_in + audio_in + text_out + audio_out,
            "input_tokens": text_in + audio_in,
            "output_tokens": text_out + audio_out,
            "input_token_details": {
                **nothing,
                "text_tokens": text_in,
                "audio_tokens": audio_in,
                "cached_tokens": 0,
                "cached_tokens_details": nothing,
            },
            "output_token_details": {"text_tokens": text_out, "audio_tokens": audio_out},
        }


def effective_settings(session: Session, overrides: Mapping[str, Any]) -> Session:
    """Return the session as one response sees it, and its metadata.

    Args:
        session: The effective session.
        overrides: The ``response`` of the request.
    """
    settings = {**copy.deepcopy(session), "metadata": None}
    for key, value in overrides.items():
        if key == "audio":
            settings["audio"]["output"] |= value.get("output", {})
        elif key in settings:
            settings[key] = value
    return settings


def heard_tokens(sound: bytes, audio_format: Mapping[str, Any]) -> int:
    """Return how many tokens the model counts for what it hears."""
    return math.ceil(audio.duration_ms(sound, audio_format) / _HEARD_MS_PER_TOKEN)


def _heard(conversation: Conversation, instructions: str) -> tuple[int, int]:
    """Count the text and audio tokens of everything said so far."""
    text, sound = len(tokens(instructions)), 0
    for item in conversation.items:
        for part in item.body.get("content", ()):
            text += len(tokens(part.get("text") or ""))
        text += len(tokens(item.body.get("output") or ""))
        sound += sum(heard_tokens(heard, _PCM) for heard in item.audio.values())
    return text, sound
