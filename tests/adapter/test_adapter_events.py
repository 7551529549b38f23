"""Events: strict in what is sent, tolerant in what is received."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from openai.types.realtime import RealtimeServerEvent
from pydantic import BaseModel

from realtime_adapter import ConfigurationError, RemoteProtocolError
from realtime_adapter.client_events import (
    InputAudioBufferAppend,
    InputText,
    ResponseCancel,
    SessionUpdate,
    UserMessage,
    build,
)
from realtime_adapter.events import (
    SERVER_EVENTS,
    Error,
    OutputAudioDelta,
    OutputAudioTranscriptDone,
    OutputTextDelta,
    ResponseDone,
    UnknownEvent,
    parse,
)


def frame(**fields: Any) -> str:
    return json.dumps(fields)


def test_what_is_not_given_is_not_sent() -> None:
    assert json.loads(ResponseCancel(event_id="e").frame()) == {"type": "response.cancel", "event_id": "e"}


def test_a_null_in_the_session_is_sent() -> None:
    session = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
    assert json.loads(SessionUpdate(event_id="e", session=session).frame())["session"] == session


@pytest.mark.parametrize(
    ("model", "fields", "path"),
    [
        (InputAudioBufferAppend, {"audio": b"AAAA"}, "audio"),
        (InputAudioBufferAppend, {"audio": "AAAA", "voice": "alloy"}, "voice"),
        (InputAudioBufferAppend, {}, "audio"),
        (InputText, {"text": 7}, "text"),
        (InputText, {"text": "\ud800"}, "text"),
        (UserMessage, {"content": "hello"}, "content"),
        (ResponseCancel, {"event_id": "e" * 513}, "event_id"),
    ],
)
def test_an_event_the_protocol_does_not_have_cannot_be_built(model: Any, fields: Any, path: str) -> None:
    with pytest.raises(ConfigurationError, match=model.__name__) as caught:
        build(model, **fields)
    assert caught.value.param == path


def test_unknown_fields_are_kept() -> None:
    event = parse(frame(type="response.output_audio.delta", delta="AAAA", obfuscation="x", response_id="r"))
    assert isinstance(event, OutputAudioDelta)
    assert event.fields["obfuscation"] == "x"


def test_unknown_events_are_kept_whole() -> None:
    event = parse(frame(type="conversation.weather.updated", event_id="e", sky={"clouds": 3}))
    assert isinstance(event, UnknownEvent)
    assert event.type == "conversation.weather.updated"
    assert event.fields["sky"] == {"clouds": 3}


@pytest.mark.parametrize(
    ("legacy", "ga", "fields"),
    [
        ("response.audio.delta", "response.output_audio.delta", {"delta": "AAAA"}),
        ("response.audio.done", "response.output_audio.done", {}),
        ("response.audio_transcript.delta", "response.output_audio_transcript.delta", {"delta": "hi"}),
        ("response.audio_transcript.done", "response.output_audio_transcript.done", {"transcript": "hi"}),
    ],
)
def test_a_retired_name_is_read_as_the_ga_event_and_remembered(
    legacy: str, ga: str, fields: dict[str, str]
) -> None:
    retired, current = parse(frame(type=legacy, **fields)), parse(frame(type=ga, **fields))
    assert isinstance(retired, type(current))
    assert (retired.type, retired.legacy_name) == (ga, legacy)
    assert (current.type, current.legacy_name) == (ga, None)


def test_a_field_named_like_ours_cannot_make_an_event_a_retired_one() -> None:
    assert parse(frame(type="response.output_audio.done", legacy_name="x")).legacy_name is None


def test_what_the_vendor_calls_optional_may_be_missing_or_null() -> None:
    done = parse(frame(type="response.done", response={"id": "r", "status_details": None, "output": None}))
    assert isinstance(done, ResponseDone)
    assert done.response.status is None
    assert isinstance(parse(frame(type="response.done")), ResponseDone)
    words = parse(frame(type="response.output_audio_transcript.done", transcript=None))
    assert isinstance(words, OutputAudioTranscriptDone)
    error = parse(frame(type="error", error={"message": "no"}))
    assert isinstance(error, Error)
    assert error.error.code is None


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not an event"),
        ("{}", "not an event"),
        ('{"type": 3}', "not an event"),
        (b'{"type": "\xff"}', "not JSON"),
        ('{"type": "response.output_audio.delta"}', "response.output_audio.delta with an unusable 'delta'"),
        ('{"type": "response.output_audio.delta", "delta": 5}', "unusable 'delta'"),
        ('{"type": "session.created", "session": []}', "unusable 'session'"),
        ('{"type": "error"}', "unusable 'error'"),
        ('{"type": "response.done", "response": {"status": 4}}', "unusable 'response.status'"),
    ],
)
def test_a_broken_frame_is_the_servers_fault(broken: str | bytes, words: str) -> None:
    with pytest.raises(RemoteProtocolError, match=words):
        parse(broken)


def test_a_broken_frame_is_not_repeated_in_the_error() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        parse(frame(type="response.output_audio.delta", delta=["very private"]))
    assert "private" not in f"{caught.value!r} {caught.value.__cause__!r}"


def vendors_events() -> dict[str, type[BaseModel]]:
    kinds = get_args(get_args(RealtimeServerEvent)[0])
    return {get_args(kind.model_fields["type"].annotation)[0]: kind for kind in kinds}


def test_every_event_the_vendor_types_is_typed_here() -> None:
    assert set(SERVER_EVENTS) == set(vendors_events())


# What the vendor types and nobody here has asked for; it stays readable in `fields`.
LEFT_IN_FIELDS = {"logprobs", "languages", "obfuscation"}


@pytest.mark.parametrize("name", sorted(SERVER_EVENTS))
def test_every_field_the_vendor_types_has_the_same_name_here(name: str) -> None:
    vendors = set(vendors_events()[name].model_fields) - {"type"} - LEFT_IN_FIELDS
    assert vendors <= set(SERVER_EVENTS[name].__struct_fields__)


def test_half_of_a_surrogate_pair_is_text_all_the_same() -> None:
    event = parse('{"type": "response.output_text.delta", "delta": "\\ud83d"}')
    assert isinstance(event, OutputTextDelta)
    assert event.delta == "\ud83d"


def test_a_frame_shows_in_no_representation_twice() -> None:
    event = parse(frame(type="response.output_audio.delta", delta="AAAA"))
    assert repr(event).count("AAAA") == 1
