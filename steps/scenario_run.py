"""Steps of a run of langwatch-scenario with this client as its agent."""

from behave import then, when
from behave.runner import Context
from hamcrest import assert_that, equal_to

from realtime_server import Sender
from support.interop import LANGWATCH, repeats_named_once
from support.pcm import spoken
from support.phrases import choice, column, world

choice(
    "Run",
    {
        "one turn": "one_turn",
        "two turns": "two_turns",
        "a turn with a tool": "tool_call",
        "a turn of the agent before the user's": "agent_first",
        "a conversation in which the user is voiced, too": "voiced_user",
    },
)


@when("langwatch-scenario runs {errand:Run}")
def langwatch_scenario_runs(context: Context, errand: str) -> None:
    world(context).receive("langwatch_scenario", errand, LANGWATCH)


@then("the run has succeeded")
def the_run_has_succeeded(context: Context) -> None:
    assert_that(world(context).visit.status, equal_to("success"))


@then("the run's messages hold the words of {answers:d} answer")
@then("the run's messages hold the words of {answers:d} answers")
def the_messages_hold_the_words(context: Context, answers: int) -> None:
    words = world(context).script.default_answer.transcript
    assert_that(world(context).visit.words.split("\n"), equal_to([words] * answers))


@then("the run's messages hold the audio of {answers:d} answer, byte for byte")
@then("the run's messages hold the audio of {answers:d} answers, byte for byte")
def the_messages_hold_the_audio(context: Context, answers: int) -> None:
    held, said = world(context).visit.pcm, world(context).script.default_answer.audio * answers
    assert held == said, f"the messages hold {len(held):,} bytes where {len(said):,} were said"


@then("each side has heard the other, byte for byte")
def each_side_has_heard_the_other(context: Context) -> None:
    said = world(context).script.default_answer.audio
    heard = [spoken(connection.transcript) == said for connection in world(context).dialled()]
    assert_that(heard, equal_to([True, True]))


@then("the client has sent exactly, a run of appends named once")
async def the_client_has_sent_exactly(context: Context) -> None:
    sent = (await world(context).closed_transcript()).types(Sender.CLIENT)
    assert_that(repeats_named_once(sent), equal_to(column(context, "event")))
