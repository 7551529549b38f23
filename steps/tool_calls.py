"""Steps of the functions that the model calls."""

import json

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, contains_string, empty, equal_to, has_length, is_

from realtime_server import Answer, Sender, ToolCall
from support.phrases import world
from support.tools import DEFINITIONS, Functions


@given('a client with the tools "{names}"')
def a_client_with_the_tools(context: Context, names: str) -> None:
    world(context).options["tools"] = [DEFINITIONS[name] for name in names.split(", ")]


@given('a client with the function "{name}"')
def a_client_with_the_function(context: Context, name: str) -> None:
    context.functions = Functions()
    world(context).options["tools"] = [context.functions.tool(name)]


@when('the client offers the function "{name}" from now on')
async def the_client_offers_the_function(context: Context, name: str) -> None:
    context.functions = Functions()
    await world(context).client.update_session(tools=[context.functions.tool(name)])


@given("an endpoint whose model calls")
def endpoint_whose_model_calls(context: Context) -> None:
    world(context).open_endpoint(Answer.calling(*calls_of_table(context)))


@given("an endpoint whose model speaks and calls")
def endpoint_whose_model_speaks_and_calls(context: Context) -> None:
    world(context).open_endpoint(Answer(tool_calls=calls_of_table(context)))


def calls_of_table(context: Context) -> list[ToolCall]:
    return [ToolCall(row["function"], row["arguments"], row["call"]) for row in context.table]


@when('the client returns "{output}" to "{call}"')
async def the_client_returns(context: Context, output: str, call: str) -> None:
    await world(context).client.send_tool_output(call, output)


@when('the client tries to return "{output}" to "{call}"')
async def the_client_tries_to_return(context: Context, output: str, call: str) -> None:
    await world(context).attempt(world(context).client.send_tool_output(call, output))


@when('the function "{name}" is done')
def the_function_is_done(context: Context, name: str) -> None:
    context.functions.release()


@then("the turn has called exactly")
def the_turn_has_called_exactly(context: Context) -> None:
    called = [
        (call["id"], call["type"], call["function"]["name"], call["function"]["arguments"])
        for call in world(context).client.last_tool_calls
    ]
    wanted = [(row["call"], "function", row["function"], row["arguments"]) for row in context.table]
    assert_that(called, equal_to(wanted))


@then("the turn has called nothing")
def the_turn_has_called_nothing(context: Context) -> None:
    assert_that(world(context).client.last_tool_calls, is_(empty()))


@then("the turn has ended without audio")
def the_turn_has_ended_without_audio(context: Context) -> None:
    turn = world(context).turns[-1]
    assert_that((turn.ended, turn.heard), equal_to((True, [])))


@then('"{function}" was called once with "{argument}"')
def was_called_once_with(context: Context, function: str, argument: str) -> None:
    assert_that(context.functions.calls, equal_to([(function, argument)]))


@then("the model was told")
def the_model_was_told(context: Context) -> None:
    wanted = [(row["call"], row["output"]) for row in context.table]
    assert_that([(item["call_id"], item["output"]) for item in outputs(context)], equal_to(wanted))


@then('the model was told of the error "{words}"')
def the_model_was_told_of_the_error(context: Context, words: str) -> None:
    assert_that(outputs(context), has_length(1))
    assert_that(json.loads(outputs(context)[0]["output"])["error"], contains_string(words))


def outputs(context: Context) -> list[dict[str, str]]:
    events = world(context).transcript.complete().events(Sender.CLIENT)
    items = [event["item"] for event in events if event["type"] == "conversation.item.create"]
    return [item for item in items if item["type"] == "function_call_output"]
