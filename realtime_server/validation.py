"""Checks a client event against the vendor's published types and what is known to be stricter live.

The walk is over plain JSON and stops at the first fault, in a fixed order: what is missing from an object
(the variant first: ``type``, ``role``), then its members as the client wrote them. That order agrees with
every case on record: a beta-shaped update hears of ``session.type``, a nested ``tool_choice`` of its
missing ``name``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from realtime_server import rules
from realtime_server.oracle import Node, schema
from realtime_server.rules import Rule

# What the live server lists as known, in its order; two of them are typed for translation sessions only.
CLIENT_EVENTS = (
    "session.update",
    "session.close",
    "input_audio_buffer.append",
    "session.input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "conversation.item.create",
    "conversation.item.truncate",
    "conversation.item.delete",
    "conversation.item.retrieve",
    "response.create",
    "response.cancel",
)
_TRANSLATION_EVENTS = ("session.close", "session.input_audio_buffer.append")

# Where live traffic or the vendor's prose is looser than the types: null turns the thing off.
_NULLABLE = frozenset({"session.audio.input.transcription", "session.audio.input.noise_reduction"})

# Where live traffic is stricter than the types, or known to be so next door.
_ALSO_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "realtime_audio_formats_param.AudioPCM": ("rate",),
    "realtime_function_tool_param.RealtimeFunctionToolParam": ("name",),
}

# The rule behind a fault, where one stands closer than the general one: (general rule, path) -> rule.
# Array indexes are written [] here.
_CLOSER: Mapping[tuple[str, str], Rule] = {
    (rules.MISSING.id, "session.type"): rules.NO_SESSION_TYPE,
    (rules.WRONG_VALUE.id, "session.type"): rules.SESSION_TYPE,
    (rules.MISSING.id, "session.audio.output.format.rate"): rules.NO_OUTPUT_RATE,
    (rules.MISSING.id, "response.audio.output.format.rate"): rules.NO_OUTPUT_RATE,
    (rules.MISSING.id, "session.audio.input.format.rate"): rules.NO_INPUT_RATE,
    (rules.WRONG_TYPE.id, "session.audio.input.format"): rules.FORMAT_NOT_OBJECT,
    (rules.WRONG_TYPE.id, "session.audio.output.format"): rules.FORMAT_NOT_OBJECT,
    (rules.WRONG_TYPE.id, "response.audio.output.format"): rules.FORMAT_NOT_OBJECT,
    (rules.INTEGER_LOW.id, "session.audio.input.format.rate"): rules.LOW_RATE,
    (rules.INTEGER_LOW.id, "session.audio.output.format.rate"): rules.LOW_RATE,
    (rules.INTEGER_LOW.id, "response.audio.output.format.rate"): rules.LOW_RATE,
    (rules.INTEGER_HIGH.id, "session.audio.input.format.rate"): rules.HIGH_RATE,
    (rules.INTEGER_HIGH.id, "session.audio.output.format.rate"): rules.HIGH_RATE,
    (rules.INTEGER_HIGH.id, "response.audio.output.format.rate"): rules.HIGH_RATE,
    (rules.MISSING.id, "item.type"): rules.NO_ITEM_TYPE,
    (rules.WRONG_TYPE.id, "item.content"): rules.CONTENT_NOT_ARRAY,
    (rules.WRONG_TYPE.id, "response.input[].content"): rules.CONTENT_NOT_ARRAY,
    (rules.WRONG_VALUE.id, "item.content[].type"): rules.PART_TYPE,
    (rules.WRONG_VALUE.id, "response.input[].content[].type"): rules.PART_TYPE,
    (rules.UNKNOWN.id, "response.modalities"): rules.BETA_OVERRIDE,
    (rules.UNKNOWN.id, "response.voice"): rules.BETA_OVERRIDE,
}

# Limits the types do not carry: path -> (minimum, maximum), from the vendor's API description.
_LIMITS: Mapping[str, tuple[float, float]] = {
    "session.audio.input.format.rate": (24_000, 24_000),
    "session.audio.output.format.rate": (24_000, 24_000),
    "response.audio.output.format.rate": (24_000, 24_000),
    "session.audio.output.speed": (0.25, 1.5),
    "session.audio.input.turn_detection.threshold": (0, 1),
    "session.audio.input.turn_detection.prefix_padding_ms": (0, float("inf")),
    "session.audio.input.turn_detection.silence_duration_ms": (0, float("inf")),
    "session.audio.input.turn_detection.idle_timeout_ms": (5_000, 30_000),
    "session.max_output_tokens": (1, 4_096),
    "response.max_output_tokens": (1, 4_096),
    "session.truncation.retention_ratio": (0, 1),
    "session.truncation.token_limits.post_instructions": (0, float("inf")),
    "expires_after.seconds": (10, 7_200),
    "content_index": (0, float("inf")),
    "audio_end_ms": (0, float("inf")),
}

# Typed as anything, and stated to be a JSON Schema object.
_OBJECTS = frozenset({"session.tools[].parameters", "response.tools[].parameters"})

# Strings with a greatest length: path -> (limit, rule).
_LENGTHS: Mapping[str, tuple[int, Rule]] = {
    "event_id": (512, rules.LONG_EVENT_ID),
    "item.id": (32, rules.LONG_ITEM_ID),
    "item.call_id": (32, rules.LONG_ITEM_ID),
    "response.input[].id": (32, rules.LONG_ITEM_ID),
    "response.input[].call_id": (32, rules.LONG_ITEM_ID),
}

# The assistant's types also list output_audio, which the vendor says a client cannot provide.
_ASSISTANT_PARTS = "realtime_conversation_item_assistant_message_param.Content"
_PART_HOLDS = {
    "input_text": "text",
    "output_text": "text",
    "input_audio": "audio",
    "input_image": "image_url",
}
_PART = re.compile(r"^(item|response\.input\[\])\.content\[\]$")
_ITEM_IDS = frozenset({"item.id", "item.call_id"})
_MCP_TOOL = re.compile(r"^(session|response)\.tools\[\]$")
_MCP_PLACES = ("server_url", "connector_id", "tunnel_id")

_VARIANT_KEYS = ("type", "role")


def check_event(event: Mapping[str, Any]) -> str:
    """Check a client event; return its type.

    Args:
        event: The JSON object of one text frame.

    Raises:
        Refused: the event breaks a rule; the first fault in the order of this module.
    """
    name = event.get("type")
    if "type" not in event:
        raise rules.NO_TYPE.refuse("type")
    if not isinstance(name, str):
        raise rules.TYPE_NOT_TEXT.refuse("type", got=json_type(name))
    if name not in CLIENT_EVENTS:
        raise rules.UNKNOWN_EVENT.refuse("type", value=name, supported=_listed(CLIENT_EVENTS))
    if name in _TRANSLATION_EVENTS:
        raise rules.TRANSLATION_ONLY.refuse("type", value=name)
    _check_object(schema()["client_events"][name], event, "")
    if name == "response.create" and isinstance(event.get("response"), dict):
        _check_metadata(event["response"].get("metadata") or {})
    return name


def check_secret_request(body: Mapping[str, Any]) -> None:
    """Check the body of a request for a client secret.

    Raises:
        Refused: as :func:`check_event`.
    """
    _check_object(schema()["client_secret_request"], body, "")


def _supported(values: Sequence[object]) -> str:
    """Say which values there are, in the vendor's words."""
    return (
        f"Value must be '{values[0]}'." if len(values) == 1 else f"Supported values are: {_listed(values)}."
    )


