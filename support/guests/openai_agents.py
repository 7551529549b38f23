"""The vendor's agents framework as a guest: unmodified, and told nothing but where to go.

Runs in an environment of its own, so it imports nothing of this project::

    python openai_agents.py <errand> ws://127.0.0.1:8765/v1 < question.pcm

The errands are the functions below. What is spoken comes in as PCM16, mono, 24 kHz; what the framework made
of the endpoint goes out as one line of JSON.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from importlib.metadata import version
from typing import Any

from agents import function_tool  # type: ignore[import-not-found]
from agents.realtime import RealtimeAgent, RealtimeRunner  # type: ignore[import-not-found]

MODEL = "gpt-realtime-mini"
TIMEOUT_S = 60  # an errand takes a second; a machine may be busy
SLICE_BYTES = 4_800  # 100 ms
SILENCE_MS = 1_000  # more than the endpoint waits before it takes the turn
BYTES_PER_MS = 48
QUESTION = "When do you open on Monday?"
# The turns are the endpoint's to find, as in the framework's own examples.
TURN_DETECTION = {"type": "server_vad", "interrupt_response": True}
Seen = dict[str, Any]


async def audio_turn(url: str, pcm: bytes) -> Seen:
    """Speak, fall silent, and be answered aloud."""
    pcm += bytes(SILENCE_MS * BYTES_PER_MS)
    async with await session(url) as conversation:
        for start in range(0, len(pcm), SLICE_BYTES):
            await conversation.send_audio(pcm[start : start + SLICE_BYTES])
        return await answer(conversation)


async def tool_call(url: str, _pcm: bytes) -> Seen:
    """Ask in text, let the framework run the tool it is asked for, and be answered aloud."""
    calls: list[Seen] = []

    def opening_hours(day: str) -> str:
        """Say when the shop is open."""
        calls.append({"name": "opening_hours", "arguments": json.dumps({"day": day})})
        return "from nine to six"

    async with await session(url, function_tool(opening_hours)) as conversation:
        await conversation.send_message(QUESTION)
        return {**await answer(conversation), "calls": calls}


async def session(url: str, *tools: Any) -> Any:
    """Return a session that has not been entered yet."""
    agent = RealtimeAgent(name="Shop", instructions="Answer in one sentence.", tools=list(tools))
    settings = {"model_name": MODEL, "turn_detection": TURN_DETECTION}
    address = f"{url}/realtime?model={MODEL}"
    return await RealtimeRunner(agent).run(model_config={"url": address, "initial_model_settings": settings})


async def answer(conversation: Any) -> Seen:
    """Take in what the framework reports until the agent has spoken."""
    pcm, history = b"", []
    async for event in conversation:
        if event.type == "error":
            raise RuntimeError(f"the framework reports an error: {event.error}")
        if event.type == "raw_model_event" and event.data.type == "exception":
            raise RuntimeError(f"the framework failed: {event.data.exception!r}")
        if event.type == "audio":
            pcm += event.audio.data
        elif event.type == "history_updated":
            history = event.history
        elif event.type == "agent_end" and pcm:
            return {"words": spoken(history), "pcm": base64.b64encode(pcm).decode(), "calls": []}
    raise RuntimeError("the session ended before the agent had spoken")


def spoken(history: list[Any]) -> str:
    """Return the words of the agent's messages in the framework's history."""
    said = [item for item in history if getattr(item, "role", "") == "assistant"]
    return " ".join(
        part.transcript or "" for item in said for part in item.content if hasattr(part, "transcript")
    )


ERRANDS = {run.__name__: run for run in (audio_turn, tool_call)}


async def main(errand: str, base_url: str) -> None:
    """Run one errand, within its time, and print what was seen."""
    pcm = sys.stdin.buffer.read()
    async with asyncio.timeout(TIMEOUT_S):
        seen = await ERRANDS[errand](base_url, pcm)
    print(json.dumps({"client": f"openai-agents {version('openai-agents')}", **seen}))  # noqa: T201 - how it reports


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
