"""Every refusal of the table: the event that breaks the rule, and its legal neighbour."""
# ruff: noqa: E501 - the table reads by its columns

from __future__ import annotations

import ast
import asyncio
import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from realtime_server import RULES, Answer, RealtimeServer, rules

Event = dict[str, Any]

MS_100 = base64.b64encode(bytes(4_800)).decode()
TOOL = {"type": "function", "name": "look_up", "parameters": {"type": "object"}}
SUPPORTED = (
    "'session.update', 'session.close', 'input_audio_buffer.append', 'session.input_audio_buffer.append', "
    "'input_audio_buffer.commit', 'input_audio_buffer.clear', 'conversation.item.create', "
    "'conversation.item.truncate', 'conversation.item.delete', 'conversation.item.retrieve', "
    "'response.create', and 'response.cancel'"
)


def update(**session: Any) -> Event:
    return {"type": "session.update", "event_id": "e1", "session": {"type": "realtime", **session}}


def heard(**fields: Any) -> Event:
    return update(audio={"input": fields})


def spoken(**fields: Any) -> Event:
    return update(audio={"output": fields})


def transcribe(**fields: Any) -> Event:
    session = {"type": "transcription", "audio": {"input": fields}}
    return {"type": "session.update", "event_id": "e1", "session": session}


def append(audio: str) -> Event:
    return {"type": "input_audio_buffer.append", "event_id": "e1", "audio": audio}


def create(item: Event, **fields: Any) -> Event:
    return {"type": "conversation.item.create", "event_id": "e1", "item": item, **fields}


def message(role: str, *parts: Event, **fields: Any) -> Event:
    return {"type": "message", "role": role, "content": list(parts), **fields}


def text(words: str = "hello") -> Event:
    return {"type": "input_text", "text": words}


def respond(**response: Any) -> Event:
    return {"type": "response.create", "event_id": "e1", "response": response}


def truncate(item_id: str, audio_end_ms: int = 0) -> Event:
    return {
        "type": "conversation.item.truncate",
        "event_id": "e1",
        "item_id": item_id,
        "content_index": 0,
        "audio_end_ms": audio_end_ms,
    }


def call(kind: str, item_id: str) -> Event:
    return {"type": f"conversation.item.{kind}", "event_id": "e1", "item_id": item_id}


COMMIT: Event = {"type": "input_audio_buffer.commit", "event_id": "e1"}
CANCEL: Event = {"type": "response.cancel", "event_id": "e1"}
USER_1 = create(message("user", text(), id="user_1"))


@dataclass(frozen=True)
class Case:
    """A rule broken and kept.

    ``before`` is sent first; an entry is an event, answered by whatever its type is answered by, or the
    word "speak", which plays the model's first spoken answer. "{answer}" stands for that answer's item.
    """

    rule: rules.Rule
    broken: Event | str | bytes
    param: str | None
    message: str
    kept: Event
    reply: str
    before: tuple[Event | str, ...] = ()
    query: str = "?model=gpt-realtime"
    near_miss: str = ""

    def __str__(self) -> str:
        return f"{self.rule.id} {self.param or self.rule.code}"


def missing(path: str) -> str:
    return f"Missing required parameter: '{path}'."


def unknown(path: str) -> str:
    return f"Unknown parameter: '{path}'."


UPDATED, ADDED, CREATED, CLEARED = (
    "session.updated",
    "conversation.item.added",
    "response.created",
    "input_audio_buffer.cleared",
)
CLEAR: Event = {"type": "input_audio_buffer.clear"}
BAD_AUDIO = "Expected base64-encoded audio bytes (mono PCM16 at 24kHz) but got"
PCM = {"type": "audio/pcm", "rate": 24000}

