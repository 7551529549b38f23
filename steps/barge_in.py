"""Steps of barging in."""

from behave import then, when
from behave.runner import Context
from hamcrest import assert_that, equal_to, is_

from realtime_server import Sender
from support.phrases import world


@when("the client interrupts after {ms:Milliseconds} ms were played")
async def the_client_interrupts_after(context: Context, ms: int) -> None:
    await world(context).client.interrupt(played_ms=ms)


@when("the client tries to interrupt after {ms:d} ms were played")
async def the_client_tries_to_interrupt_after(context: Context, ms: int) -> None:
    await world(context).attempt(world(context).client.interrupt(played_ms=ms))


@when("the client has received {slices:d} slices of the answer")
async def the_client_has_received(context: Context, slices: int) -> None:
    await world(context).received(slices)


@then("the answer was cut at {ms:Milliseconds} ms")
async def the_answer_was_cut_at(context: Context, ms: int) -> None:
    events = (await world(context).closed_transcript()).events(Sender.CLIENT)
    cuts = [event["audio_end_ms"] for event in events if event["type"] == "conversation.item.truncate"]
    assert_that(cuts, equal_to([ms]))


@then("the endpoint has cut the answer at {ms:Milliseconds} ms")
async def the_endpoint_has_cut_the_answer(context: Context, ms: int) -> None:
    await world(context).sent_by_endpoint("conversation.item.truncated")
    events = (await world(context).closed_transcript()).events(Sender.SERVER)
    cuts = [event for event in events if event["type"] == "conversation.item.truncated"]
    said = [event["item_id"] for event in events if event["type"] == "response.output_audio.delta"]
    assert_that([(cut["item_id"], cut["audio_end_ms"]) for cut in cuts], equal_to([(said[0], ms)]))


@then("the turn is over")
def the_turn_is_over(context: Context) -> None:
    assert_that(world(context).turns[-1].ended, is_(True))