def _check(node: Node, value: Any, path: str) -> None:
    general = _general(path)
    if general in _OBJECTS:
        _expect(isinstance(value, dict), path, "an object", value)
    if value is None and (node.get("nullable") or general in _NULLABLE):
        return
    if "ref" in node:
        _expect(isinstance(value, dict), path, "an object", value)
        _check_object(node["ref"], value, path)
    elif "one_of" in node:
        _check_one_of(node["one_of"], value, path)
    elif "array" in node:
        item = "objects" if _may_be_object(node["array"]) else "values"
        _expect(isinstance(value, list), path, f"an array of {item}", value)
        if general.endswith("output_modalities"):
            _check_modalities(node["array"], value, path)
        for index, member in enumerate(value):
            _check(node["array"], member, f"{path}[{index}]")
    elif "map" in node:
        _expect(isinstance(value, dict), path, "an object", value)
        for key, member in value.items():
            _check(node["map"], member, f"{path}.{key}")
    else:
        _check_scalar(node, value, path)


def _check_scalar(node: Node, value: Any, path: str) -> None:
    for kind, rule in (("enum", rules.WRONG_VALUE), ("open_enum", rules.NOT_KNOWN_NAME)):
        if kind in node:
            values = node[kind]
            if all(isinstance(v, int) for v in values):  # an audio rate: told apart by its limits
                _check_scalar({"type": "integer"}, value, path)
                return
            _expect(isinstance(value, str), path, "a string", value)
            # A model has its own rules: at the handshake, and that a live session keeps it.
            if value not in values and path != "session.model":
                raise _closer(rule, path).refuse(path, value=value, supported=_supported(values))
            return
    expected, holds = {
        "string": ("a string", isinstance(value, str)),
        "integer": ("an integer", isinstance(value, int) and not isinstance(value, bool)),
        "number": ("a number", isinstance(value, int | float) and not isinstance(value, bool)),
        "boolean": ("a boolean", isinstance(value, bool)),
        "any": ("a value", True),
    }[node["type"]]
    _expect(holds, path, expected, value)
    if node["type"] in {"integer", "number"}:
        _check_limits(node["type"], value, path)
    elif node["type"] == "string":
        _check_length(value, path)


