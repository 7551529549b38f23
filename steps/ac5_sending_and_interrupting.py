"""Steps of AC5: sending speech and text, and interrupting."""

from collections.abc import Awaitable, Callable

from behave import then, when
from behave.runner import Context
from hamcrest import assert_that, equal_to, has_entries, has_item, has_length, is_

from realtime_adapter import AudioChunk
from realtime_server import Sender
from realtime_server.clips import speech
from support.audio import wav
from support.phrases import choice, world
from support.world import BYTES_PER_MS

Action = Callable[[object], Awaitable[object]]
choice(
    "Action",
    {
        "send speech": lambda client: client.send_audio(AudioChunk(speech("question").pcm)),
        "send text": lambda client: client.send_text("When do you open?"),
        "hear an answer": lambda client: client.recv_audio(1.0),
        "interrupt": lambda client: client.interrupt(),
    },
)
choice(
    "AudioFlaw",
    {
        "with half a sample": lambda: AudioChunk(b"\x00" * 4_801),
        "from a file at 16 kHz": lambda: AudioChunk.from_wav(wav(b"\x00" * 6_400, rate_hz=16_000)),
        "from a file with 2 channels": lambda: AudioChunk.from_wav(wav(b"\x00" * 9_600, channels=2)),
    },
)


@when("the client asks the question aloud in {slices:d} slices")
async def the_client_asks_in_slices(context: Context, slices: int) -> None:
    await world(context).ask(slices)


@when("the client tries to ask with {ms:d} ms of speech")
async def the_client_tries_to_ask_briefly(context: Context, ms: int) -> None:
    await world(context).speak(speech("question").pcm[: ms * BYTES_PER_MS])
    await world(context).attempt(world(context).hear())


@when('the client says "{words}" in text')
async def the_client_says_in_text(context: Context, words: str) -> None:
    await world(context).client.send_text(words)


@when("the client interrupts")
async def the_client_interrupts(context: Context) -> None:
    await world(context).client.interrupt()


@when("the client tries to {action:Action} before connecting")
async def the_client_tries_before_connecting(context: Context, action: Action) -> None:
    await world(context).attempt(action(world(context).make_client()))


@when("the client tries to send audio {flaw:AudioFlaw}")
async def the_client_tries_to_send_audio(context: Context, flaw: Callable[[], AudioChunk]) -> None:
    await world(context).attempt(send(context, flaw))


async def send(context: Context, make: Callable[[], AudioChunk]) -> None:
    await world(context).client.send_audio(make())


@then('the client has sent no "{event}"')
async def the_client_has_sent_no(context: Context, event: str) -> None:
    await has_sent(context, event, 0)


@then('the client has sent "{event}" once')
async def the_client_has_sent_once(context: Context, event: str) -> None:
    await has_sent(context, event, 1)


@then('the client has sent "{event}" {times:d} times')
async def the_client_has_sent_times(context: Context, event: str, times: int) -> None:
    await has_sent(context, event, times)


async def has_sent(context: Context, event: str, times: int) -> None:
    sent = (await world(context).closed_transcript()).types(Sender.CLIENT)
    assert_that([name for name in sent if name == event], has_length(times))


@then("the endpoint has heard the question byte for byte")
def the_endpoint_has_heard_the_question(context: Context) -> None:
    heard = world(context).said_on_the_wire() == speech("question").pcm
    assert_that(heard, is_(True), "the question is heard as it was said")


@then("the endpoint has heard all that was said")
def the_endpoint_has_heard_all(context: Context) -> None:
    heard = world(context).said_on_the_wire() == world(context).said()
    assert_that(heard, is_(True), "all is heard as it was said")


@then('the message sent is one user\'s input text "{words}"')
def the_message_sent_is(context: Context, words: str) -> None:
    item = world(context).first_event(Sender.CLIENT, "conversation.item.create")["item"]
    message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": words}]}
    assert_that(item, equal_to(message))


@then("the response was cancelled by the client")
async def the_response_was_cancelled(context: Context) -> None:
    events = (await world(context).closed_transcript()).events(Sender.SERVER)
    endings = [event["response"] for event in events if event["type"] == "response.done"]
    reason = has_entries(type="cancelled", reason="client_cancelled")
    assert_that(endings, has_item(has_entries(status="cancelled", status_details=reason)))
