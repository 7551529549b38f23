"""Steps of the words of the conversation."""

from behave import then
from behave.runner import Context
from hamcrest import assert_that, empty, equal_to, is_, not_, starts_with

from support.phrases import world

STATES = {(True, True): "failed", (True, False): "final", (False, False): "partial"}


@then("the conversation reads")
def the_conversation_reads(context: Context) -> None:
    said = [
        (each.speaker, each.text, STATES[each.final, each.error is not None])
        for each in world(context).client.transcripts
    ]
    assert_that(said, equal_to([(row["speaker"], row["words"], row["state"]) for row in context.table]))


@then("nothing was said in the conversation")
def nothing_was_said(context: Context) -> None:
    assert_that(world(context).client.transcripts, is_(empty()))


@then('the agent\'s words so far are the beginning of "{words}"')
def the_words_so_far(context: Context, words: str) -> None:
    last = world(context).client.transcripts[-1]
    assert_that((last.speaker, last.final), equal_to(("agent", False)))
    assert_that(last.text, is_(not_(empty())))
    assert_that(words, starts_with(last.text))
