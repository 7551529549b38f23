"""Steps of the turns that the endpoint takes."""

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, equal_to

from realtime_server import Sender
from realtime_server.clips import speech
from support.phrases import choice, world
from support.world import BYTES_PER_MS, Turn

choice(
    "Detection",
    {
        "silence": {"type": "server_vad", "silence_duration_ms": 500},
        "silence, and who asks itself": {"type": "server_vad", "create_response": False},
        "silence, of 5 seconds at most": {"type": "server_vad", "idle_timeout_ms": 5_000},
        "what is said": {"type": "semantic_vad", "eagerness": "auto"},
    },
)


@given("a client whose turns are taken by {detection:Detection}")
def a_client_whose_turns_are_taken_by(context: Context, detection: dict[str, object]) -> None:
    world(context).options["turn_detection"] = detection


@when("the client speaks the question and falls silent for {ms:Milliseconds} ms")
async def the_client_speaks_and_falls_silent(context: Context, ms: int) -> None:
    await world(context).speak(speech("question").pcm + bytes(ms * BYTES_PER_MS))


@when("the client hears {slices:d} slices")
async def the_client_hears_slices(context: Context, slices: int) -> None:
    await world(context).hear(slices)


@when("the client hears the next answer")
async def the_client_hears_the_next_answer(context: Context) -> None:
    world(context).turns.append(Turn())
    await world(context).hear()


@when("the client tries to hear more within {ms:d} ms")
async def the_client_tries_to_hear_more(context: Context, ms: int) -> None:
    await world(context).attempt(world(context).client.recv_audio(ms / 1000))


@when("the endpoint has committed what was said")
async def the_endpoint_has_committed(context: Context) -> None:
    await world(context).sent_by_endpoint("input_audio_buffer.committed")


@then("the endpoint has refused nothing but a response too many")
async def only_a_response_was_refused(context: Context) -> None:
    events = (await world(context).closed_transcript()).events(Sender.SERVER)
    refused = [event["error"]["code"] for event in events if event["type"] == "error"]
    assert_that(refused, equal_to(["conversation_already_has_active_response"]))
