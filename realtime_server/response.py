"""One response of the model: its output in the recorded order, until it ends by itself or is cancelled."""

from __future__ import annotations

import asyncio
import copy
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from realtime_server import mcp
from realtime_server.audio import Sound
from realtime_server.conversation import Conversation, Item
from realtime_server.output import (
    ApprovalRequest,
    FunctionCall,
    Line,
    McpToolCall,
    Message,
    Output,
    Piece,
    Stage,
    Tokens,
    tokens,
)
from realtime_server.script import Answer, McpCall, Script, ToolCall
from realtime_server.session import REASONS_ALOUD, Session

CancelReason = Literal["client_cancelled", "turn_detected"]

# How the vendor counts sound that is heard: a token is 100 ms.
_HEARD_MS_PER_TOKEN = 100

# So many deltas leave in one go, while nobody else runs: less than a millisecond.
_DELTAS_AT_ONCE = 32


class Response:
    """A response in progress.

    Args:
        line: The connection it is sent on.
        conversation: Where its items go, unless it is out of band.
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
        self.apart = settings["conversation"] == "none"
        self._stage = Stage(line, conversation, self.id, answer, self.apart)
        self._line, self._script, self._answer, self._settings = line, script, answer, settings
        context = conversation.items if settings["input"] is None else settings["input"]
        self._input_tokens = _heard(context, settings["instructions"])
        self._calls = list(self._possible(answer.tool_calls))
        self._wake = asyncio.Event()
        self._cancelled: CancelReason | None = None
        self._out_of_tokens = False
        self._lost = False
        self._deltas = 0
        self._due_ms = 0.0
        self._outputs: list[Output] = []

    def cancel(self, reason: CancelReason = "client_cancelled") -> None:
        """Let the response end as cancelled at its next step."""
        self._cancelled = self._cancelled or reason
        self._wake.set()

    @property
    def sounds_ms(self) -> float:
        """How long the answer so far takes to play."""
        return sum(output.item.audio[0].ms for output in self._outputs if 0 in output.item.audio)

    async def play(self) -> bool:
        """Send everything up to, not including, ``response.done``; False when the connection was lost."""
        await self._line.send("response.created", response=self.wire("in_progress"))
        self._due_ms = self._line.clock.now_ms()
        going_on = await self._step()
        for output in self._planned():
            if not going_on:
                break
            going_on = await self._put_out(output)
        return not self._lost

    def final(self) -> dict[str, Any]:
        """The response as ``response.done`` carries it."""
        return self.wire(self._status)

    def wire(self, status: str) -> dict[str, Any]:
        """The response object, with the fields and the order recorded live."""
        output = self._settings["audio"]["output"]
        done = status != "in_progress"
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": self._details(status),
            "output": [one.item.wire() for one in self._outputs] if done else [],
            "conversation_id": None if self.apart else self._stage.conversation.id,
            "output_modalities": self._settings["output_modalities"],
            "max_output_tokens": self._settings["max_output_tokens"],
            "audio": {"output": {"format": output["format"], "voice": output["voice"]}},
            "usage": self._usage() if done else None,
            "metadata": self._settings["metadata"],
        }

    @property
    def _status(self) -> str:
        if self._cancelled:
            return "cancelled"
        return "incomplete" if self._out_of_tokens else self._answer.status

    def _details(self, status: str) -> dict[str, Any] | None:
        if status == "cancelled":
            return {"type": "cancelled", "reason": self._cancelled}
        if status == "failed":
            return {"type": "failed", "error": dict(self._answer.error or {})}
        if status == "incomplete":
            reason = "max_output_tokens" if self._out_of_tokens else self._answer.reason
            return {"type": "incomplete", "reason": reason}
        return None

    def _possible(self, calls: Iterable[ToolCall | McpCall]) -> Iterator[ToolCall | McpCall]:
        """Leave out what no model could call: it knows only what it was offered."""
        for call in calls:
            if self._may_call(call):
                yield call
            else:
                names = [tool.get("name") or tool["server_label"] for tool in self._settings["tools"]]
                self._line.remark(
                    f"the scripted call of {call.name} was left out: the client offers "
                    f"{', '.join(sorted(names)) or 'no tool'} and allows {self._settings['tool_choice']} "
                    "(RT-response-09)"
                )

    def _may_call(self, call: ToolCall | McpCall) -> bool:
        tools, choice = self._settings["tools"], self._settings["tool_choice"]
        if isinstance(call, McpCall):
            chosen = {"type": "mcp", "server_label": call.server_label, "name": call.name}
            there_is = call.name in self._script.mcp_servers.get(call.server_label, ())
            known = there_is and mcp.offered(tools, call.server_label, call.name) is not None
        else:
            chosen = {"type": "function", "name": call.name}
            known = any(tool["type"] == "function" and tool["name"] == call.name for tool in tools)
        if isinstance(choice, dict):
            return known and all(
                chosen.get(key) == value for key, value in choice.items() if value is not None
            )
        return known and choice != "none"

    def _calling(self, index: int, call: ToolCall | McpCall) -> Output:
        if isinstance(call, ToolCall):
            return FunctionCall(self._stage, index, call)
        tool = mcp.offered(self._settings["tools"], call.server_label, call.name) or {}
        if call.approval_request_id is None and mcp.needs_approval(tool, call.name):
            return ApprovalRequest(self._stage, index, call)
        return McpToolCall(self._stage, index, call)

    @property
    def asks(self) -> dict[str, McpCall]:
        """The calls that wait for the client's approval, by the id of the item that asks for it."""
        asking = [one for one in self._outputs if isinstance(one, ApprovalRequest)]
        return {output.item.id: output.call for output in asking}

    def _planned(self) -> Iterator[Output]:
        """Make the outputs one after the other: each takes its place in the conversation when it begins."""
        audio = self._settings["audio"]["output"]["format"]["type"]
        spoken = self._settings["output_modalities"] == ["audio"]
        if self._answer.transcript or (spoken and self._answer.audio):
            phase = "commentary" if self._calls else "final_answer"
            tells = self._settings["model"].startswith(REASONS_ALOUD)
            yield Message(self._stage, 0, audio if spoken else None, phase if tells else "")
        for index, call in enumerate(self._calls, start=len(self._outputs)):
            yield self._calling(index, call)

    async def _put_out(self, output: Output) -> bool:
        """Send one output item; False when nothing may follow it."""
        self._outputs.append(output)
        await output.open()
        pieces, sent, going_on = output.pieces(), 0, True
        while going_on and sent < len(pieces):
            next_ones = self._within_limit(output, pieces[sent : sent + self._at_once])
            self._out_of_tokens = not next_ones
            going_on = bool(next_ones)
            if going_on:
                await output.put(next_ones)
                sent += len(next_ones)
                self._deltas += len(next_ones)
                going_on = await self._step()
        if not self._lost:
            last = output.index + 1 == self._planned_outputs
            cut_short = not going_on or (last and self._status != "completed")
            await output.close("incomplete" if cut_short else "completed")
        return going_on

    @property
    def _at_once(self) -> int:
        """How many deltas may leave before the next step: none that a script wants to come between."""
        if self._answer.pause_ms:
            return 1
        stops = [self._answer.hold_after, self._answer.ending_after if self._answer.ending else None]
        ahead = [stop - self._deltas for stop in stops if stop is not None and stop > self._deltas]
        return min([_DELTAS_AT_ONCE, *ahead])

    def _within_limit(self, output: Output, pieces: Sequence[Piece]) -> Sequence[Piece]:
        """Leave out the last pieces, for which there are no tokens left."""
        limit = self._settings["max_output_tokens"]
        if limit != "inf":
            room = limit - sum(self._spent) + sum(output.spent())
            while pieces and sum(output.spent(pieces)) > room:
                pieces = pieces[:-1]
        return pieces

    @property
    def _planned_outputs(self) -> int:
        first_is_message = isinstance(self._outputs[0], Message)
        return len(self._calls) + first_is_message

    async def _step(self) -> bool:
        """Between deltas: let others run, hold, pause or lose the line. False ends the answer."""
        await asyncio.sleep(0)  # sending never suspends while the socket has room, and a cancel must get in
        if self._answer.hold_after == self._deltas:
            await self._hold()
            self._due_ms = self._line.clock.now_ms()
        if self._answer.ending and self._answer.ending_after == self._deltas and not self._cancelled:
            self._lost = True
            await self._line.lose(self._answer.ending)
            return False
        if self._answer.pause_ms and not self._cancelled:
            # Each delta has its time, so that one that comes late does not delay all that follow.
            self._due_ms += self._answer.pause_ms
            await self._line.clock.wait(self._wake, self._due_ms - self._line.clock.now_ms())
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

    def _usage(self) -> dict[str, Any]:
        text_in, audio_in = self._input_tokens
        text_out, audio_out = self._spent
        nothing = {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0}
        said = {"text_tokens": text_out, "audio_tokens": audio_out}
        if self._settings["model"].startswith(REASONS_ALOUD):
            said["reasoning_tokens"] = 0
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
            "output_token_details": said,
        }

    @property
    def _spent(self) -> Tokens:
        """What has been put out so far."""
        spent = [output.spent() for output in self._outputs]
        return Tokens(sum(one.text for one in spent), sum(one.audio for one in spent))


def effective_settings(session: Session, overrides: Mapping[str, Any]) -> Session:
    """Return the session as one response sees it, with what only a response has.

    Args:
        session: The effective session.
        overrides: The ``response`` of the request; its ``input`` as items.
    """
    own = {"metadata": None, "conversation": "auto", "input": None}
    settings = {**copy.deepcopy(session), **own}
    for key, value in overrides.items():
        if key == "audio":
            settings["audio"]["output"] |= value.get("output", {})
        else:
            settings[key] = value
    return settings


def heard_tokens(sound: Sound) -> int:
    """Return how many tokens the model counts for what it hears."""
    return math.ceil(sound.ms / _HEARD_MS_PER_TOKEN)


def _heard(items: Iterable[Item], instructions: str) -> tuple[int, int]:
    """Count the text and audio tokens of what a response answers."""
    text, sound = len(tokens(instructions)), 0
    for item in items:
        for part in item.body.get("content", ()):
            text += len(tokens(part.get("text") or ""))
        text += len(tokens(item.body.get("output") or ""))
        sound += sum(heard_tokens(heard) for heard in item.audio.values())
    return text, sound
