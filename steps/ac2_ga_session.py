"""Steps of AC2: the GA session configuration."""

from typing import Any

from behave import given, then
from behave.runner import Context
from hamcrest import assert_that, empty, equal_to, is_

from realtime_server import Sender
from support.phrases import choice, world
from support.session_table import beyond, settings_of_table, unlike

OPENING_HOURS = {
    "type": "function",
    "name": "opening_hours",
    "description": "Say when the shop is open.",
    "parameters": {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]},
}
# As the chat completions API writes a tool; the realtime API has no such nesting.
NESTED_TOOL = {"type": "function", "function": {"name": "opening_hours", "parameters": {"type": "object"}}}
choice(
    "Altered",
    {
        "voice": {"audio": {"output": {"voice": "echo"}}},
        "turn detection": {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}},
    },
)


@given('a client with the tool "opening_hours", which it has to use')
def a_client_with_a_tool(context: Context) -> None:
    world(context).options.update(tools=[OPENING_HOURS], tool_choice="required")


@given("a client with a tool in the shape of chat completions")
def a_client_with_a_nested_tool(context: Context) -> None:
    world(context).options["tools"] = [NESTED_TOOL]


@given('a client with the voice "{voice}"')
def a_client_with_the_voice(context: Context, voice: str) -> None:
    world(context).options["voice"] = voice


@given("an endpoint that puts another {setting:Altered} in force")
def endpoint_that_alters(context: Context, setting: dict[str, Any]) -> None:
    world(context).open_endpoint(session_updated="altered", alteration=setting)


@then('the client\'s first event is "{event}"')
def the_first_event_is(context: Context, event: str) -> None:
    world(context).await_event(Sender.CLIENT, event)
    assert_that(world(context).transcript.types(Sender.CLIENT)[:1], equal_to([event]))


@then("the session asked for is exactly")
def the_session_asked_for_is_exactly(context: Context) -> None:
    asked = world(context).first_event(Sender.CLIENT, "session.update")["session"]
    expected = settings_of_table(context.table, [OPENING_HOURS])
    assert_that([*unlike(asked, expected), *beyond(asked, expected)], is_(empty()))


@then("the session in force has")
def the_session_in_force_has(context: Context) -> None:
    in_force = world(context).first_event(Sender.SERVER, "session.updated")["session"]
    assert_that(unlike(in_force, settings_of_table(context.table, [OPENING_HOURS])), is_(empty()))