CASES = [
    # frames
    Case(rules.NOT_JSON, '{"type":', None,
         "Invalid event: failed to parse JSON value. Please ensure that the event is valid JSON.", CLEAR, CLEARED),
    Case(rules.NOT_JSON, '{"type": "response.create", "n": NaN}', None,
         "Invalid event: failed to parse JSON value. Please ensure that the event is valid JSON.", CLEAR, CLEARED),
    Case(rules.NOT_JSON, "[" * 100_000, None,
         "Invalid event: failed to parse JSON value. Please ensure that the event is valid JSON.", CLEAR, CLEARED),
    Case(rules.BINARY, b"\x00\x01", None,
         "Expected a text WebSocket message; binary frames are not supported.", CLEAR, CLEARED),
    Case(rules.UNKNOWN_EVENT, {"type": "nope", "event_id": "e1"}, "type",
         f"Invalid value: 'nope'. Supported values are: {SUPPORTED}.", CLEAR, CLEARED),
    Case(rules.UNKNOWN_EVENT, {"type": "transcription_session.update", "event_id": "e1", "session": {}}, "type",
         f"Invalid value: 'transcription_session.update'. Supported values are: {SUPPORTED}.", CLEAR, CLEARED,
         near_miss="`session.update` with `type` transcription"),
    Case(rules.UNKNOWN_EVENT, {"type": "output_audio_buffer.clear", "event_id": "e1"}, "type",
         f"Invalid value: 'output_audio_buffer.clear'. Supported values are: {SUPPORTED}.", CLEAR, CLEARED),
    Case(rules.NO_TYPE, {"event_id": "e1"}, "type", missing("type"), CLEAR, CLEARED),
    Case(rules.NOT_AN_OBJECT, "[1]", None, "Invalid event: expected an object, but got an array instead.",
         CLEAR, CLEARED),
    Case(rules.TYPE_NOT_TEXT, {"type": 5, "event_id": "e1"}, "type",
         "Invalid type for 'type': expected a string, but got an integer instead.", CLEAR, CLEARED),
    Case(rules.LONG_EVENT_ID, {"type": "input_audio_buffer.clear", "event_id": "e" * 513}, "event_id",
         "Invalid 'event_id': string too long. Expected a string with maximum length 512, but got a string "
         "with length 513 instead.", {**CLEAR, "event_id": "e" * 512}, CLEARED),
    Case(rules.TRANSLATION_ONLY, {"type": "session.close", "event_id": "e1"}, "type",
         "The event 'session.close' is only supported in translation sessions.", CLEAR, CLEARED),
    # shape
    Case(rules.MISSING, {"type": "session.update", "event_id": "e1"}, "session", missing("session"),
         update(), UPDATED),
    Case(rules.MISSING, update(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "look_up"}}),
         "session.tool_choice.name", missing("session.tool_choice.name"),
         update(tools=[TOOL], tool_choice={"type": "function", "name": "look_up"}), UPDATED,
         near_miss="by name or nested"),
    Case(rules.UNKNOWN, update(voice="alloy"), "session.voice", unknown("session.voice"), spoken(voice="alloy"),
         UPDATED, near_miss="GA wants `session.audio.output.voice`"),
    Case(rules.UNKNOWN, heard(input_audio_noise_reduction=None), "session.audio.input.input_audio_noise_reduction",
         unknown("session.audio.input.input_audio_noise_reduction"), heard(noise_reduction=None), UPDATED,
         near_miss="GA wants `session.audio.input.noise_reduction`"),
    Case(rules.UNKNOWN, update(tools=[{**TOOL, "strict": True}]), "session.tools[0].strict",
         unknown("session.tools[0].strict"), update(tools=[TOOL]), UPDATED),
    Case(rules.UNKNOWN, {**CLEAR, "event_id": "e1", "foo": 1}, "foo", unknown("foo"), CLEAR, CLEARED),
    Case(rules.WRONG_TYPE, update(instructions=None), "session.instructions",
         "Invalid type for 'session.instructions': expected a string, but got null instead.",
         update(instructions="Be brief."), UPDATED),
    Case(rules.WRONG_TYPE, update(max_output_tokens=1.5), "session.max_output_tokens",
         "Invalid type for 'session.max_output_tokens': expected an integer or a string, but got a decimal "
         "number instead.", update(max_output_tokens="inf"), UPDATED),
    Case(rules.WRONG_TYPE, update(tools=[{**TOOL, "parameters": "{}"}]), "session.tools[0].parameters",
         "Invalid type for 'session.tools[0].parameters': expected an object, but got a string instead.",
         update(tools=[{**TOOL, "parameters": {}}]), UPDATED),
    Case(rules.WRONG_TYPE, heard(transcription={"model": "whisper-1", "language": ["en"]}),
         "session.audio.input.transcription.language",
         "Invalid type for 'session.audio.input.transcription.language': expected a string, but got an array "
         "instead.", heard(transcription={"model": "whisper-1", "language": "en"}), UPDATED),
    Case(rules.WRONG_VALUE, heard(turn_detection={"type": "vad"}), "session.audio.input.turn_detection.type",
         "Invalid value: 'vad'. Supported values are: 'server_vad' and 'semantic_vad'.",
         heard(turn_detection={"type": "semantic_vad", "eagerness": "low"}), UPDATED),
    Case(rules.WRONG_VALUE, update(tool_choice="look_up", tools=[TOOL]), "session.tool_choice",
         "Invalid value: 'look_up'. Supported values are: 'none', 'auto', and 'required'.",
         update(tool_choice="required", tools=[TOOL]), UPDATED, near_miss="by name or nested"),
    Case(rules.NOT_KNOWN_NAME, spoken(voice="fable"), "session.audio.output.voice",
         "Invalid value: 'fable'. Supported values are: 'alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', "
         "'shimmer', 'verse', 'marin', and 'cedar'.", spoken(voice={"id": "voice_1234"}), UPDATED),
    Case(rules.INTEGER_LOW, update(max_output_tokens=0), "session.max_output_tokens",
         "Invalid 'session.max_output_tokens': integer below minimum value. Expected a value >= 1, but got 0 "
         "instead.", update(max_output_tokens=1), UPDATED),
    Case(rules.INTEGER_HIGH, heard(turn_detection={"type": "server_vad", "idle_timeout_ms": 30_001}),
         "session.audio.input.turn_detection.idle_timeout_ms",
         "Invalid 'session.audio.input.turn_detection.idle_timeout_ms': integer above maximum value. Expected a "
         "value <= 30000, but got 30001 instead.",
         heard(turn_detection={"type": "server_vad", "idle_timeout_ms": 30_000}), UPDATED),
    Case(rules.DECIMAL_LOW, spoken(speed=0.2), "session.audio.output.speed",
         "Invalid 'session.audio.output.speed': decimal below minimum value. Expected a value >= 0.25, but got "
         "0.2 instead.", spoken(speed=0.25), UPDATED),
    Case(rules.DECIMAL_HIGH, heard(turn_detection={"type": "server_vad", "threshold": 1.1}),
         "session.audio.input.turn_detection.threshold",
         "Invalid 'session.audio.input.turn_detection.threshold': decimal above maximum value. Expected a value "
         "<= 1, but got 1.1 instead.", heard(turn_detection={"type": "server_vad", "threshold": 1}), UPDATED),
    Case(rules.TYPES_TOO_LAX, update(tools=[{"type": "function", "function": {"name": "look_up"}}]),
         "session.tools[0].name", missing("session.tools[0].name"), update(tools=[TOOL]), UPDATED),
    Case(rules.TYPES_TOO_LAX, create(message("user", {"text": "hello"})), "item.content[0].type",
         missing("item.content[0].type"), create(message("user", text())), ADDED),
    # session.update
    Case(rules.NO_SESSION_TYPE, {"type": "session.update", "event_id": "e1", "session": {"voice": "alloy"}},
         "session.type", missing("session.type"), update(), UPDATED, near_miss="`session.audio.output.voice`"),
    Case(rules.SESSION_TYPE, {"type": "session.update", "event_id": "e1", "session": {"type": "session"}},
         "session.type", "Invalid value: 'session'. Supported values are: 'realtime' and 'transcription'.",
         update(), UPDATED),
    Case(rules.OTHER_KIND, {"type": "session.update", "event_id": "e1", "session": {"type": "transcription"}}, None,
         "Passing a transcription session update event to a realtime session is not allowed.", update(), UPDATED),
    Case(rules.NO_OUTPUT_RATE, spoken(format={"type": "audio/pcm"}), "session.audio.output.format.rate",
         missing("session.audio.output.format.rate"), spoken(format=PCM), UPDATED),
    Case(rules.NO_INPUT_RATE, heard(format={"type": "audio/pcm"}), "session.audio.input.format.rate",
         missing("session.audio.input.format.rate"), heard(format=PCM), UPDATED),
    Case(rules.FORMAT_NOT_OBJECT, heard(format="pcm16"), "session.audio.input.format",
         "Invalid type for 'session.audio.input.format': expected an object, but got a string instead.",
         heard(format={"type": "audio/pcmu"}), UPDATED, near_miss="bare format name"),
    Case(rules.LOW_RATE, heard(format={"type": "audio/pcm", "rate": 16000}), "session.audio.input.format.rate",
         "Invalid 'session.audio.input.format.rate': integer below minimum value. Expected a value >= 24000, but "
         "got 16000 instead.", heard(format=PCM), UPDATED),
    Case(rules.HIGH_RATE, spoken(format={"type": "audio/pcm", "rate": 48000}), "session.audio.output.format.rate",
         "Invalid 'session.audio.output.format.rate': integer above maximum value. Expected a value <= 24000, but "
         "got 48000 instead.", spoken(format=PCM), UPDATED),
    Case(rules.MODALITIES, update(output_modalities=["audio", "text"]), "session.output_modalities",
         "Invalid modalities: ['audio', 'text']. Supported combinations are: ['text'] and ['audio'].",
         update(output_modalities=["text"]), UPDATED, near_miss="exactly one"),
    Case(rules.MODALITIES, update(output_modalities=[]), "session.output_modalities",
         "Invalid modalities: []. Supported combinations are: ['text'] and ['audio'].",
         update(output_modalities=["audio"]), UPDATED, near_miss="exactly one"),
    Case(rules.VOICE_LOCKED, spoken(voice="cedar"), None,
         "Cannot update a conversation's voice if assistant audio is present.", spoken(voice="alloy"), UPDATED,
         before=("speak",)),
    Case(rules.MODEL_FIXED, update(model="gpt-realtime-mini"), "session.model",
         "Cannot update the model of a live session.", update(model="gpt-realtime"), UPDATED),
    Case(rules.TRACING_FIXED, update(tracing={"workflow_name": "w"}), "session.tracing",
         "Cannot update tracing once it is enabled for a session.", update(tracing="auto"), UPDATED,
         before=(update(tracing="auto"),)),
    Case(rules.SPEED_BUSY, spoken(speed=1.2), "session.audio.output.speed",
         "Cannot update speed while a response is in progress.", spoken(speed=1.0), UPDATED, before=("hold",)),
    Case(rules.REASONING, update(reasoning={"effort": "low"}), "session.reasoning",
         "Unsupported parameter: 'session.reasoning' is not supported with this model.", update(), UPDATED),
    Case(rules.UNKNOWN_TOOL, update(tool_choice={"type": "function", "name": "look_up"}), "session.tool_choice",
         "Invalid 'tool_choice': tool 'look_up' not found.",
         update(tools=[TOOL], tool_choice={"type": "function", "name": "look_up"}), UPDATED,
         ),
    Case(rules.NO_TRANSCRIPTION_MODEL, heard(transcription={"language": "en"}),
         "session.audio.input.transcription.model", missing("session.audio.input.transcription.model"),
         heard(transcription={"model": "whisper-1"}), UPDATED),
    Case(rules.TRANSCRIPTION_OPTION, heard(transcription={"model": "whisper-1", "delay": "low"}),
         "session.audio.input.transcription.delay",
         "Unsupported parameter: 'session.audio.input.transcription.delay' is not supported with this model.",
         heard(transcription={"model": "gpt-realtime-whisper", "delay": "low"}), UPDATED),
    Case(rules.REALTIME_ON_TRANSCRIPTION, update(), None,
         "Passing a realtime session update event to a transcription session is not allowed.",
         transcribe(), UPDATED, query="?intent=transcription"),
    Case(rules.NO_DETECTION_HERE, transcribe(transcription={"model": "gpt-realtime-whisper"}),
         "session.audio.input.turn_detection", "Turn detection is not supported for this transcription model.",
         transcribe(transcription={"model": "gpt-realtime-whisper"}, turn_detection=None), UPDATED,
         query="?intent=transcription"),
    # audio
    Case(rules.COMMIT_EMPTY, COMMIT, None,
         "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only "
         "has 0.00ms of audio.", {"type": "input_audio_buffer.clear"}, CLEARED),
    Case(rules.COMMIT_EMPTY, COMMIT, None,
         "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only "
         "has 99.96ms of audio.", CLEAR, CLEARED,
         before=(append(base64.b64encode(bytes(4_798)).decode()),)),
    Case(rules.BAD_BASE64, append("not base64!"), "audio", f"Invalid 'audio'. {BAD_AUDIO} an invalid value.",
         CLEAR, CLEARED),
    Case(rules.BAD_BASE64, create(message("user", {"type": "input_audio", "audio": "!"})), "item.content[0].audio",
         f"Invalid 'item.content[0].audio'. {BAD_AUDIO} an invalid value.",
         create(message("user", {"type": "input_audio", "audio": MS_100})), ADDED),
    Case(rules.EMPTY_AUDIO, append(""), "audio", f"Invalid 'audio'. {BAD_AUDIO} empty bytes.", CLEAR, CLEARED),
    Case(rules.ODD_AUDIO, append(base64.b64encode(b"abc").decode()), "audio",
         f"Invalid 'audio'. {BAD_AUDIO} an invalid value.", CLEAR, CLEARED),
    Case(rules.LARGE_AUDIO, append(base64.b64encode(bytes(15 * 1024 * 1024 + 2)).decode()), "audio",
         "Invalid 'audio'. Expected at most 15 MiB of audio but got 15728642 bytes.", CLEAR, CLEARED),
    # items
    Case(rules.NO_ITEM_TYPE, create({"role": "user", "content": [text()]}), "item.type", missing("item.type"),
         USER_1, ADDED),
    Case(rules.CONTENT_NOT_ARRAY, create({"type": "message", "role": "user", "content": "hello"}), "item.content",
         "Invalid type for 'item.content': expected an array of objects, but got a string instead.", USER_1, ADDED),
    Case(rules.PART_TYPE, create(message("assistant", {"type": "text", "text": "hi"})), "item.content[0].type",
         "Invalid value: 'text'. Value must be 'output_text'.",
         create(message("assistant", {"type": "output_text", "text": "hi"})), ADDED, near_miss="beta content part"),
    Case(rules.PART_TYPE, create(message("assistant", {"type": "input_text", "text": "hi"})), "item.content[0].type",
         "Invalid value: 'input_text'. Value must be 'output_text'.",
         create(message("assistant", {"type": "output_text", "text": "hi"})), ADDED, near_miss="GA wants output_text"),
    Case(rules.PART_TYPE, create(message("system", {"type": "text", "text": "hi"})), "item.content[0].type",
         "Invalid value: 'text'. Value must be 'input_text'.", create(message("system", text())), ADDED,
         near_miss="beta content part"),
    Case(rules.PART_TYPE, create(message("user", {"type": "output_text", "text": "hi"})), "item.content[0].type",
         "Invalid value: 'output_text'. Supported values are: 'input_text', 'input_audio', and 'input_image'.",
         USER_1, ADDED),
    Case(rules.PART_INCOMPLETE, create(message("user", {"type": "input_text"})), "item.content[0].text",
         missing("item.content[0].text"), USER_1, ADDED),
    Case(rules.LONG_ITEM_ID, create(message("user", text(), id="i" * 39)), "item.id",
         "Invalid 'item.id': string too long. Expected a string with maximum length 32, but got a string with "
         "length 39 instead.", create(message("user", text(), id="i" * 32)), ADDED),
    Case(rules.LONG_ITEM_ID, respond(input=[message("user", text(), id="i" * 33)]), "response.input[0].id",
         "Invalid 'response.input[0].id': string too long. Expected a string with maximum length 32, but got a "
         "string with length 33 instead.", respond(input=[message("user", text(), id="i" * 32)]), CREATED),
    Case(rules.EMPTY_ITEM_ID, create(message("user", text(), id="")), "item.id",
         "Invalid 'item.id': empty string. Expected a string with minimum length 1, but got an empty string "
         "instead.", USER_1, ADDED),
    Case(rules.DUPLICATE_ITEM, USER_1, None, "Error adding item: an item with id 'user_1' already exists.",
         create(message("user", text(), id="user_2")), ADDED, before=(USER_1,)),
    Case(rules.UNKNOWN_PREVIOUS, create(message("user", text()), previous_item_id="nobody"), None,
         "Error adding item: the previous item with id 'nobody' does not exist.",
         create(message("user", text()), previous_item_id="root"), ADDED),
    Case(rules.UNKNOWN_CALL, create({"type": "function_call_output", "call_id": "c1", "output": "42"}), None,
         "Tool call ID 'c1' not found in conversation.",
         create({"type": "function_call_output", "call_id": "c2", "output": "42"}), ADDED,
         before=(create({"type": "function_call", "call_id": "c2", "name": "look_up", "arguments": "{}"}),)),
    Case(rules.UNKNOWN_APPROVAL, create({"type": "mcp_approval_response", "id": "yes_1", "approve": True,
                                         "approval_request_id": "nobody"}), None,
         "MCP approval request with id 'nobody' not found in conversation.",
         create({"type": "mcp_approval_response", "id": "yes_1", "approve": True, "approval_request_id": "ask_1"}), ADDED,
         before=(create({"type": "mcp_approval_request", "id": "ask_1", "server_label": "shop", "name": "find",
                         "arguments": "{}"}),)),
    Case(rules.MCP_NOWHERE, update(tools=[{"type": "mcp", "server_label": "shop"}]), "session.tools[0].server_url",
         missing("session.tools[0].server_url"),
         update(tools=[{"type": "mcp", "server_label": "shop", "connector_id": "connector_gmail"}]), UPDATED),
    Case(rules.DELETE_UNKNOWN, call("delete", "yo"), None,
         "Error deleting item: the item with id 'yo' does not exist.", call("delete", "user_1"),
         "conversation.item.deleted", before=(USER_1,)),
    Case(rules.RETRIEVE_UNKNOWN, call("retrieve", "yo"), None,
         "Error retrieving item: the item with id 'yo' does not exist.", call("retrieve", "user_1"),
         "conversation.item.retrieved", before=(USER_1,)),
    Case(rules.TRUNCATE_UNKNOWN, truncate("yo"), None, "Item with item_id not found: yo", truncate("{answer}"),
         "conversation.item.truncated", before=("speak",)),
    Case(rules.TRUNCATE_NOT_AUDIO, truncate("user_1"), None, "Only model output audio messages can be truncated",
         truncate("{answer}"), "conversation.item.truncated", before=(USER_1, "speak")),
    Case(rules.TRUNCATE_BEYOND, truncate("{answer}", 201), None,
         "Audio content of 200ms is already shorter than 201ms", truncate("{answer}", 200),
         "conversation.item.truncated", before=("speak",)),
    # responses
    Case(rules.ONE_RESPONSE, respond(), None,
         "Conversation already has an active response in progress: {response}. Wait until the response is finished "
         "before creating a new one.", respond(conversation="none"), CREATED, before=("hold",)),
    Case(rules.NOTHING_TO_CANCEL, CANCEL, None, "Cancellation failed: no active response found", respond(), CREATED),
    Case(rules.CANCEL_UNKNOWN, {**CANCEL, "response_id": "resp_x"}, None,
         "Cancellation failed: no active response found", {**CANCEL, "response_id": "{response}"},
         "response.done", before=("hold",)),
    Case(rules.BETA_OVERRIDE, respond(modalities=["text"]), "response.modalities", unknown("response.modalities"),
         respond(output_modalities=["text"]), CREATED, near_miss="`response.output_modalities`"),
    Case(rules.METADATA, respond(metadata={"k" * 65: "v"}), "response.metadata",
         "Invalid 'response.metadata': key too long. Expected at most 64, but got 65 instead.",
         respond(metadata={"k" * 64: "v" * 512}), CREATED),
    Case(rules.UNKNOWN_REFERENCE, respond(input=[{"type": "item_reference", "id": "nobody"}]), "response.input[0].id",
         "Item with item_id not found: nobody", respond(input=[{"type": "item_reference", "id": "user_1"}]), CREATED,
         before=(USER_1,)),
    Case(rules.VOICE_OVERRIDE, respond(audio={"output": {"voice": "cedar"}}), None,
         "Cannot update a conversation's voice if assistant audio is present.",
         respond(audio={"output": {"voice": "alloy"}}), CREATED, before=("speak",)),
    Case(rules.NO_RESPONSE_HERE, respond(), None, "Responses are not supported in transcription sessions.",
         CLEAR, CLEARED, query="?intent=transcription"),
]  # fmt: skip

