"""A scripted run of langwatch-scenario, with this project's adapter as its agent.

Usage: ``langwatch_scenario.py ERRAND BASE_URL``; the user's PCM16 comes on standard input, what was seen goes
as one JSON line to standard output.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import tempfile
import wave
from importlib.metadata import version
from pathlib import Path
from typing import Any

# It is to call on nobody but the endpoint.
os.environ |= {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LANGWATCH_ENDPOINT": "http://127.0.0.1:9",
    "SCENARIO_HEADLESS": "true",
    "SCENARIO_DISABLE_SIMULATION_REPORT_INFO": "1",
}
# Nothing of the suite is imported, only the adapter, as a user of both would have it installed.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import scenario
from scenario.voice.messages import extract_audio

from realtime_adapter.langwatch import OpenAIRealtimeAgentAdapter

TOOL = {
    "type": "function",
    "name": "opening_hours",
    "description": "when the shop is open on a day",
    "parameters": {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]},
}


def question(folder: str) -> Path:
    """Write what the user says, prerecorded, to a WAV file."""
    path = Path(folder) / "question.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(sys.stdin.buffer.read())
    return path


def agent(base_url: str, **options: Any) -> OpenAIRealtimeAgentAdapter:
    """Return this project's adapter, made as a user of both makes it."""
    key = os.environ["OPENAI_API_KEY"]
    return OpenAIRealtimeAgentAdapter(api_key=key, mint=False, url=f"{base_url}/realtime", **options)


async def main(errand: str, base_url: str) -> dict[str, Any]:
    """Run the scenario and return what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        turn = [scenario.audio(question(folder)), scenario.agent()]
        runs: dict[str, tuple[list[Any], dict[str, Any]]] = {
            "one_turn": (turn, {}),
            "two_turns": (turn * 2, {}),
            "tool_call": (turn, {"tools": [TOOL]}),
            "voiced_user": ([scenario.agent(), scenario.user(), scenario.agent()], {"speaks_first": True}),
            "agent_first": ([scenario.agent(), *turn], {"speaks_first": True}),
        }
        steps, options = runs[errand]
        users = [agent(base_url, role=scenario.AgentRole.USER)] if errand.endswith("_user") else []
        result = await scenario.run(
            name="opening hours",
            description="a user asks aloud when the shop opens",
            agents=[agent(base_url, **options), *users],
            script=[*steps, scenario.succeed("it was said and answered")],
            verbose=False,
        )
    answers = [message for message in result.messages if message["role"] == "assistant"]
    spoken = [message for message in answers if message["content"]]
    calls = [call["function"] for message in answers for call in message.get("tool_calls", ())]
    texts = [part["text"] for message in spoken for part in message["content"] if part["type"] == "text"]
    return {
        "client": f"langwatch-scenario {version('langwatch-scenario')}",
        "status": "success" if result.success else "failure",
        "words": "\n".join(texts),
        "calls": calls,
        "pcm": base64.b64encode(b"".join(extract_audio(message).data for message in spoken)).decode(),
    }


if __name__ == "__main__":
    sys.stdout.write(f"\n{json.dumps(asyncio.run(main(*sys.argv[1:])))}\n")
