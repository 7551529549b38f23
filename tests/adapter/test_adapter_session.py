"""The session asked for, the address dialled, and the key."""

from __future__ import annotations

import copy
import logging
from typing import Any

import pytest

from realtime_adapter import (
    AgentRole,
    ConfigurationError,
    MalformedApiKey,
    MissingApiKey,
    OpenAIRealtimeAgentAdapter,
    SessionRefused,
)
from realtime_adapter.credentials import ApiKey
from realtime_adapter.endpoint import DEFAULT_URL, address
from realtime_adapter.session import requested_session, require_effective
from tests.adapter.scripted_peer import in_force

TOOL = {"type": "function", "name": "now", "parameters": {"type": "object", "properties": {}}}


def asked(**changes: Any) -> dict[str, Any]:
    return requested_session(**{"voice": "alloy", "transcription_model": "gpt-4o-transcribe", **changes})


def test_the_session_asked_for_has_the_ga_shape_and_nothing_else() -> None:
    assert asked() == {
        "type": "realtime",
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": {"model": "gpt-4o-transcribe"},
                "turn_detection": None,
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "alloy"},
        },
    }


def test_instructions_and_tools_stand_at_the_top_and_only_when_given() -> None:
    session = asked(instructions="Be brief.", tools=[TOOL], tool_choice="required")
    extra = {key: value for key, value in session.items() if key not in asked()}
    assert extra == {"instructions": "Be brief.", "tools": [TOOL], "tool_choice": "required"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tools": [{"type": object()}]}, "tools"),
        ({"tools": [float("nan")]}, "tools"),
        ({"instructions": "\ud800"}, "instructions"),
        ({"instructions": 7}, "instructions"),
        ({"voice": ""}, "voice"),
        ({"transcription_model": None}, "transcription_model"),
    ],
)
def test_what_cannot_be_asked_for_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError, match=field) as caught:
        asked(**changes)
    assert caught.value.param == field
    assert caught.value.remedy


def test_what_the_server_adds_is_its_own_affair() -> None:
    session = asked(instructions="Be brief.", tools=[TOOL])
    require_effective(session, in_force(session) | {"expires_at": 1, "tools": [{**TOOL, "strict": False}]})


def _without(session: dict[str, Any], *path: str) -> None:
    for key in path[:-1]:
        session = session[key]
    del session[path[-1]]


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("type",), "transcription", "session.type"),
        (("audio", "output", "voice"), "echo", "session.audio.output.voice"),
        (("audio", "input", "turn_detection"), {"type": "server_vad"}, "session.audio.input.turn_detection"),
        (("audio", "input", "format", "rate"), 16000, "session.audio.input.format.rate"),
        (("audio", "input", "transcription"), None, "session.audio.input.transcription"),
        (("audio", "output", "format"), "pcm16", "session.audio.output.format"),
        (("instructions",), "Something else.", "session.instructions"),
        (("tools",), [], "session.tools"),
        (("tools",), [{**TOOL, "name": "then"}], "session.tools[0].name"),
        (("tool_choice",), 1, "session.tool_choice"),
    ],
)
def test_each_value_asked_for_must_be_in_force(path: tuple[str, ...], value: Any, named: str) -> None:
    requested = asked(instructions="Be brief.", tools=[TOOL], tool_choice="auto")
    effective = copy.deepcopy(in_force(requested))
    require_effective(requested, effective)
    place = effective
    for key in path[:-1]:
        place = place[key]
    before, place[path[-1]] = place[path[-1]], value
    with pytest.raises(SessionRefused) as caught:
        require_effective(requested, effective)
    assert caught.value.param == named
    assert named in str(caught.value)
    assert caught.value.effective is not before
    del place[path[-1]]
    with pytest.raises(SessionRefused, match="is missing"):
        require_effective(requested, effective)


def test_true_is_not_one() -> None:
    with pytest.raises(SessionRefused):
        require_effective({"a": True}, {"a": 1})


# -------------------------------------------------------------------------- address


def test_the_vendors_endpoint_is_the_default() -> None:
    adapter = OpenAIRealtimeAgentAdapter()
    assert adapter.url == "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1-mini"
    assert DEFAULT_URL == "wss://api.openai.com/v1/realtime"


