"""The mutants of the wire: small named ways in which a client can be wrong, each with what must notice.

Each is applied between a client and the endpoint (see ``support.tamper``), so it works on any client. A
mutant states beforehand which criteria must turn red, and for which reason; every other must not notice.
The beta shapes are those of the vendor's retired types; what the endpoint answers to them is in its rules.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

from realtime_server import Connection
from support.criteria import CRITERIA
from support.tamper import NONE, Event, Tampering, Upgrade

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

Plane = Literal["wire", "server", "report", "benign"]
BENIGN: Plane = "benign"
Session = dict[str, Any]
Change = Callable[[Event], Iterable[Event]]


@dataclass(frozen=True)
class Mutant:
    """One way to be wrong, or, on the benign plane, to be different.

    Attributes:
        id: Stable, for the matrix and its history.
        plane: What is wrong: the client as the ``wire`` shows it, the ``server`` or the ``report``; or
            ``benign`` for a change that must survive everywhere.
        title: What it does. Of a client as the features say it: "a client that …".
        tampering: How a client is played.
        kills: Judge → words of the reason for which it must turn red. Others must stay green.
        judges: Who is asked: the criteria, the ``SERVER``'s own tests, the reconciliation of the ``REPORT``.
        applied: Holds what is changed in this process while the mutant is judged.
        touches: Of a server: whether it would have acted otherwise in any of these connections.
    """

    id: str
    plane: Plane
    title: str
    tampering: Tampering = NONE
    kills: Mapping[str, str] = field(default_factory=dict)
    judges: Sequence[str] = tuple(CRITERIA)
    applied: Callable[[], AbstractContextManager[Any]] = nullcontext
    touches: Callable[[Iterable[Connection]], bool] = lambda _: False


# ------------------------------------------------------------------ the upgrade


def _with_header(name: str, value: str) -> Callable[[Upgrade], Upgrade]:
    return lambda upgrade: upgrade.having((name, value))


def _bearer(upgrade: Upgrade) -> str:
    return next((value for name, value in upgrade.headers if name.lower() == "authorization"), "")


def _key_in_address(upgrade: Upgrade) -> Upgrade:
    return Upgrade(upgrade.headers, [*upgrade.query, ("api_key", _bearer(upgrade).removeprefix("Bearer "))])


def _without_header(name: str) -> Callable[[Upgrade], Upgrade]:
    return lambda upgrade: Upgrade(
        [header for header in upgrade.headers if header[0].lower() != name.lower()], upgrade.query
    )


def _with_bearer(change: Callable[[str], str]) -> Callable[[Upgrade], Upgrade]:
    def changed(upgrade: Upgrade) -> Upgrade:
        key = change(_bearer(upgrade).removeprefix("Bearer "))
        return _without_header("Authorization")(upgrade).having(("Authorization", f"Bearer {key}"))

    return changed


def _without_model(upgrade: Upgrade) -> Upgrade:
    return Upgrade(upgrade.headers, [each for each in upgrade.query if each[0] != "model"])


# ------------------------------------------------------------------ the session


def _session(change: Callable[[Session], Session]) -> Change:
    """Return a change of ``session.update`` events alone."""

    def changed(event: Event) -> Iterable[Event]:
        if event.get("type") == "session.update":
            return ({**event, "session": change(event["session"])},)
        return (event,)

    return changed


def _flat(session: Session) -> Session:
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


def in_ga_shape(session: Session) -> Session:
    """Return a session in the shape of GA, whichever of its settings are in the shape of the beta."""
    audio = session.get("audio", {})
    heard, spoken = dict(audio.get("input", {})), dict(audio.get("output", {}))
    pcm16 = {"type": "audio/pcm", "rate": 24000}
    for flat, side, name in (
        ("input_audio_format", heard, "format"),
        ("input_audio_transcription", heard, "transcription"),
        ("turn_detection", heard, "turn_detection"),
        ("output_audio_format", spoken, "format"),
        ("voice", spoken, "voice"),
    ):
        if flat in session:
            side[name] = pcm16 if name == "format" else session[flat]
    kept = {key: value for key, value in session.items() if key in ("instructions", "tools", "tool_choice")}
    return {"type": "realtime", **kept, "audio": {"input": heard, "output": spoken}}


def _without(part: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != key}


def _audio(side: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Session], Session]:
    """Return a change of the session's audio settings on one side, ``input`` or ``output``."""
    return lambda session: {
        **session,
        "audio": {**session["audio"], side: change(dict(session["audio"][side]))},
    }


