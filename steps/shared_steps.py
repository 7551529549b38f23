"""Phrases that the features of several criteria use."""

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, contains_string, empty, equal_to, has_length, instance_of, is_

import realtime_adapter as adapter
from realtime_server import Answer, Sender
from realtime_server.clips import speech
from support.audio import loudness_dbfs
from support.guards import guard_of, run_guard
from support.mutants import BY_TITLE, RETIRED_EVENTS
from support.phrases import choice, column, world
from support.tamper import Tampering

choice(
    "Reason",
    {
        "no key was found": adapter.MissingApiKey,
        "the key is malformed": adapter.MalformedApiKey,
        "the key is refused": adapter.InvalidApiKey,
        "the model is unknown": adapter.UnknownModel,
        "the session is refused": adapter.SessionRefused,
        "nobody answers": adapter.ConnectionFailed,
        "the client is not connected": adapter.NotConnected,
        "the audio is not valid": adapter.InvalidAudio,
        "the audio is too short": adapter.InvalidAudio,
        "the response failed": adapter.ResponseFailed,
        "the response is incomplete": adapter.ResponseIncomplete,
        "the response was cancelled": adapter.ResponseCancelled,
        "the response is empty": adapter.ResponseEmpty,
        "a value cannot be used": adapter.ConfigurationError,
        "the client broke the protocol": adapter.LocalProtocolError,
        "the endpoint reports an error": adapter.ServerError,
        "the beta protocol is retired": adapter.BetaProtocolRetired,
        "the connection was lost": adapter.ConnectionLost,
        "the deadline passed": adapter.DeadlineExceeded,
        "the server broke the protocol": adapter.RemoteProtocolError,
        "the server says so": adapter.ServerError,
        "the price is unknown": adapter.UnknownPrice,
        "the session is closed": adapter.LocalProtocolError,
        "no client secret was given out": adapter.MintRefused,
    },
)
choice("Change", BY_TITLE)
AUDIBLE_DBFS = -50.0  # speech lies far above, digital silence and dither far below


# ------------------------------------------------------------------ endpoints


@given("the GA endpoint")
def the_ga_endpoint(context: Context) -> None:
    world(context).open_endpoint()


@given("the live endpoint")
def the_live_endpoint(context: Context) -> None:
    world(context).use_live_endpoint()


@given("an endpoint that uses the retired event names")
def endpoint_with_retired_names(context: Context) -> None:
    legacy = Answer(event_names="legacy")
    world(context).open_endpoint(legacy, legacy)


@given("an endpoint that pauses after {slices:d} slices of its answer")
def endpoint_that_pauses(context: Context, slices: int) -> None:
    world(context).open_endpoint(Answer(hold_after=slices))


@when("the endpoint goes on")
def the_endpoint_goes_on(context: Context) -> None:
    world(context).script.release()


@then("the endpoint has sent, in this order")
def endpoint_has_sent_in_order(context: Context) -> None:
    # What comes first is complete; that nothing comes after could only be said of a closed transcript.
    expected = column(context, "event")
    first = world(context).sent_of([*expected, "error"])[: len(expected)]
    assert_that(first, equal_to(expected), "what the endpoint has sent first")


@then("the endpoint has refused nothing")
async def endpoint_has_refused_nothing(context: Context) -> None:
    events = (await world(context).closed_transcript()).events(Sender.SERVER)
    assert_that([event["error"] for event in events if event["type"] == "error"], is_(empty()))


@then("the endpoint has used no retired event name")
async def endpoint_has_used_no_retired_name(context: Context) -> None:
    sent = set((await world(context).closed_transcript()).types(Sender.SERVER))
    assert_that(sorted(sent & RETIRED_EVENTS), is_(empty()))


# --------------------------------------------------------------------- client


@given('a client with the instructions "{instructions}"')
def a_client_with_instructions(context: Context, instructions: str) -> None:
    world(context).options["instructions"] = instructions


