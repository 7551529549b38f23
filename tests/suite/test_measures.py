"""What the steps measure with: loudness, tones, similarity of sentences, sessions as tables."""

import math

import pytest
from behave.model import Table

from realtime_server.clips import speech
from support.audio import SAMPLE_RATE_HZ, loudness_dbfs, tone
from support.session_table import flat, settings_of_table
from support.words import similarity


@pytest.mark.parametrize("pcm", [b"", b"\x00" * 9_600])
def test_nothing_and_silence_have_no_loudness(pcm: bytes) -> None:
    assert loudness_dbfs(pcm) == -math.inf


def test_a_sine_at_half_of_full_scale_lies_9_db_below_it() -> None:
    assert loudness_dbfs(tone(1.0)) == pytest.approx(20 * math.log10(0.5 / math.sqrt(2)), abs=0.01)


def test_a_tone_has_the_length_asked_for() -> None:
    assert len(tone(1.5)) == round(1.5 * SAMPLE_RATE_HZ) * 2


def test_speech_is_audible_and_dither_is_not() -> None:
    assert loudness_dbfs(speech("question").pcm) > -50 > loudness_dbfs(b"\x01\x00\xff\xff" * 4_800)


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Hello, what time do you open?", "hello what time do you open", 1, 1),
        ("Hello, what time do you open tomorrow?", "Hello. What time will you open tomorrow?", 0.8, 0.99),
        ("Hello, what time do you open tomorrow?", "We close at six on Sundays.", 0, 0.3),
        ("", "Hello", 0, 0),
    ],
)
def test_similarity_counts_words_not_spelling(one: str, other: str, least: float, most: float) -> None:
    assert least <= similarity(one, other) <= most


def test_off_is_a_setting_that_is_present_and_null() -> None:
    assert settings_of_table(Table(["setting", "value"], [["turn detection", "off"]]), []) == {
        "audio.input.turn_detection": None
    }


def test_an_absent_setting_and_a_null_one_are_not_the_same() -> None:
    present = flat({"audio": {"input": {"turn_detection": None}}})
    assert present != flat({"audio": {"input": {}}})


def test_a_setting_that_no_session_has_is_named() -> None:
    with pytest.raises(AssertionError, match="'volume'; known: session type"):
        settings_of_table(Table(["setting", "value"], [["volume", "11"]]), [])
