"""A model that does what its instructions say, as far as one thing goes: it calls a function that they name.

It stands in for understanding, so that a client's tool round can be played without a script (RT-response-20).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from realtime_server.conversation import Item
from realtime_server.script import Answer, ToolCall

_SAMPLES: Mapping[str, Any] = {
    "string": "tomorrow",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "array": [],
}


def instructed(answer: Answer, settings: Mapping[str, Any], context: Sequence[Item]) -> Answer:
    """Return the call of a function instead of ``answer`` where the instructions name one that is offered.

    Args:
        answer: What the model would say.
        settings: The session as the response sees it.
        context: What it answers; once the output of a function came last, the answer is given.
    """
    if settings["tool_choice"] != "auto" or not context or context[-1].body["type"] == "function_call_output":
        return answer
    for tool in settings["tools"]:
        if tool["type"] == "function" and tool["name"] in settings["instructions"]:
            return Answer.calling(ToolCall(tool["name"], _arguments(tool.get("parameters") or {})))
    return answer


def _arguments(schema: Mapping[str, Any]) -> str:
    """Return arguments that fit a JSON schema of an object, as far as its required fields go."""
    fields = schema.get("properties") or {}
    return json.dumps({name: _sample(fields.get(name) or {}) for name in schema.get("required", ())})


def _sample(schema: Mapping[str, Any]) -> Any:
    return schema["enum"][0] if schema.get("enum") else _SAMPLES.get(str(schema.get("type")), {})
