"""Clients that nobody here wrote, run against this scenario's endpoint.

A guest is a published package that speaks the Realtime API. It runs in a process and an environment of its
own, which ``make`` sets up: the packages admit other versions of ``websockets`` than the suite's, and
nothing of the suite may be able to lend them a hand. Its program in ``support/guests`` says what it is to do
and reports what it saw; the verdict is the steps'.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from realtime_server.clips import speech

PROGRAMS = Path(__file__).with_name("guests")
TIMEOUT_S = 90.0  # a guest needs seconds to be imported on a busy machine, and bounds its errand itself
INHERITED = ("PATH", "HOME", "TMPDIR", "SYSTEMROOT", "LANG")


@dataclass(frozen=True)
class Visit:
    """What a guest says it saw.

    Attributes:
        client: The package and its version.
        words: The words of the answer, written or spoken.
        pcm: Its audio; PCM16 little-endian, mono, 24 kHz.
        calls: The function calls it was asked for: ``name``, ``arguments``, ``call_id`` if it tells.
        status: How the response ended, if it tells.
        reason: Why it ended otherwise than completed, if it did.
        frames: The frames that preceded a close, if that is what it came for.
        close_code: The close code, likewise (RFC 6455 §7.4).
        close_reason: The reason beside it.
    """

    client: str
    words: str = ""
    pcm: bytes = field(default=b"", repr=False)
    calls: tuple[dict[str, Any], ...] = ()
    status: str = ""
    reason: str | None = None
    frames: tuple[dict[str, Any], ...] = ()
    close_code: int | None = None
    close_reason: str | None = None


@dataclass(frozen=True)
class Home:
    """Where some guests live.

    Attributes:
        target: The target of ``make`` that sets it up.
        folder: Its environment.
    """

    target: str
    folder: Path

    @property
    def why_unproven(self) -> str | None:
        """Why no guest can come from there, or None when it is complete."""
        if (self.folder / ".ready").exists():
            return None
        return f"unproven: requirements-{self.target}.txt is not installed; run make {self.target}"


@dataclass(frozen=True)
class Package:
    """A package that some scenarios need, in the suite's own environment.

    Attributes:
        target: The requirements file that has it.
        module: What is imported of it.
    """

    target: str
    module: str

    @property
    def why_unproven(self) -> str | None:
        """Why a scenario cannot use it, or None when it is there."""
        if find_spec(self.module.partition(".")[0]) and find_spec(self.module):
            return None
        return f"unproven: requirements-{self.target}.txt is not installed; run make test"


def _home(target: str) -> Home:
    return Home(target, Path(__file__).resolve().parent.parent / f".venv-{target}")


INTEROP = _home("interop")
ADAPTERS = _home("adapters")
LANGWATCH = Home("adapters", ADAPTERS.folder / "ga")
HOMES: dict[str, Home | Package] = {
    "CAP-INTEROP": INTEROP,
    "CAP-SCENARIO": ADAPTERS,
    "CAP-OTHER-ADAPTERS": ADAPTERS,
    "CAP-TELEMETRY": Package("telemetry", "opentelemetry.sdk"),
}
"""Where what others made comes from that a scenario needs, by the capability it claims."""


def why_unproven(tags: Iterable[str]) -> str | None:
    """Why a scenario with these tags lacks what others made, or None when it has it, or needs none."""
    return next((HOMES[tag].why_unproven for tag in tags if tag in HOMES), None)


def receive(guest: str, errand: str, url: str, key: str, home: Path = INTEROP.folder) -> Visit:
    """Let a guest run its errand against an endpoint, and return what it saw.

    Args:
        guest: A program in ``support/guests``.
        errand: One of its errands.
        url: The endpoint, ``ws://…/v1/realtime``.
        key: The key it presents.
        home: The guests' environment.

    Raises:
        AssertionError: it failed, or did not come to an end; holds what it said last.
    """
    command: list[str | Path] = [
        home / "bin" / "python",
        "-I",
        PROGRAMS / f"{guest}.py",
        errand,
        url.removesuffix("/realtime"),
    ]
    # No proxy, no other key, and no telemetry: a guest calls on nobody but the endpoint.
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment |= {"OPENAI_API_KEY": key, "OPENAI_AGENTS_DISABLE_TRACING": "1", "NO_PROXY": "127.0.0.1"}
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command,
            input=speech("question").pcm,
            env=environment,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AssertionError(f"{guest} was still at its {errand} after {TIMEOUT_S:g} s") from None
    if done.returncode:
        raise AssertionError(f"{guest} failed at its {errand}: {_last(done.stderr.decode(errors='replace'))}")
    return _read(done.stdout.splitlines()[-1])


def runs_named_once(types: Sequence[str]) -> list[str]:
    """Return what the endpoint sent up to its last ``response.done``, for a comparison with a list.

    How many deltas an answer has is no matter of order: of those between two other events, the first of each
    type counts.
    """
    named: list[str] = []
    run: set[str] = set()
    for name in types[: len(types) - [*reversed(types)].index("response.done")]:
        if name not in run:
            named.append(name)
        run = {*run, name} if name.endswith(".delta") else set()
    return named


def repeats_named_once(types: Sequence[str]) -> list[str]:
    """Return ``types`` with each run of one type named once."""
    return [name for index, name in enumerate(types) if index == 0 or name != types[index - 1]]


def _read(line: bytes) -> Visit:
    told = json.loads(line)
    told["pcm"] = base64.b64decode(told.get("pcm", ""))
    return Visit(**{**told, "calls": tuple(told.get("calls", ())), "frames": tuple(told.get("frames", ()))})


def _last(text: str) -> str:
    """Return the last thing a program said on its way down."""
    said = [line for line in text.splitlines() if line.strip()]
    return said[-1] if said else "it said nothing"
