"""Mutants of the client that no wire shows: what it says of itself, what it raises, when it returns.

Each is an object around the client, so it works on any client with the same public surface.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.client import connect

from support.mutants import RAISES, Mutant, Wrapped
from support.tamper import Tampering, Upgrade

_CALLS = ("connect", "send_audio", "send_text", "recv_audio", "interrupt")
Change = Callable[[Exception], Exception]


class _Raising(Wrapped):
    """A client whose errors are changed."""

    acts_on = frozenset({RAISES})

    def __init__(self, client: Any, change: Change) -> None:
        super().__init__(client)
        for name in _CALLS:
            setattr(self, name, self._changed(getattr(client, name), change))

    def _changed(self, call: Callable[..., Awaitable[Any]], change: Change) -> Callable[..., Awaitable[Any]]:
        async def changed(*given: Any, **named: Any) -> Any:
            try:
                return await call(*given, **named)
            except Exception as error:
                raise change(error) from None

        return changed


def _raising(change: Change) -> Tampering:
    return Tampering(client=lambda client: _Raising(client, change))


def _of_another_kind(error: Exception) -> Exception:
    known = RuntimeError(str(error))
    known.__dict__.update(error.__dict__)
    return known


def _reworded(change: Callable[[str], str]) -> Change:
    def reworded(error: Exception) -> Exception:
        error.args = (change(str(error)),)
        return error

    return reworded


def _without_code(error: Exception) -> Exception:
    known: Any = error
    known.code = None
    return error


class _Dialling(Wrapped):
    """Dials before it looks at anything, and once more for what it is asked to do."""

    acts_on = frozenset(_CALLS)

    async def _dial(self) -> None:
        with contextlib.suppress(Exception):
            key = {"Authorization": "Bearer sk-too-early"}
            async with connect(self._client.url, additional_headers=key, proxy=None, close_timeout=1):
                pass

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name not in _CALLS or self._client.connected:
            return found

        async def dialling(*given: Any, **named: Any) -> Any:
            await self._dial()
            return await found(*given, **named)

        return dialling


class _Hasty(Wrapped):
    """Says that it is connected as soon as it has begun to connect."""

    _connecting: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        self._connecting = asyncio.ensure_future(self._client.connect())
        await asyncio.sleep(0.05)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name not in (*_CALLS, "disconnect") or self._connecting is None:
            return found
        connecting = self._connecting

        async def connected(*given: Any, **named: Any) -> Any:
            with contextlib.suppress(Exception):
                await connecting
            return await found(*given, **named)

        return connected


class _Elsewhere(Wrapped):
    """Says that it goes elsewhere than it does."""

    @property
    def url(self) -> str:
        return f"{self._client.url}&temperature=0.8"


class _Forgetful(Wrapped):
    """Has no words of anybody."""

    last_agent_transcript = ""


class _Rambling(Wrapped):
    """Takes words of the user for words of the agent, where the agent has none."""

    @property
    def last_agent_transcript(self) -> str | None:
        words: str | None = self._client.last_agent_transcript or "(nothing was said)"
        return words


class _Inventing(Wrapped):
    """Has words of the user where nobody could make any out."""

    @property
    def last_user_transcript(self) -> str | None:
        words: str | None = self._client.last_user_transcript or "(inaudible)"
        return words


def _logging_its_key() -> Tampering:
    presented: list[str] = []

    class Logging(Wrapped):
        async def connect(self) -> None:
            try:
                await self._client.connect()
            finally:
                logging.getLogger("client").debug("> Authorization: %s", presented[-1:])

    def upgrade(asked: Upgrade) -> Upgrade:
        presented.extend(value for name, value in asked.headers if name.lower() == "authorization")
        return asked

    return Tampering(upgrade=upgrade, client=Logging)


MUTANTS: tuple[Mutant, ...] = (
    Mutant("logs-its-key", "wire", "writes its key into the log", _logging_its_key(), {"AC1": "the log"}),
    Mutant(
        "other-errors",
        "wire",
        "raises errors of another kind",
        _raising(_of_another_kind),
        dict.fromkeys(("AC1", "AC2", "AC3", "AC5"), "an instance of"),
    ),
    Mutant(
        "wordless-errors",
        "wire",
        "gives its errors no words",
        _raising(_reworded(lambda _: "It failed.")),
        {
            "AC1": "It failed.",
            "AC2": "It failed.",
            "AC3": "It failed.",
            "AC5": "It failed.",
            "AC6": "It failed.",
        },
    ),
    Mutant(
        "codeless",
        "wire",
        "raises errors without their code",
        _raising(_without_code),
        dict.fromkeys(("AC1", "AC2", "AC3"), "was <None>"),
    ),
    Mutant(
        "nothing-seen",
        "wire",
        "does not say what it has seen when it waits in vain",
        _raising(_reworded(lambda words: re.sub(r"last seen.*", "", words))),
        {"AC1": "No session.", "AC3": "No response."},
    ),
    Mutant(
        "nothing-awaited",
        "wire",
        "does not say what it awaited when it waits in vain",
        _raising(_reworded(lambda words: re.sub(r"^No \S+", "Nothing", words))),
        {"AC1": "Nothing within", "AC3": "Nothing or response.done"},
    ),
    Mutant(
        "dials-first",
        "wire",
        "dials before it looks at anything",
        Tampering(client=_Dialling),
        dict.fromkeys(("AC1", "AC5"), "nothing is dialled"),
    ),
    Mutant(
        "hasty",
        "wire",
        "says that it is connected as soon as it has begun to connect",
        Tampering(client=_Hasty),
        {"AC1": "sent first", "AC2": "the attempt succeeded"},
    ),
    Mutant(
        "elsewhere",
        "wire",
        "says that it goes elsewhere than it does",
        Tampering(client=_Elsewhere),
        {"AC1": "temperature"},
    ),
    Mutant(
        "wordless-agent",
        "wire",
        "has no words of the agent",
        Tampering(client=_Forgetful),
        {"AC4": "greater than <0>"},
    ),
    Mutant(
        "rambling-agent",
        "wire",
        "has words of the agent where it said none",
        Tampering(client=_Rambling),
        {"AC4": "(nothing was said)"},
    ),
    Mutant(
        "inventing",
        "wire",
        "has words of the user where nobody could make any out",
        Tampering(client=_Inventing),
        {"AC4": "Expected: None"},
    ),
)
