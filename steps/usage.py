"""Steps of what a session used, and what it cost."""

from datetime import date
from decimal import Decimal

from behave import then, when
from behave.runner import Context
from hamcrest import assert_that, equal_to

from realtime_adapter import PRICES, MinutePrice, TokenPrice
from support.metering import told
from support.phrases import world

FREE = Decimal(0)
ONE_DOLLAR_A_MILLION = {
    **PRICES,
    "gpt-realtime-2.1-mini": TokenPrice(
        date(2026, 1, 1), "this scenario", FREE, FREE, Decimal(1), FREE, FREE, Decimal(1), FREE, FREE
    ),
    "gpt-transcribe": MinutePrice(date(2026, 1, 1), "this scenario", FREE),
}


@when("the client tries to learn what the session has cost")
async def the_client_tries_to_learn_the_cost(context: Context) -> None:
    async def cost() -> Decimal:
        total: Decimal = world(context).client.usage.cost_usd()
        return total

    await world(context).attempt(cost())


@then("the responses have used")
def the_responses_have_used(context: Context) -> None:
    kept = [metered.usage for metered in world(context).client.usage.responses]
    shown = [told(usage, row) for usage, row in zip(kept, context.table, strict=True)]
    assert_that(shown, equal_to([row.as_dict() for row in context.table]))


@then("the session has used")
def the_session_has_used(context: Context) -> None:
    row = context.table[0]
    assert_that(told(world(context).client.usage.total, row), equal_to(row.as_dict()))


@then("the session has cost {dollars} US dollars")
def the_session_has_cost(context: Context, dollars: str) -> None:
    assert_that(world(context).client.usage.cost_usd(), equal_to(Decimal(dollars)))


@then(
    "the session has cost {dollars} US dollars at 1 US dollar for a million tokens of text and audio put out"
)
def the_session_has_cost_at(context: Context, dollars: str) -> None:
    assert_that(world(context).client.usage.cost_usd(ONE_DOLLAR_A_MILLION), equal_to(Decimal(dollars)))
