"""The session behind one connection: what each client event does, and what follows from it.

Client events come in checked for shape; here they meet the state: the session, the conversation, the input
audio buffer and the response in progress.
"""

from __future__ import annotations

import asyncio
import copy
import math
from collections.abc import Awaitable, Callable
from typing import Any

from realtime_server import audio, rules, session
from realtime_server.clips import recognise
from realtime_server.conversation import Conversation, Item
from realtime_server.response import Line, Response, effective_settings, heard_tokens, tokens
from realtime_server.script import Script, TranscriptionFailure
from realtime_server.validation import check_event

_Wire = dict[str, Any]

_SESSION_S = 3_600
_SHORTEST_COMMIT_MS = 100
_TOKENS_PER_MINUTE = 40_000


class Service:
    """One session.

    Args:
        line: Where its events go.
        script: What the model says.
        model: The model asked for.
    """

    def __init__(self, line: Line, script: Script, model: str) -> None:
        self._line = line
        self._script = script
        self._session = session.initial(model, line.ids.new("sess"), line.clock.unix_s() + _SESSION_S)
        self._conversation = Conversation(line.ids)
        self._buffer = bytearray()
        self._response: Response | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._kept_back: list[Item] = []
        self._left_tokens = _TOKENS_PER_MINUTE
        self._handlers: dict[str, Callable[[_Wire], Awaitable[None]]] = {
            "session.update": self._session_update,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
            "conversation.item.create": self._item_create,
            "conversation.item.truncate": self._item_truncate,
            "conversation.item.delete": self._item_delete,
            "conversation.item.retrieve": self._item_retrieve,
            "response.create": self._response_create,
            "response.cancel": self._response_cancel,
        }

    @property
    def session(self) -> session.Session:
        """The effective session, as a copy."""
        return copy.deepcopy(self._session)

    @property
    def detects_turns(self) -> bool:
        """Whether the client expects turn detection."""
        return self._session["audio"]["input"]["turn_detection"] is not None

    async def greet(self) -> None:
        """Send what a client hears before it has spoken."""
        if self._script.session_created == "missing":
            return
        extra = {"unheard_of": {"since": "tomorrow"}} if self._script.unknown_events else {}
        await self._line.send("session.created", session=self._session, **extra)
        if self._script.unknown_events:
            await self._line.send("session.unheard_of", unheard_of=True)

    async def handle(self, event: _Wire) -> None:
        """Do what a client event asks for.

        Raises:
            Refused: the event breaks a rule; nothing has changed.
        """
        await self._handlers[check_event(event)](event)

    async def stop(self) -> None:
        """End the response in progress without a word: the client is gone."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    # --- client events ----------------------------------------------------------------------------------

    async def _session_update(self, event: _Wire) -> None:
        self._session = session.updated(
            self._session,
            event["session"],
            spoken=self._conversation.has_spoken_answer,
            responding=self._response is not None,
        )
        if self._script.session_updated == "missing":
            return
        altered = self._script.session_updated == "altered"
        echo = _merged(self._session, self._script.alteration) if altered else self._session
        await self._line.send("session.updated", session=echo)

    async def _append(self, event: _Wire) -> None:
        self._buffer += audio.decoded(event["audio"], self._input_format, "audio")

    async def _commit(self, _event: _Wire) -> None:
        have_ms = audio.duration_ms(self._buffer, self._input_format)
        if have_ms < _SHORTEST_COMMIT_MS:
            raise rules.COMMIT_EMPTY.refuse(have_ms=have_ms)
        sound, self._buffer = bytes(self._buffer), bytearray()
        content = [{"type": "input_audio", "transcript": None}]
        item = self._conversation.add(
            {"type": "message", "status": "completed", "role": "user", "content": content}
        )
        item.audio[0] = sound
        await self._line.send("input_audio_buffer.committed", previous_item_id=item.follows, item_id=item.id)
        await self._announce(item)
        if self._session["audio"]["input"]["transcription"] is None:
            return
        if self._script.transcription == "after response":
            self._kept_back.append(item)
        else:
            await self._transcribe(item)

    async def _clear(self, _event: _Wire) -> None:
        self._buffer.clear()
        await self._line.send("input_audio_buffer.cleared")

    async def _item_create(self, event: _Wire) -> None:
        after = event.get("previous_item_id")
        await self._announce(self._conversation.add_from_client(event["item"], after, self._input_format))

    async def _item_truncate(self, event: _Wire) -> None:
        self._conversation.truncate(event["item_id"], event["content_index"], event["audio_end_ms"])
        place = {key: event[key] for key in ("item_id", "content_index", "audio_end_ms")}
        await self._line.send("conversation.item.truncated", **place)

    async def _item_delete(self, event: _Wire) -> None:
        self._conversation.remove(event["item_id"])
        await self._line.send("conversation.item.deleted", item_id=event["item_id"])

    async def _item_retrieve(self, event: _Wire) -> None:
        item = self._conversation.retrieve(event["item_id"])
        await self._line.send("conversation.item.retrieved", item=item.wire(with_audio=True))

    async def _response_create(self, event: _Wire) -> None:
        overrides = event.get("response", {})
        settings = effective_settings(self._session, overrides)
        session.check_tool_choice(settings["tool_choice"], settings["tools"], "response.tool_choice")
        session.check_reasoning(overrides, self._session["model"], "response")
        if overrides.get("conversation") == "none":
            raise rules.NO_OUT_OF_BAND.refuse("response.conversation")
        if self._response:
            raise rules.ONE_RESPONSE.refuse(id=self._response.id)
        speaks_in = settings["audio"]["output"]["format"]["type"]
        if settings["output_modalities"] == ["audio"] and speaks_in != "audio/pcm":
            raise rules.NO_G711_ANSWER.refuse("response.audio.output.format", format=speaks_in)
        answer = self._script.next_answer()
        if answer.unanswered:
            return
        if answer.refused_with is not None:
            await self._line.send_error(answer.refused_with, event.get("event_id"))
            return
        self._response = Response(self._line, self._conversation, self._script, answer, settings)
        task = asyncio.create_task(self._respond(self._response))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _response_cancel(self, event: _Wire) -> None:
        if self._response is None:
            raise rules.NOTHING_TO_CANCEL.refuse()
        if event.get("response_id", self._response.id) != self._response.id:
            raise rules.CANCEL_UNKNOWN.refuse()
        self._response.cancel()

    # --- what follows from them -------------------------------------------------------------------------

    @property
    def _input_format(self) -> _Wire:
        audio_format: _Wire = self._session["audio"]["input"]["format"]
        return audio_format

    async def _announce(self, item: Item) -> None:
        for name in ("conversation.item.added", "conversation.item.done"):
            await self._line.send(name, previous_item_id=item.follows, item=item.wire())

    async def _respond(self, response: Response) -> None:
        try:
            if not await response.play():
                return
            final = response.final()
            # Free before the client hears of it: its next request may follow at once.
            self._response = None
            extra = {"unheard_of": True} if self._script.unknown_events else {}
            await self._line.send("response.done", response=final, **extra)
            await self._rate_limits(final["usage"]["total_tokens"])
            while self._kept_back:
                await self._transcribe(self._kept_back.pop(0))
        except Exception as error:
            await self._line.break_off(error)

    async def _transcribe(self, item: Item) -> None:
        heard = self._script.next_user_transcript()
        words = recognise(item.audio[0]) if heard is None else heard
        place = {"item_id": item.id, "content_index": 0}
        name = "conversation.item.input_audio_transcription"
        if isinstance(words, TranscriptionFailure):
            error = {
                "type": "transcription_error",
                "code": words.code,
                "message": words.message,
                "param": None,
            }
            await self._line.send(f"{name}.failed", **place, error=error)
            return
        for word in tokens(words):
            padding = self._line.ids.obfuscation(word)
            await self._line.send(f"{name}.delta", **place, delta=word, obfuscation=padding)
        item.body["content"][0]["transcript"] = words
        usage = self._transcription_usage(item.audio[0], words)
        await self._line.send(f"{name}.completed", **place, transcript=words, usage=usage)

    def _transcription_usage(self, sound: bytes, words: str) -> _Wire:
        """Whisper is counted in seconds, the other models in tokens (recorded live)."""
        transcription = self._session["audio"]["input"]["transcription"] or {}
        if "whisper" in (transcription.get("model") or ""):
            seconds = math.ceil(audio.duration_ms(sound, self._input_format) / 1000)
            return {"type": "duration", "seconds": seconds}
        heard, written = heard_tokens(sound, self._input_format), len(tokens(words))
        return {
            "type": "tokens",
            "total_tokens": heard + written,
            "input_tokens": heard,
            "input_token_details": {"text_tokens": 0, "audio_tokens": heard},
            "output_tokens": written,
        }

    async def _rate_limits(self, used_tokens: int) -> None:
        self._left_tokens = max(0, self._left_tokens - used_tokens)
        reset_s = (_TOKENS_PER_MINUTE - self._left_tokens) / _TOKENS_PER_MINUTE * 60
        limit = {
            "name": "tokens",
            "limit": _TOKENS_PER_MINUTE,
            "remaining": self._left_tokens,
            "reset_seconds": round(reset_s, 3),
        }
        await self._line.send("rate_limits.updated", rate_limits=[limit])


def _merged(base: Any, change: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return change
    return {**base, **{key: _merged(base.get(key), value) for key, value in change.items()}}
