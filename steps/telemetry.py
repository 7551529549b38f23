"""Steps of traces."""

from behave import given, then
from behave.runner import Context
from hamcrest import assert_that, empty, equal_to

from support import traces
from support.phrases import column, world
from support.world import UNIT_KEY


@given("a client that is traced")
async def a_client_that_is_traced(context: Context) -> None:
    world(context).traced = traces.begin(world(context).wire_log)
    await world(context).connect(on_frame=world(context).traced.listener)


@then("the trace holds exactly")
async def the_trace_holds_exactly(context: Context) -> None:
    await world(context).closed_transcript()
    assert_that(world(context).traced.spans(), equal_to([tuple(row.cells) for row in context.table]))


@then("the answer's span says")
def the_answers_span_says(context: Context) -> None:
    told = world(context).traced.answer()
    shown = {row["attribute"]: str(told[row["attribute"]]) for row in context.table}
    assert_that(shown, equal_to({row["attribute"]: row["value"] for row in context.table}))


@then("the answer's span has the id that the endpoint gave the response")
def the_answers_span_has_the_id(context: Context) -> None:
    response = world(context).first_event(traces.SERVER, "response.created")["response"]
    assert_that(world(context).traced.answer()["gen_ai.response.id"], equal_to(response["id"]))


@then("these marks lead to the frame they are named after")
def these_marks_lead_to_their_frames(context: Context) -> None:
    marks = column(context, "mark")
    assert_that([world(context).traced.led_to(mark) for mark in marks], equal_to(marks))


@then('the mark "{mark}" leads to the first "{event}"')
def the_mark_leads_to_the_first(context: Context, mark: str, event: str) -> None:
    assert_that(world(context).traced.frame_of(mark), equal_to(world(context).traced.first_frame(event)))


@then("neither what was said nor a key is in the trace")
async def neither_words_nor_keys(context: Context) -> None:
    await world(context).closed_transcript()
    text = world(context).traced.text()
    hidden = ["swordfish", "opening", "Monday", UNIT_KEY]
    assert_that([one for one in hidden if one.lower() in text.lower()], empty())
