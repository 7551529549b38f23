"""Steps of audio in other forms."""

from behave import then, when
from behave.runner import Context
from hamcrest import assert_that, close_to, equal_to, greater_than

from realtime_adapter import ALAW, ULAW, AudioChunk, AudioFormat, Converter, from_chunk, to_chunk
from realtime_server.clips import speech
from support import forms
from support.phrases import choice, world

choice(
    "Form",
    {
        "G.711 µ-law, 8 kHz": ULAW,
        "G.711 A-law, 8 kHz": ALAW,
        "PCM16, 8 kHz": AudioFormat("pcm16", 8_000),
        "PCM16, 16 kHz": AudioFormat("pcm16", 16_000),
        "PCM16, 24 kHz": AudioFormat("pcm16", 24_000),
        "PCM16, 48 kHz": AudioFormat("pcm16", 48_000),
    },
)
ALIKE = 0.95  # what 8 kHz cannot carry is a few hundredths of this speech; another sentence lies near 0


@when("the client asks the question that comes as {form:Form}")
async def the_client_asks_the_question_as(context: Context, form: AudioFormat) -> None:
    said = forms.spoken(speech("question").pcm, form)
    await world(context).speak(to_chunk(said, form).data)
    await world(context).hear()


@then("the endpoint has heard speech that is like the question")
def the_endpoint_has_heard_something_like(context: Context) -> None:
    likeness = forms.likeness(world(context).said_on_the_wire(), speech("question").pcm)
    assert_that(likeness, greater_than(ALIKE))


@then("the answer as {form:Form} has {rate:d} bytes a second and is like the answer")
def the_answer_as_is_like(context: Context, form: AudioFormat, rate: int) -> None:
    answer = AudioChunk(world(context).turns[0].pcm)
    given = from_chunk(answer, form)
    assert_that(len(given) / answer.duration_seconds, close_to(rate, 100))
    assert_that(forms.likeness(forms.heard(given, form), answer.data), greater_than(ALIKE))


@then("the answer as {form:Form} is the same when it is converted slice by slice")
def the_answer_as_is_the_same(context: Context, form: AudioFormat) -> None:
    turn, converter = world(context).turns[0], Converter(AudioFormat(), form)
    slices = b"".join(map(converter.convert, turn.heard)) + converter.finish()
    assert_that(slices == from_chunk(AudioChunk(turn.pcm), form), equal_to(True))
