"""The session behind one connection: what each client event does, and what follows from it.

Client events come in checked for shape; here they meet the state: the session, the conversation, the input
audio buffer and the responses in progress.
"""

from __future__ import annotations

import asyncio
import copy
import math
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from realtime_server import audio, mcp, rules, session
from realtime_server.audio import Sound
from realtime_server.clips import recognise
from realtime_server.conversation import Conversation, Item
from realtime_server.input_audio import InputAudio
from realtime_server.instructed import instructed
from realtime_server.output import Line, tokens
from realtime_server.response import Response, effective_settings, heard_tokens
from realtime_server.rules import Refused
from realtime_server.script import Answer, CloseWith, McpCall, Script, TranscriptionFailure
from realtime_server.session import Session
from realtime_server.turn_detection import SpeechStarted, SpeechStopped
from realtime_server.validation import check_event

_Wire = dict[str, Any]

SESSION_S = 3_600
_SHORTEST_COMMIT_MS = 100
_TOKENS_PER_MINUTE = 40_000
_PAID_BY_THE_MINUTE = ("whisper", "gpt-transcribe", "gpt-live-transcribe")
_TELL_LOGPROBS = ("gpt-4o-transcribe", "gpt-4o-mini-transcribe")
_DIARIZES = "gpt-4o-transcribe-diarize"
_NO_CREDIT = Answer(
    transcript="",
    audio=b"",
    status="failed",
    error={
        "type": "insufficient_quota",
        "code": "insufficient_quota",
        "message": "You exceeded your current quota, please check your plan and billing details.",
    },
)
_TRANSCRIPTION_EVENT = "conversation.item.input_audio_transcription"


