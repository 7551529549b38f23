"""Reads the vendor's published wire types and writes them down as the server's oracle.

``vendor_schema.json`` is generated from the installed ``openai`` package, which takes over a second to
import and so is never needed to run the server::

    python -m realtime_server.vendor           # write the file anew
    python -m realtime_server.vendor --check   # exit 1 and show the difference when it is out of date
"""

from __future__ import annotations

import argparse
import collections.abc
import difflib
import importlib
import json
import sys
import types
import typing
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

from realtime_server.oracle import FILE, Node, Schema

_PRIMITIVES: dict[object, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    object: "any",
    Any: "any",
}


def generate() -> Schema:
    """Read the schema off the installed ``openai`` package.

    Raises:
        ImportError: ``openai`` is not installed.
    """
    package = importlib.import_module("openai")
    events = _load("realtime_client_event_param", "RealtimeClientEventParam")
    # The richer form of response.create: the only one whose input admits references to items.
    rich = _load("response_create_event_with_references_param", "ResponseCreateEventWithReferencesParam")
    sent = _load("realtime_server_event", "RealtimeServerEvent")
    reader = _Reader()
    secret = _load("client_secret_create_params", "ClientSecretCreateParams")
    by_type = {_type_of(cls): cls for cls in [*get_args(events), rich]}
    by_sent_type = {get_args(cls.model_fields["type"].annotation)[0]: cls for cls in _members(sent)}
    return {
        "package": "openai",
        "version": package.__version__,
        "client_secret_request": reader.name(secret),
        "client_events": {name: reader.name(cls) for name, cls in sorted(by_type.items())},
        "server_events": {name: reader.name(cls) for name, cls in sorted(by_sent_type.items())},
        "types": dict(sorted(reader.types.items())),
    }


def dumps(generated: Schema) -> str:
    """Write a schema with one field per line, so that a difference reads as one."""
    lines = ["{"]
    singles = ("package", "version", "client_secret_request")
    lines += [f' "{key}": {json.dumps(generated[key])},' for key in singles]
    for section in ("client_events", "server_events", "types"):
        lines.append(f' "{section}": {{')
        blocks = []
        for name, value in generated[section].items():
            if isinstance(value, str):
                blocks.append(f'  "{name}": "{value}"')
            else:
                fields = ",\n".join(f'   "{key}": {json.dumps(node)}' for key, node in value.items())
                blocks.append(f'  "{name}": {{\n{fields}\n  }}')
        lines += [",\n".join(blocks), " }" if section == "types" else " },"]
    return "\n".join([*lines, "}"]) + "\n"


def difference(old: str, new: str) -> str:
    """Return a unified difference of two written schemas, empty when they are equal."""
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), "vendor_schema.json", "installed openai", lineterm="", n=2
    )
    return "\n".join(lines)


class _Reader:
    """Turns type hints into schema nodes and collects the typed dictionaries and models they mention."""

    def __init__(self) -> None:
        self.types: dict[str, dict[str, Node]] = {}

    def name(self, cls: Any) -> str:
        name = f"{cls.__module__.rpartition('.')[2]}.{cls.__qualname__}"
        if name not in self.types:
            self.types[name] = {}  # breaks cycles
            if hasattr(cls, "model_fields"):  # what the server sends is typed with models
                fields = sorted(cls.model_fields.items())
                self.types[name].update((key, self._model_field(field)) for key, field in fields)
                return name
            # Postponed annotations leave __required_keys__ wrong, so requiredness is read off the hints.
            hints = typing.get_type_hints(cls, include_extras=True)
            self.types[name].update((key, self._field(hint)) for key, hint in sorted(hints.items()))
        return name

    def _field(self, hint: Any) -> Node:
        required = get_origin(hint) is _required()
        node = self.node(hint)
        return {**node, "required": True} if required else node

    def _model_field(self, field: Any) -> Node:
        node = self.node(field.annotation)
        return {**node, "required": True} if field.is_required() else node

    def node(self, hint: Any) -> Node:
        if hint in _PRIMITIVES:
            return {"type": _PRIMITIVES[hint]}
        if isinstance(hint, type) and (issubclass(hint, dict) or hasattr(hint, "model_fields")):
            return {"ref": self.name(hint)}
        return self._composed(hint)

    def _composed(self, hint: Any) -> Node:
        origin, args = get_origin(hint), get_args(hint)
        if origin is _required() or origin is typing.Annotated:
            return self.node(args[0])
        if origin is Literal:
            return {"enum": list(args)}
        if origin in (Union, types.UnionType):
            return self._union(args)
        if origin is dict:
            return {"map": self.node(args[1])}
        if origin in (list, collections.abc.Iterable, collections.abc.Sequence):
            return {"array": self.node(args[0])}
        raise TypeError(f"the installed openai package uses a type this reader does not know: {hint!r}")

    def _union(self, args: tuple[Any, ...]) -> Node:
        nullable = {"nullable": True} if type(None) in args else {}
        nodes = [self.node(arg) for arg in args if arg is not type(None)]
        listed = [node for node in nodes if "enum" in node]
        if {"type": "string"} in nodes and listed:
            nodes = [{"open_enum": listed[0]["enum"]}, *(n for n in nodes if "ref" in n)]
        return {**(nodes[0] if len(nodes) == 1 else {"one_of": nodes}), **nullable}


@cache
def _required() -> Any:
    return importlib.import_module("typing_extensions").Required


def _load(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"openai.types.realtime.{module}"), name)


def _members(union: Any) -> tuple[Any, ...]:
    """Return the classes of an annotated union."""
    args = get_args(union)
    return _members(args[0]) if get_origin(union) is typing.Annotated else args


def _type_of(cls: Any) -> str:
    hint = typing.get_type_hints(cls, include_extras=True)["type"]
    while get_origin(hint) is not Literal:
        (hint,) = get_args(hint)
    (name,) = get_args(hint)
    return str(name)


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m realtime_server.vendor", description=__doc__.partition("\n")[0]
    )
    parser.add_argument(
        "--check", action="store_true", help="only compare; exit 1 when the file is out of date"
    )
    check = parser.parse_args(argv).check
    try:
        new = dumps(generate())
    except ImportError as error:
        sys.stderr.write(
            f"{error}: install what the oracle is read from with pip install -r requirements-dev.txt\n"
        )
        return 2
    old = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    if not check:
        FILE.write_text(new, encoding="utf-8")
        sys.stdout.write(f"{FILE.name}: {'unchanged' if old == new else 'written'}\n")
        return 0
    if old != new:
        sys.stdout.write(difference(old, new) + "\n")
        sys.stderr.write(
            "vendor_schema.json is out of date: run python -m realtime_server.vendor and read the rules\n"
        )
    return int(old != new)


if __name__ == "__main__":
    sys.exit(main())
