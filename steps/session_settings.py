"""Steps of the settings of the session."""

from typing import Any

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, equal_to, has_entries, is_not

from realtime_adapter.settings import place
from realtime_server import Sender
from support.phrases import choice, world
from support.session_table import flat

Settings = dict[str, Any]
choice(
    "Setting",
    {
        "turns taken by silence": {
            "turn_detection": {"type": "server_vad", "threshold": 0.6, "prefix_padding_ms": 200}
        },
        "turns taken by what is said": {"turn_detection": {"type": "semantic_vad", "eagerness": "low"}},
        "noise of a near microphone taken out": {"noise_reduction": {"type": "near_field"}},
        "transcription in Dutch": {"transcription": {"model": "gpt-transcribe", "language": "nl"}},
        "transcription with words to expect": {
            "transcription": {"model": "gpt-transcribe", "keywords": ["Oolong"], "prompt": "In a tea shop."}
        },
        "no transcription": {"transcription": None},
        "answers in writing": {"output_modality": "text"},
        "speech at 1.2 times the speed": {"speed": 1.2},
        "at most 200 tokens in an answer": {"max_output_tokens": 200},
        "answers of any length": {"max_output_tokens": "inf"},
        "half of a long conversation kept": {
            "truncation": {"type": "retention_ratio", "retention_ratio": 0.5}
        },
        "no part of a long conversation left out": {"truncation": "disabled"},
        "traces": {"tracing": "auto"},
        "traces under a name": {"tracing": {"workflow_name": "shop", "group_id": "tea"}},
        "how sure the transcription is": {"include": ["item.input_audio_transcription.logprobs"]},
        "a stored prompt": {"prompt": {"id": "pmpt_1", "version": "2"}},
        "much thought before an answer": {"reasoning": {"effort": "high"}, "parallel_tool_calls": True},
    },
)
choice(
    "SettingFlaw",
    {
        "speech at twice the speed": {"speed": 2},
        "an answer of no tokens": {"max_output_tokens": 0},
        "an answer of 5,000 tokens": {"max_output_tokens": 5_000},
        "answers in song": {"output_modality": "song"},
        "turns taken by a threshold of 2": {"turn_detection": {"type": "server_vad", "threshold": 2}},
        "turns taken by a silence of a second": {
            "turn_detection": {"type": "server_vad", "idle_timeout_ms": 1_000}
        },
        "turns taken by chance": {"turn_detection": {"type": "chance"}},
        "turns taken with a misspelt setting": {"turn_detection": {"type": "server_vad", "silence_ms": 5}},
        "noise of a far field taken out by force": {
            "noise_reduction": {"type": "far_field", "strength": "full"}
        },
        "two languages at once": {"transcription": {"model": "gpt-transcribe", "language": ["nl", "fr"]}},
        "words to expect of a model without them": {
            "transcription": {"model": "whisper-1", "keywords": ["Oolong"]}
        },
        "a long conversation kept twice over": {
            "truncation": {"type": "retention_ratio", "retention_ratio": 2}
        },
        "a setting of the beta": {"temperature": 0.8},
    },
)
USUAL = {
    "type",
    "audio.input.format.type",
    "audio.input.format.rate",
    "audio.input.transcription.model",
    "audio.input.turn_detection",
    "audio.output.format.type",
    "audio.output.format.rate",
    "audio.output.voice",
}


@given("a client that asks for {setting:Setting}")
def a_client_that_asks_for(context: Context, setting: Settings) -> None:
    world(context).options.update(setting)
    context.asked_for = setting


@when("a client is made that asks for {flaw:SettingFlaw}")
async def a_client_is_made_that_asks_for(context: Context, flaw: Settings) -> None:
    await world(context).attempt(world(context).connect(**flaw))


@when('the client changes its instructions to "{instructions}"')
async def the_client_changes_its_instructions(context: Context, instructions: str) -> None:
    await world(context).client.update_session(instructions=instructions)


@when('the client changes its instructions to ""')
async def the_client_takes_its_instructions_away(context: Context) -> None:
    await world(context).client.update_session(instructions="")


@when('the client tries to change its voice to "{voice}"')
async def the_client_tries_to_change_its_voice(context: Context, voice: str) -> None:
    await world(context).attempt(world(context).client.update_session(voice=voice))


@when("the client tries to change its speed to {speed:d}")
async def the_client_tries_to_change_its_speed(context: Context, speed: int) -> None:
    await world(context).attempt(world(context).client.update_session(speed=speed))


@when("the client leaves the turns to silence")
async def the_client_leaves_the_turns(context: Context) -> None:
    await world(context).client.update_session(turn_detection={"type": "server_vad"})


@then("the session in force is as it was asked for")
def the_session_in_force_is(context: Context) -> None:
    asked: Settings = {}
    place(asked, context.asked_for)
    assert_that(flat(world(context).client.session), has_entries(flat(asked)))


@then("nothing but that and the usual settings was asked for")
def nothing_else_was_asked_for(context: Context) -> None:
    asked = world(context).first_event(Sender.CLIENT, "session.update")["session"]
    assert_that(set(flat(asked)) - USUAL, equal_to({"audio.output.speed"}))


@then('the error names "{param}"')
def the_error_names(context: Context, param: str) -> None:
    assert_that(getattr(world(context).error, "param", None), equal_to(param))


@then('the session in force has the instructions "{instructions}"')
def the_session_has_the_instructions(context: Context, instructions: str) -> None:
    assert_that(world(context).client.session["instructions"], equal_to(instructions))


@then('the session in force no longer has the instructions "{instructions}"')
def the_session_no_longer_has_the_instructions(context: Context, instructions: str) -> None:
    assert_that(world(context).client.session["instructions"], is_not(equal_to(instructions)))


@then("the last change asked for nothing but the instructions")
def the_last_change_asked_for(context: Context) -> None:
    events = world(context).transcript.events(Sender.CLIENT)
    last = [event["session"] for event in events if event["type"] == "session.update"][-1]
    assert_that(set(last), equal_to({"type", "instructions"}))


@then('the turn\'s text is "{words}"')
def the_turns_text_is(context: Context, words: str) -> None:
    assert_that(world(context).agent_turn.text, equal_to(words))


@then("the turn holds no audio")
def the_turn_holds_no_audio(context: Context) -> None:
    assert_that(world(context).agent_turn.audio.data, equal_to(b""))
