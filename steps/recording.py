"""Steps of recording a conversation."""

import io

from behave import given, then
from behave.runner import Context
from hamcrest import assert_that, equal_to

from realtime_adapter import Recording
from realtime_server.clips import speech
from support import two_channels
from support.phrases import world

SPEECH = {
    "the question": speech("question").pcm,
    "the answer": speech("answer").pcm,
    "200 ms of the answer's start": speech("answer").pcm[: 200 * 48],
}


@given("a client that records")
async def a_client_that_records(context: Context) -> None:
    world(context).recorded = io.BytesIO()
    await world(context).connect(recording=Recording(world(context).recorded))


@then("the recording is a WAV file of {channels:d} channels at {khz:d} kHz")
def the_recording_is_a_wav_file(context: Context, channels: int, khz: int) -> None:
    layout = two_channels.layout(world(context).recorded)
    assert_that(layout, equal_to((channels, 16, khz * 1000)))


@then("it holds, one after the other")
def it_holds_one_after_the_other(context: Context) -> None:
    expected = [(row["channel"], SPEECH[row["speech"]]) for row in context.table]
    two_channels.require(world(context).recorded, expected)
