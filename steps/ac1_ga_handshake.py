"""Steps of AC1: the GA handshake."""

import os

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, empty, equal_to, is_

from realtime_server import Sender, fault
from support.phrases import choice, world
from support.world import UNIT_KEY

HOLDERS = {
    "the argument": "sk-held-by-the-argument",
    "the realtime variable": "sk-held-by-the-realtime-variable",
    "the general variable": "sk-held-by-the-general-variable",
}
VARIABLES = {"the realtime variable": "OPENAI_REALTIME_API_KEY", "the general variable": "OPENAI_API_KEY"}
ARGUMENTS = {"the argument": "api_key"}
choice("Holder", HOLDERS)
choice(
    "Flaw",
    {
        "a wrong key": {"api_key": "wrong-key"},
        "an unknown model": {"model": "gpt-no-such-model"},
        "a withdrawn model": {"model": "gpt-4o-realtime-preview"},
    },
)
choice(
    "KeyFlaw",
    {
        "with a line break": "sk-broken\nkey",
        "with a space inside": "sk-broken key",
        "with a letter beyond ASCII": "sk-brökenkey",
    },
)
choice(
    "Timing",
    {
        "an error and the close at once": "error then close",
        "an error and the close a bit later": "error, pause, close",
        "the close alone": "close only",
        "an error and no close": "error only then end of stream",
    },
)
choice(
    "Silence",
    {"session.created": {"session_created": "missing"}, "session.updated": {"session_updated": "missing"}},
)


@given("an endpoint that never sends {silence:Silence}")
def endpoint_that_never_sends(context: Context, silence: dict[str, str]) -> None:
    world(context).open_endpoint(**silence)


@given("an endpoint that takes {ms:d} ms to configure a session")
def endpoint_that_takes_its_time(context: Context, ms: int) -> None:
    world(context).open_endpoint(faults=[fault(f"stall on=session.updated after=0 ms={ms}")])


@given("an endpoint that refuses by {timing:Timing}")
def endpoint_that_refuses_by(context: Context, timing: str) -> None:
    world(context).open_endpoint(refusal_timing=timing)


@given("an endpoint that nobody serves")
def endpoint_that_nobody_serves(context: Context) -> None:
    world(context).open_nothing()


@given("a client with {flaw:Flaw}")
def a_client_with_a_flaw(context: Context, flaw: dict[str, str]) -> None:
    world(context).options.update(flaw)


@given("a key {key:KeyFlaw}")
def a_malformed_key(context: Context, key: str) -> None:
    world(context).options["api_key"] = key


@given("no key anywhere")
def no_key_anywhere(context: Context) -> None:
    del world(context).options["api_key"]


@given("a key held by {places}")
def a_key_held_by(context: Context, places: str) -> None:
    del world(context).options["api_key"]
    held = places.split(", ")
    os.environ.update({VARIABLES[place]: HOLDERS[place] for place in held if place in VARIABLES})
    world(context).options.update({ARGUMENTS[place]: HOLDERS[place] for place in held if place in ARGUMENTS})


@given("logging at its most talkative")
def logging_at_its_most_talkative(context: Context) -> None:
    world(context).log.everything()


@when("the client tries to connect within {ms:d} ms")
async def the_client_tries_to_connect_within(context: Context, ms: int) -> None:
    await world(context).attempt(world(context).connect(connect_timeout_s=ms / 1000))


@when("a client is made without an endpoint")
def a_client_without_endpoint(context: Context) -> None:
    world(context).client = world(context).make_client(api_key=UNIT_KEY)


@then('its address is "{address}"')
def its_address_is(context: Context, address: str) -> None:
    assert_that(world(context).client.url, equal_to(address))


@then("the client has dialled the realtime endpoint for its model")
def has_dialled_for_its_model(context: Context) -> None:
    request = world(context).connection.request
    expected = ("/v1/realtime", {"model": world(context).client.model})
    assert_that((request.path, request.query), equal_to(expected))


@then("the client has presented its key as bearer token")
def has_presented_its_key(context: Context) -> None:
    request = world(context).connection.request
    assert_that(request.bearer_is(UNIT_KEY), is_(True), "the key is the client's own")


@then("the client has presented the key of {key:Holder}")
def has_presented_the_key_of(context: Context, key: str) -> None:
    assert_that(world(context).connection.request.bearer_is(key), is_(True), "the key is the one that counts")


@then("the client has sent no beta header")
def has_sent_no_beta_header(context: Context) -> None:
    # The request head is complete before the first frame, so absence can be asserted at once.
    assert_that(world(context).connection.request.header("OpenAI-Beta"), is_(None))


@then("the client has offered no subprotocol")
def has_offered_no_subprotocol(context: Context) -> None:
    assert_that(list(world(context).connection.request.subprotocols), is_(empty()))


@then("the handshake is accepted")
def the_handshake_is_accepted(context: Context) -> None:
    world(context).await_event(Sender.SERVER, "session.updated")
    first = world(context).sent_of(["session.created", "session.updated", "error"])[:2]
    assert_that(first, equal_to(["session.created", "session.updated"]), world(context).outcome())


@when("a client of the beta dials")
async def a_client_of_the_beta_dials(context: Context) -> None:
    await world(context).knock_as_the_beta_did()


@then("the attempt fails as this endpoint refuses a key")
def the_attempt_fails_as_refused(context: Context) -> None:
    error = world(context).error
    seen = getattr(error, "http_status", None) or getattr(error, "close_code", None)
    assert_that(seen, equal_to(world(context).settings.dialect.wrong_key), f"refused as a key is: {error}")


@then('the endpoint has refused it with "{code}"')
async def the_endpoint_has_refused_it_with(context: Context, code: str) -> None:
    events = (await world(context).closed_transcript()).events(Sender.SERVER)
    told = [event for event in events if event["type"] in ("session.created", "error")]
    assert_that([event.get("error", {}).get("code") for event in told], equal_to([code]))


@then("nothing was used")
async def nothing_was_used(context: Context) -> None:
    assert_that(await world(context).used_tokens(), equal_to(0))


@then("the connection was closed with {code:d}")
async def the_connection_was_closed_with(context: Context, code: int) -> None:
    closes = [
        frame.code for frame in (await world(context).closed_transcript()).frames if frame.kind == "close"
    ]
    assert_that(set(closes), equal_to({code}))


@then('the endpoint has closed with {code:d} "{reason}"')
def the_endpoint_has_closed_with(context: Context, code: int, reason: str) -> None:
    connection = world(context).connection
    connection.wait_closed()
    seen = (connection.closed_by, connection.close_code, connection.close_reason)
    assert_that(seen, equal_to(("server", code, reason)))


@then("the key stands in none of the address, the log, the error and the evidence")
def the_key_stands_nowhere(context: Context) -> None:
    places = world(context).places_for_secrets()
    key = world(context).options["api_key"]
    # Only the place is named: a message that showed the text would carry the key into the report.
    assert_that([place for place, text in places.items() if key in text], is_(empty()))
