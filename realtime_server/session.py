"""The session object: what the service starts with and how an update changes it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from realtime_server import rules

Session = dict[str, Any]

INSTRUCTIONS = "You are a friendly assistant that speaks with people. Keep your answers short."

_SERVER_VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 200,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}
_SEMANTIC_VAD = {
    "type": "semantic_vad",
    "eagerness": "auto",
    "create_response": True,
    "interrupt_response": True,
}
_ABOUT_RESPONSES = frozenset({"idle_timeout_ms", "create_response", "interrupt_response"})
_TRANSCRIPTION = {"model": None, "language": None, "prompt": None}

# Recorded live: these models come with a longer silence and another voice than the others.
_NEW_FAMILY = "gpt-realtime-2.1"
# The same models tell commentary from the final answer and count their reasoning.
REASONS_ALOUD = _NEW_FAMILY
_REASONING_FAMILY = "gpt-realtime-2"
_REASONING_ONLY = ("reasoning", "parallel_tool_calls")

# Recorded: in a session that only transcribes these listen all the time.
_NO_DETECTION_MODELS = frozenset({"gpt-realtime-whisper", "gpt-live-transcribe"})

_OPTION_MODELS = {
    "delay": {"gpt-realtime-whisper"},
    "keywords": {"gpt-transcribe", "gpt-live-transcribe"},
    "languages": {"gpt-transcribe", "gpt-live-transcribe"},
}


def initial(model: str, session_id: str, expires_at_s: int) -> Session:
    """Return the session a connection begins with, in the shape recorded live."""
    new = model.startswith(_NEW_FAMILY)
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": model,
        "output_modalities": ["audio"],
        "instructions": INSTRUCTIONS,
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": expires_at_s,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": _default_vad("server_vad", model),
            },
            "output": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "voice": "marin" if new else "alloy",
                "speed": 1.0,
            },
        },
        "include": None,
    }


def initial_transcription(session_id: str, expires_at_s: int) -> Session:
    """Return the session of a connection that only transcribes, in the shape recorded live."""
    return {
        "type": "transcription",
        "object": "realtime.transcription_session",
        "id": session_id,
        "expires_at": expires_at_s,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": _default_vad("server_vad", ""),
            },
        },
        "include": None,
    }


def updated(current: Session, patch: Mapping[str, Any], *, spoken: bool, responding: bool) -> Session:
    """Return ``current`` with the fields of ``patch`` changed; ``current`` itself is left alone.

    Args:
        current: The effective session.
        patch: The ``session`` of an update whose shape has been checked.
        spoken: Whether the assistant has produced audio in this session.
        responding: Whether a response is in progress.

    Raises:
        Refused: a field cannot be changed, or not now, or not to this.
    """
    if patch["type"] != current["type"]:
        raise (
            rules.OTHER_KIND if current["type"] == "realtime" else rules.REALTIME_ON_TRANSCRIPTION
        ).refuse()
    new = copy.deepcopy(current)
    for key, value in patch.items():
        if key == "audio":
            _update_input(new, value.get("input", {}))
            if "output" in value:
                _update_output(new, value["output"], spoken=spoken, responding=responding)
        elif key == "instructions":
            new[key] = value or INSTRUCTIONS
        elif key == "model" and value != current["model"]:
            raise rules.MODEL_FIXED.refuse("session.model")
        elif key == "tracing" and current["tracing"] not in (None, value):
            raise rules.TRACING_FIXED.refuse("session.tracing")
        elif key == "tools":
            new[key] = [_tool(tool) for tool in value]
        else:
            new[key] = copy.deepcopy(value)
    if new["type"] == "transcription":
        _check_detection(new["audio"]["input"])
        return new
    check_reasoning(patch, current["model"], "session")
    check_tool_choice(new["tool_choice"], new["tools"], "session.tool_choice")
    return new


def check_reasoning(patch: Mapping[str, Any], model: str, path: str) -> None:
    """Refuse what only reasoning models take, unless ``model`` is one."""
    for key in _REASONING_ONLY:
        if key in patch and not model.startswith(_REASONING_FAMILY):
            raise rules.REASONING.refuse(f"{path}.{key}")


def check_tool_choice(choice: Any, tools: list[Mapping[str, Any]], param: str) -> None:
    """Refuse a choice of a function or server that is not among ``tools``."""
    if not isinstance(choice, dict):
        return
    key = "name" if choice["type"] == "function" else "server_label"
    if choice[key] not in [tool.get(key) for tool in tools if tool["type"] == choice["type"]]:
        raise rules.UNKNOWN_TOOL.refuse(param, name=choice[key])


def _tool(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool with its fields in the order in which they are echoed (recorded live)."""
    first = {key: given[key] for key in ("type", "name", "description", "parameters") if key in given}
    return copy.deepcopy({**first, **given})


def _update_input(session: Session, patch: Mapping[str, Any]) -> None:
    audio = session["audio"]["input"]
    for key, value in patch.items():
        if value is None or key == "format":
            audio[key] = copy.deepcopy(value)
        elif key == "turn_detection":
            before = audio[key] if audio[key] and audio[key]["type"] == value["type"] else None
            audio[key] = {**(before or _default_vad(value["type"], session.get("model", ""))), **value}
        elif key == "transcription":
            audio[key] = {**(audio[key] or _TRANSCRIPTION), **copy.deepcopy(value)}
            _check_transcription(audio[key])
        else:  # noise_reduction: what is left out is kept
            audio[key] = {**(audio[key] or {}), **value}


def _update_output(session: Session, patch: Mapping[str, Any], *, spoken: bool, responding: bool) -> None:
    audio = session["audio"]["output"]
    for key, value in patch.items():
        if key == "voice" and spoken and value != audio[key]:
            raise rules.VOICE_LOCKED.refuse()
        if key == "speed" and responding and value != audio[key]:
            raise rules.SPEED_BUSY.refuse("session.audio.output.speed")
        audio[key] = copy.deepcopy(value)


def _check_transcription(transcription: Mapping[str, Any]) -> None:
    path, model = "session.audio.input.transcription", transcription["model"]
    if model is None:
        raise rules.NO_TRANSCRIPTION_MODEL.refuse(f"{path}.model")
    for option, models in _OPTION_MODELS.items():
        if option in transcription and model not in models:
            raise rules.TRANSCRIPTION_OPTION.refuse(f"{path}.{option}")
    if transcription["prompt"] is not None and model == "gpt-realtime-whisper":
        raise rules.TRANSCRIPTION_OPTION.refuse(f"{path}.prompt")


def _check_detection(audio: Mapping[str, Any]) -> None:
    transcription = audio["transcription"] or {}
    if audio["turn_detection"] is not None and transcription.get("model") in _NO_DETECTION_MODELS:
        raise rules.NO_DETECTION_HERE.refuse("session.audio.input.turn_detection")


def _default_vad(kind: str, model: str) -> dict[str, Any]:
    """Return the detection a session begins with; ``model`` is empty where there are no responses."""
    detection = dict(_SEMANTIC_VAD if kind == "semantic_vad" else _SERVER_VAD)
    if model.startswith(_NEW_FAMILY) and kind == "server_vad":
        detection["silence_duration_ms"] = 500
    return detection if model else {key: detection[key] for key in detection if key not in _ABOUT_RESPONSES}
