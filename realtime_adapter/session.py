"""The session the adapter asks for, and whether it is the one in force.

The shape is the GA one: everything about audio lies under ``audio.input`` and ``audio.output``, and a single
flat field of the retired beta makes the server refuse the whole update.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from realtime_adapter.audio import SAMPLE_RATE_HZ
from realtime_adapter.errors import ConfigurationError, SessionRefused

ABSENT: Any = object()


def requested_session(
    *,
    voice: str | Mapping[str, Any],
    transcription_model: str,
    instructions: str = "",
    tools: Sequence[Any] = (),
    tool_choice: str | Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the ``session`` of the adapter's ``session.update``.

    Args:
        voice: The voice that speaks: its name, or ``{"id": …}`` for one of the caller's own.
        transcription_model: Model that writes down what the user said.
        instructions: What the model is to do; left out when empty, which keeps the server's own text.
        tools: Function tools as on the wire; left out when there are none.
        tool_choice: ``auto``, ``none``, ``required`` or one tool; left out when None.

    Raises:
        ConfigurationError: a value cannot be written as JSON; ``param`` names it.
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
    return {field: _as_json(field, value) for field, value in session.items()}


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
