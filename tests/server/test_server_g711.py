"""Telephone audio in both directions."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from realtime_server import Answer, g711, rules, speech

# Codes and their values from the tables of ITU-T G.711 (mu-law as 14 bits times 4, A-law as 13 bits times 8).
REFERENCE = {
    "audio/pcmu": {0x00: -32_124, 0x80: 32_124, 0x7F: 0, 0xFF: 0, 0xFE: 8, 0x7E: -8, 0xF0: 120, 0x8F: 16_764},
    "audio/pcma": {0x2A: -32_256, 0xAA: 32_256, 0x55: -8, 0xD5: 8, 0x54: -24, 0xD4: 24, 0x80: 5_504},
}


@pytest.mark.parametrize("kind", REFERENCE)
def test_codes_have_the_values_of_the_standard(kind):
    codes, values = zip(*REFERENCE[kind].items(), strict=True)
    assert g711.expand(bytes(codes), kind).tolist() == list(values)


@pytest.mark.parametrize("kind", REFERENCE)
def test_every_code_survives_being_expanded_and_compressed(kind):
    codes = bytes(range(256))
    again = g711.compress(g711.expand(codes, kind), kind)
    negative_zero = {0x7F} if kind == "audio/pcmu" else set()
    assert {code for code, new in zip(codes, again, strict=True) if code != new} == negative_zero


@pytest.mark.parametrize(("kind", "quiet"), [("audio/pcmu", 0xFF), ("audio/pcma", 0xD5)])
def test_silence_and_the_loudest_samples_have_their_codes(kind, quiet):
    extremes = g711.compress(np.array([0, 32_767, -32_768], np.int16), kind)
    assert extremes[0] == quiet
    assert g711.expand(extremes[1:], kind).tolist() == [
        g711.expand(bytes(range(256)), kind).max(),
        g711.expand(bytes(range(256)), kind).min(),
    ]


@pytest.mark.parametrize("kind", REFERENCE)
def test_speech_stays_close_to_what_it_was(kind):
    original = g711.to_telephone_rate(speech("question").pcm)
    coded = g711.expand(g711.compress(original, kind), kind).astype(float)
    noise = np.mean((coded - original) ** 2)
    assert 10 * np.log10(np.mean(original.astype(float) ** 2) / noise) > 30  # dB; the law promises about 38


@pytest.mark.parametrize("kind", REFERENCE)
@pytest.mark.shows(rules.G711)
def test_a_turn_in_telephone_audio_is_heard_and_answered_in_it(open_client, play, kind):
    fmt = {"type": kind}
    question = g711.compress(g711.to_telephone_rate(speech("question").pcm), kind)
    quiet = g711.compress(np.zeros(4_000, np.int16), kind)

    async def scene():
        async with open_client() as client:
            heard = {"format": fmt, "transcription": {"model": "whisper-1"}}
            await client.update(audio={"input": heard, "output": {"format": fmt}})
            await client.append(question + quiet)
            events = await client.until("rate_limits.updated")
            item = events[-2]["response"]["output"][0]["id"]
            place = {"item_id": item, "content_index": 0}
            beyond = await client.ask(
                {"type": "conversation.item.truncate", **place, "audio_end_ms": 999_999}
            )
            await client.ask({"type": "conversation.item.truncate", **place, "audio_end_ms": 250})
            kept = await client.ask({"type": "conversation.item.retrieve", "item_id": item})
            return events, beyond, base64.b64decode(kept["item"]["content"][0]["audio"])

    events, beyond, kept = play(scene())
    answer = speech("answer")
    transcript = "conversation.item.input_audio_transcription.completed"
    assert next(e for e in events if e["type"] == transcript)["transcript"] == speech("question").words
    deltas = [base64.b64decode(e["delta"]) for e in events if e["type"] == "response.output_audio.delta"]
    assert set(map(len, deltas[:-1])) == {800}
    assert b"".join(deltas) == g711.compress(g711.to_telephone_rate(answer.pcm), kind)
    assert f"{int(answer.duration_ms)}ms is already shorter" in beyond["error"]["message"]
    assert kept == b"".join(deltas)[:2_000]
    usage = events[-2]["response"]["usage"]["output_token_details"]
    assert usage["audio_tokens"] == -(-int(answer.duration_ms + 1) // 50)


def test_scripted_slices_are_slices_of_what_is_sent(server, open_client, play):
    server.script.answers = [Answer("Hi", bytes(48 * 10), slice_bytes=[7])]

    async def scene():
        async with open_client() as client:
            await client.respond(audio={"output": {"format": {"type": "audio/pcma"}}})
            return await client.until("response.done")

    deltas = [e["delta"] for e in play(scene()) if e["type"] == "response.output_audio.delta"]
    assert [len(base64.b64decode(delta)) for delta in deltas] == [7] * 11 + [3]


@pytest.mark.shows(rules.NEW_FORMAT)
def test_audio_in_one_format_is_not_committed_in_another(open_client, play):
    async def scene():
        async with open_client() as client:
            await client.update(audio={"input": {"turn_detection": None}})
            await client.append(bytes(4_000))  # 83 ms of PCM16, which would be 500 ms of G.711
            await client.update(audio={"input": {"format": {"type": "audio/pcmu"}}})
            return await client.ask({"type": "input_audio_buffer.commit"})

    error = play(scene())["error"]
    assert error["code"] == "input_audio_buffer_commit_empty"
    assert error["message"].endswith("only has 0.00ms of audio.")
