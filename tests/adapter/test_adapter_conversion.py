"""Audio in other forms: the tables of G.711, streams cut anywhere, and what cannot be."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime_adapter import ALAW, ULAW, AudioChunk, AudioFormat, ConfigurationError, Converter
from realtime_adapter.conversion import OWN, from_chunk, to_chunk
from realtime_server import g711

EVERY_SAMPLE = np.arange(-32_768, 32_768).astype("<i2")
EVERY_CODE = bytes(range(256))
TELEPHONE = AudioFormat("pcm16", 8_000)
LAWS = pytest.mark.parametrize(
    ("law", "kind"), [(ULAW, "audio/pcmu"), (ALAW, "audio/pcma")], ids=["ulaw", "alaw"]
)


def convert(data: bytes, source: AudioFormat, target: AudioFormat) -> bytes:
    converter = Converter(source, target)
    return converter.convert(data) + converter.finish()


@LAWS
def test_every_code_is_the_sample_that_the_standard_gives_it(law: AudioFormat, kind: str) -> None:
    assert convert(EVERY_CODE, law, TELEPHONE) == g711.expand(EVERY_CODE, kind).astype("<i2").tobytes()


@pytest.mark.parametrize(
    ("law", "sample", "code"),
    [
        (ULAW, 0, 0xFF),
        (ULAW, -1, 0x7E),
        (ULAW, 32_767, 0x80),
        (ULAW, -32_768, 0x00),
        (ULAW, 1_000, 0xCE),
        (ALAW, 0, 0xD5),
        (ALAW, -1, 0x55),
        (ALAW, 32_767, 0xAA),
        (ALAW, -32_768, 0x2A),
        (ALAW, 1_000, 0xFA),
    ],
)
def test_known_codes(law: AudioFormat, sample: int, code: int) -> None:
    assert convert(np.array([sample], "<i2").tobytes(), TELEPHONE, law) == bytes([code])


@LAWS
def test_every_sample_is_understood_as_one_close_to_it_and_louder_stays_louder(
    law: AudioFormat, kind: str
) -> None:
    said = EVERY_SAMPLE.astype(int)
    understood = g711.expand(convert(EVERY_SAMPLE.tobytes(), TELEPHONE, law), kind).astype(int)
    assert (np.diff(understood) >= 0).all()
    within_range = np.abs(said) <= 32_000
    half_a_step = (np.abs(said) + 132) / 32 + 8  # 16 steps a segment, each twice as wide as those of the last
    assert (np.abs(understood - said) <= half_a_step)[within_range].all()


@LAWS
def test_a_code_that_was_understood_is_the_code_that_is_said(law: AudioFormat, kind: str) -> None:
    said = convert(convert(EVERY_CODE, law, TELEPHONE), TELEPHONE, law)
    assert g711.expand(said, kind).tobytes() == g711.expand(EVERY_CODE, kind).tobytes()


def noise(samples: int) -> bytes:
    return np.random.default_rng(7).normal(0, 6_000, samples).clip(-32_768, 32_767).astype("<i2").tobytes()


@settings(deadline=None, max_examples=30)
@given(
    cuts=st.lists(st.integers(0, 4_000), max_size=12),
    rate_hz=st.sampled_from([8_000, 16_000, 24_000, 48_000]),
)
def test_however_a_stream_is_cut_the_result_is_the_same(cuts: list[int], rate_hz: int) -> None:
    data, source = noise(2_000), AudioFormat("pcm16", rate_hz)
    edges = [0, *sorted(cuts), len(data)]
    converter = Converter(source, OWN)
    pieces = [converter.convert(data[start:end]) for start, end in pairwise(edges)]
    assert b"".join(pieces) + converter.finish() == convert(data, source, OWN)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
def test_a_tone_keeps_its_pitch_its_level_and_its_length(rate_hz: int) -> None:
    at_s = np.arange(rate_hz) / rate_hz
    tone = (10_000 * np.sin(2 * np.pi * 1_000 * at_s)).astype("<i2").tobytes()
    heard = to_chunk(tone, AudioFormat("pcm16", rate_hz)).samples.astype(float)
    assert len(heard) == 24_000
    spectrum = np.abs(np.fft.rfft(heard))
    assert spectrum.argmax() == 1_000
    middle = heard[2_400:-2_400]
    assert np.sqrt(np.mean(middle**2)) * np.sqrt(2) == pytest.approx(10_000, rel=0.01)


def test_what_is_too_loud_for_16_bits_is_cut_and_does_not_wrap() -> None:
    square = np.where(np.arange(8_000) // 40 % 2, 32_767, -32_768).astype("<i2")
    heard = to_chunk(square.tobytes(), TELEPHONE).samples.astype(int)
    plateau = heard.reshape(-1, 120)[1:-1, 40:80]
    assert (np.abs(plateau) > 20_000).all()
    assert (np.sign(plateau) == np.sign(plateau[:, :1])).all()


def test_a_converter_can_begin_another_stream() -> None:
    converter = Converter(TELEPHONE, OWN)
    once = converter.convert(noise(500) + b"\x01") + converter.finish()
    assert once == converter.convert(noise(500)) + converter.finish()


def test_nothing_is_nothing() -> None:
    assert from_chunk(AudioChunk(b""), ULAW) == to_chunk(b"", ALAW).data == b""


@pytest.mark.parametrize(
    ("encoding", "rate_hz", "param", "words"),
    [
        ("mp3", 24_000, "encoding", "Give pcm16, ulaw or alaw"),
        ("pcm16", 11_025, "rate_hz", "8,000, 16,000, 24,000, 48,000 Hz"),
        ("ulaw", 24_000, "rate_hz", "ulaw has 8,000 Hz"),
        ("pcm16", "24000", "rate_hz", "rate_hz is '24000'"),
    ],
)
def test_a_form_that_there_is_not_is_refused(encoding: Any, rate_hz: Any, param: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        AudioFormat(encoding, rate_hz)
    assert refused.value.param == param


def test_without_soxr_only_what_needs_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soxr", None)
    assert convert(b"\xff", ULAW, TELEPHONE) == b"\x00\x00"
    with pytest.raises(
        ConfigurationError, match=r"8000 Hz to 24000 Hz needs the package soxr.*pip install soxr"
    ):
        to_chunk(b"\x00\x00", TELEPHONE)
