"""The vendor's SDK as a guest: unmodified, and told nothing but where to go.

Runs in an environment of its own, so it imports nothing of this project::

    python openai_sdk.py <errand> ws://127.0.0.1:8765/v1 < question.pcm

The errands are the functions below. What is spoken comes in as PCM16, mono, 24 kHz; what the SDK made of the
endpoint goes out as one line of JSON.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from typing import Any

import openai
from openai import AsyncOpenAI

MODEL = "gpt-realtime-mini"
TIMEOUT_S = 60  # an errand takes a second; a machine may be busy
SLICE_BYTES = 4_800  # 100 ms
QUESTION = "When do you open on Monday?"
OPENING_HOURS: Any = {
    "type": "function",
    "name": "opening_hours",
    "description": "Say when the shop is open.",
    "parameters": {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]},
}
Seen = dict[str, Any]


async def text_turn(client: AsyncOpenAI, _pcm: bytes) -> Seen:
    """Ask in text and be answered in text."""
    async with client.realtime.connect(model=MODEL) as connection:
        await connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        await ask(connection)
        return await answer(connection)


async def audio_turn(client: AsyncOpenAI, pcm: bytes) -> Seen:
    """Ask aloud, commit by hand, and be answered aloud."""
    async with client.realtime.connect(model=MODEL) as connection:
        transcription = {"model": "gpt-4o-mini-transcribe"}
        audio: Any = {"input": {"turn_detection": None, "transcription": transcription}}
        await connection.session.update(session={"type": "realtime", "audio": audio})
        for start in range(0, len(pcm), SLICE_BYTES):
            piece = base64.b64encode(pcm[start : start + SLICE_BYTES]).decode()
            await connection.input_audio_buffer.append(audio=piece)
        await connection.input_audio_buffer.commit()
        await connection.response.create()
        return await answer(connection)


async def tool_call(client: AsyncOpenAI, _pcm: bytes) -> Seen:
    """Be asked to call a tool, hand its result in, and be answered."""
    async with client.realtime.connect(model=MODEL) as connection:
        await connection.session.update(session={"type": "realtime", "tools": [OPENING_HOURS]})
        await ask(connection)
        asked = await answer(connection)
        (call,) = asked["calls"]
        await connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": call["call_id"], "output": "from nine to six"}
        )
        await connection.response.create()
        return {**await answer(connection), "calls": asked["calls"]}


async def cancelled_turn(client: AsyncOpenAI, _pcm: bytes) -> Seen:
    """Stop the answer at its first slice, and see it end as cancelled."""
    async with client.realtime.connect(model=MODEL) as connection:
        await ask(connection)
        async for event in connection:
            if event.type == "response.output_audio.delta":
                break
        await connection.response.cancel()
        return await answer(connection)


async def beta_session(client: AsyncOpenAI, _pcm: bytes) -> Seen:
    """Connect as the same package still does under its beta name, and see how that ends."""
    async with client.beta.realtime.connect(model=MODEL) as connection:
        frames = []
        try:
            while True:
                frames.append(json.loads(await connection.recv_bytes()))
        except Exception as closed:  # of the WebSocket library, which is the SDK's own business
            close = getattr(closed, "rcvd", None)
            return {
                "frames": frames,
                "close_code": close and close.code,
                "close_reason": close and close.reason,
            }


async def ask(connection: Any) -> None:
    """Put the question in writing and ask for a response."""
    content = [{"type": "input_text", "text": QUESTION}]
    await connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
    await connection.response.create()


async def answer(connection: Any) -> Seen:
    """Take in one response until the SDK says that it is done."""
    written, spoken, pcm = "", "", b""
    async for event in connection:
        if event.type == "error":
            raise RuntimeError(f"the endpoint refused the SDK: {event.error.message}")
        if event.type == "response.output_text.delta":
            written += event.delta
        elif event.type == "response.output_audio_transcript.delta":
            spoken += event.delta
        elif event.type == "response.output_audio.delta":
            pcm += base64.b64decode(event.delta)
        elif event.type == "response.done":
            calls = [
                {"name": item.name, "arguments": item.arguments, "call_id": item.call_id}
                for item in event.response.output
                if item.type == "function_call"
            ]
            details = event.response.status_details
            return {
                "words": written or spoken,
                "pcm": base64.b64encode(pcm).decode(),
                "calls": calls,
                "status": event.response.status,
                "reason": details.reason if details else None,
            }
    raise RuntimeError("the connection ended before response.done")


ERRANDS = {run.__name__: run for run in (text_turn, audio_turn, tool_call, cancelled_turn, beta_session)}


async def main(errand: str, base_url: str) -> None:
    """Run one errand, within its time, and print what was seen."""
    pcm = sys.stdin.buffer.read()
    async with asyncio.timeout(TIMEOUT_S), AsyncOpenAI(websocket_base_url=base_url) as client:
        seen = await ERRANDS[errand](client, pcm)
    print(json.dumps({"client": f"openai {openai.__version__}", **seen}))  # noqa: T201 - how it reports


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
