"""Scenarios in files, and the command that plays them."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from realtime_server import Answer, Reply, ToolCall, scenario_file, speech

ROOT = Path(__file__).parents[2]
SCENARIO = """
user_transcripts = ["What is the weather in London?"]
transcription = "after response"
faults = ["delay ms=1"]

[[answers]]
to = "weather"
tool_calls = [{ name = "get_weather", arguments = { city = "London" } }]

[[answers]]
transcript = "Good morning."
audio = "hello.wav"

[[answers]]
transcript = "One two three."

[default_answer]
transcript = "I do not know."
pause_ms = 5
"""


@pytest.fixture
def written(tmp_path):
    """Write a scenario file and return its path."""

    def write(text):
        with wave.open(str(tmp_path / "hello.wav"), "wb") as wav:
            wav.setparams((1, 2, 24_000, 0, "NONE", ""))
            wav.writeframes(bytes(range(100)))
        path = tmp_path / "scenario.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_file_becomes_a_script(written):
    script = scenario_file.read(written(SCENARIO), pause_ms=3)
    (reply,) = script.replies
    assert reply.to == "weather"
    assert reply.answer.tool_calls == [ToolCall("get_weather", '{"city": "London"}')]
    assert (reply.answer.transcript, reply.answer.audio) == ("", b"")
    first, second = script.answers
    assert (first.transcript, first.audio, first.pause_ms) == ("Good morning.", bytes(range(100)), 3)
    assert len(second.audio) == 3 * 300 * 48
    assert any(second.audio)
    assert (script.default_answer.transcript, script.default_answer.pause_ms) == ("I do not know.", 5)
    assert (script.transcription, script.user_transcripts) == (
        "after response",
        ["What is the weather in London?"],
    )
    assert [fault.name for fault in script.faults] == ["delay"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("answers = 5", "answers: "),
        ("[[answers]]\ntranscirpt = 'Hi'", "answers[0].transcirpt: Extra inputs are not permitted"),
        ("[[answers]]\ntranscript = 5", "answers[0].transcript: "),
        ("[[answers]]\nto = '('", "'(' is no regular expression"),
        ("[[answers]]\naudio = 'nobody.wav'", "nobody.wav: No such file"),
        ("[[answers]]\naudio = 'scenario.toml'", "scenario.toml must be mono PCM16 at 24 kHz"),
        ("[[answers]]\nstatus = 'failed'", "error: a failed response needs"),
        ("transcription = 'never'", "transcription: "),
        ("faults = ['flood']", "no fault is called 'flood'"),
        ("answers = [", "scenario.toml: "),
    ],
)
def test_a_bad_file_is_one_sentence_with_the_place(written, text, said):
    with pytest.raises(scenario_file.ScenarioError) as error:
        scenario_file.read(written(text))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("spoken", [False, True])
def test_a_reply_answers_what_was_said_and_what_a_function_returned(server, open_client, play, spoken):
    tool = {"type": "function", "name": "look_up", "parameters": {}}
    server.script.replies = [
        Reply("OPEN tomorrow", Answer.calling(ToolCall("look_up", call_id="c1"))),
        Reply("nine", Answer("At nine.")),
    ]
    server.script.answers = [Answer("First."), Answer("Second.")]

    async def scene():
        async with open_client() as client:
            await client.update(tools=[tool], output_modalities=["text"])

            async def answer():
                await client.respond()
                (item,) = (await client.until("rate_limits.updated"))[-2]["response"]["output"]
                return item["name"] if item["type"] == "function_call" else item["content"][0]["text"]

            said = [await answer()]
            if spoken:
                await client.update(audio={"input": {"turn_detection": None}})
                await client.append(speech("question").pcm)
                await client.send({"type": "input_audio_buffer.commit"})
            else:
                await client.say("What time do you open tomorrow?")
            said.append(await answer())
            output = {"type": "function_call_output", "call_id": "c1", "output": "nine"}
            await client.send({"type": "conversation.item.create", "item": output})
            said.append(await answer())
            await client.say("Thank you.")
            return [*said, await answer()]

    assert play(scene()) == ["First.", "look_up", "At nine.", "Second."]


def test_the_command_plays_a_scenario_at_the_pace_it_is_told(written):
    async def scene(url):
        async with connect(
            f"{url}?model=gpt-realtime", additional_headers={"Authorization": "Bearer k"}
        ) as ws:
            await ws.recv()
            await ws.send(json.dumps({"type": "response.create"}))
            while (event := json.loads(await ws.recv()))["type"] != "response.output_audio.delta":
                pass
            await ws.send(json.dumps({"type": "response.cancel", "event_id": "c"}))
            while event["type"] != "response.done":
                event = json.loads(await ws.recv())
            assert event["response"]["status"] == "cancelled"
            await ws.send("{")
            while event["type"] != "error":
                event = json.loads(await ws.recv())
            return event["error"]["rule_id"]

    file = written("[[answers]]\ntranscript = 'a b c d e f g'")
    # The whole answer would take two seconds, so the cancellation finds it in progress.
    arguments = ["--port", "0", "--scenario", str(file), "--delta-interval-ms", "100", "--debug"]
    command = [sys.executable, "-m", "realtime_server", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            url = process.stdout.readline().removeprefix("listening on ").strip()
            assert asyncio.run(asyncio.wait_for(scene(url), 10)) == "RT-frame-01"
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scenario", "nobody.toml"], "nobody.toml: No such file or directory"),
        (["--delta-interval-ms", "-1"], "give milliseconds from 0 to 60000"),
        (["--delta-interval-ms", "nan"], "give milliseconds from 0 to 60000"),
    ],
)
def test_what_cannot_be_played_is_said_before_the_server_starts(arguments, said):
    command = [sys.executable, "-m", "realtime_server", "--port", "0", *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_scenario_in_the_readme_can_be_played(written):
    (shown,) = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    script = scenario_file.read(written(shown))
    (call,) = script.next_answer("How is the weather?").tool_calls
    assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": "London"})
    assert script.next_answer("Hello").transcript == "I do not know."
