"""The whole shape of a GA session: each field is accepted, echoed and refused when it is misspelt."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from realtime_server import Sender, rules, session, validation
from realtime_server.oracle import schema
from realtime_server.rules import Refused

TOOL = {"type": "function", "name": "look_up", "description": "Look up.", "parameters": {"type": "object"}}
MCP = {
    "type": "mcp",
    "server_label": "files",
    "server_url": "https://example.com/mcp",
    "allowed_tools": {"read_only": True},
    "require_approval": "never",
    "headers": {"X-A": "b"},
}

WHOLE = {
    "type": "realtime",
    "model": "gpt-realtime-2.1",
    "output_modalities": ["text"],
    "instructions": "Be brief.",
    "tools": [TOOL, MCP],
    "tool_choice": {"type": "mcp", "server_label": "files"},
    "parallel_tool_calls": True,
    "reasoning": {"effort": "xhigh"},
    "max_output_tokens": 4096,
    "tracing": {"workflow_name": "w", "group_id": "g", "metadata": {"any": ["thing"]}},
    "truncation": {
        "type": "retention_ratio",
        "retention_ratio": 0.8,
        "token_limits": {"post_instructions": 0},
    },
    "prompt": {"id": "pmpt_1", "version": "2", "variables": {"name": "value"}},
    "include": ["item.input_audio_transcription.logprobs"],
    "audio": {
        "input": {
            "format": {"type": "audio/pcmu"},
            "noise_reduction": {"type": "near_field", "strength": 0.5},
            "transcription": {"model": "gpt-transcribe", "languages": ["en"], "keywords": ["opening hours"]},
            "turn_detection": {"type": "semantic_vad", "eagerness": "high"},
        },
        "output": {"format": {"type": "audio/pcma"}, "voice": "cedar", "speed": 1.5},
    },
}


def update(changed: dict[str, Any]) -> dict[str, Any]:
    return {"type": "session.update", "session": changed}


def initial(model: str = "gpt-realtime-2.1") -> session.Session:
    return session.initial(model, "sess_1", 0)


def patched(current: session.Session, **patch: Any) -> session.Session:
    validation.check_event(update({"type": "realtime", **patch}))
    return session.updated(current, {"type": "realtime", **patch}, spoken=False, responding=False)


def test_the_sample_names_every_field_the_vendor_types_for_a_session():
    fields = schema()["types"]["realtime_session_create_request_param.RealtimeSessionCreateRequestParam"]
    assert set(WHOLE) == set(fields)


def test_every_field_is_accepted_and_echoed(server, open_client, play):
    async def scene():
        async with open_client("?model=gpt-realtime-2.1") as client:
            return await client.ask(update(WHOLE))

    echoed = play(scene())["session"]
    audio = WHOLE["audio"]
    assert {key: echoed[key] for key in WHOLE if key != "audio"} == {
        key: value for key, value in WHOLE.items() if key != "audio"
    }
    assert echoed["audio"]["output"] == audio["output"]
    heard = echoed["audio"]["input"]
    assert heard["transcription"] == {**audio["input"]["transcription"], "language": None, "prompt": None}
    assert heard["turn_detection"] == {
        **audio["input"]["turn_detection"],
        "create_response": True,
        "interrupt_response": True,
    }
    assert (echoed["object"], echoed["id"][:5]) == ("realtime.session", "sess_")
    assert server.wait_for_connection().session == echoed


def places(value: Any, path: str = "session") -> list[tuple[str, Any]]:
    """Every object of the sample whose members are fixed, with its path."""
    found = []
    if isinstance(value, dict):
        if not path.endswith((".parameters", ".metadata", ".variables", ".headers")):
            found.append((path, value))
        for key, member in value.items():
            found += places(member, f"{path}.{key}")
    if isinstance(value, list):
        for index, member in enumerate(value):
            found += places(member, f"{path}[{index}]")
    return [place for place in found if ".metadata." not in place[0]]


@pytest.mark.parametrize("number", range(len(places(WHOLE))), ids=[path for path, _ in places(WHOLE)])
def test_an_unknown_field_is_refused_at_every_depth_with_its_whole_path(number):
    sample = copy.deepcopy(WHOLE)
    path, place = places(sample)[number]
    place["colour"] = "red"
    with pytest.raises(Refused, match="Unknown parameter") as refused:
        validation.check_event(update(sample))
    assert (refused.value.rule.code, refused.value.param) == ("unknown_parameter", f"{path}.colour")


@pytest.mark.parametrize("number", range(len(places(WHOLE))), ids=[path for path, _ in places(WHOLE)])
def test_no_field_takes_a_list_of_lists(number):
    path, place = places(WHOLE)[number]
    for key, value in place.items():
        if (path, key) in {("session.tracing", "metadata"), ("session.tools[0]", "parameters")}:
            continue  # typed as anything at all
        sample = copy.deepcopy(WHOLE)
        places(sample)[number][1][key] = [[value]]
        with pytest.raises(Refused) as refused:
            validation.check_event(update(sample))
        assert refused.value.rule.code in {"invalid_type", "invalid_value"}
        assert refused.value.param.startswith(f"{path}.{key}")


@pytest.mark.parametrize(
    ("detection", "expected", "got"),
    [
        ({"prefix_padding_ms": 300.0}, "an integer", "a decimal number"),
        ({"prefix_padding_ms": True}, "an integer", "a boolean"),
        ({"prefix_padding_ms": "300"}, "an integer", "a string"),
        ({"threshold": True}, "a number", "a boolean"),
        ({"threshold": None}, "a number", "null"),
        ({"create_response": 1}, "a boolean", "an integer"),
        ({"create_response": {}}, "a boolean", "an object"),
    ],
)
def test_a_value_of_the_wrong_json_type_is_named_with_what_was_expected(detection, expected, got):
    ((key, _),) = detection.items()
    heard = {"turn_detection": {"type": "server_vad", **detection}}
    with pytest.raises(Refused) as refused:
        validation.check_event(update({"type": "realtime", "audio": {"input": heard}}))
    path = f"session.audio.input.turn_detection.{key}"
    assert refused.value.message == f"Invalid type for '{path}': expected {expected}, but got {got} instead."


def test_of_several_faults_the_session_type_is_named_first():
    with pytest.raises(Refused) as refused:
        validation.check_event(update({"voice": "alloy", "modalities": ["text", "audio"]}))
    assert refused.value.param == "session.type"


@pytest.mark.shows(rules.ALL_OR_NOTHING)
def test_a_refused_update_changes_nothing(server, open_client, play):
    async def scene():
        async with open_client() as client:
            before = server.wait_for_connection().session
            patch = {"type": "realtime", "instructions": "New.", "temperature": 0.8}
            error = await client.ask(update(patch))
            return before, error, await client.nothing_more()

    before, error, more = play(scene())
    assert error["error"]["param"] == "session.temperature"
    assert more == []
    connection = server.wait_for_connection()
    assert connection.session == before
    assert "session.updated" not in connection.transcript.types(Sender.SERVER)


@pytest.mark.shows(rules.SESSION_EXTRAS)
def test_the_session_begins_as_recorded():
    begun = initial("gpt-realtime")
    assert list(begun) == [
        "type", "object", "id", "model", "output_modalities", "instructions", "tools", "tool_choice",
        "max_output_tokens", "tracing", "truncation", "prompt", "expires_at", "audio", "include",
    ]  # fmt: skip
    assert begun["audio"] == {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24000},
            "transcription": None,
            "noise_reduction": None,
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
                "silence_duration_ms": 200,
                "idle_timeout_ms": None,
                "create_response": True,
                "interrupt_response": True,
            },
        },
        "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "alloy", "speed": 1.0},
    }


def test_newer_models_begin_with_another_voice_and_a_longer_silence():
    audio = initial("gpt-realtime-2.1-mini")["audio"]
    assert audio["output"]["voice"] == "marin"
    assert audio["input"]["turn_detection"]["silence_duration_ms"] == 500


def test_a_tool_is_echoed_in_the_recorded_order():
    given = {"parameters": {"b": 1, "a": 2}, "description": "Look up.", "name": "look_up", "type": "function"}
    (tool,) = patched(initial(), tools=[given])["tools"]
    assert tool == given
    assert list(tool) == ["type", "name", "description", "parameters"]
    assert list(tool["parameters"]) == ["b", "a"]


def test_an_update_is_a_patch():
    one = patched(initial(), audio={"input": {"turn_detection": {"type": "server_vad", "threshold": 0.9}}})
    two = patched(
        one, audio={"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 900}}}
    )
    detection = two["audio"]["input"]["turn_detection"]
    assert (detection["threshold"], detection["silence_duration_ms"]) == (0.9, 900)
    three = patched(two, audio={"input": {"turn_detection": {"type": "semantic_vad"}}})
    assert three["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad", "eagerness": "auto", "create_response": True, "interrupt_response": True,
    }  # fmt: skip
    four = patched(three, audio={"input": {"turn_detection": None}})
    assert four["audio"]["input"]["turn_detection"] is None
    assert four["audio"]["output"] == initial()["audio"]["output"]


@pytest.mark.shows(rules.TRANSCRIPTION_ECHO)
def test_transcription_and_noise_reduction_keep_what_is_left_out_and_null_turns_them_off():
    on = {"transcription": {"model": "whisper-1", "language": "en"}, "noise_reduction": {"type": "far_field"}}
    one = patched(initial(), audio={"input": on})
    two = patched(
        one, audio={"input": {"transcription": {"prompt": "shop"}, "noise_reduction": {"strength": 2}}}
    )
    heard = two["audio"]["input"]
    assert heard["transcription"] == {"model": "whisper-1", "language": "en", "prompt": "shop"}
    assert heard["noise_reduction"] == {"type": "far_field", "strength": 2}
    off = patched(two, audio={"input": {"transcription": None, "noise_reduction": None}})
    assert off["audio"]["input"]["transcription"] is off["audio"]["input"]["noise_reduction"] is None


@pytest.mark.shows(rules.EMPTY_INSTRUCTIONS)
def test_empty_instructions_bring_back_those_of_the_service():
    changed = patched(initial(), instructions="Be brief.")
    assert changed["instructions"] == "Be brief."
    assert patched(changed, instructions="")["instructions"] == session.INSTRUCTIONS