def _flat_voice(session: Session) -> Session:
    changed = _audio("output", lambda output: _without(output, "voice"))(session)
    return {**changed, "voice": session["audio"]["output"]["voice"]}


def _tools_under_audio(session: Session) -> Session:
    if "tools" not in session:
        return session
    return {**_without(session, "tools"), "audio": {**session["audio"], "tools": session["tools"]}}


def _believes_its_own_session() -> Tampering:
    """A client that takes the session it asked for to be in force, whatever the endpoint says."""
    asked: list[Session] = []

    def sent(event: Event) -> Iterable[Event]:
        if event.get("type") == "session.update":
            asked.append(event["session"])
        return (event,)

    def received(event: Event) -> Iterable[Event]:
        if event.get("type") == "session.updated" and asked:
            return ({**event, "session": _merged(event["session"], asked[-1])},)
        return (event,)

    return Tampering(sent=sent, received=received)


def _merged(session: Session, asked: Session) -> Session:
    merged = dict(session)
    for key, value in asked.items():
        both = isinstance(value, dict) and isinstance(session.get(key), dict)
        merged[key] = _merged(session[key], value) if both else value
    return merged


# ------------------------------------------------------------------- the events


def _replacing(name: str, *events: Callable[[Event], Event]) -> Change:
    """Return a change of one type of event: each of ``events`` makes one that stands in for it."""

    def changed(event: Event) -> Iterable[Event]:
        return [make(event) for make in events] if event.get("type") == name else (event,)

    return changed


def _as_it_is(event: Event) -> Event:
    return event


def _bare(name: str) -> Callable[[Event], Event]:
    return lambda _: {"type": name}


def _both(*changes: Change) -> Change:
    def changed(event: Event) -> Iterable[Event]:
        events: list[Event] = [event]
        for change in changes:
            events = [after for before in events for after in change(before)]
        return events

    return changed


def _dropping(names: Iterable[str]) -> Change:
    dropped = frozenset(names)
    return lambda event: () if event.get("type") in dropped else (event,)


def _renaming(old: str, new: str) -> Change:
    return _replacing(old, lambda event: {**event, "type": new})


