"""The settings of a session: each in its place, and each flaw named down to the part that is wrong."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest
from openai.types.realtime import RealtimeSessionCreateRequest

from realtime_adapter import ConfigurationError, RealtimeError, ServerError, SessionRefused
from realtime_adapter.refusals import refused_change
from realtime_adapter.session import Update, requested_session, session_change
from realtime_adapter.settings import SessionSettings, check, place

# Of the vendor's top-level fields, those that are arguments of their own, or no setting at all.
ELSEWHERE = {"type", "audio", "instructions", "model", "tools", "tool_choice", "output_modalities"}


def test_every_setting_at_the_top_of_the_vendors_session_has_its_keyword() -> None:
    assert set(RealtimeSessionCreateRequest.model_fields) - ELSEWHERE <= set(get_type_hints(SessionSettings))


def test_each_setting_goes_to_its_place() -> None:
    session: dict[str, Any] = {}
    place(session, {"speed": 1.1, "turn_detection": None, "output_modality": "text", "tracing": "auto"})
    assert session == {
        "audio": {"input": {"turn_detection": None}, "output": {"speed": 1.1}},
        "output_modalities": ["text"],
        "tracing": "auto",
    }


def test_what_is_given_is_sent_as_it_was_given_and_nothing_else() -> None:
    given = {"turn_detection": {"type": "server_vad", "threshold": 0.4}, "max_output_tokens": "inf"}
    assert check(given) == given


@pytest.mark.parametrize(
    ("settings", "param"),
    [
        ({"speed": "fast"}, "speed"),
        ({"speed": True}, "speed"),
        ({"turn_detection": {"threshold": 0.5}}, "turn_detection"),
        ({"turn_detection": {"type": "semantic_vad", "eagerness": "very"}}, "turn_detection.eagerness"),
        ({"turn_detection": {"type": "semantic_vad", "threshold": 0.5}}, "turn_detection.threshold"),
        ({"noise_reduction": {"type": "none"}}, "noise_reduction.type"),
        ({"transcription": {"model": ""}}, "transcription.model"),
        ({"transcription": {"model": "gpt-transcribe", "languages": []}}, "transcription.languages"),
        ({"transcription": {"model": "gpt-transcribe", "languages": [""]}}, "transcription.languages.0"),
        ({"transcription": {"model": "gpt-transcribe", "delay": "low"}}, "transcription.delay"),
        ({"transcription": {"model": "gpt-realtime-whisper", "prompt": "tea"}}, "transcription.prompt"),
        ({"truncation": "sometimes"}, "truncation"),
        ({"truncation": {"type": "retention_ratio"}}, "truncation.retention_ratio"),
        ({"reasoning": {"effort": "none"}}, "reasoning.effort"),
        ({"tracing": {"name": "x"}}, "tracing.name"),
        ({"include": ["everything"]}, "include.0"),
        ({"modalities": ["audio", "text"]}, "modalities"),
    ],
)  # fmt: skip
def test_a_flaw_is_named_down_to_the_part(settings: dict[str, Any], param: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check(settings)
    assert caught.value.param == param
    assert param in str(caught.value)


def test_an_unknown_setting_is_told_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="Known settings are include, max_output_tokens"):
        check({"temperature": 0.8})


def test_a_transcription_of_ones_own_takes_the_place_of_the_usual() -> None:
    own = {"model": "whisper-1", "language": "nl"}
    session = requested_session(voice="marin", transcription_model="x", settings={"transcription": own})
    assert session["audio"]["input"]["transcription"] == own
    assert session["audio"]["input"]["turn_detection"] is None


def test_a_change_holds_what_is_given_and_nothing_else() -> None:
    assert session_change(instructions="", settings={"speed": 1.2}) == {
        "instructions": "",
        "audio": {"output": {"speed": 1.2}},
    }
    with pytest.raises(ConfigurationError, match="Nothing is to be changed"):
        session_change()


def test_a_change_is_in_force_once_the_session_shows_it() -> None:
    update = Update({"type": "realtime", "instructions": "Hi."})
    assert update.result() is None
    update.shown({"type": "realtime", "instructions": "Hi.", "voice": "marin"})
    assert update.result() == {"type": "realtime", "instructions": "Hi.", "voice": "marin"}


def test_a_change_that_the_session_does_not_show_is_refused() -> None:
    update = Update({"type": "realtime", "instructions": "Hi."})
    update.shown({"type": "realtime", "instructions": "Ho."})
    with pytest.raises(SessionRefused) as caught:
        update.result()
    assert caught.value.param == "session.instructions"


def test_a_refused_change_keeps_what_the_server_said() -> None:
    update = Update({"type": "realtime"})
    said = ServerError("No.", code="cannot_update_voice", param="session.audio.output.voice", event_id="e-1")
    update.refused(refused_change(said))
    with pytest.raises(RealtimeError) as caught:
        update.result()
    assert isinstance(caught.value, SessionRefused)
    assert (caught.value.code, caught.value.param, caught.value.event_id) == (
        "cannot_update_voice",
        "session.audio.output.voice",
        "e-1",
    )
