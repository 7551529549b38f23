"""What a refused construct looks like and what GA wants instead.

For the server's log and the scenario's evidence only; nothing of this goes over the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from realtime_server import rules
from realtime_server.rules import Refused

_REMOVED = "no such field"

# Retired beta field -> what GA wants.
_BETA_FIELDS: Mapping[str, str] = {
    "session.modalities": '`session.output_modalities` as ["audio"] or ["text"]',
    "session.voice": "`session.audio.output.voice`",
    "session.input_audio_format": '`session.audio.input.format` as {"type": "audio/pcm", "rate": 24000}',
    "session.output_audio_format": '`session.audio.output.format` as {"type": "audio/pcm", "rate": 24000}',
    "session.input_audio_transcription": "`session.audio.input.transcription`",
    "session.input_audio_noise_reduction": "`session.audio.input.noise_reduction`",
    "session.turn_detection": "`session.audio.input.turn_detection`",
    "session.max_response_output_tokens": "`session.max_output_tokens`",
    "session.speed": "`session.audio.output.speed`",
    "session.temperature": _REMOVED,
    "session.client_secret": _REMOVED,
    "session.audio.input.input_audio_noise_reduction": "`session.audio.input.noise_reduction`",
    "session.audio.input.input_audio_transcription": "`session.audio.input.transcription`",
    "session.audio.input.input_audio_format": "`session.audio.input.format`",
    "response.modalities": '`response.output_modalities` as ["audio"] or ["text"]',
    "response.voice": "`response.audio.output.voice`",
    "response.output_audio_format": "`response.audio.output.format`",
    "response.max_response_output_tokens": "`response.max_output_tokens`",
    "response.temperature": _REMOVED,
}
_BETA_PARTS = ("Invalid value: 'text'", "Invalid value: 'audio'")
_BETA_HANDSHAKES: Mapping[str, str] = {
    rules.BETA_HEADER.id: "you sent the beta's header `OpenAI-Beta`; GA wants no such header",
    rules.BETA_HEADER_OTHER.id: "you sent the header `OpenAI-Beta`; GA wants no such header",
    rules.BETA_SUBPROTOCOL.id: "you offered the beta's subprotocol; GA wants `realtime` and the key's",
    rules.BETA_SECRETS.id: "you used the beta's path for secrets; GA wants POST /v1/realtime/client_secrets",
    rules.BETA_SDP.id: "you exchanged SDP as in the beta; GA wants POST /v1/realtime/calls",
}
_BETA_FORMATS: Mapping[str, str] = {
    "g711_ulaw": '{"type": "audio/pcmu"}',
    "g711_alaw": '{"type": "audio/pcma"}',
}
_PCM = '{"type": "audio/pcm", "rate": 24000}'


def near_miss(refused: Refused, event: Mapping[str, Any] | None) -> str:
    """Return one sentence on the beta construct that was sent, or an empty string.

    Args:
        refused: The refusal.
        event: The client event it answers; None for a handshake.
    """
    if event is None:
        if refused.rule is rules.MODEL_NOT_AVAILABLE and "-preview" in refused.message:
            return "you asked for a withdrawn preview; GA wants the gpt-realtime family"
        return _BETA_HANDSHAKES.get(refused.rule.id, "")
    param = refused.param or ""
    if param in _BETA_FIELDS:
        word = "flat" if param.count(".") == 1 else "the beta's"
        return f"you sent {word} `{param}`; GA wants {_BETA_FIELDS[param]}"
    if refused.rule is rules.NO_SESSION_TYPE:
        return _beta_session(event["session"])
    return _beta_value(refused, param, event)


def _beta_value(refused: Refused, param: str, event: Mapping[str, Any]) -> str:
    rule = refused.rule
    if rule is rules.FORMAT_NOT_OBJECT:
        wanted = _BETA_FORMATS.get(str(_at(event, param)), _PCM)
        return f"you sent a bare format name; GA wants `{param}` as {wanted}"
    if rule is rules.MODALITIES:
        return "you sent the beta's list of modalities; GA wants exactly one"
    if rule in (rules.MISSING, rules.WRONG_VALUE) and param.endswith(("tool_choice", "tool_choice.name")):
        return 'you sent a tool choice by name or nested; GA wants {"type": "function", "name": ...}'
    if rule is rules.UNKNOWN_EVENT and event["type"] == "transcription_session.update":
        return "you sent `transcription_session.update`; GA wants `session.update` with `type` transcription"
    return _beta_item(refused, param, event)


def _beta_item(refused: Refused, param: str, event: Mapping[str, Any]) -> str:
    if refused.rule is rules.PART_TYPE and refused.message.startswith(_BETA_PARTS):
        return "you sent a beta content part; GA wants input_text or input_audio in, output_text out"
    if refused.rule is rules.PART_TYPE and _at(event, "item.role") == "assistant":
        return "you sent an assistant's part as the beta took it; GA wants output_text"
    if param == "item.type" and _at(event, "item.type") == "item_reference":
        return "you sent a reference as an item; GA takes references in `response.input` only"
    return ""


def _at(event: Mapping[str, Any], path: str) -> Any:
    """Return the member of ``event`` at ``path``, which goes through objects only."""
    value: Any = event
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _beta_session(session: Mapping[str, Any]) -> str:
    flat = [key for key in session if f"session.{key}" in _BETA_FIELDS]
    pairs = [f"for `{key}` {_BETA_FIELDS[f'session.{key}']}" for key in flat]
    return f"you sent the beta's flat session; GA wants `session.type`, {', '.join(pairs)}" if flat else ""