def _even_only(event: Event) -> Event:
    pcm = base64.b64decode(event["delta"])
    return {**event, "delta": base64.b64encode(pcm[: len(pcm) // 2 * 2]).decode()}


def _silent(event: Event) -> Event:
    return {**event, "delta": base64.b64encode(bytes(len(base64.b64decode(event["delta"])))).decode()}


def _first(count: int, name: str) -> Tampering:
    """A client that takes in only the first events of a type after each request for a response."""
    left = [count]

    def sent(event: Event) -> Iterable[Event]:
        if event.get("type") == "response.create":
            left[0] = count
        return (event,)

    def received(event: Event) -> Iterable[Event]:
        if event.get("type") != name:
            return (event,)
        left[0] -= 1
        return (event,) if left[0] >= 0 else ()

    return Tampering(sent=sent, received=received)


def _with_part_of_the_beta(event: Event) -> Event:
    item = event["item"]
    parts = [{**part, "type": "text"} for part in item.get("content", ())]
    return {**event, "item": {**item, "content": parts}}


def _in_two_parts(event: Event) -> Event:
    item = event["item"]
    return {**event, "item": {**item, "content": [*item["content"], {"type": "input_text", "text": ""}]}}


def _completed(event: Event) -> Event:
    return {**event, "response": {**event["response"], "status": "completed", "status_details": None}}


def _cancelled(event: Event) -> Event:
    details = {"type": "cancelled", "reason": "turn_detected"}
    return {**event, "response": {**event["response"], "status": "cancelled", "status_details": details}}


def _noisy(event: Event) -> Event:
    pcm = bytes(255 - byte for byte in base64.b64decode(event["audio"]))
    return {**event, "audio": base64.b64encode(pcm).decode()}


def _apart(_: Event) -> Event:
    return {"type": "response.create", "response": {"conversation": "none", "output_modalities": ["text"]}}


def _echoing(event: Event) -> Event:
    return {**event, "transcript": f"{event['transcript']} {event['transcript']}"}


# ------------------------------------------------------------------- the client


class Wrapped:
    """A client seen through a change: everything else is the client's own.

    Attributes:
        acts_on: What of the client it changes: attributes, or ``RAISES`` for what its calls raise.
    """

    acts_on: frozenset[str] = frozenset()

    def __init__(self, client: Any) -> None:
        self._client = client

    def __init_subclass__(cls) -> None:
        own = {name for name in vars(cls) if not name.startswith("_") and name != "acts_on"}
        cls.acts_on |= own

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


RAISES = "(raises)"


class _Impatient(Wrapped):
    """Takes a short silence for the end of the turn, as clients did that waited for no ``response.done``."""

    async def recv_audio(self, timeout: float) -> Any:  # noqa: ARG002 - the public surface
        from realtime_adapter import AudioChunk  # noqa: PLC0415 - only this mutant makes a chunk of its own

        try:
            return await self._client.recv_audio(_SILENCE_S)
        except TimeoutError:
            return AudioChunk(b"")


_SILENCE_S = 0.5  # half a second passed for silence in clients of old


def _documenting(change: Callable[[str], str]) -> Tampering:
    return Tampering(documentation=change)


def _reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reordered(value[key]) for key in reversed(value)}
    return [_reordered(part) for part in value] if isinstance(value, list) else value


def _with_unknown_event(event: Event) -> Iterable[Event]:
    return ({"type": "conversation.weather.updated", "event_id": "event_unannounced"}, event)


# ------------------------------------------------------------------- the tables


def _connecting(reason: str) -> dict[str, str]:
    """What must notice a client that is not let in: whatever connects."""
    return dict.fromkeys(("AC1", "AC2", "AC3", "AC4", "AC5", "AC6"), reason)


_BETA_HEADER = _with_header("OpenAI-Beta", "realtime=v1")
_BETA_SESSION = _session(_flat)
_BETA_NAMES_ONLY = _dropping(RENAMED_EVENTS)
_GA_NAMES_ONLY = _dropping(RETIRED_EVENTS)
_TRANSCRIPT = "response.output_audio_transcript"
_RECOGNISED = "conversation.item.input_audio_transcription.completed"

MUTANTS: tuple[Mutant, ...] = (
    # the upgrade
    Mutant(
        "beta-header",
        "wire",
        "sends the beta header",
        Tampering(upgrade=_BETA_HEADER),
        _connecting("beta_api_shape_disabled"),
    ),
    Mutant(
        "beta-subprotocol",
        "wire",
        "offers the beta subprotocol",
        Tampering(upgrade=_with_header("Sec-WebSocket-Protocol", "realtime, openai-beta.realtime-v1")),
        _connecting("beta_api_shape_disabled"),
    ),
    Mutant(
        "subprotocol",
        "wire",
        "offers a subprotocol beside its bearer",
        Tampering(upgrade=_with_header("Sec-WebSocket-Protocol", "realtime")),
        {"AC1": "empty collection", "AC6": "empty collection"},
    ),
    Mutant(
        "key-in-address",
        "wire",
        "writes its key into the address",
        Tampering(upgrade=_key_in_address),
        {"AC1": "/v1/realtime", "AC6": "/v1/realtime"},
    ),
    Mutant(
        "no-bearer",
        "wire",
        "presents no key",
        Tampering(upgrade=_without_header("Authorization")),
        _connecting("Missing bearer"),
    ),
    Mutant(
        "no-model", "wire", "names no model", Tampering(upgrade=_without_model), _connecting("missing_model")
    ),
    Mutant(
        "another-key",
        "wire",
        "presents another key than its own",
        Tampering(upgrade=_with_bearer(lambda _: "sk-somebody-else-s")),
        {"AC1": "the key is the client's own", "AC6": "the key is the client's own"},
    ),
    Mutant(
        "wrong-source",
        "wire",
        "takes its key from elsewhere than it was told",
        Tampering(upgrade=_with_bearer(lambda key: "sk-stray" if key.startswith("sk-held-by") else key)),
        {"AC1": "the key is the one that counts"},
    ),
    # the session
    Mutant(
        "beta-session",
        "wire",
        "sends the beta session",
        Tampering(sent=_BETA_SESSION),
        _connecting("session.type"),
    ),
    Mutant(
        "no-session-type",
        "wire",
        "leaves the session's type out",
        Tampering(sent=_session(lambda session: _without(session, "type"))),
        _connecting("session.type"),
    ),
    Mutant(
        "flat-voice",
        "wire",
        "sends one flat setting of the beta",
        Tampering(sent=_session(_flat_voice)),
        _connecting("session.voice"),
    ),
    Mutant(
        "named-format",
        "wire",
        "names its audio format as the beta did",
        Tampering(sent=_session(_audio("input", lambda side: {**side, "format": "pcm16"}))),
        _connecting("session.audio.input.format"),
    ),
    Mutant(
        "wrong-rate",
        "wire",
        "asks for 16 kHz",
        Tampering(
            sent=_session(
                _audio("input", lambda side: {**side, "format": {"type": "audio/pcm", "rate": 16000}})
            )
        ),
        _connecting("session.audio.input.format.rate"),
    ),
    Mutant(
        "no-turn-detection",
        "wire",
        "leaves turn detection out",
        Tampering(sent=_session(_audio("input", lambda side: _without(side, "turn_detection")))),
        _connecting("session.audio.input.turn_detection"),
    ),
    Mutant(
        "tools-under-audio",
        "wire",
        "puts its tools under the audio settings",
        Tampering(sent=_session(_tools_under_audio)),
        {"AC2": "session.audio.tools"},
    ),
    Mutant(
        "configured-twice",
        "wire",
        "configures its session twice",
        Tampering(sent=_replacing("session.update", _as_it_is, _as_it_is)),
        {"AC2": "session.update", "AC5": "session.update"},
    ),
    Mutant(
        "believes-itself",
        "wire",
        "takes the session it asked for to be in force",
        _believes_its_own_session(),
        {"AC2": "the attempt succeeded"},
    ),
    Mutant(
        "clears-first",
        "wire",
        "empties its input before it configures its session",
        Tampering(sent=_replacing("session.update", _bare("input_audio_buffer.clear"), _as_it_is)),
        {"AC2": "was <['input_audio_buffer.clear']>"}
        | dict.fromkeys(("AC5", "AC6"), "input_audio_buffer.clear"),
    ),
    Mutant(
        "one-setting-more",
        "wire",
        "asks for a setting more",
        Tampering(sent=_session(_audio("output", lambda side: {**side, "speed": 1.0}))),
        {"AC2": "audio.output.speed is 1.0 and not expected", "AC6": "not expected"},
    ),
    Mutant(
        "another-voice",
        "wire",
        "asks for another voice than it was told, and does not look which it gets",
        _believes_its_own_session().then(
            Tampering(sent=_session(_audio("output", lambda side: {**side, "voice": "echo"})))
        ),
        {"AC2": 'voice is "echo" where "marin"', "AC6": "voice"},
    ),
    Mutant(
        "cancels-at-once",
        "wire",
        "cancels before there is anything to cancel",
        Tampering(sent=_replacing("session.update", _as_it_is, _bare("response.cancel"))),
        dict.fromkeys(("AC2", "AC3", "AC5", "AC6"), "no active response"),
    ),
    # what is understood
    Mutant(
        "beta-names-only",
        "wire",
        "understands only the beta event names",
        Tampering(received=_BETA_NAMES_ONLY),
        {
            "AC1": "0 bytes",
            "AC3": "heard 0 bytes",
            "AC4": "None",
            "AC5": "heard 0 bytes",
            "AC6": "0 bytes",
        },
    ),
    Mutant(
        "ga-names-only",
        "wire",
        "does not understand the retired event names",
        Tampering(received=_GA_NAMES_ONLY),
        {"AC3": "heard 0 bytes", "AC4": "None"},
    ),
    Mutant(
        "odd-byte-lost",
        "wire",
        "drops half a sample at the end of a slice",
        Tampering(received=_replacing("response.output_audio.delta", _even_only)),
        {"AC3": "bytes where"},
    ),
    Mutant(
        "slice-twice",
        "wire",
        "hears each slice of audio twice",
        Tampering(received=_replacing("response.output_audio.delta", _as_it_is, _as_it_is)),
        {"AC3": "length of <3>", "AC4": "bytes where", "AC5": "bytes where", "AC6": "bytes where"},
    ),
    Mutant(
        "failure-unseen",
        "wire",
        "takes every ended response for a success",
        Tampering(received=_replacing("response.done", _completed)),
        {"AC3": "the attempt succeeded"},
    ),
    Mutant(
        "impatient",
        "wire",
        "takes a short silence for the end of the turn",
        Tampering(client=_Impatient),
        {"AC3": "bytes where"},
    ),
    Mutant(
        "agent-words-renamed",
        "wire",
        "does not know the events of the agent's transcript",
        Tampering(received=_dropping((f"{_TRANSCRIPT}.delta", f"{_TRANSCRIPT}.done"))),
        {"AC4": "None"},
    ),
    Mutant(
        "agent-words-final-only",
        "wire",
        "reads the agent's words from the final event alone",
        Tampering(received=_dropping((f"{_TRANSCRIPT}.delta",))),
        {"AC4": "At nine"},
    ),
    Mutant(
        "user-words-renamed",
        "wire",
        "does not know the event of the user's transcript",
        Tampering(received=_renaming(_RECOGNISED, "conversation.item.transcribed")),
        {"AC4": "transcri"},
    ),
    Mutant(
        "user-words-doubled",
        "wire",
        "repeats the user's words",
        Tampering(received=_replacing(_RECOGNISED, _echoing)),
        {"AC4": "Hello"},
    ),
    Mutant(
        "retired-audio-as-ga",
        "wire",
        "does not tell the retired name of the audio",
        Tampering(received=_renaming("response.audio.delta", "response.output_audio.delta")),
        {"AC3": "2 warnings are due"},
    ),
    Mutant(
        "retired-words-as-ga",
        "wire",
        "does not tell the retired name of the streamed words",
        Tampering(received=_renaming("response.audio_transcript.delta", f"{_TRANSCRIPT}.delta")),
        {"AC4": "one warning is due"},
    ),
    Mutant(
        "retired-final-words-as-ga",
        "wire",
        "does not tell the retired name of the final words",
        Tampering(received=_renaming("response.audio_transcript.done", f"{_TRANSCRIPT}.done")),
        {"AC4": "one warning is due"},
    ),
    Mutant(
        "retired-slice-twice",
        "wire",
        "hears each slice of audio twice under its retired name",
        Tampering(received=_replacing("response.audio.delta", _as_it_is, _as_it_is)),
        {"AC3": "bytes where"},
    ),
    Mutant(
        "retired-words-changed",
        "wire",
        "mishears the final words under their retired name",
        Tampering(received=_replacing("response.audio_transcript.done", _echoing)),
        {"AC4": "we close at six. We open"},
    ),
    Mutant(
        "silent",
        "wire",
        "hears silence instead of the answer",
        Tampering(received=_replacing("response.output_audio.delta", _silent)),
        {
            **dict.fromkeys(("AC1", "AC5"), "speech lies above"),
            "AC3": "the first slices are those of the answer",
            **dict.fromkeys(("AC4", "AC6"), "bytes where"),
        },
    ),
    Mutant(
        "first-slices-only",
        "wire",
        "hears only the first slices of an answer",
        _first(2, "response.output_audio.delta"),
        {"AC3": "the answer lasts", "AC4": "bytes where", "AC5": "bytes where", "AC6": "bytes where"},
    ),
    Mutant(
        "closes-oddly",
        "wire",
        "hangs up with a code of its own",
        Tampering(close_code=4_999),
        {"AC1": "4999"},
    ),
    # what is sent
    Mutant(
        "user-words-changed",
        "wire",
        "mishears the words of the user",
        Tampering(received=_replacing(_RECOGNISED, lambda event: {**event, "transcript": "Goodbye."})),
        {"AC4": "recognised as"},
    ),
    Mutant(
        "create-before-commit",
        "wire",
        "asks for a response before it commits its speech",
        Tampering(
            sent=_both(
                _dropping(("response.create",)),
                _replacing("input_audio_buffer.commit", _bare("response.create"), _as_it_is),
            )
        ),
        {"AC5": "response.create"},
    ),
    Mutant(
        "no-commit",
        "wire",
        "commits nothing",
        Tampering(sent=_dropping(("input_audio_buffer.commit",))),
        {"AC4": "transcri", "AC5": "input_audio_buffer.commit"},
    ),
    Mutant(
        "double-create",
        "wire",
        "asks for each response twice",
        Tampering(sent=_replacing("response.create", _as_it_is, _bare("response.create"))),
        {**dict.fromkeys(("AC1", "AC3", "AC4", "AC6"), "already_has_active"), "AC5": "response.create"},
    ),
    Mutant(
        "speech-twice",
        "wire",
        "sends each slice of speech twice",
        Tampering(sent=_replacing("input_audio_buffer.append", _as_it_is, _as_it_is)),
        {"AC4": "Hello", "AC5": "all is heard as it was said"},
    ),
    Mutant(
        "noisy-speech",
        "wire",
        "does not send its speech as it was said",
        Tampering(sent=_replacing("input_audio_buffer.append", _noisy)),
        {"AC4": "Hello", "AC5": "the question is heard as it was said"},
    ),
    Mutant(
        "answered-apart",
        "wire",
        "asks for another answer beside each",
        Tampering(sent=_replacing("response.create", _as_it_is, _apart)),
        {"AC3": "bytes where", "AC4": "None", "AC5": "length of <2>"},
    ),
    Mutant(
        "beta-part",
        "wire",
        "sends its text in a part of the beta",
        Tampering(sent=_replacing("conversation.item.create", _with_part_of_the_beta)),
        {"AC5": "text"},
    ),
    Mutant(
        "two-parts",
        "wire",
        "sends its text in two parts",
        Tampering(sent=_replacing("conversation.item.create", _in_two_parts)),
        {"AC5": "input_text"},
    ),
    Mutant(
        "no-cancel",
        "wire",
        "interrupts without cancelling",
        Tampering(sent=_dropping(("response.cancel",))),
        {"AC5": "length of <1>"},
    ),
    # the documentation
    Mutant(
        "beta-header-documented",
        "wire",
        "documents the beta header again",
        _documenting(lambda text: f"{text}\nHeader: OpenAI-Beta: realtime=v1"),
        {"AC7": "OpenAI-Beta"},
    ),
    Mutant(
        "beta-event-documented",
        "wire",
        "documents the beta event name",
        _documenting(lambda text: text.replace("response.output_audio.delta", "response.audio.delta")),
        {"AC7": "response.output_audio.delta"},
    ),
    Mutant(
        "both-events-documented",
        "wire",
        "documents both event names",
        _documenting(lambda text: f"{text}\nAlso: response.audio.delta"),
        {"AC7": "response.audio.delta"},
    ),
    Mutant(
        "endpoint-undocumented",
        "wire",
        "no longer documents the GA endpoint",
        _documenting(lambda text: text.replace("wss://api.openai.com/v1/realtime", "the endpoint")),
        {"AC7": "Expected: 'it does not name'"},
    ),
    Mutant(
        "undocumented",
        "wire",
        "is no longer documented",
        _documenting(lambda _: ""),
        {"AC7": "the documentation names it"},
    ),
    Mutant(
        "events-undocumented",
        "wire",
        "no longer marks the events in its documentation",
        _documenting(lambda text: text.replace("``", "")),
        {"AC7": "greater than or equal to"},
    ),
    Mutant(
        "imagined-event-documented",
        "wire",
        "documents an event that nobody knows",
        _documenting(lambda text: f"{text}\nAlso: ``response.imagined.delta``"),
        {"AC7": "response.imagined.delta"},
    ),
    # what must not matter
    Mutant(
        "unrelated-header",
        "benign",
        "sends an unrelated header",
        Tampering(upgrade=_with_header("X-Request-Tag", "acceptance")),
    ),
    Mutant(
        "key-order",
        "benign",
        "orders the keys of its events anew",
        Tampering(sent=lambda event: (_reordered(event),)),
    ),
    Mutant(
        "unknown-event",
        "benign",
        "is sent an unknown event now and then",
        Tampering(received=_with_unknown_event),
    ),
    Mutant("fragments", "benign", "receives its frames in fragments", Tampering(fragmented=True)),
    Mutant(
        "more-documented",
        "benign",
        "documents one thing more",
        _documenting(lambda text: f"{text}\n* Sound: PCM16, mono, 24 kHz, both ways."),
    ),
)

# Not a mutant of the client: an endpoint that detected the user's voice and cancelled of its own accord.
CANCELLED_BY_THE_ENDPOINT = Tampering(received=_replacing("response.done", _cancelled))

BY_TITLE: dict[str, Tampering] = {mutant.title: mutant.tampering for mutant in MUTANTS}

# The old adapter was wrong in three layers; mending one uncovers the next.
PARTLY_MENDED: dict[str, Tampering] = {
    "nothing": Tampering(upgrade=_BETA_HEADER, sent=_BETA_SESSION, received=_BETA_NAMES_ONLY),
    "the header": Tampering(sent=_BETA_SESSION, received=_BETA_NAMES_ONLY),
    "the header and the session": Tampering(received=_BETA_NAMES_ONLY),
}

# What is done on the wire for a client of the beta, a layer more each time.
MENDED: dict[str, Tampering] = {
    "header-mended": Tampering(upgrade=_without_header("OpenAI-Beta")),
    "session-mended": Tampering(upgrade=_without_header("OpenAI-Beta"), sent=_session(in_ga_shape)),
}

BY_ID: dict[str, Tampering] = {mutant.id: mutant.tampering for mutant in MUTANTS} | MENDED
"""What ``-D wire=`` can play."""
