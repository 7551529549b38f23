"""Steps of the client secrets."""

import os

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, empty, equal_to, is_

from realtime_adapter import MintEndpoint
from support import gateway
from support.metering import told
from support.phrases import world
from support.world import UNIT_KEY

NOBODY = MintEndpoint("http://127.0.0.1:9/v1", gateway.KEY)  # the discard port: nobody listens there


@given("a gateway in front of it")
def a_gateway(context: Context) -> None:
    world(context).open_gateway()


@given("a gateway in front of it that answers {status:d} with {body}")
def a_gateway_that_answers(context: Context, status: int, body: str) -> None:
    world(context).open_gateway(mint_status=status, mint_body=body)


@given("a gateway in front of it that never sells a secret")
def a_gateway_that_never_answers(context: Context) -> None:
    world(context).open_gateway(stalls=(gateway.MINT,))


@given("a gateway in front of it that keeps no count")
def a_gateway_that_keeps_no_count(context: Context) -> None:
    world(context).open_gateway(counts=False)


@given("a gateway in front of it that does not take reports")
def a_gateway_that_takes_no_reports(context: Context) -> None:
    world(context).open_gateway(report_status=503)


@given("a client that buys client secrets")
def a_client_that_buys(context: Context) -> None:
    os.environ["OPENAI_API_KEY"] = UNIT_KEY
    world(context).options["mint"] = True


@given("a client that buys client secrets from the gateway")
def a_client_of_the_gateway(context: Context) -> None:
    world(context).options["mint"] = MintEndpoint(world(context).gateway.url, gateway.KEY)


@given("a client that buys client secrets from the gateway within {ms:d} ms")
def a_hasty_client_of_the_gateway(context: Context, ms: int) -> None:
    world(context).options["mint"] = MintEndpoint(world(context).gateway.url, gateway.KEY, ms / 1000)


@given("a client that buys client secrets where the environment says")
def a_client_told_by_the_environment(context: Context) -> None:
    os.environ |= {"OPENAI_BASE_URL": world(context).gateway.url, "OPENAI_API_KEY": gateway.KEY}
    world(context).options["mint"] = True


@given("a client that buys client secrets where nobody sells any")
def a_client_without_a_gateway(context: Context) -> None:
    world(context).options["mint"] = NOBODY


@given("a client that may buy client secrets")
def a_client_that_may_buy(context: Context) -> None:
    world(context).options["mint"] = None


@when("the client tries to be made to buy client secrets")
async def the_client_tries_to_be_made(context: Context) -> None:
    await world(context).attempt(world(context).connect(mint=True))


@when("the client hangs up once more")
async def the_client_hangs_up_once_more(context: Context) -> None:
    await world(context).client.disconnect()


@then("the client has presented a client secret, and not its key")
def has_presented_a_secret(context: Context) -> None:
    request = world(context).connection.request
    assert_that((request.by_secret, request.bearer_is(UNIT_KEY)), equal_to((True, False)))


@then("it is a session of the client's model")
def it_is_a_session_of_the_model(context: Context) -> None:
    assert_that(world(context).client.session["model"], equal_to(world(context).client.model))


@then("the session is a gateway's")
def the_session_is_a_gateways(context: Context) -> None:
    assert_that(world(context).client.brokered, is_(True))


@then("the session is not a gateway's")
def the_session_is_not_a_gateways(context: Context) -> None:
    assert_that(world(context).client.brokered, is_(False))


@then("the gateway was asked for nothing but a session of the client's model")
def the_gateway_was_asked_for(context: Context) -> None:
    asked = {"session": {"type": "realtime", "model": world(context).client.model}}
    assert_that(world(context).gateway.asked, equal_to([asked]))
    assert_that(world(context).gateway.strangers, equal_to(0))


@then(
    "neither the gateway's key nor a secret it sold stands in the address, the log, the error or the evidence"
)
def the_gateways_key_stands_nowhere(context: Context) -> None:
    places = world(context).places_for_secrets()
    hidden = [gateway.KEY, *world(context).gateway.sold]
    assert_that([place for place, text in places.items() if any(one in text for one in hidden)], is_(empty()))


@then("the gateway was told of these sessions, in this order")
def the_gateway_was_told_of(context: Context) -> None:
    rows = zip(world(context).gateway.reports, context.table, strict=True)
    shown = [{"session": session, **told(usage, row)} for (session, usage), row in rows]
    assert_that(shown, equal_to([row.as_dict() for row in context.table]))


@then("the gateway was told nothing")
async def the_gateway_was_told_nothing(context: Context) -> None:
    await world(context).closed_transcript()
    assert_that(world(context).gateway.reports, is_(empty()))
