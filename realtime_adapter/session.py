"""The session the adapter asks for, and whether it is the one in force.

The shape is the GA one: everything about audio lies under ``audio.input`` and ``audio.output``, and a single
flat field of the retired beta makes the server refuse the whole update.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from realtime_adapter import settings as keywords
from realtime_adapter.audio import SAMPLE_RATE_HZ
from realtime_adapter.errors import ConfigurationError, RealtimeError, SessionRefused

ABSENT: Any = object()


def requested_session(  # noqa: PLR0913 - a session has that many settings
    *,
    voice: str | Mapping[str, Any],
    transcription_model: str,
    instructions: str = "",
    tools: Sequence[Any] = (),
    tool_choice: str | Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the ``session`` of the adapter's ``session.update``.

    Args:
        voice: The voice that speaks: its name, or ``{"id": …}`` for one of the caller's own.
        transcription_model: Model that writes down what the user said.
        instructions: What the model is to do; left out when empty, which keeps the server's own text.
        tools: Function tools as on the wire; left out when there are none.
        tool_choice: ``auto``, ``none``, ``required`` or one tool; left out when None.
        settings: The rest of the session, as ``SessionSettings`` names it.

    Raises:
        ConfigurationError: a value cannot be used, or be written as JSON; ``param`` names it.
    """
    for field, value in (("voice", voice), ("transcription_model", transcription_model)):
        if not value or not isinstance(value, str | Mapping):
            raise ConfigurationError(
                f"{field} is {value!r}.", remedy="Name one that the endpoint has.", param=field
            )
    if not isinstance(instructions, str):
        raise ConfigurationError("instructions are no text.", remedy="Give a string.", param="instructions")
    # The vendor's types make `rate` optional; the server answers missing_required_parameter without it.
    pcm = {"type": "audio/pcm", "rate": SAMPLE_RATE_HZ}
    session: dict[str, Any] = {
        "type": "realtime",
        "audio": {
            "input": {
                "format": dict(pcm),
                "transcription": {"model": transcription_model},
                # Present and null: absence would leave the server's own turn detection on.
                "turn_detection": None,
            },
            "output": {"format": dict(pcm), "voice": voice},
        },
    }
    if instructions:
        session["instructions"] = instructions
    if tools:
        session["tools"] = list(tools)
    if tool_choice is not None:
        session["tool_choice"] = tool_choice
    keywords.place(session, keywords.check(settings or {}))
    return {field: _as_json(field, value) for field, value in session.items()}


def session_change(
    *,
    voice: str | Mapping[str, Any] | None = None,
    instructions: str | None = None,
    tools: Sequence[Any] | None = None,
    tool_choice: str | Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the ``session`` of a later ``session.update``: what is given, and nothing else.

    Empty instructions and no tools take away those that are in force.

    Raises:
        ConfigurationError: a value cannot be used, or be written as JSON; ``param`` names it.
    """
    given = {"voice": voice, "instructions": instructions, "tools": tools, "tool_choice": tool_choice}
    session: dict[str, Any] = {}
    keywords.place(session, {name: value for name, value in given.items() if value is not None})
    keywords.place(session, keywords.check(settings or {}))
    if not session:
        raise ConfigurationError("Nothing is to be changed.", remedy="Name a setting.", param="settings")
    return {field: _as_json(field, value) for field, value in session.items()}


class Update:
    """A change of a session that was asked for, and what became of it.

    Args:
        patch: What was asked for.
    """

    def __init__(self, patch: Mapping[str, Any]) -> None:
        self._patch = patch
        self._session: dict[str, Any] | None = None
        self._error: RealtimeError | None = None

    def shown(self, session: dict[str, Any]) -> None:
        """Take in the session that the server has put in force."""
        # Instructions that are taken away leave the server's own in force.
        wanted = {name: value for name, value in self._patch.items() if (name, value) != ("instructions", "")}
        try:
            require_effective(wanted, session)
        except SessionRefused as mismatch:
            self._error = mismatch
        else:
            self._session = session

    def refused(self, error: RealtimeError) -> None:
        """Take in that the server has refused it, or that no answer will come."""
        self._error = error

    def result(self) -> dict[str, Any] | None:
        """Return the session in force once the server has answered.

        Returns:
            None when the caller has to wait.

        Raises:
            RealtimeError: why the change is not in force.
        """
        if self._error is not None:
            raise self._error
        return self._session


def _as_json(field: str, value: Any) -> Any:
    try:
        return json.loads(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{field} cannot be written as JSON: {error}.",
            remedy="Use only dictionaries, lists, strings, numbers, booleans and None.",
            param=field,
        ) from None


def require_effective(requested: Mapping[str, Any], effective: Mapping[str, Any]) -> None:
    """Check that every value asked for is in force; what the server adds is its own affair.

    Raises:
        SessionRefused: a value differs; names its path, what was asked for and what is in force.
    """
    for path, wanted, found in _differences("session", requested, effective):
        shown = "is missing" if found is ABSENT else f"is {json.dumps(found)}"
        raise SessionRefused(
            f"The session in force is not the one asked for: {path} {shown}, not {json.dumps(wanted)}.",
            remedy="Ask for a value that the model supports, and check what stands before the endpoint.",
            param=path,
            requested=wanted,
            effective=None if found is ABSENT else found,
        )


def _differences(path: str, wanted: Any, found: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key, value in wanted.items():
            yield from _differences(f"{path}.{key}", value, found.get(key, ABSENT))
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _differences(f"{path}[{index}]", one, other)
    elif wanted != found or isinstance(wanted, bool) is not isinstance(found, bool):
        yield path, wanted, found