@given("a client that {change:Change}")
def a_client_that(context: Context, change: Tampering) -> None:
    world(context).tampering = world(context).tampering.then(change)


@given("a connected client")
async def a_connected_client(context: Context) -> None:
    await world(context).connect()


@given("a connected client in the role of the user")
async def a_connected_client_as_user(context: Context) -> None:
    await world(context).connect(role=adapter.AgentRole.USER)


@when("the client connects")
async def the_client_connects(context: Context) -> None:
    await world(context).connect()


@when("the client tries to connect")
async def the_client_tries_to_connect(context: Context) -> None:
    await world(context).attempt(world(context).connect())


@when("the client hangs up")
async def the_client_hangs_up(context: Context) -> None:
    await world(context).hang_up()


@when("the client asks the question aloud")
@when("the client asks the question aloud again")
async def the_client_asks(context: Context) -> None:
    await world(context).ask()


@when("the client asks the question aloud and hears {slices:d} slices")
async def the_client_asks_and_hears(context: Context, slices: int) -> None:
    await world(context).speak(speech("question").pcm)
    await world(context).hear(slices)


@when("the client only speaks the question in {slices:d} slices")
async def the_client_only_speaks(context: Context, slices: int) -> None:
    await world(context).speak(speech("question").pcm, slices)


@when("the client hears the rest")
@when("the client hears the answer")
async def the_client_hears(context: Context) -> None:
    await world(context).hear()


@then("the client has sent exactly")
async def the_client_has_sent_exactly(context: Context) -> None:
    sent = (await world(context).closed_transcript()).types(Sender.CLIENT)
    assert_that(sent, equal_to(column(context, "event")))


# ------------------------------------------------------------- what was heard


@then("the whole answer is heard")
def the_whole_answer_is_heard(context: Context) -> None:
    world(context).require_heard(turn=0)


@then("the whole second answer is heard")
def the_whole_second_answer_is_heard(context: Context) -> None:
    world(context).require_heard(turn=1)


@then("an audible answer is heard")
def an_audible_answer_is_heard(context: Context) -> None:
    turn = world(context).turns[-1]
    loudness = loudness_dbfs(turn.pcm)
    assert loudness > AUDIBLE_DBFS, (
        f"{len(turn.pcm)} bytes at {loudness:.0f} dBFS; speech lies above {AUDIBLE_DBFS:.0f}"
    )


@then('"{event}" was warned about once')
def was_warned_about_once(context: Context, event: str) -> None:
    assert_that(world(context).log.warnings_about(event), has_length(1), "one warning is due")


# ------------------------------------------------------------------- failures


@then("the attempt fails because {reason:Reason}")
def the_attempt_fails_because(context: Context, reason: type[BaseException]) -> None:
    assert_that(world(context).error, instance_of(reason))


@then('the error says "{words}"')
def the_error_says(context: Context, words: str) -> None:
    assert_that(str(world(context).error), contains_string(words))


@then('the error carries the code "{code}"')
def the_error_carries_the_code(context: Context, code: str) -> None:
    assert_that(getattr(world(context).error, "code", None), equal_to(code))


@then("nothing was dialled")
def nothing_was_dialled(context: Context) -> None:
    assert_that(world(context).dialled(), is_(empty()), "nothing is dialled")


# --------------------------------------------------------------------- guards


@given("the guard of {criterion:w}")
def the_guard_of(context: Context, criterion: str) -> None:
    context.guard = guard_of(context, criterion)


@when("the guard runs against a client that {change:Change}")
def the_guard_runs_against(context: Context, change: Tampering) -> None:
    context.verdict = run_guard(context, context.guard, change)


@then('the guard is red at "{step}"')
def the_guard_is_red_at(context: Context, step: str) -> None:
    assert_that(context.verdict.red_at, equal_to(step), str(context.verdict))


@then('the guard is red because of "{words}"')
@then('the guard gives as reason "{words}"')
def the_guard_gives_as_reason(context: Context, words: str) -> None:
    assert_that(context.verdict.reason, contains_string(words))
