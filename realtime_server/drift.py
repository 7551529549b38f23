"""Has the vendor changed its types since those the server checks against?

The pinned types are the ones in ``vendor_schema.json``. The newest release of ``openai``, or the one named,
is installed into a folder of its own, read there by another process, and thrown away again::

    python -m realtime_server.drift                     # against the newest release
    python -m realtime_server.drift --against 3.50.0    # against another
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from realtime_server.oracle import Node, Schema, schema

NONE, UNKNOWN, DRIFT = 0, 1, 3
TIMEOUT_S = 300
READ = "import json, sys; from realtime_server.vendor import generate; json.dump(generate(), sys.stdout)"
Kind = Literal["new", "removed", "retyped"]


class CannotTell(RuntimeError):  # noqa: N818 - it says what came of the question
    """The other release could not be fetched or read; the sentence says why."""


@dataclass(frozen=True, order=True)
class Change:
    """One difference between two schemas.

    Attributes:
        kind: What happened to it.
        what: An event, a type, or a field of a type (``type.field``).
        how: What changed about it; empty for what is new or gone as a whole.
    """

    kind: Kind
    what: str
    how: str = ""

    def __str__(self) -> str:
        return f"{self.kind:<8} {self.what}{f': {self.how}' if self.how else ''}"


def changes(old: Schema, new: Schema) -> list[Change]:
    """Return what ``new`` has that ``old`` had not, what it has no more, and what it has otherwise."""
    found = [
        *_compared("client event", old["client_events"], new["client_events"]),
        *_compared("server event", old["server_events"], new["server_events"]),
        *_compared("type", old["types"], new["types"]),
    ]
    for name in old["types"].keys() & new["types"].keys():
        found += _compared(f"field {name}.", old["types"][name], new["types"][name])
    return sorted(found)


def _compared(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    label = what if what.endswith(".") else f"{what} "
    yield from (Change("new", f"{label}{name}", _described(new[name])) for name in new.keys() - old.keys())
    yield from (Change("removed", f"{label}{name}") for name in old.keys() - new.keys())
    if what == "type":
        return  # field by field
    for name in old.keys() & new.keys():
        if old[name] != new[name]:
            yield Change("retyped", f"{label}{name}", _difference(old[name], new[name]))


def _described(value: Any) -> str:
    """Say what a new field holds; of a new type or event, its name says enough."""
    return (
        _written(value)
        if isinstance(value, dict) and not all(isinstance(v, dict) for v in value.values())
        else ""
    )


def _difference(old: Node | str, new: Node | str) -> str:
    """Say how a field differs: of a list of words, only those that came and went."""
    for key in ("enum", "open_enum"):
        if isinstance(old, dict) and isinstance(new, dict) and key in old and key in new:
            rest = [{name: value for name, value in node.items() if name != key} for node in (old, new)]
            if rest[0] == rest[1]:
                came = [f"+{word}" for word in new[key] if word not in old[key]]
                went = [f"-{word}" for word in old[key] if word not in new[key]]
                return " ".join([*came, *went]) or "in another order"
    return f"{_written(old)} → {_written(new)}"


def _written(node: Node | str) -> str:
    return node if isinstance(node, str) else json.dumps(node, ensure_ascii=False)


def fetched(version: str | None) -> Schema:
    """Return the schema of a release of ``openai``.

    Args:
        version: The release; None for the newest.

    Raises:
        CannotTell: it could not be fetched or read.
    """
    with tempfile.TemporaryDirectory() as folder:
        wanted = f"openai=={version}" if version else "openai"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _ran(f"{wanted} could not be fetched", [*pip, "--upgrade", "--target", folder, wanted])
        root = Path(__file__).resolve().parent.parent
        path = os.pathsep.join([folder, str(root)])
        environment = {**os.environ, "PYTHONPATH": path}
        text = _ran(f"{wanted} could not be read", [sys.executable, "-c", READ], environment)
    read: Schema = json.loads(text)
    return read


def _ran(failure: str, command: list[str], environment: Mapping[str, str] | None = None) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - our own commands
            command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise CannotTell(f"{failure} within {TIMEOUT_S} s") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise CannotTell(f"{failure}: {said[-1] if said else f'exit code {done.returncode}'}")
    return done.stdout


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m realtime_server.drift",
        description=(__doc__ or "").partition("\n")[0],
        epilog=f"exit codes: {NONE} no change, {DRIFT} changes, {UNKNOWN} it cannot be told, 2 wrong usage",
    )
    parser.add_argument("--against", metavar="VERSION", help="a release of openai (default: the newest)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write what was found there, as JSON")
    given = parser.parse_args(argv)
    against = given.against
    pinned = schema()
    try:
        other = fetched(against)
    except CannotTell as error:
        sys.stderr.write(f"It cannot be told whether the types have changed: {error}\n")
        return UNKNOWN
    found = changes(pinned, other)
    if given.out is not None:
        told = {
            "pinned": pinned["version"],
            "newest": other["version"],
            "changes": [str(one) for one in found],
        }
        given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    count = f"{len(found)} {'change' if len(found) == 1 else 'changes'}" if found else "no change"
    release = "asked for" if against else "the newest"
    sys.stdout.write(f"openai {pinned['version']} (pinned) → {other['version']} ({release}): {count}\n")
    sys.stdout.writelines(f"{change}\n" for change in found)
    if found:
        sys.stdout.write(
            "What to do: read them, pin the release, run python -m realtime_server.vendor, mend the rules.\n"
        )
    return DRIFT if found else NONE


if __name__ == "__main__":
    sys.exit(main())
