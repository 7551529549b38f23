"""Steps of AC4: the transcripts of both sides."""

from behave import given, then
from behave.runner import Context
from hamcrest import assert_that, equal_to, greater_than, is_, none

from realtime_server import Answer, TranscriptionFailure
from support.phrases import world
from support.words import similarity

CLOSE_ENOUGH = 0.6  # the live endpoint may write "9" for "nine"; another sentence lies far below


@given('an endpoint that answers "{words}"')
def endpoint_that_answers(context: Context, words: str) -> None:
    world(context).open_endpoint(Answer(transcript=words))


@given('an endpoint that answers "{words}" and leaves the final transcript empty')
def endpoint_with_streamed_words_only(context: Context, words: str) -> None:
    world(context).open_endpoint(Answer(transcript=words, transcript_in_done=False))


@given('an endpoint that answers "{words}" in the final transcript alone')
def endpoint_with_final_words_only(context: Context, words: str) -> None:
    world(context).open_endpoint(Answer(transcript=words, transcript_deltas=False))


@given('an endpoint that transcribes "{words}" and then cannot transcribe the user')
def endpoint_that_transcribes_once(context: Context, words: str) -> None:
    world(context).open_endpoint(user_transcripts=[words, TranscriptionFailure()])


@given("an endpoint that answers first with words, then without any")
def endpoint_without_words_later(context: Context) -> None:
    world(context).open_endpoint(Answer(), Answer(transcript=""))


@given("an endpoint that cannot transcribe the user")
def endpoint_that_cannot_transcribe(context: Context) -> None:
    world(context).open_endpoint(user_transcripts=[TranscriptionFailure()])


@given("an endpoint that transcribes the user only after its answer")
def endpoint_that_transcribes_late(context: Context) -> None:
    # The answer takes its time, so that what was said is committed while it goes on.
    world(context).open_endpoint(Answer(pause_ms=5), transcription="after response")


@then('the agent\'s transcript is "{words}"')
def the_agents_transcript_is(context: Context, words: str) -> None:
    assert_that(world(context).client.last_agent_transcript, equal_to(words))


@then("there is an agent's transcript")
def there_is_an_agents_transcript(context: Context) -> None:
    assert_that(len(world(context).client.last_agent_transcript or ""), greater_than(0))


@then("there is no agent's transcript")
def there_is_no_agents_transcript(context: Context) -> None:
    assert_that(world(context).client.last_agent_transcript, is_(none()))


@then('the user\'s transcript is "{words}"')
async def the_users_transcript_is(context: Context, words: str) -> None:
    assert_that(await world(context).user_transcript(), equal_to(words))


@then('the user\'s transcript is close to "{words}"')
async def the_users_transcript_is_close_to(context: Context, words: str) -> None:
    heard = await world(context).user_transcript()
    assert_that(similarity(heard or "", words), greater_than(CLOSE_ENOUGH), f"recognised as {heard!r}")


@then("there is no user's transcript")
async def there_is_no_users_transcript(context: Context) -> None:
    await world(context).closed_transcript()
    assert_that(world(context).client.last_user_transcript, is_(none()))
