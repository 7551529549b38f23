"""Ways in which a client can go back to the retired beta, and changes that change nothing.

Each is applied on the wire (see ``support.tamper``), under the words the features use for it. The beta
shapes are those of the vendor's retired types; what the GA endpoint answers to each is in the server's rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from support.tamper import Event, Tampering, Upgrade

# GA name → the name the beta had for it. A client of the beta does not know the left-hand names.
RENAMED_EVENTS = {
    "response.output_text.delta": "response.text.delta",
    "response.output_text.done": "response.text.done",
    "response.output_audio.delta": "response.audio.delta",
    "response.output_audio.done": "response.audio.done",
    "response.output_audio_transcript.delta": "response.audio_transcript.delta",
    "response.output_audio_transcript.done": "response.audio_transcript.done",
    "conversation.item.added": "conversation.item.created",
}
RETIRED_EVENTS = frozenset(RENAMED_EVENTS.values())


def _with_header(name: str, value: str) -> Callable[[Upgrade], Upgrade]:
    return lambda upgrade: upgrade.having((name, value))


def _session(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Event], Iterable[Event]]:
    """Return a change of ``session.update`` events alone."""

    def changed(event: Event) -> Iterable[Event]:
        if event.get("type") == "session.update":
            return ({**event, "session": change(event["session"])},)
        return (event,)

    return changed


def _flat(session: dict[str, Any]) -> dict[str, Any]:
    """Return a GA session in the shape the beta had for it."""
    rest = {key: value for key, value in session.items() if key not in ("type", "audio", "output_modalities")}
    return {
        **rest,
        "modalities": ["text", "audio"],
        "voice": session["audio"]["output"]["voice"],
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "input_audio_transcription": session["audio"]["input"]["transcription"],
        "turn_detection": session["audio"]["input"]["turn_detection"],
    }


def _flat_voice(session: dict[str, Any]) -> dict[str, Any]:
    audio = session["audio"]
    output = {key: value for key, value in audio["output"].items() if key != "voice"}
    return {**session, "audio": {**audio, "output": output}, "voice": audio["output"]["voice"]}


def _input(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda session: {
        **session,
        "audio": {**session["audio"], "input": change(dict(session["audio"]["input"]))},
    }


def _without_turn_detection(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key != "turn_detection"}


def _named_format(settings: dict[str, Any]) -> dict[str, Any]:
    return {**settings, "format": "pcm16"}


def _beta_names_only(event: Event) -> Iterable[Event]:
    """Drop what a client of the beta would not have recognised."""
    return () if event.get("type") in RENAMED_EVENTS else (event,)


def _documenting(change: Callable[[str], str]) -> Tampering:
    return Tampering(documentation=change)


def _reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reordered(value[key]) for key in reversed(value)}
    return [_reordered(part) for part in value] if isinstance(value, list) else value


def _with_unknown_event(event: Event) -> Iterable[Event]:
    return ({"type": "conversation.weather.updated", "event_id": "event_unannounced"}, event)


_BETA_HEADER = _with_header("OpenAI-Beta", "realtime=v1")
_BETA_SESSION = _session(_flat)

REGRESSIONS: dict[str, Tampering] = {
    "sends the beta header": Tampering(upgrade=_BETA_HEADER),
    "sends the beta session": Tampering(sent=_BETA_SESSION),
    "sends one flat setting of the beta": Tampering(sent=_session(_flat_voice)),
    "names its audio format as the beta did": Tampering(sent=_session(_input(_named_format))),
    "leaves turn detection out": Tampering(sent=_session(_input(_without_turn_detection))),
    "understands only the beta event names": Tampering(received=_beta_names_only),
    "documents the beta header again": _documenting(lambda text: f"{text}\nHeader: OpenAI-Beta: realtime=v1"),
    "documents the beta event name": _documenting(
        lambda text: text.replace("response.output_audio.delta", "response.audio.delta")
    ),
    "documents both event names": _documenting(lambda text: f"{text}\nAlso: response.audio.delta"),
    "no longer documents the GA endpoint": _documenting(
        lambda text: text.replace("wss://api.openai.com/v1/realtime", "the endpoint")
    ),
    "is no longer documented": _documenting(lambda _: ""),
}

# The old adapter was wrong in three layers; mending one uncovers the next.
PARTLY_MENDED: dict[str, Tampering] = {
    "nothing": Tampering(upgrade=_BETA_HEADER, sent=_BETA_SESSION, received=_beta_names_only),
    "the header": Tampering(sent=_BETA_SESSION, received=_beta_names_only),
    "the header and the session": Tampering(received=_beta_names_only),
}

BENIGN: dict[str, Tampering] = {
    "sends an unrelated header": Tampering(upgrade=_with_header("X-Request-Tag", "acceptance")),
    "orders the keys of its events anew": Tampering(sent=lambda event: (_reordered(event),)),
    "is sent an unknown event now and then": Tampering(received=_with_unknown_event),
}