LAST_REPLY = {
    "conversation.item.create": "conversation.item.done",
    "session.update": "session.updated",
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_broken_rule_is_refused_and_its_legal_neighbour_is_accepted(server, open_client, play, case):
    server.script.answers = [Answer(audio=bytes(9_600), transcript="Ten.", hold_after=_hold(case))]

    async def scene():
        async with open_client(case.query) as client:
            names = await _prepare(client, case.before)
            session = server.wait_for_connection().session
            error = await client.ask(_filled(case.broken, names))
            assert server.wait_for_connection().session == session, "a refusal must change nothing"
            await client.send(_filled(case.kept, names))
            return error, await client.receive(), names

    error, reply, names = play(scene())
    sent = case.broken if isinstance(case.broken, dict) else {}
    assert error["type"] == "error"
    assert error["error"] == {
        "type": case.rule.error_type,
        "code": case.rule.code,
        "message": case.message.format(**names) if "{response}" in case.message else case.message,
        "param": case.param,
        "event_id": sent.get("event_id"),
    }
    assert reply["type"] == case.reply
    connection = server.wait_for_connection()
    connection.wait_closed()
    (refusal,) = connection.refusals
    assert refusal.rule_id == case.rule.id
    assert case.near_miss in refusal.near_miss
    assert bool(case.near_miss) == bool(refusal.near_miss)
    (frame,) = [f for f in connection.transcript.frames if f.type == "error"]
    assert (frame.rule, frame.note) == (refusal.rule_id, refusal.near_miss)
    assert case.rule.id not in frame.payload


@dataclass(frozen=True)
class Handshake:
    """A rule broken and kept while connecting; both are arguments of ``open_client``."""

    rule: rules.Rule
    broken: dict[str, Any]
    message: str
    kept: dict[str, Any]
    near_miss: str = ""

    def __str__(self) -> str:
        return self.rule.id


BETA_IS_OVER = "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API."
LET_IN: dict[str, Any] = {"query": "?model=gpt-realtime"}
NO_ACCESS = "The model '{}' does not exist or you do not have access to it."
KEY_PAGE = "You can find your API key at https://platform.openai.com/account/api-keys."

HANDSHAKES = [
    Handshake(rules.BETA_HEADER, {"headers": {"OpenAI-Beta": "realtime=v1"}}, BETA_IS_OVER,
              {"headers": {"OpenAI-Safety-Identifier": "u1"}}, "`OpenAI-Beta`"),
    Handshake(rules.BETA_HEADER, {"query": "?intent=transcription", "headers": {"OpenAI-Beta": "realtime=v1"}},
              BETA_IS_OVER, {"query": "?intent=transcription"}, "`OpenAI-Beta`"),
    Handshake(rules.BETA_HEADER_OTHER, {"headers": {"openai-beta": "assistants=v2"}}, BETA_IS_OVER, LET_IN,
              "`OpenAI-Beta`"),
    Handshake(rules.BETA_SUBPROTOCOL, {"subprotocols": ["realtime", "openai-beta.realtime-v1"]}, BETA_IS_OVER,
              {"subprotocols": ["realtime"]}, "subprotocol"),
    Handshake(rules.WRONG_KEY, {"key": "wrong-key"}, f"Incorrect API key provided: wro***-key. {KEY_PAGE}",
              {"key": "another-key"}),
    Handshake(rules.NO_KEY, {"key": None}, "Missing bearer or basic authentication in header",
              {"key": None, "subprotocols": ["realtime", "openai-insecure-api-key.sk-some-key"]}),
    Handshake(rules.NO_MODEL, {"query": ""}, "You must provide a model parameter, for example "
              "wss://api.openai.com/v1/realtime?model=gpt-realtime-1.5", LET_IN),
    Handshake(rules.UNKNOWN_MODEL, {"query": "?model=gpt-9"}, 'Model "gpt-9" is not supported in realtime mode. See '
              "https://platform.openai.com/docs/models for a list of supported models.",
              {"query": "?model=gpt-realtime-mini-2025-12-15"}),
    Handshake(rules.MODEL_NOT_AVAILABLE, {"query": "?model=gpt-4o-realtime-preview"},
              NO_ACCESS.format("gpt-4o-realtime-preview"), {"query": "?model=gpt-realtime-2.1"}, "withdrawn preview"),
    Handshake(rules.MODEL_NOT_AVAILABLE, {"key": "no-access-key"}, NO_ACCESS.format("gpt-realtime"), LET_IN),
    Handshake(rules.EXPIRED_SECRET, {"key": "{expired}"},
              "Incorrect API key provided: {shown}. The client secret has expired; create a new one.",
              {"key": "{fresh}"}),
    Handshake(rules.MODEL_WITH_INTENT, {"query": "?intent=transcription&model=gpt-realtime"},
              "You must not provide a model parameter for transcription sessions.",
              {"query": "?intent=transcription"}),
]  # fmt: skip


@pytest.fixture
def secrets(clock, ask) -> dict[str, str]:
    """A client secret that has expired, how it is shown, and one that has not."""
    expired = ask(*MAKE)[1]["value"]
    clock.advance(600_000)
    return {"expired": expired, "shown": f"{expired[:3]}***{expired[-4:]}", "fresh": ask(*MAKE)[1]["value"]}


@pytest.mark.parametrize("case", HANDSHAKES, ids=str)
def test_a_handshake_that_breaks_a_rule_is_one_error_and_the_close_and_its_neighbour_is_let_in(
    server, secrets, open_client, play, case
):
    def arguments(of: dict[str, Any]) -> dict[str, Any]:
        return {**of, "key": of["key"].format(**secrets)} if of.get("key") else of

    async def scene():
        async with open_client(**arguments(case.broken), greeted=False) as client:
            broken = await client.end()
        async with open_client(**arguments(case.kept), greeted=False) as client:
            return broken, await client.receive()

    (events, code, reason), greeting = play(scene())
    rule, message = case.rule, case.message.format(**secrets)
    body = {"type": rule.error_type, "code": rule.code, "message": message, "param": None, "event_id": None}
    assert [(e["type"], e["error"]) for e in events] == [("error", body)]
    assert (code, reason) == (
        rule.close_code,
        f"{rule.error_type}.{rule.code}" if rule.code else rule.error_type,
    )
    assert greeting["type"] == "session.created"
    refused, kept = server.connections
    assert kept.refusals == []
    refused.wait_closed()
    assert (refused.closed_by, refused.close_code, refused.close_reason) == ("server", code, reason)
    assert [(f.sender, f.kind, f.rule) for f in refused.transcript.complete().frames] == [
        ("client", "request", None),
        ("server", "upgrade", None),
        ("server", "text", rule.id),
        ("server", "close", rule.id),
        ("client", "close", None),
    ]
    (refusal,) = refused.refusals
    assert (refusal.rule_id, refusal.event) == (rule.id, None)
    assert case.near_miss in refusal.near_miss
    assert bool(case.near_miss) == bool(refusal.near_miss)


@dataclass(frozen=True)
class Target:
    """A rule broken and kept by what an upgrade asks for; it is refused with an HTTP status."""

    rule: rules.Rule
    broken: str
    message: str
    kept: str

    def __str__(self) -> str:
        return self.rule.id


TARGETS = [
    Target(rules.UNKNOWN_PATH, "/v1/realtimes?model=gpt-realtime",
           "There is nothing at /v1/realtimes; connect to /v1/realtime?model=<model>.",
           "/v1/realtime?model=gpt-realtime"),
    Target(rules.NO_CALL_ID, "/v1/realtime?call_id=rtc_1",
           "This server does not emulate joining a call; connect with ?model= instead.",
           "/v1/realtime?model=gpt-realtime"),
]  # fmt: skip


@pytest.mark.parametrize("case", TARGETS, ids=str)
def test_an_upgrade_that_is_not_served_is_an_http_error_and_its_neighbour_is_let_in(address, play, case):
    async def scene():
        base, headers = "ws://{}:{}".format(*address), {"Authorization": "Bearer sk-some-key"}
        with pytest.raises(InvalidStatus) as refused:
            await connect(base + case.broken, additional_headers=headers)
        async with connect(base + case.kept, additional_headers=headers) as ws:
            return refused.value.response, json.loads(await ws.recv())

    response, greeting = play(scene())
    assert response.status_code == case.rule.http_status
    assert response.body.decode() == f"{case.message} ({case.rule.id})\n"
    assert greeting["type"] == "session.created"


@dataclass(frozen=True)
class OverHttp:
    """A rule broken and kept by a plain request; both are arguments of ``ask``."""

    rule: rules.Rule
    broken: tuple[Any, ...]
    message: str
    kept: tuple[Any, ...]
    key: str | None = "sk-some-key"
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.rule.id


MAKE = ("POST", "/v1/realtime/client_secrets")
MODEL = ("GET", "/v1/models/gpt-realtime")
ELSEWHERE = "This server does not emulate {}; it speaks WebSocket on /v1/realtime."

OVER_HTTP = [
    OverHttp(rules.HTTP_NO_KEY, MAKE, "Missing bearer or basic authentication in header", MAKE, key=None),
    OverHttp(rules.HTTP_WRONG_KEY, MAKE, f"Incorrect API key provided: wro***-key. {KEY_PAGE}", MAKE, key="wrong-key"),
    OverHttp(rules.HTTP_WRONG_KEY, MAKE, f"Incorrect API key provided: ek_***. {KEY_PAGE}", MAKE, key="{secret}"),
    OverHttp(rules.HTTP_NOT_JSON, (*MAKE, b"{"), "We could not parse the JSON body of your request.", (*MAKE, b"{}")),
    OverHttp(rules.BETA_SECRETS, ("POST", "/v1/realtime/sessions"), BETA_IS_OVER, MAKE),
    OverHttp(rules.BETA_SECRETS, ("POST", "/v1/realtime/transcription_sessions"), BETA_IS_OVER, MAKE),
    OverHttp(rules.BETA_SDP, ("POST", "/v1/realtime?model=gpt-realtime"), BETA_IS_OVER, MAKE),
    OverHttp(rules.HTTP_UNKNOWN, ("DELETE", MAKE[1]), f"Unknown request URL: DELETE {MAKE[1]}.", MAKE),
    OverHttp(rules.NO_SUCH_MODEL, ("GET", "/v1/models/gpt-9"), "The model 'gpt-9' does not exist", MODEL),
    OverHttp(rules.LARGE_BODY, MAKE, "Send a body of at most 1 MiB with its Content-Length.",
             (*MAKE, b" " * (1024 * 1024 - 2) + b"{}"), headers={"Content-Length": str(1024 * 1024 + 1)}),
    OverHttp(rules.NO_CALLS, ("POST", "/v1/realtime/calls"), ELSEWHERE.format("/v1/realtime/calls"), MAKE),
    OverHttp(rules.NO_CALLS, ("POST", "/v1/realtime/translations/client_secrets"),
             ELSEWHERE.format("/v1/realtime/translations/client_secrets"), MAKE),
]  # fmt: skip


@pytest.mark.parametrize("case", OVER_HTTP, ids=str)
def test_a_request_that_breaks_a_rule_is_an_http_error_and_its_neighbour_is_answered(ask, case):
    key = case.key.format(secret=ask(*MAKE)[1]["value"]) if case.key else None
    status, answer = ask(*case.broken, key=key, headers=case.headers)
    assert status == case.rule.http_status
    assert answer == {
        "error": {
            "message": case.message,
            "type": case.rule.error_type,
            "param": None,
            "code": case.rule.code,
        }
    }
    assert ask(*case.kept)[0] == 200


def test_the_last_event_of_the_hour_is_obeyed_and_the_first_after_it_is_not(clock, open_client, play):
    async def scene():
        async with open_client() as client:
            await asyncio.to_thread(clock.advance, 3_599_999)
            kept = await client.update()
            await asyncio.to_thread(clock.advance, 1)
            return kept, await client.end()

    kept, (events, code, reason) = play(scene())
    rule, message = rules.SESSION_EXPIRED, "Your session hit the maximum duration of 60 minutes."
    assert kept["type"] == "session.updated"
    body = {"type": rule.error_type, "code": rule.code, "message": message, "param": None, "event_id": None}
    assert [event["error"] for event in events] == [body]
    assert (code, reason) == (1001, message)


def test_every_rule_that_refuses_has_such_a_pair():
    """What is checked here is the tables above, of which each row is run as a test."""
    rows = [*CASES, *HANDSHAKES, *TARGETS, *OVER_HTTP]
    assert {row.rule.id for row in rows} | {rules.SESSION_EXPIRED.id} == {
        rule.id for rule in RULES.values() if rule.message
    }


def test_every_other_rule_is_shown_by_a_test_that_says_so():
    """Those that refuse nothing: a test is marked with what it shows; what is marked is run like any other."""
    shown = {
        ast.unparse(argument).removeprefix("rules.")
        for path in Path(__file__).parent.glob("test_*.py")
        for test in ast.parse(path.read_text("utf-8")).body
        if isinstance(test, ast.FunctionDef) and test.name.startswith("test_")
        for mark in test.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.shows"
        for argument in mark.args
    }
    assert {getattr(rules, name).id for name in shown} == {
        rule.id for rule in RULES.values() if rule.emulated and not rule.message
    }


def test_the_table_says_of_each_rule_what_it_is_and_how_it_is_known():
    for row in json.loads(rules.as_json()):
        assert row["sentence"].endswith("."), row["id"]
        assert row["source"], row["id"]
        assert row["mark"] in {"captured", "typed", "reported", "inferred"}
        assert f"{row['id']:<15} {row['mark']}" in rules.as_text()
    assert not any(rule.emulated for rule in RULES.values() if rule.id.startswith("RT-absent-"))


# What is on record of the service's enforcement, and whether it was seen or only concluded.
ON_RECORD = {
    "seen": [
        rules.BETA_HEADER, rules.WRONG_KEY, rules.NO_KEY, rules.NO_MODEL, rules.UNKNOWN_MODEL,
        rules.MODEL_NOT_AVAILABLE, rules.MODEL_WITH_INTENT, rules.NOT_JSON, rules.BINARY, rules.UNKNOWN_EVENT,
        rules.NO_SESSION_TYPE, rules.SESSION_TYPE, rules.UNKNOWN, rules.WRONG_TYPE, rules.NO_OUTPUT_RATE,
        rules.LOW_RATE, rules.MODALITIES, rules.VOICE_LOCKED, rules.OTHER_KIND, rules.REALTIME_ON_TRANSCRIPTION,
        rules.MISSING, rules.COMMIT_EMPTY, rules.BAD_BASE64, rules.EMPTY_AUDIO, rules.PART_TYPE,
        rules.NO_ITEM_TYPE, rules.CONTENT_NOT_ARRAY, rules.LONG_ITEM_ID, rules.DUPLICATE_ITEM,
        rules.DELETE_UNKNOWN, rules.RETRIEVE_UNKNOWN, rules.TRUNCATE_UNKNOWN, rules.TRUNCATE_NOT_AUDIO,
        rules.TRUNCATE_BEYOND, rules.ONE_RESPONSE, rules.NOTHING_TO_CANCEL, rules.BETA_OVERRIDE,
        rules.OUT_OF_BAND, rules.LIMIT_INSIDE, rules.SESSION_EXPIRED, rules.EXPIRES_AT, rules.ALL_OR_NOTHING,
        rules.NO_DETECTION_HERE,
    ],
    "concluded": [
        rules.EXPIRED_SECRET, rules.NO_TYPE, rules.NO_INPUT_RATE, rules.MODEL_FIXED, rules.REASONING,
        rules.UNKNOWN_TOOL, rules.INTEGER_LOW, rules.INTEGER_HIGH, rules.DECIMAL_LOW, rules.DECIMAL_HIGH,
        rules.LARGE_AUDIO, rules.COMMIT_UNDER_VAD, rules.UNKNOWN_PREVIOUS, rules.UNKNOWN_CALL,
        rules.CANCEL_UNKNOWN, rules.NO_RESPONSE_HERE, rules.NO_CREDIT, rules.NOT_PROLONGED,
    ],
}  # fmt: skip


@pytest.mark.parametrize("known", ON_RECORD)
def test_only_what_was_seen_may_decide_a_criterion(known):
    listed = {row["id"]: row for row in json.loads(rules.as_json())}
    assert {listed[rule.id]["gating"] for rule in ON_RECORD[known]} == {known == "seen"}
    assert {listed[rule.id]["emulated"] for rule in ON_RECORD[known]} == {True}


def _hold(case: Case) -> int | None:
    return 0 if "hold" in case.before else None


async def _prepare(client, before) -> dict[str, str]:
    """Do what comes first and wait until it is done; name what it made."""
    names = {}
    for step in before:
        if step == "speak":
            await client.send({"type": "response.create"})
            events = await client.until("rate_limits.updated")
            names["answer"] = events[-2]["response"]["output"][0]["id"]
        elif step == "hold":
            names["response"] = (await client.ask({"type": "response.create"}))["response"]["id"]
        else:
            await client.send(step)
            if (last := LAST_REPLY.get(step["type"])) is not None:
                await client.until(last)
    return names


def _filled(event, names):
    if not isinstance(event, dict):
        return event
    return {
        key: value.format(**names)
        if isinstance(value, str) and value in ("{answer}", "{response}")
        else value
        for key, value in event.items()
    }


def test_a_server_is_not_shared_by_accident():
    assert RealtimeServer().script is not RealtimeServer().script