def _check_object(name: str, value: Mapping[str, Any], path: str) -> None:
    fields: dict[str, Node] = schema()["types"][name]
    _check_required(name, fields, value, path)
    for key, member in value.items():
        if key not in fields:
            inner = _join(path, key)
            raise _closer(rules.UNKNOWN, inner).refuse(inner)
        node = fields[key]
        if name == _ASSISTANT_PARTS and key == "type":
            node = {"enum": ["output_text"]}
        _check(node, member, _join(path, key))
    if _PART.match(_general(path)):
        held = _PART_HOLDS[value["type"]]
        if held not in value:
            raise rules.PART_INCOMPLETE.refuse(_join(path, held))
    if _MCP_TOOL.match(_general(path)) and value["type"] == "mcp" and not any(map(value.get, _MCP_PLACES)):
        raise rules.MCP_NOWHERE.refuse(_join(path, "server_url"))


def _check_required(name: str, fields: Mapping[str, Node], value: Mapping[str, Any], path: str) -> None:
    for key, node in fields.items():
        if node.get("required") and key not in value:
            inner = _join(path, key)
            raise _closer(rules.MISSING, inner).refuse(inner)
    for key in _ALSO_REQUIRED.get(name, ()):
        if key not in value:
            inner = _join(path, key)
            raise _closer(rules.MISSING if key == "rate" else rules.TYPES_TOO_LAX, inner).refuse(inner)
    if _PART.match(_general(path)) and "type" not in value:
        raise rules.TYPES_TOO_LAX.refuse(_join(path, "type"))


def _check_one_of(nodes: Sequence[Node], value: Any, path: str) -> None:
    if isinstance(value, dict) and any(_may_be_object(node) for node in nodes):
        _check_variant([node for node in nodes if "ref" in node], value, path)
        return
    scalars = [node for node in nodes if "ref" not in node]
    for node in scalars:
        if _acceptsjson_type(node, value):
            _check(node, value, path)
            return
    expected = " or ".join(_expected(node) for node in nodes if not _repeated(nodes, node))
    raise _closer(rules.WRONG_TYPE, path).refuse(path, expected=expected, got=json_type(value))


