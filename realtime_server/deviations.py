"""Named ways in which an endpoint speaks otherwise than this server, for who has to notice or to cope.

``python -m realtime_server --deviate new-field``. All but one are drift that somebody made up; ``azure`` is
how the same service answers elsewhere, as far as a probe of 24 September 2026 and recordings of it tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from realtime_server import rules
from realtime_server.faults import Fault
from realtime_server.handshake import Credential
from realtime_server.rules import Refused
from realtime_server.trouble import Line, Packet, Step

_Wire = dict[str, Any]
Header = tuple[str, str]


@dataclass(frozen=True)
class Deviation:
    """One way to speak otherwise.

    Attributes:
        what: What it is, in a sentence.
        change: From an event to the events that are sent instead.
        key_header: The header that holds the key.
        refuses_upgrade: A key that is wrong or missing is answered with HTTP 401, and no WebSocket opens.
    """

    what: str
    change: Callable[[_Wire], Sequence[_Wire]] = lambda event: [event]
    key_header: str = "authorization"
    refuses_upgrade: bool = False


def _at(event_type: str, change: Callable[[_Wire], Any]) -> Callable[[_Wire], Sequence[_Wire]]:
    """Return what changes events of one type in place."""

    def changed(event: _Wire) -> Sequence[_Wire]:
        if event["type"] == event_type:
            change(event)
        return [event]

    return changed


def _announced(event: _Wire) -> Sequence[_Wire]:
    if event["type"] != "session.updated":
        return [event]
    conversation = {"id": "conv_of_a_deviation", "object": "realtime.conversation"}
    begun = {"type": "conversation.created", "event_id": "event_of_a_deviation", "conversation": conversation}
    return [event, begun]


def _doubled_part(event: _Wire) -> Sequence[_Wire]:
    return [{**event, "content": event["part"]} if "content_part" in event["type"] else event]


DEVIATIONS: Mapping[str, Deviation] = {
    "new-field": Deviation(
        "The session has a field that nobody has heard of.",
        _at("session.created", lambda event: event["session"].update(service_tier="default")),
    ),
    "missing-field": Deviation(
        "Items are added without naming their predecessor.",
        _at("conversation.item.added", lambda event: event.pop("previous_item_id")),
    ),
    "retyped-field": Deviation(
        "The end of the session is a text, no longer a number.",
        _at("session.created", lambda event: event["session"].update(expires_at="soon")),
    ),
    "new-event": Deviation("The conversation is announced by an event of its own.", _announced),
    "other-order": Deviation("The end of the transcript comes before the end of the audio."),
    "other-error-text": Deviation(
        "Errors are put in other words.",
        _at("error", lambda event: event["error"].update(message="Something is wrong with your request.")),
    ),
    "azure": Deviation(
        "As on Azure: the key is in api-key, a wrong one is HTTP 401, and a content part is there twice.",
        _doubled_part,
        key_header="api-key",
        refuses_upgrade=True,
    ),
}
"""Every deviation by its name."""

_EARLY, _LATE = "response.output_audio_transcript.done", "response.output_audio.done"


@dataclass(frozen=True)
class Deviating(Fault):
    """The server speaks otherwise, as the deviation ``of`` says.

    Attributes:
        of: Its name.
    """

    name = "deviation"
    of: str = "new-field"

    def line(self, _random: Random) -> Line:
        """Change each event as the deviation does."""
        return _swapped() if self.of == "other-order" else _each(DEVIATIONS[self.of].change, self.of)


def _each(change: Callable[[_Wire], Sequence[_Wire]], name: str) -> Line:
    def passed(packet: Packet) -> Sequence[Step]:
        before = dict(packet.event)
        sent = change(_copied(packet.event))
        if [*sent] == [before]:
            return [packet]
        return [replace(packet, event=event, note=name) for event in sent]

    return passed


def _copied(event: Mapping[str, Any]) -> _Wire:
    return {key: dict(value) if isinstance(value, dict) else value for key, value in event.items()}


def _swapped() -> Line:
    """Keep the one back until the other has gone."""
    kept: list[Packet] = []

    def passed(packet: Packet) -> Sequence[Step]:
        if packet.event["type"] == _LATE:
            kept.append(packet)
            return []
        if packet.event["type"] == _EARLY and kept:
            return [packet, kept.pop()]
        return [packet]

    return passed


class Dialect:
    """What a server that deviates makes of a handshake.

    Args:
        names: The deviations it was started with.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._deviations = [DEVIATIONS[name] for name in names]

    def headers(self, sent: Iterable[Header]) -> list[Header]:
        """Return the headers of a request with the key where this server looks for it."""
        named = {each.key_header for each in self._deviations} - {"authorization"}
        return [
            ("Authorization", f"Bearer {key}") if name.lower() in named else (name, key) for name, key in sent
        ]

    def refused(self, credential: Credential) -> Refused | None:
        """Return why no WebSocket opens for ``credential``, or None."""
        if not any(each.refuses_upgrade for each in self._deviations):
            return None
        verdict = credential.refusal("")
        if verdict is None:
            return None
        if verdict.rule is rules.NO_KEY:
            return rules.HTTP_NO_KEY.refuse()
        return rules.HTTP_WRONG_KEY.refuse(key=credential.masked)


def as_text() -> str:
    """Return every deviation and what it is, for a reader."""
    return "\n".join(f"{name}\n    {each.what}" for name, each in DEVIATIONS.items())