class Service:
    """One session.

    Args:
        line: Where its events go.
        script: What the model says.
        begun: The session it begins with, see :mod:`realtime_server.session`.
        has_credit: Whether responses are paid for (RT-response-19).
    """

    def __init__(self, line: Line, script: Script, begun: Session, *, has_credit: bool = True) -> None:
        self._line = line
        self._script = script
        self._session = begun
        self._has_credit = has_credit
        self._conversation = Conversation(line.ids)
        self._input = InputAudio(begun["audio"]["input"])
        self._turn_began_ms = 0.0
        self._turn_item_id = ""
        self._response: Response | None = None
        self._apart: dict[str, Response] = {}
        self._mcp_listed: set[str] = set()
        self._asked: dict[str, McpCall] = {}
        self._running: dict[Response | str, asyncio.Task[None]] = {}
        self._kept_back: list[Item] = []
        self._left_tokens = _TOKENS_PER_MINUTE
        self._ended = asyncio.Event()
        self._ends_ms = line.clock.now_ms() + SESSION_S * 1000
        self._spoken_to = asyncio.Event()
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
    def session(self) -> Session:
        """The effective session, as a copy."""
        return copy.deepcopy(self._session)

    async def greet(self) -> None:
        """Send what a client hears before it has spoken; from here on the session's hour runs."""
        self._start("expiry", self._expire())
        if self._script.session_created == "missing":
            return
        extra = {"unheard_of": {"since": "tomorrow"}} if self._script.unknown_events else {}
        await self._line.send("session.created", session=self._session, **extra)
        if self._script.unknown_events:
            await self._line.send("session.unheard_of", unheard_of=True)
        await self._list_mcp_tools()

    async def handle(self, event: _Wire) -> None:
        """Do what a client event asks for.

        Raises:
            Refused: the event breaks a rule; nothing has changed.
        """
        await self._handlers[check_event(event)](event)

    async def stop(self) -> None:
        """End whatever runs without a word: the client is gone."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    # --- client events ----------------------------------------------------------------------------------

    async def _session_update(self, event: _Wire) -> None:
        self._session = session.updated(
            self._session,
            event["session"],
            spoken=self._conversation.has_spoken_answer,
            responding=self._response is not None,
        )
        self._input.configure(self._session["audio"]["input"])
        if self._script.session_updated == "missing":
            return
        altered = self._script.session_updated == "altered"
        echo = _merged(self._session, self._script.alteration) if altered else self._session
        await self._line.send("session.updated", session=echo)
        await self._list_mcp_tools()

    async def _append(self, event: _Wire) -> None:
        for heard in self._input.append(audio.decoded(event["audio"], self._input_format, "audio")):
            if isinstance(heard, SpeechStarted):
                await self._speech_started(heard)
            else:
                await self._speech_stopped(heard)

    async def _commit(self, _event: _Wire) -> None:
        if self._input.held_ms < _SHORTEST_COMMIT_MS:
            raise rules.COMMIT_EMPTY.refuse(have_ms=self._input.held_ms)
        # Under turn detection this ends the turn that was being heard, under the id it was announced with.
        item_id = self._turn_item_id if self._input.speaking else None
        item = await self._committed(self._input.take(), item_id)
        await self._transcribe_when_due(item)

    async def _clear(self, _event: _Wire) -> None:
        self._input.clear()
        await self._line.send("input_audio_buffer.cleared")

    async def _item_create(self, event: _Wire) -> None:
        after, given = event.get("previous_item_id"), event["item"]
        await self._announce(self._conversation.add_from_client(given, after, self._input_format))
        if given["type"] == "mcp_approval_response":
            call = self._asked.pop(given["approval_request_id"], None)
            if call and given["approve"]:
                approved = replace(call, approval_request_id=given["approval_request_id"])
                await self._respond_by_itself(Answer.calling(approved))

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
        if self._session["type"] == "transcription":
            raise rules.NO_RESPONSE_HERE.refuse()
        overrides = event.get("response", {})
        settings = effective_settings(self._session, overrides)
        session.check_tool_choice(settings["tool_choice"], settings["tools"], "response.tool_choice")
        session.check_reasoning(overrides, self._session["model"], "response")
        if settings["input"] is not None:
            settings["input"] = self._conversation.context(settings["input"], self._input_format)
        if settings["conversation"] != "none":
            self._check_in_band(settings)
        await self._respond_with(settings, event.get("event_id"))

    async def _response_cancel(self, event: _Wire) -> None:
        if "response_id" not in event:
            if self._response is None:
                raise rules.NOTHING_TO_CANCEL.refuse()
            self._response.cancel()
            return
        active = [*self._apart.values(), *([self._response] if self._response else [])]
        named = next((response for response in active if response.id == event["response_id"]), None)
        if named is None:
            raise (rules.CANCEL_UNKNOWN if active else rules.NOTHING_TO_CANCEL).refuse()
        named.cancel()

    # --- turns ------------------------------------------------------------------------------------------

    @property
    def _input_format(self) -> _Wire:
        audio_format: _Wire = self._session["audio"]["input"]["format"]
        return audio_format

    @property
    def _detection(self) -> _Wire:
        """The effective turn detection, empty when it is off."""
        return self._session["audio"]["input"]["turn_detection"] or {}

    async def _speech_started(self, heard: SpeechStarted) -> None:
        self._spoken_to.set()
        self._turn_began_ms, self._turn_item_id = heard.at_ms, self._line.ids.new("item")
        await self._line.send(
            "input_audio_buffer.speech_started", audio_start_ms=round(heard.at_ms), item_id=self._turn_item_id
        )
        if self._response and self._detection.get("interrupt_response"):
            interrupted = self._response
            interrupted.cancel("turn_detected")
            await asyncio.wait([self._running[interrupted]])

    async def _speech_stopped(self, heard: SpeechStopped) -> None:
        item_id = self._turn_item_id
        await self._line.send(
            "input_audio_buffer.speech_stopped", audio_end_ms=round(heard.at_ms), item_id=item_id
        )
        sound = self._input.take_turn(self._turn_began_ms, heard.at_ms)
        await self._turn_taken(sound, item_id)

    async def _turn_taken(self, sound: Sound, item_id: str) -> None:
        """Commit what turn detection cut out and answer it."""
        early = self._script.transcription == "before commit" and self._transcribes
        words = await self._transcription_deltas(item_id, sound) if early else None
        item = await self._committed(sound, item_id)
        if self._detection.get("create_response"):
            await self._respond_by_itself()
        if early:
            await self._transcribed(item, words)
        else:
            await self._transcribe_when_due(item)

    async def _respond_by_itself(self, answer: Answer | None = None) -> None:
        """Respond without being asked to, as the script says or with ``answer``."""
        settings = effective_settings(self._session, {})
        try:
            self._check_in_band(settings)
        except Refused as refused:
            await self._line.refuse(refused)
            return
        await self._respond_with(settings, None, answer)
        await asyncio.sleep(0)  # response.created comes before the transcription (recorded live)

    async def _committed(self, sound: Sound, item_id: str | None) -> Item:
        content = [{"type": "input_audio", "transcript": None}]
        body = {"type": "message", "status": "completed", "role": "user", "content": content}
        item = self._conversation.add(body, item_id=item_id)
        item.audio[0] = sound
        await self._line.send("input_audio_buffer.committed", previous_item_id=item.follows, item_id=item.id)
        await self._announce(item)
        return item

    async def _announce(self, item: Item) -> None:
        for name in ("conversation.item.added", "conversation.item.done"):
            await self._line.send(name, previous_item_id=item.follows, item=item.wire())

    # --- responses --------------------------------------------------------------------------------------

    def _check_in_band(self, settings: Session) -> None:
        """Refuse what a response of the conversation may not do now."""
        if self._response:
            raise rules.ONE_RESPONSE.refuse(id=self._response.id)
        voice = self._session["audio"]["output"]["voice"]
        if settings["audio"]["output"]["voice"] != voice and self._conversation.has_spoken_answer:
            raise rules.VOICE_OVERRIDE.refuse()

    async def _respond_with(
        self, settings: Session, event_id: str | None, answer: Answer | None = None
    ) -> None:
        if not self._has_credit:
            answer = _NO_CREDIT
        elif answer is None:
            context = self._conversation.items if settings["input"] is None else settings["input"]
            answer = self._script.next_answer(_said_last(context))
            if not answer.scripted:
                answer = instructed(answer, settings, context)
        if answer.unanswered:
            return
        if answer.refused_with is not None:
            await self._line.send_error(answer.refused_with, event_id)
            return
        self._spoken_to.set()
        response = Response(self._line, self._conversation, self._script, answer, settings)
        if response.apart:
            self._apart[response.id] = response
        else:
            self._response = response
        self._start(response, self._respond(response))

    async def _respond(self, response: Response) -> None:
        if not await response.play():
            return
        final = response.final()
        self._asked |= response.asks
        # Free before the client hears of it: its next request may follow at once.
        if response.apart:
            del self._apart[response.id]
        else:
            self._response = None
        extra = {"unheard_of": True} if self._script.unknown_events else {}
        await self._line.send("response.done", response=final, **extra)
        await self._rate_limits(final["usage"]["total_tokens"])
        while self._kept_back:
            await self._transcribe(self._kept_back.pop(0))
        if self._detection.get("idle_timeout_ms") and self._response is None:
            self._start("idleness", self._wait_for_speech(response.sounds_ms))

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

    # --- what time brings -------------------------------------------------------------------------------

    def _start(self, name: Response | str, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` beside the client's events; a fault of it ends the connection."""

        async def guarded() -> None:
            try:
                await work
            except Exception as error:
                await self._line.break_off(error)
            finally:
                if self._running.get(name) is asyncio.current_task():
                    del self._running[name]

        self._running[name] = asyncio.create_task(guarded())

    async def _expire(self) -> None:
        await self._line.clock.wait(self._ended, self._ends_ms - self._line.clock.now_ms())
        expired = rules.SESSION_EXPIRED
        await self._line.refuse(expired.refuse())
        await self._line.lose(CloseWith(expired.close_code or 1001, expired.close_reason))

    async def _wait_for_speech(self, playing_ms: float) -> None:
        """Take the turn for a user who stays silent after an answer has been played (RT-audio-15)."""
        self._spoken_to.clear()
        if await self._line.clock.wait(self._spoken_to, playing_ms):
            return
        start_ms = self._input.written_ms
        if await self._line.clock.wait(self._spoken_to, self._detection.get("idle_timeout_ms") or 0):
            return
        if self._input.speaking or not self._detection.get("idle_timeout_ms"):
            return  # the user began before the answer had ended, or it was turned off meanwhile
        end_ms, item_id = self._input.written_ms, self._line.ids.new("item")
        await self._line.send(
            "input_audio_buffer.timeout_triggered",
            audio_start_ms=round(start_ms),
            audio_end_ms=round(end_ms),
            item_id=item_id,
        )
        await self._turn_taken(self._input.take_turn(start_ms, end_ms), item_id)

    # --- MCP -------------------------------------------------------------------------------------------

    async def _list_mcp_tools(self) -> None:
        """Show what each MCP server of the session offers, once (RT-mcp-01)."""
        for label in mcp.labels(self._session.get("tools", ())):
            if label in self._mcp_listed:
                continue
            self._mcp_listed.add(label)
            names = self._script.mcp_servers.get(label)
            body = {"type": "mcp_list_tools", "server_label": label, "tools": mcp.listed(names or ())}
            item = self._conversation.add(body)
            await self._line.send("mcp_list_tools.in_progress", item_id=item.id)
            await self._announce(item)
            ending = "failed" if names is None else "completed"
            await self._line.send(f"mcp_list_tools.{ending}", item_id=item.id)

    # --- transcription ----------------------------------------------------------------------------------

    @property
    def _transcribes(self) -> bool:
        return self._session["audio"]["input"]["transcription"] is not None

    @property
    def _transcriber(self) -> str:
        """The model that transcribes, empty when none does."""
        model: str = (self._session["audio"]["input"]["transcription"] or {}).get("model") or ""
        return model

    async def _transcribe_when_due(self, item: Item) -> None:
        if not self._transcribes:
            return
        if self._script.transcription == "after response":
            self._kept_back.append(item)
        else:
            await self._transcribe(item)

    async def _transcribe(self, item: Item) -> None:
        await self._transcribed(item, await self._transcription_deltas(item.id, item.audio[0]))

    async def _transcription_deltas(self, item_id: str, sound: Sound) -> str | TranscriptionFailure:
        """Send the words of ``sound`` as they are heard, and return them."""
        heard = self._script.next_user_transcript()
        words = recognise(sound) if heard is None else heard
        place = {"item_id": item_id, "content_index": 0}
        if isinstance(words, str):
            for word in tokens(words):
                padding = self._line.ids.obfuscation(word)
                more = {"obfuscation": padding, **self._logprobs([word])}
                await self._line.send(f"{_TRANSCRIPTION_EVENT}.delta", **place, delta=word, **more)
        return words

    def _logprobs(self, words: Sequence[str]) -> _Wire:
        """The field that says how sure the model is of each of ``words``, where it is asked for."""
        asked = "item.input_audio_transcription.logprobs" in (self._session.get("include") or ())
        if not (asked and self._transcriber.startswith(_TELL_LOGPROBS)):
            return {}
        return {"logprobs": [{"token": word, "logprob": 0.0, "bytes": list(word.encode())} for word in words]}

    async def _segments(self, item: Item, words: str) -> None:
        """Say who spoke when: one speaker, and each sentence as long as its share of the words."""
        sentences = re.findall(r"[^.!?]+[.!?]*", words)
        so_far, total = 0, len(words)
        for sentence in sentences:
            start, so_far = so_far, so_far + len(sentence)
            start_s, end_s = (round(item.audio[0].ms / 1000 * at / total, 3) for at in (start, so_far))
            await self._line.send(
                f"{_TRANSCRIPTION_EVENT}.segment",
                item_id=item.id,
                content_index=0,
                id=self._line.ids.new("seg"),
                text=sentence.strip(),
                speaker="A",
                start=start_s,
                end=end_s,
            )

    async def _transcribed(self, item: Item, words: str | TranscriptionFailure | None) -> None:
        place = {"item_id": item.id, "content_index": 0}
        if isinstance(words, str):
            item.body["content"][0]["transcript"] = words
            if self._transcriber == _DIARIZES:
                await self._segments(item, words)
            usage = self._transcription_usage(item.audio[0], words)
            more = {"usage": usage, **self._logprobs(tokens(words))}
            await self._line.send(f"{_TRANSCRIPTION_EVENT}.completed", **place, transcript=words, **more)
        elif words:
            error = {
                "type": "transcription_error",
                "code": words.code,
                "message": words.message,
                "param": None,
            }
            await self._line.send(f"{_TRANSCRIPTION_EVENT}.failed", **place, error=error)

    def _transcription_usage(self, sound: Sound, words: str) -> _Wire:
        """Whisper is counted in seconds, gpt-4o in tokens (recorded live); for the rest see RT-audio-18."""
        if any(name in self._transcriber for name in _PAID_BY_THE_MINUTE):
            return {"type": "duration", "seconds": math.ceil(sound.ms / 1000)}
        heard, written = heard_tokens(sound), len(tokens(words))
        return {
            "type": "tokens",
            "total_tokens": heard + written,
            "input_tokens": heard,
            "input_token_details": {"text_tokens": 0, "audio_tokens": heard},
            "output_tokens": written,
        }


def _said_last(items: Sequence[Item]) -> str:
    """What the model hears last: words of the user, or what a function returned."""
    item = next((one for one in reversed(items) if one.body.get("role", "user") == "user"), None)
    if item is None:
        return ""
    words = [part.get("text") or part.get("transcript") or "" for part in item.body.get("content", ())]
    unheard = [recognise(sound) for index, sound in item.audio.items() if not words[index]]
    return " ".join([*words, *unheard, item.body.get("output") or ""]).strip()


def _merged(base: Any, change: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return change
    return {**base, **{key: _merged(base.get(key), value) for key, value in change.items()}}