def _check_variant(nodes: Sequence[Node], value: Mapping[str, Any], path: str) -> None:
    """Find the one typed object that ``value`` means to be, by its type and role, and check it as that."""
    names = [node["ref"] for node in nodes]
    for key in _VARIANT_KEYS:
        if len(names) == 1:
            break
        by_name = {name: schema()["types"][name].get(key, {}).get("enum", []) for name in names}
        if not any(by_name.values()):
            continue
        inner = _join(path, key)
        if key not in value:
            required = any(schema()["types"][name].get(key, {}).get("required") for name in names)
            raise _closer(rules.MISSING if required else rules.TYPES_TOO_LAX, inner).refuse(inner)
        _expect(isinstance(value[key], str), inner, "a string", value[key])
        matching = [name for name, values in by_name.items() if value[key] in values]
        if not matching:
            known = list(dict.fromkeys(v for values in by_name.values() for v in values))
            rule = _closer(rules.WRONG_VALUE, inner)
            raise rule.refuse(inner, value=value[key], supported=_supported(known))
        names = matching
    _check_object(names[0], value, path)


def _check_modalities(item: Node, value: Sequence[Any], path: str) -> None:
    known = all(isinstance(member, str) and member in item["enum"] for member in value)
    if known and list(value) not in (["text"], ["audio"]):
        raise rules.MODALITIES.refuse(path, value=list(value))


def _check_limits(kind: str, value: float, path: str) -> None:
    low, high = _LIMITS.get(_general(path), (float("-inf"), float("inf")))
    below, above = (
        (rules.INTEGER_LOW, rules.INTEGER_HIGH)
        if kind == "integer"
        else (rules.DECIMAL_LOW, rules.DECIMAL_HIGH)
    )
    if value < low:
        raise _closer(below, path).refuse(path, limit=low, value=value)
    if value > high:
        raise _closer(above, path).refuse(path, limit=high, value=value)


def _check_length(value: str, path: str) -> None:
    limit, rule = _LENGTHS.get(_general(path), (len(value), rules.LONG_ITEM_ID))
    if len(value) > limit:
        raise rule.refuse(path, limit=limit, length=len(value))
    if not value and path in _ITEM_IDS:
        raise rules.EMPTY_ITEM_ID.refuse(path)


def _check_metadata(metadata: Mapping[str, str]) -> None:
    path = "response.metadata"
    measures: Iterable[tuple[str, str, int, int]] = [
        (path, "mapping", 16, len(metadata)),
        *((path, "key", 64, len(key)) for key in metadata),
        *((f"{path}.{key}", "value", 512, len(value)) for key, value in metadata.items()),
    ]
    for param, what, limit, length in measures:
        if length > limit:
            raise rules.METADATA.refuse(param, what=what, limit=limit, length=length)


def _expect(holds: bool, path: str, expected: str, value: Any) -> None:
    if not holds:
        raise _closer(rules.WRONG_TYPE, path).refuse(path, expected=expected, got=json_type(value))


def _closer(rule: Rule, path: str) -> Rule:
    return _CLOSER.get((rule.id, _general(path)), rule)


def _general(path: str) -> str:
    return re.sub(r"\[\d+\]", "[]", path) if "[" in path else path


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _may_be_object(node: Node) -> bool:
    return "ref" in node or "map" in node or any(_may_be_object(inner) for inner in node.get("one_of", ()))


def _acceptsjson_type(node: Node, value: Any) -> bool:
    if "array" in node:
        return isinstance(value, list)
    if "enum" in node or "open_enum" in node or node.get("type") == "string":
        return isinstance(value, str)
    if node.get("type") == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return False


def _expected(node: Node) -> str:
    if "array" in node:
        return "an array"
    if "ref" in node:
        return "an object"
    return "an integer" if node.get("type") == "integer" else "a string"


def _repeated(nodes: Sequence[Node], node: Node) -> bool:
    return _expected(node) in [_expected(earlier) for earlier in nodes[: nodes.index(node)]]


def json_type(value: Any) -> str:
    """Name the JSON type of ``value`` as the vendor's sentences do."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    names = {
        str: "a string",
        int: "an integer",
        float: "a decimal number",
        list: "an array",
        dict: "an object",
    }
    return names[type(value)]


def _listed(values: Sequence[object]) -> str:
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return f"{', '.join(quoted[:-1])}, and {quoted[-1]}"
