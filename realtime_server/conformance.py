"""Compares what the server sends with the vendor's published types.

Where live traffic contradicts the types the server follows the traffic; each such case is a rule
(``RT-wire-..``) with its source, and :data:`EXCEPTIONS` says where it applies. Anything else that differs is
a fault of this server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realtime_server import rules
from realtime_server.oracle import Node, schema
from realtime_server.rules import Rule
from realtime_server.validation import json_type

_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


@dataclass(frozen=True)
class Deviation:
    """One place where an event differs from its type.

    Attributes:
        event: Type of the event.
        path: Path inside it, with array indexes as [].
        what: How it differs.
        rule: The exception that allows it, or None.
    """

    event: str
    path: str
    what: str
    rule: Rule | None = None

    def __str__(self) -> str:
        allowed = f" ({self.rule.id})" if self.rule else ""
        return f"{self.event} {self.path}: {self.what}{allowed}"


# (event types, path) -> the rule that allows a field the types do not know.
EXCEPTIONS: Sequence[tuple[str, str, Rule]] = (
    (r".*\.delta", r"obfuscation", rules.UNTYPED_OBFUSCATION),
    (r".*", r"(item|response\.output\[\])\.phase", rules.UNTYPED_PHASE),
    (r"response\.done", r"response\.usage\.output_token_details\.reasoning_tokens", rules.UNTYPED_REASONING),
    (r"session\.(created|updated)", r"session\.(object|id|expires_at)", rules.SESSION_EXTRAS),
)


def deviations(event: Mapping[str, Any]) -> list[Deviation]:
    """Return every difference between a server event and the vendor's type of that name."""
    name = event["type"]
    known = schema()["server_events"].get(name)
    if known is None:
        return [Deviation(name, "type", "no such event is published")]
    found = _object([known], event, "")
    return [Deviation(name, path, what, _exception(name, path)) for path, what in found]


def faults(event: Mapping[str, Any]) -> list[Deviation]:
    """Return the differences that no exception allows."""
    return [deviation for deviation in deviations(event) if deviation.rule is None]


def _exception(event: str, path: str) -> Rule | None:
    for events, where, rule in EXCEPTIONS:
        if re.fullmatch(events, event) and re.fullmatch(where, path):
            return rule
    return None


def _object(names: Sequence[str], value: Mapping[str, Any], path: str) -> list[tuple[str, str]]:
    """Differences from the one of several types that ``value`` comes nearest to."""
    return min((list(_as(name, value, path)) for name in names), key=len)


def _as(name: str, value: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    fields: Mapping[str, Node] = schema()["types"][name]
    for key, node in fields.items():
        if node.get("required") and key not in value:
            yield _join(path, key), "is missing"
    for key, member in value.items():
        if key in fields:
            yield from _value(fields[key], member, _join(path, key))
        else:
            yield _join(path, key), "is not typed"


def _value(node: Node, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if value is None:
        if not node.get("nullable"):
            yield path, "is null"
    elif "ref" in node and isinstance(value, dict):
        yield from _object([node["ref"]], value, path)
    elif "one_of" in node:
        yield from min((list(_value(one, value, path)) for one in node["one_of"]), key=len)
    elif "array" in node and isinstance(value, list):
        for member in value:
            yield from _value(node["array"], member, f"{path}[]")
    elif "map" in node and isinstance(value, dict):
        for member in value.values():
            yield from _value(node["map"], member, f"{path}.*")
    elif not _fits(node, value):
        yield path, f"is {json_type(value)} ({value!r:.60})"


def _fits(node: Node, value: Any) -> bool:
    if "enum" in node:
        return value in node["enum"]
    if "open_enum" in node:
        return isinstance(value, str)
    if node.get("type") == "any":
        return True
    kinds = _KINDS.get(node.get("type", ""), ())
    return isinstance(value, kinds) and (kinds == (bool,) or not isinstance(value, bool))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
