"""Drift: has the endpoint begun to speak otherwise than the embedded server does?

What was recorded is compared with the recordings that the repository ships, which the embedded server made.
It is drift when a field is new, missing or of another type, when an event is new or comes in another order,
and when an error is put in other words.

    python -m support.drift              # reports/recordings against the shipped ones
    python -m support.drift DIR          # those of DIR

Exit codes: 0, no drift; 3, drift; 2, a recording cannot be read.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realtime_server.recording import Line, Recording, RecordingError
from realtime_server.transcript import Sender
from support import recordings

DRIFT = 3
# These answer the client, and come whenever it has asked.
ANSWERS = (".truncated", ".deleted", ".retrieved", ".cleared", "error")
# In an error's words, what differs by nature: a masked key and what the endpoint numbers.
_ITS_OWN = re.compile(r"\S*\*+\S*|\[\w+ \d+\]|\b(?:resp|item|event|call|sess)_\w+")


@dataclass(frozen=True)
class Difference:
    """One way in which an endpoint speaks otherwise.

    Attributes:
        what: The event or the place in it.
        how: What is otherwise.
        where: The recording and the line that shows it.
    """

    what: str
    how: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.how}{f' ({self.where})' if self.where else ''}"


@dataclass
class Shapes:
    """What an endpoint is known to send.

    Attributes:
        objects: By event and path: how often an object stood there, and how often each of its fields did.
        types: JSON types by event and path of the field; null says nothing.
        before: Pairs of events of one strand of which the first was seen to begin before the other.
        texts: The words of each error, by its code.
    """

    objects: dict[str, tuple[int, dict[str, int]]] = field(default_factory=dict)
    types: dict[str, set[str]] = field(default_factory=dict)
    before: set[tuple[str, str]] = field(default_factory=set)
    texts: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, known: Iterable[Recording]) -> Shapes:
        """Return what the endpoint of these recordings sends."""
        shapes = cls()
        for recording in known:
            for connection in recording.connections:
                for line in connection:
                    if event := _sent(line):
                        shapes._learn(event)
                for order in _orders(connection):
                    shapes.before |= set(_pairs([name for name, _ in order]))
        return shapes

    def _learn(self, event: Mapping[str, Any]) -> None:
        for path, value in _objects(event):
            count, fields = self.objects.setdefault(path, (0, {}))
            for key in value:
                fields[key] = fields.get(key, 0) + 1
            self.objects[path] = count + 1, fields
        for path, kind in _types(event):
            self.types.setdefault(path, set()).add(kind)
        if code := _error(event):
            self.texts.setdefault(code[0], set()).add(code[1])

    def differences(self, recording: Recording, name: str) -> Iterator[Difference]:
        """Yield in what a recording differs, each difference once, with the first frame that shows it."""
        seen: set[tuple[str, str]] = set()
        for connection in recording.connections:
            for found in (*self._shapes(connection, name), *self._order(connection, name)):
                if (found.what, found.how) not in seen:
                    seen.add((found.what, found.how))
                    yield found

    def _shapes(self, connection: Sequence[Line], name: str) -> Iterator[Difference]:
        for line in connection:
            event = _sent(line)
            if event is None:
                continue
            where = f"{name}, line {line.number}"
            if event["type"] not in self.objects:
                yield Difference(event["type"], "is a new event", where)
                continue
            yield from (Difference(what, how, where) for what, how in self._fields(event))
            code = _error(event)
            if code and code[0] in self.texts and code[1] not in self.texts[code[0]]:
                known = " or ".join(sorted(self.texts[code[0]]))
                yield Difference(f"error {code[0]}", f"says «{code[1]}», known is «{known}»", where)

    def _fields(self, event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for path, value in _objects(event):
            if path not in self.objects:
                continue  # its name is reported where it is a field
            count, fields = self.objects[path]
            yield from ((f"{path}.{key}", "is a new field") for key in value if key not in fields)
            missing = (key for key, times in fields.items() if times == count and key not in value)
            yield from ((f"{path}.{key}", "is missing") for key in missing)
        for path, kind in _types(event):
            if path in self.types and kind not in self.types[path]:
                yield path, f"is now {kind}, known is {' or '.join(sorted(self.types[path]))}"

    def _order(self, connection: Sequence[Line], name: str) -> Iterator[Difference]:
        for order in _orders(connection):
            lines = dict(order)
            for one, other in _pairs([name for name, _ in order]):
                if (one, other) not in self.before and (other, one) in self.before:
                    where = f"{name}, line {lines[one]}"
                    yield Difference(one, f"comes before {other}, known is after it", where)


def _sent(line: Line) -> dict[str, Any] | None:
    return line.frame.event if line.frame.sender is Sender.SERVER else None


def _objects(value: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every object in an event with its path; ``type`` tells objects of one place apart."""
    if isinstance(value, list):
        for each in value:
            yield from _objects(each, f"{path}[]")
    elif isinstance(value, dict):
        kind = str(value.get("type", ""))
        here = f"{path}({kind})" if path and kind else path or kind
        yield here, value
        for key, each in value.items():
            yield from _objects(each, f"{here}.{key}")


def _types(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for path, value in _objects(event):
        for key, each in value.items():
            if each is not None:
                yield f"{path}.{key}", _type(each)


def _type(value: Any) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list"}
    return names.get(type(value), "an object")


def _error(event: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return code and words of an error, without what differs by nature."""
    error = event.get("error")
    if not isinstance(error, dict):
        return None
    return str(error.get("code")), _ITS_OWN.sub("…", str(error.get("message")))


def _orders(connection: Sequence[Line]) -> Iterator[list[tuple[str, int]]]:
    """Yield, for each strand of a connection, its events in the order in which each kind began.

    Strands run side by side, so between two of them no order is meant: what belongs to one response or to one
    item, and the session itself.
    """
    strands: dict[str, dict[str, int]] = {}
    for line in connection:
        event = _sent(line)
        if event is not None:
            strands.setdefault(_strand(event), {}).setdefault(event["type"], line.number)
    for strand in strands.values():
        yield list(strand.items())


def _strand(event: Mapping[str, Any]) -> str:
    response = event.get("response")
    if isinstance(response, dict):
        return str(response.get("id"))
    if "response_id" in event:
        return str(event["response_id"])
    if event["type"].endswith(ANSWERS):
        return f"{event['type']} {event.get('event_id')}"
    if "transcription" in event["type"]:
        return f"transcription of {event.get('item_id')}"
    item = event.get("item")
    return str(item.get("id") if isinstance(item, dict) else event.get("item_id", "session"))


def _pairs(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    return ((one, other) for at, one in enumerate(names) for other in names[at + 1 :])


def shipped() -> Shapes:
    """Return what the embedded server sends, by the recordings that come with the repository.

    Raises:
        RecordingError: one of them cannot be read.
    """
    return Shapes.of(recordings.read_all(recordings.SHIPPED).values())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m support.drift", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path("reports") / recordings.FOLDER)
    folder: Path = parser.parse_args(argv).folder
    try:
        made, shapes = recordings.read_all(folder), shipped()
    except RecordingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not made:
        sys.stderr.write(f"{folder} holds no recordings; run behave --tags=@e2e first\n")
        return 2
    found = [each for name, recording in made.items() for each in shapes.differences(recording, name)]
    lines = [*(f"DRIFT  {each}" for each in found), f"{len(found)} differences in {len(made)} recordings"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return DRIFT if found else 0


if __name__ == "__main__":
    sys.exit(main())
