"""What a step needs of an adapter, so that any other can be driven: ``-D adapter=package.module:Class``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable


class Slice(Protocol):
    """A slice of the answer."""

    @property
    def data(self) -> bytes:
        """PCM16 little-endian, mono, 24 kHz; empty when the turn is over."""


@runtime_checkable
class Adapter(Protocol):
    """The public surface that steps use.

    It is made with keywords, of which a scenario gives what it is about: ``url`` (the endpoint, always),
    ``api_key``, ``model``, ``voice``, ``instructions``, ``tools``, ``tool_choice``, ``role`` (an enumeration
    with the values ``User`` and ``Agent``), ``connect_timeout_s`` and the like. What it takes for a turn's
    audio has ``data``: PCM16 little-endian, mono, 24 kHz. Beyond this, a ``wait_for_user_transcript`` and an
    ``on_frame`` are used where they exist, and the scenarios about errors ask for those of
    ``realtime_adapter``. The documentation that is read is that of the module the class belongs to.
    """

    model: str

    @property
    def url(self) -> str:
        """The address that is dialled, with its query."""

    @property
    def last_user_transcript(self) -> str | None:
        """The words of the user's last turn, or None."""

    @property
    def last_agent_transcript(self) -> str | None:
        """The words of the last answer, or None."""

    async def connect(self) -> None:
        """Connect, and ask for the session."""

    async def disconnect(self) -> None:
        """Hang up; harmless when not connected."""

    async def send_audio(self, chunk: Any) -> None:
        """Add a slice of the user's speech."""

    async def recv_audio(self, timeout: float) -> Slice:
        """Commit what was said, ask for an answer and return its next slice; an empty one ends the turn."""

    async def send_text(self, text: str) -> None:
        """Say something in writing, and ask for an answer."""

    async def interrupt(self) -> None:
        """Stop the answer that is under way."""


METHODS = tuple(name for name in vars(Adapter) if inspect.iscoroutinefunction(vars(Adapter)[name]))
PARTS = (*METHODS, "model", "url", "last_user_transcript", "last_agent_transcript")


class AdapterLacksError(AssertionError):
    """The adapter that ``-D adapter=`` names has not what the steps need; the sentence says what."""


def lacking(adapter: object) -> str | None:
    """Return a sentence about the methods that an adapter's class has not, or None when it has all.

    What makes an adapter without being a class can be asked only for what it makes.
    """
    if not inspect.isclass(adapter):
        return None
    missing = [name for name in METHODS if not callable(getattr(adapter, name, None))]
    return _lacks(missing) if missing else None


def made(make: Callable[..., Any], name: str, options: Mapping[str, Any]) -> Adapter:
    """Return an adapter made with ``options``.

    Args:
        make: What makes it.
        name: How it was named on the command line.
        options: The keywords it is given.

    Raises:
        AdapterLacksError: it takes not all of them, or lacks a part.
    """
    try:
        inspect.signature(make).bind(**options)
    except TypeError as error:
        raise AdapterLacksError(
            f"-D adapter={name} cannot be made as this scenario needs it: {error}"
        ) from None
    adapter = make(**options)
    missing = [part for part in PARTS if not hasattr(adapter, part)]
    if missing:
        raise AdapterLacksError(f"-D adapter={name} {_lacks(missing)}")
    made_one: Adapter = adapter
    return made_one


def _lacks(missing: list[str]) -> str:
    return f"has no {', no '.join(missing)}; what an adapter needs stands in support/adapter.py"
