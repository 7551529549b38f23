"""Steps of the defects that other clients are known for."""

from behave import given, then, when
from behave.runner import Context
from hamcrest import any_of, assert_that, empty, equal_to, is_

from realtime_server import Answer, Sender
from support.phrases import world


@when("the same client connects again")
async def the_same_client_connects_again(context: Context) -> None:
    await world(context).connect_again()


@given("an endpoint that says that it is answering already")
def endpoint_that_is_answering_already(context: Context) -> None:
    error = {
        "type": "invalid_request_error",
        "code": "conversation_already_has_active_response",
        "message": "Conversation already has an active response in progress: resp_1. Wait until the response "
        "is finished before creating a new one.",
    }
    world(context).open_endpoint(Answer(refused_with=error))


@when("the client speaks while the endpoint goes on")
async def the_client_speaks_while_the_endpoint_goes_on(context: Context) -> None:
    await world(context).speak_during_answer()


@when("the endpoint has said everything while the client stands still")
def the_endpoint_has_said_everything(context: Context) -> None:
    world(context).transcript.wait_for(
        lambda frame: frame.sender is Sender.SERVER and frame.type == "response.done", 5.0
    )


@when("the client returns nothing to a call that nobody made")
async def the_client_returns_to_nobody(context: Context) -> None:
    await world(context).attempt(world(context).client.send_tool_output("call_nobody", ""))


@then("nothing was said aloud on this connection")
async def nothing_was_said_aloud(context: Context) -> None:
    sent = (await world(context).closed_transcript()).types(Sender.CLIENT)
    assert_that([name for name in sent if name.startswith("input_audio_buffer")], is_(empty()))


@then("the answer to what was said last is heard whole")
def the_last_answer_is_heard_whole(context: Context) -> None:
    assert_that(world(context).turns[-1].pcm, equal_to(world(context).scripted(1).audio))


@then("the second response was asked for when the first had ended")
async def the_second_was_asked_for_after_the_first(context: Context) -> None:
    frames = (await world(context).closed_transcript()).frames
    steps = [frame.type for frame in frames if frame.type in ("response.create", "response.done")]
    assert_that(steps, equal_to(["response.create", "response.done", "response.create", "response.done"]))


@then("the endpoint has refused nothing but a cancellation that came too late")
async def only_the_cancellation_was_refused(context: Context) -> None:
    events = (await world(context).closed_transcript()).events(Sender.SERVER)
    refused = [event["error"]["code"] for event in events if event["type"] == "error"]
    assert_that(refused, any_of(equal_to(["response_cancel_not_active"]), is_(empty())))