@pytest.mark.parametrize(
    ("url", "model", "dialled"),
    [
        ("ws://127.0.0.1:8765/v1/realtime", "m", "ws://127.0.0.1:8765/v1/realtime?model=m"),
        ("wss://h/r?a=1&b=", "m", "wss://h/r?a=1&b=&model=m"),
        ("wss://h/r?model=other&a=1", "m", "wss://h/r?a=1&model=m"),
        ("wss://h/r", "ft:gpt/x y&z", "wss://h/r?model=ft%3Agpt%2Fx%20y%26z"),
    ],
)
def test_the_model_joins_the_query(url: str, model: str, dialled: str) -> None:
    assert address(url, model) == dialled


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://api.openai.com/v1/realtime", "scheme is https"),
        ("api.openai.com/v1/realtime", "scheme is missing"),
        ("ws:///v1/realtime", "no host"),
        ("ws://h:99999/r", "cannot be parsed"),
        ("ws://h:0/r", "no host and port"),
        ("ws://[::1/r", "cannot be parsed"),
        ("ws://me:secret-word@h/r", "carries credentials"),
        ("ws://h/r#part", "fragment"),
        (None, "scheme is"),
    ],
)
def test_another_url_is_refused_when_the_adapter_is_made(url: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        OpenAIRealtimeAgentAdapter(url=url)
    assert caught.value.param == "url"
    assert "secret-word" not in str(caught.value)
    assert "ws://127.0.0.1" in caught.value.remedy


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"model": ""}, "model"),
        ({"model": None}, "model"),
        ({"voice": ""}, "voice"),
        ({"role": "Judge"}, "role"),
        ({"connect_timeout_s": -1}, "connect_timeout_s"),
        ({"connect_timeout_s": "soon"}, "connect_timeout_s"),
        ({"connect_timeout_s": float("nan")}, "connect_timeout_s"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(options: dict[str, Any], param: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        OpenAIRealtimeAgentAdapter(**options)
    assert caught.value.param == param


def test_a_role_of_another_library_counts_by_its_value() -> None:
    class Foreign:
        value = "User"

    assert OpenAIRealtimeAgentAdapter(role=Foreign()).role is AgentRole.USER  # type: ignore[arg-type]


# ------------------------------------------------------------------------------ key


@pytest.mark.parametrize(
    ("given", "environment", "used"),
    [
        ("a", {"OPENAI_REALTIME_API_KEY": "b", "OPENAI_API_KEY": "c"}, "a"),
        (None, {"OPENAI_REALTIME_API_KEY": "b", "OPENAI_API_KEY": "c"}, "b"),
        ("", {"OPENAI_API_KEY": "c"}, "c"),
        (None, {"OPENAI_REALTIME_API_KEY": "", "OPENAI_API_KEY": "c"}, "c"),
    ],
)
def test_the_key_is_taken_in_order(given: str | None, environment: dict[str, str], used: str) -> None:
    assert ApiKey(given, environment).reveal() == used


def test_the_key_is_read_when_the_adapter_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-then")
    adapter = OpenAIRealtimeAgentAdapter()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-now")
    assert adapter._upgrade_headers() == {"Authorization": "Bearer sk-of-then"}


def test_without_a_key_the_remedy_names_both_variables() -> None:
    with pytest.raises(MissingApiKey, match="OPENAI_API_KEY or OPENAI_REALTIME_API_KEY"):
        ApiKey(None, {}).reveal()


@pytest.mark.parametrize(
    ("key", "flaw"),
    [
        ("sk-good-until\n", "a line break"),
        ("sk-one two", "white space"),
        ("sk-\tx", "white space"),
        ("sk-brökenkey", "beyond ASCII"),
        ("sk-\x00key", "a control character"),
    ],
)
def test_a_malformed_key_is_described_and_never_repeated(key: str, flaw: str) -> None:
    with pytest.raises(MalformedApiKey, match=flaw) as caught:
        ApiKey(None, {"OPENAI_API_KEY": key}).reveal()
    assert "OPENAI_API_KEY" in str(caught.value)
    assert not any(part in str(caught.value) for part in ("good-until", "one", "two", "brö", "\x00"))


def test_the_key_shows_in_no_representation(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    adapter = OpenAIRealtimeAgentAdapter(api_key="sk-do-not-show-me")
    assert "do-not-show" not in f"{adapter!r} {adapter} {vars(adapter)} {adapter.url}"
    assert ApiKey("sk-do-not-show-me").mask("Bearer sk-do-not-show-me!") == "Bearer ***!"
    assert ApiKey("abc").mask("YWJjabc=") == "YWJjabc="
