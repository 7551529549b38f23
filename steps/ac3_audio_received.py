"""Steps of AC3: receiving the spoken answer."""

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, empty, has_length, is_

from realtime_server import Answer, CloseWith, EndOfStream, ResetConnection
from realtime_server.faults import fault
from realtime_server.script import Ending
from support.audio import tone
from support.mutants import CANCELLED_BY_THE_ENDPOINT
from support.phrases import choice, world
from support.world import BYTES_PER_MS

choice("Loss", {
    "a close with 1011": CloseWith(1011, "internal error"),
    "a reset": ResetConnection(),
    "an end without close": EndOfStream(),
})  # fmt: skip
choice("Incomplete", {"max_output_tokens": "max_output_tokens", "content_filter": "content_filter"})


@given("an endpoint that answers in slices of {sizes:ByteCounts} bytes")
def endpoint_that_answers_in_slices(context: Context, sizes: tuple[int, ...]) -> None:
    world(context).open_endpoint(Answer(slice_bytes=sizes))


@given("an endpoint that is silent for {ms:d} ms after {slices:d} slices of its answer")
def endpoint_that_is_silent(context: Context, ms: int, slices: int) -> None:
    # The silence is the endpoint's and real: this is about a client that takes it for an end.
    world(context).open_endpoint(faults=[fault(f"stall ms={ms} after={slices}")])


@given("an endpoint that answers with {seconds:d} seconds of tone")
def endpoint_that_answers_with_a_tone(context: Context, seconds: int) -> None:
    world(context).open_endpoint(Answer(audio=tone(seconds)))


@given("an endpoint that answers first with speech, then with {seconds:d} seconds of tone")
def endpoint_that_answers_differently(context: Context, seconds: int) -> None:
    world(context).open_endpoint(Answer(), Answer(audio=tone(seconds)))


@given("an endpoint that also sends unknown events and fields")
def endpoint_with_unknown_events(context: Context) -> None:
    world(context).open_endpoint(unknown_events=True)


@given('an endpoint whose response fails with "{code}"')
def endpoint_whose_response_fails(context: Context, code: str) -> None:
    error = {"type": "server_error", "code": code, "message": "The model is overloaded."}
    world(context).open_endpoint(Answer(status="failed", error=error))


@given("an endpoint that cancels its response by itself")
def endpoint_that_cancels(context: Context) -> None:
    world(context).tampering = world(context).tampering.then(CANCELLED_BY_THE_ENDPOINT)
    world(context).open_endpoint()


@given('an endpoint that answers with the error "{code}"')
def endpoint_that_answers_with_an_error(context: Context, code: str) -> None:
    error = {"type": "server_error", "code": code, "message": "The server had an error."}
    world(context).open_endpoint(Answer(refused_with=error))


@given("an endpoint whose response is incomplete because of {reason:Incomplete}")
def endpoint_whose_response_is_incomplete(context: Context, reason: str) -> None:
    world(context).open_endpoint(Answer(status="incomplete", reason=reason))


@given("an endpoint that is lost by {loss:Loss} after {slices:d} slices of its answer")
def endpoint_that_is_lost(context: Context, loss: Ending, slices: int) -> None:
    # It waits there until it is told to go on: a reset takes with it what the client has not read yet.
    world(context).open_endpoint(Answer(hold_after=slices, ending=loss, ending_after=slices))


@when("another client connects and asks the question aloud")
async def another_client_asks(context: Context) -> None:
    await world(context).connect()
    await world(context).ask()


@when("the client tries to hear an answer")
async def the_client_tries_to_hear(context: Context) -> None:
    await world(context).attempt(world(context).ask())


@when("the client tries to hear the rest")
async def the_client_tries_to_hear_the_rest(context: Context) -> None:
    await world(context).attempt(world(context).hear())


@when("the client tries to hear an answer within {ms:d} ms")
async def the_client_tries_to_hear_within(context: Context, ms: int) -> None:
    world(context).patience_s = ms / 1000
    await world(context).attempt(world(context).ask())


@then("the first {slices:d} slices of the answer are heard")
def the_first_slices_are_heard(context: Context, slices: int) -> None:
    turn = world(context).turns[0]
    assert_that(turn.heard, has_length(slices))
    same = turn.pcm == world(context).scripted(0).audio[: len(turn.pcm)]
    assert_that(same, is_(True), "the first slices are those of the answer")


@then("the answer lasts from {least_ms:d} ms to {most_s:d} s")
def the_answer_lasts(context: Context, least_ms: int, most_s: int) -> None:
    length_ms = len(world(context).turns[-1].pcm) / BYTES_PER_MS
    assert least_ms <= length_ms <= most_s * 1000, f"the answer lasts {length_ms:,.0f} ms"


@then("nothing was warned about")
async def nothing_was_warned_about(context: Context) -> None:
    await world(context).closed_transcript()
    assert_that(world(context).log.warnings_about(""), is_(empty()))


@then('"{event}" was warned about {times:d} times')
def was_warned_about_times(context: Context, event: str, times: int) -> None:
    assert_that(world(context).log.warnings_about(event), has_length(times), f"{times} warnings are due")
