"""The oracle: the schema is the vendor's, and what the server sends satisfies the vendor's own models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter

from realtime_server import Answer, Sender, TranscriptionFailure, clips, ids, output, vendor
from realtime_server.audio import Sound

ROOT = Path(__file__).parents[2]
UPDATE = {
    "type": "session.update",
    "session": {"type": "realtime", "audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}},
}


def test_the_schema_is_that_of_the_installed_package():
    written = (ROOT / "realtime_server" / "vendor_schema.json").read_text(encoding="utf-8")
    assert vendor.difference(written, vendor.dumps(vendor.generate())) == ""


def test_a_schema_that_is_out_of_date_is_told_apart(capsys, monkeypatch):
    changed = vendor.generate()
    changed["types"]["realtime_reasoning_param.RealtimeReasoningParam"]["effort"]["enum"].append("ludicrous")
    monkeypatch.setattr(vendor, "generate", lambda: changed)
    assert vendor.main(["--check"]) == 1
    shown = capsys.readouterr().out
    assert [line for line in shown.splitlines() if line.startswith("+ ")] != []
    assert "ludicrous" in shown


def test_the_running_server_does_not_need_the_package():
    code = "import sys, realtime_server; sys.exit('openai' in sys.modules or 'pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=20, check=False).returncode == 0


@pytest.mark.parametrize("modality", ["audio", "text"])
def test_every_event_sent_satisfies_the_vendors_types(server, open_client, play, modality):
    error = {"type": "server_error", "code": "boom", "message": "It broke."}
    server.script.answers = [Answer(), Answer(status="failed", error=error), Answer(hold_after=1)]
    server.script.user_transcripts = ["Hello.", TranscriptionFailure()]

    async def scene():
        async with open_client() as client:
            await client.ask(UPDATE)
            for _ in range(2):
                await client.send({"type": "input_audio_buffer.append", "audio": "AAAA" * 1_600})
                await client.send({"type": "input_audio_buffer.commit"})
            for _ in range(2):
                await client.send({"type": "response.create", "response": {"output_modalities": [modality]}})
                done = (await client.until("rate_limits.updated"))[-2]["response"]
            await client.send({"type": "response.create", "response": {"output_modalities": [modality]}})
            await client.until("response.content_part.added")
            await client.send({"type": "response.cancel"})
            await client.until("rate_limits.updated")
            place = {"item_id": done["output"][0]["id"]}
            await client.send(
                {"type": "conversation.item.truncate", "content_index": 0, "audio_end_ms": 1, **place}
            )
            await client.send({"type": "conversation.item.retrieve", **place})
            await client.send({"type": "conversation.item.delete", **place})
            await client.send({"type": "nope"})
            await client.nothing_more()

    play(scene())
    events = server.wait_for_connection().transcript.events(Sender.SERVER)
    adapter = TypeAdapter(RealtimeServerEvent)
    for event in events:
        parsed = adapter.validate_python(event)
        assert parsed.type == event["type"]
    assert len({event["type"] for event in events}) >= 20


def test_a_text_cut_into_deltas_is_whole_again_when_joined():
    for text in ["", "Hi", " Hi there!  ", "naïve, 3.5%\n\tand «more»…", speech_words()]:
        assert "".join(output.tokens(text)) == text


def test_padding_never_has_length_zero():
    source = ids.Ids("seed")
    assert [len(source.obfuscation("x" * n)) for n in (0, 1, 15, 16, 17)] == [16, 15, 1, 16, 15]


def test_a_clip_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ValueError, match=r"no clip named .anthem.*answer, question"):
        clips.speech("anthem")


def test_only_known_sounds_are_recognised():
    question = clips.speech("question")
    assert clips.recognise(Sound(question.pcm)) == question.words
    middle = len(question.pcm) // 4 * 2
    assert clips.recognise(Sound(question.pcm[:middle] + question.pcm[middle + 2 :])) == ""
    loud = np.nonzero(np.abs(np.frombuffer(question.pcm, "<i2")) >= 256)[0]
    assert clips.recognise(Sound(question.pcm[2 * loud[0] : 2 * (loud[-1] + 1)])) == question.words
    assert clips.recognise(Sound(question.pcm[2 * loud[0] : 2 * loud[-1]])) == ""
    assert clips.recognise(Sound(question.pcm[2 * (loud[0] + 1) :])) == ""
    assert clips.recognise(Sound(bytes(24_000))) == ""
    assert 3_000 < question.duration_ms < 3_100


def speech_words() -> str:
    return clips.speech("answer").words
