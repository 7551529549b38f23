"""Many ways to be wrong, at any depth: each is refused by name, and changes nothing.

The rules themselves, their wording and their legal neighbours are in ``test_server_rules.py``; here the paths
they reach are walked.
"""
# ruff: noqa: E501 - the table reads by its columns

from __future__ import annotations

import base64
from typing import Any

import pytest

Event = dict[str, Any]

MISSING, UNKNOWN, UNSUPPORTED = "missing_required_parameter", "unknown_parameter", "unsupported_parameter"
TYPE, VALUE = "invalid_type", "invalid_value"
AUDIO = base64.b64encode(bytes(4_800)).decode()
TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}}
TEXT = {"type": "input_text", "text": "x"}
USER = {"type": "message", "role": "user"}

# Where they stand: what is wrong, the code and the param, from there on.
WRONG: dict[str, list[tuple[Event, str, str | None]]] = {
    "session": [
        ({"id": "sess_x"}, UNKNOWN, "id"),
        ({"object": "realtime.session"}, UNKNOWN, "object"),
        ({"expires_at": 1}, UNKNOWN, "expires_at"),
        ({"temperature": 0.8}, UNKNOWN, "temperature"),
        ({"instructions": 5}, TYPE, "instructions"),
        ({"output_modalities": "audio"}, TYPE, "output_modalities"),
        ({"output_modalities": ["video"]}, VALUE, "output_modalities[0]"),
        ({"output_modalities": ["audio", "audio"]}, VALUE, "output_modalities"),
        ({"tools": {}}, TYPE, "tools"),
        ({"tools": [{"name": "f"}]}, MISSING, "tools[0].type"),
        ({"tools": [{"type": "web_search"}]}, VALUE, "tools[0].type"),
        ({"tools": [{**TOOL, "foo": 1}]}, UNKNOWN, "tools[0].foo"),
        ({"tools": [{"type": "function", "name": 4, "parameters": {"type": "object"}}]}, TYPE, "tools[0].name"),
        ({"tools": [{"type": "mcp", "server_url": "https://x"}]}, MISSING, "tools[0].server_label"),
        ({"tools": [{"type": "mcp", "server_label": "x", "connector_id": "nope"}]}, VALUE, "tools[0].connector_id"),
        ({"tools": [{"type": "mcp", "server_label": "x", "server_url": "https://x", "require_approval": "sometimes"}]}, VALUE, "tools[0].require_approval"),
        ({"tool_choice": "any"}, VALUE, "tool_choice"),
        ({"tool_choice": None}, TYPE, "tool_choice"),
        ({"tool_choice": 3}, TYPE, "tool_choice"),
        ({"tool_choice": {"type": "mcp", "server_label": "zz"}}, VALUE, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "name": "f", "x": 1}}, UNKNOWN, "tool_choice.x"),
        ({"tool_choice": {"type": "tool", "name": "f"}}, VALUE, "tool_choice.type"),
        ({"max_output_tokens": 4097}, "integer_above_max_value", "max_output_tokens"),
        ({"max_output_tokens": "infinite"}, VALUE, "max_output_tokens"),
        ({"max_output_tokens": True}, TYPE, "max_output_tokens"),
        ({"max_output_tokens": -1}, "integer_below_min_value", "max_output_tokens"),
        ({"tracing": 1}, TYPE, "tracing"),
        ({"tracing": "on"}, VALUE, "tracing"),
        ({"tracing": {"foo": 1}}, UNKNOWN, "tracing.foo"),
        ({"truncation": "off"}, VALUE, "truncation"),
        ({"truncation": {"type": "retention_ratio", "retention_ratio": 1.1}}, "decimal_above_max_value", "truncation.retention_ratio"),
        ({"truncation": {"type": "retention_ratio"}}, MISSING, "truncation.retention_ratio"),
        ({"truncation": {"type": "retention_ratio", "retention_ratio": 0.5, "token_limits": {"post_instructions": -1}}}, "integer_below_min_value", "truncation.token_limits.post_instructions"),
        ({"prompt": {"version": "1"}}, MISSING, "prompt.id"),
        ({"prompt": {"id": "p", "variables": {"a": 1}}}, TYPE, "prompt.variables.a"),
        ({"include": ["x"]}, VALUE, "include[0]"),
        ({"include": "x"}, TYPE, "include"),
        ({"audio": {"in": {}}}, UNKNOWN, "audio.in"),
        ({"audio": None}, TYPE, "audio"),
        ({"audio": {"input": None}}, TYPE, "audio.input"),
        ({"model": "gpt-9"}, VALUE, "model"),
        ({"reasoning": {"effort": "extreme"}}, VALUE, "reasoning.effort"),
        ({"parallel_tool_calls": True}, UNSUPPORTED, "parallel_tool_calls"),
    ],
    "session.audio.input": [
        ({"format": {"type": "audio/opus"}}, VALUE, "format.type"),
        ({"format": {"type": "audio/pcmu", "rate": 8000}}, UNKNOWN, "format.rate"),
        ({"format": None}, TYPE, "format"),
        ({"format": {"rate": 24000}}, MISSING, "format.type"),
        ({"format": {"type": "audio/pcm", "rate": "24000"}}, TYPE, "format.rate"),
        ({"format": {"type": "audio/pcm", "rate": 24000.0}}, TYPE, "format.rate"),
        ({"noise_reduction": {"type": "mid_field"}}, VALUE, "noise_reduction.type"),
        ({"noise_reduction": "near_field"}, TYPE, "noise_reduction"),
        ({"transcription": "whisper-1"}, TYPE, "transcription"),
        ({"transcription": {"model": "whisper-9"}}, VALUE, "transcription.model"),
        ({"transcription": {"model": "whisper-1", "language": 1}}, TYPE, "transcription.language"),
        ({"transcription": {"model": "whisper-1", "temperature": 0}}, UNKNOWN, "transcription.temperature"),
        ({"transcription": {"model": "whisper-1", "keywords": ["a"]}}, UNSUPPORTED, "transcription.keywords"),
        ({"transcription": {"model": "gpt-realtime-whisper", "prompt": "x"}}, UNSUPPORTED, "transcription.prompt"),
        ({"transcription": {"model": "gpt-realtime-whisper", "delay": "never"}}, VALUE, "transcription.delay"),
        ({"turn_detection": "server_vad"}, TYPE, "turn_detection"),
        ({"turn_detection": {"type": "none"}}, VALUE, "turn_detection.type"),
        ({"turn_detection": {"threshold": 0.5}}, MISSING, "turn_detection.type"),
        ({"turn_detection": {"type": "server_vad", "eagerness": "low"}}, UNKNOWN, "turn_detection.eagerness"),
        ({"turn_detection": {"type": "semantic_vad", "threshold": 0.5}}, UNKNOWN, "turn_detection.threshold"),
        ({"turn_detection": {"type": "semantic_vad", "eagerness": "fast"}}, VALUE, "turn_detection.eagerness"),
        ({"turn_detection": {"type": "server_vad", "threshold": "0.5"}}, TYPE, "turn_detection.threshold"),
        ({"turn_detection": {"type": "server_vad", "threshold": -0.1}}, "decimal_below_min_value", "turn_detection.threshold"),
        ({"turn_detection": {"type": "server_vad", "idle_timeout_ms": 4999}}, "integer_below_min_value", "turn_detection.idle_timeout_ms"),
        ({"turn_detection": {"type": "server_vad", "silence_duration_ms": 500.5}}, TYPE, "turn_detection.silence_duration_ms"),
        ({"turn_detection": {"type": "server_vad", "prefix_padding_ms": -1}}, "integer_below_min_value", "turn_detection.prefix_padding_ms"),
        ({"turn_detection": {"type": "server_vad", "create_response": "true"}}, TYPE, "turn_detection.create_response"),
        ({"vad": 1}, UNKNOWN, "vad"),
        ({"turn_detection": {"type": "server_vad", "foo": {"bar": 1}}}, UNKNOWN, "turn_detection.foo"),
    ],
    "session.audio.output": [
        ({"rate": 1}, UNKNOWN, "rate"),
        ({"voice": ""}, VALUE, "voice"),
        ({"voice": None}, TYPE, "voice"),
        ({"voice": {}}, MISSING, "voice.id"),
        ({"voice": {"id": 5}}, TYPE, "voice.id"),
        ({"speed": "1"}, TYPE, "speed"),
        ({"speed": 1.6}, "decimal_above_max_value", "speed"),
    ],
    "item": [
        ({"type": "message", "content": [TEXT]}, MISSING, "role"),
        ({"type": "message", "role": "tool", "content": [TEXT]}, VALUE, "role"),
        ({"type": "message", "role": "developer", "content": [TEXT]}, VALUE, "role"),
        ({"type": "message", "role": "user"}, MISSING, "content"),
        ({"type": "message", "role": "user", "content": "hi"}, TYPE, "content"),
        ({**USER, "content": ["hi"]}, TYPE, "content[0]"),
        ({**USER, "content": [{"type": "input_text", "text": None}]}, TYPE, "content[0].text"),
        ({**USER, "content": [{"type": "input_text", "text": 1}]}, TYPE, "content[0].text"),
        ({**USER, "content": [{"type": "input_text", "text": "x", "foo": 1}]}, UNKNOWN, "content[0].foo"),
        ({**USER, "content": [{"type": "input_audio", "audio": ""}]}, VALUE, "content[0].audio"),
        ({**USER, "content": [{"type": "input_audio"}]}, MISSING, "content[0].audio"),
        ({**USER, "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "huge"}]}, VALUE, "content[0].detail"),
        ({"type": "message", "role": "assistant", "content": [{"type": "output_audio", "audio": AUDIO}]}, VALUE, "content[0].type"),
        ({"type": "message", "role": "assistant", "content": [TEXT]}, VALUE, "content[0].type"),
        ({"type": "message", "role": "system", "content": [{"type": "input_audio", "audio": AUDIO}]}, VALUE, "content[0].type"),
        ({**USER, "content": [TEXT], "status": "done"}, VALUE, "status"),
        ({**USER, "content": [TEXT], "object": "item"}, VALUE, "object"),
        ({**USER, "content": [TEXT], "id": 4}, TYPE, "id"),
        ({**USER, "content": [TEXT], "name": "bob"}, UNKNOWN, "name"),
        ({"type": "function_call_output", "call_id": "c"}, MISSING, "output"),
        ({"type": "function_call_output", "call_id": "c", "output": {"a": 1}}, TYPE, "output"),
        ({"type": "function_call_output", "output": "x"}, MISSING, "call_id"),
        ({"type": "function_call", "name": "f", "arguments": {}}, TYPE, "arguments"),
        ({"type": "function_call", "arguments": "{}"}, MISSING, "name"),
        ({"type": "item_reference", "id": "x"}, VALUE, "type"),
    ],
    "response": [
        ({"conversation": "new"}, VALUE, "conversation"),
        ({"conversation": None}, TYPE, "conversation"),
        ({"output_modalities": ["text", "audio"]}, VALUE, "output_modalities"),
        ({"temperature": 1}, UNKNOWN, "temperature"),
        ({"audio": {"input": {}}}, UNKNOWN, "audio.input"),
        ({"audio": {"output": {"speed": 1}}}, UNKNOWN, "audio.output.speed"),
        ({"audio": {"output": {"format": "pcm16"}}}, TYPE, "audio.output.format"),
        ({"audio": {"output": {"format": {"type": "audio/pcm", "rate": 16000}}}}, "integer_below_min_value", "audio.output.format.rate"),
        ({"max_output_tokens": 5000}, "integer_above_max_value", "max_output_tokens"),
        ({"metadata": {"a": 1}}, TYPE, "metadata.a"),
        ({"metadata": dict.fromkeys(map(str, range(17)), "x")}, VALUE, "metadata"),
        ({"metadata": {"a": "x" * 513}}, VALUE, "metadata.a"),
        ({"input": "hi"}, TYPE, "input"),
        ({"input": [{**USER, "content": [{"type": "text", "text": "x"}]}]}, VALUE, "input[0].content[0].type"),
        ({"input": [{"type": "item_reference"}]}, MISSING, "input[0].id"),
        ({"tool_choice": {"type": "function", "name": "zz"}}, VALUE, "tool_choice"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, MISSING, "tools[0].name"),
        ({"instructions": None}, TYPE, "instructions"),
        ({"tracing": "auto"}, UNKNOWN, "tracing"),
        ({"turn_detection": None}, UNKNOWN, "turn_detection"),
        ({"reasoning": {"effort": "low"}}, UNSUPPORTED, "reasoning"),
    ],
    "": [
        ({"type": "session.update", "session": None}, TYPE, "session"),
        ({"type": "session.update", "session": []}, TYPE, "session"),
        ({"type": "session.update"}, MISSING, "session"),
        ({"type": "input_audio_buffer.append"}, MISSING, "audio"),
        ({"type": "input_audio_buffer.append", "audio": None}, TYPE, "audio"),
        ({"type": "input_audio_buffer.append", "audio": [1]}, TYPE, "audio"),
        ({"type": "input_audio_buffer.append", "audio": "-_-_"}, VALUE, "audio"),
        ({"type": "input_audio_buffer.append", "audio": "AAAA\nAAAA"}, VALUE, "audio"),
        ({"type": "input_audio_buffer.append", "audio": "AAA"}, VALUE, "audio"),
        ({"type": "input_audio_buffer.append", "audio": AUDIO, "format": "pcm16"}, UNKNOWN, "format"),
        ({"type": "input_audio_buffer.clear", "event_id": 5}, TYPE, "event_id"),
        ({"type": "input_audio_buffer.clear", "event_id": None}, TYPE, "event_id"),
        ({"type": "input_audio_buffer.commit", "item_id": "x"}, UNKNOWN, "item_id"),
        ({"type": "conversation.item.create"}, MISSING, "item"),
        ({"type": "conversation.item.create", "item": "hi"}, TYPE, "item"),
        ({"type": "conversation.item.create", "item": {**USER, "content": [TEXT]}, "previous_item_id": 5}, TYPE, "previous_item_id"),
        ({"type": "conversation.item.create", "item": {**USER, "content": [TEXT]}, "previous_item_id": None}, TYPE, "previous_item_id"),
        ({"type": "conversation.item.delete"}, MISSING, "item_id"),
        ({"type": "conversation.item.delete", "item_id": ""}, "item_delete_invalid_item_id", None),
        ({"type": "conversation.item.truncate", "item_id": "x", "content_index": 0, "audio_end_ms": -1}, "integer_below_min_value", "audio_end_ms"),
        ({"type": "conversation.item.truncate", "item_id": "x", "content_index": 0, "audio_end_ms": 1.5}, TYPE, "audio_end_ms"),
        ({"type": "conversation.item.truncate", "item_id": "x", "audio_end_ms": 1}, MISSING, "content_index"),
        ({"type": "conversation.item.truncate", "item_id": "x", "content_index": False, "audio_end_ms": 1}, TYPE, "content_index"),
        ({"type": "response.create", "response": None}, TYPE, "response"),
        ({"type": "response.create", "response": []}, TYPE, "response"),
        ({"type": "response.cancel", "foo": 1}, UNKNOWN, "foo"),
        ({"type": "response.cancel", "response_id": 4}, TYPE, "response_id"),
        ({"type": "Response.create"}, VALUE, "type"),
        ({"type": "response.create "}, VALUE, "type"),
        ({"type": None}, TYPE, "type"),
        ({"type": "session.update", "session": {"type": "transcription", "audio": {}}}, VALUE, None),
        ({"type": "session.update", "session": {"type": ["realtime"]}}, TYPE, "session.type"),
    ],
}  # fmt: skip

NO_JSON = [
    "", "  ", "{'type': 'x'}", '\ufeff{"type": "response.cancel"}', '{"type": "response.cancel"}x',
    '{"type": "response.cancel"}{"type": "response.cancel"}',
    '{"type": "session.update", "session": {"type": "realtime", "max_output_tokens": ' + "9" * 4_400 + "}}",
]  # fmt: skip


def event(place: str, wrong: Event) -> Event:
    """Put what is wrong where it belongs."""
    if place == "item":
        return {"type": "conversation.item.create", "item": wrong}
    if place == "response":
        return {"type": "response.create", "response": wrong}
    if not place:
        return wrong
    _, *names = place.split(".")
    for name in reversed(names):
        wrong = {name: wrong}
    return {"type": "session.update", "session": {"type": "realtime", **wrong}}


@pytest.mark.parametrize("place", WRONG)
def test_what_is_wrong_is_refused_by_name_and_changes_nothing(server, open_client, play, place):
    async def scene():
        async with open_client() as client:
            begun = server.connections[0].session
            for number, (wrong, code, param) in enumerate(WRONG[place]):
                reply = await client.ask(event(place, wrong))
                path = ".".join([place, param] if place and param else [param or ""]) or None
                assert reply["type"] == "error", f"{number}: {wrong} was let pass: {reply}"
                told = reply["error"]
                assert (told["code"], told["param"], told["type"]) == (code, path, "invalid_request_error"), (
                    wrong
                )
                assert server.connections[0].session == begun
            return await client.nothing_more()

    assert play(scene()) == []
    assert len(server.connections[0].refusals) == len(WRONG[place])


def test_what_is_no_json_is_refused_and_the_session_goes_on(open_client, play):
    async def scene():
        async with open_client() as client:
            return [(await client.ask(frame))["error"]["code"] for frame in NO_JSON]

    assert set(play(scene())) == {"invalid_json"}


def test_of_two_equal_names_the_last_counts(open_client, play):
    async def scene():
        async with open_client() as client:
            return await client.ask('{"type": "response.cancel", "type": "input_audio_buffer.clear"}')

    assert play(scene())["type"] == "input_audio_buffer.cleared"
