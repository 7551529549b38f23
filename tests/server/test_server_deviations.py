"""Named deviations, keys that are played, answers in other words, functions that the instructions name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from realtime_server import RealtimeServer, Script, Sender, rules
from realtime_server.deviations import DEVIATIONS, Deviating, Dialect
from realtime_server.handshake import NO_CREDIT_KEY
from realtime_server.script import Answer
from realtime_server.wordings import Worded

TOOL = {
    "type": "function",
    "name": "opening_hours",
    "parameters": {
        "type": "object",
        "properties": {"day": {"type": "string"}, "kind": {"enum": ["shop", "hall"]}},
        "required": ["day", "kind"],
    },
}
KEY = {"Authorization": "Bearer some-key-of-a-test"}


@contextmanager
def served(script: Script | None = None, *deviations: str) -> Iterator[RealtimeServer]:
    made = script or Script()
    made.faults = [*made.faults, *(Deviating(name) for name in deviations)]
    with RealtimeServer(made, dialect=Dialect(deviations)) as server:
        yield server


def ask(
    server: RealtimeServer, *events: dict[str, Any], responses: int = 1, **headers: str
) -> list[dict[str, Any]]:
    """Send ``events`` and take everything up to so many ends of responses."""

    async def scene() -> list[dict[str, Any]]:
        received: list[dict[str, Any]] = []
        url = f"{server.url}?model=gpt-realtime-2.1-mini"
        async with asyncio.timeout(10), connect(url, additional_headers=headers or KEY, proxy=None) as ws:
            for event in events:
                await ws.send(json.dumps(event))
            while sum(each["type"] == "response.done" for each in received) < responses:
                received.append(json.loads(await ws.recv()))
        return received

    return asyncio.run(scene())


def message(words: str = "When do you open?") -> dict[str, Any]:
    content = [{"type": "input_text", "text": words}]
    return {
        "type": "conversation.item.create",
        "item": {"type": "message", "role": "user", "content": content},
    }


CREATE = {"type": "response.create"}


@pytest.mark.parametrize("name", [name for name in DEVIATIONS if name != "other-error-text"])
def test_each_deviation_changes_what_is_sent(name: str) -> None:
    update = {"type": "session.update", "session": {"type": "realtime"}}
    with served() as server:
        usual = ask(server, update, message(), CREATE)
    with served(None, name) as server:
        sent = {"api-key": "some-key-of-a-test"} if name == "azure" else {}
        other = ask(server, update, message(), CREATE, **sent)
        assert Deviating.name in server.script.struck
    assert shapes(usual) != shapes(other)


def shapes(events: list[dict[str, Any]]) -> list[str]:
    """The events with types in place of values, in order; a run of deltas counts once."""
    told = [json.dumps(_shape(each)) for each in events]
    return [each for at, each in enumerate(told) if at == 0 or each != told[at - 1]]


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: each if key == "type" else _shape(each) for key, each in sorted(value.items())}
    return [_shape(each) for each in value] if isinstance(value, list) else type(value).__name__


def test_without_deviations_nothing_differs_from_run_to_run() -> None:
    with served() as server:
        one = ask(server, message(), CREATE)
    with served() as server:
        assert shapes(ask(server, message(), CREATE)) == shapes(one)


@pytest.mark.parametrize("headers", [{"api-key": "wrong-key"}, {"X-Nothing": "at all"}])
def test_an_endpoint_like_azure_answers_a_bad_key_before_any_websocket_opens(headers: dict[str, str]) -> None:
    with served(None, "azure") as server, pytest.raises(InvalidStatus) as refusal:
        ask(server, CREATE, **headers)
    assert refusal.value.response.status_code == 401


def test_a_key_without_credit_is_let_in_and_every_response_fails() -> None:
    headers = {"Authorization": f"Bearer {NO_CREDIT_KEY}"}
    with served() as server:
        received = ask(server, message(), CREATE, **headers)
        assert ask(server, message(), CREATE)[-1]["response"]["status"] == "completed"
    done = received[-1]["response"]
    assert (done["status"], done["status_details"]["error"]["code"]) == ("failed", "insufficient_quota")


def said(seed: int, times: int = 4) -> list[tuple[str, bytes]]:
    script = Worded(seed=seed)
    return [(answer.transcript, answer.audio) for answer in (script.next_answer() for _ in range(times))]


def test_the_same_seed_says_the_same_and_another_something_else() -> None:
    assert said(1) == said(1) != said(2)
    assert len({words for words, _ in said(1)}) > 1


def test_what_is_said_in_other_words_is_audible() -> None:
    for _, audio in said(3):
        samples = np.frombuffer(audio, dtype="<i2").astype(float)
        assert samples.size > 12_000
        assert np.sqrt(np.mean(samples**2)) > 100


def test_an_answer_that_was_written_by_hand_is_not_reworded() -> None:
    script = Worded(answers=[Answer(transcript="Exactly this.")], seed=1)
    assert script.next_answer().transcript == "Exactly this."


def instructed(instructions: str, script: Script | None = None, **session: Any) -> list[dict[str, Any]]:
    settings = {"type": "realtime", "instructions": instructions, "tools": [TOOL], **session}
    with served(script) as server:
        ask(server, {"type": "session.update", "session": settings}, message(), CREATE)
        (connection,) = server.connections
        return next(
            each for each in connection.transcript.events(Sender.SERVER) if each["type"] == "response.done"
        )["response"]["output"]


@pytest.mark.shows(rules.INSTRUCTED)
def test_a_function_that_the_instructions_name_is_called_with_arguments_that_fit() -> None:
    (call,) = instructed("Use opening_hours first.")
    assert (call["type"], call["name"]) == ("function_call", "opening_hours")
    assert json.loads(call["arguments"]) == {"day": "tomorrow", "kind": "shop"}


@pytest.mark.parametrize(
    ("instructions", "script", "session"),
    [
        ("Be brief.", None, {}),
        ("Use opening_hours first.", None, {"tool_choice": "none"}),
        ("Use opening_hours first.", Script(answers=[Answer()]), {}),
    ],
)
def test_otherwise_the_answer_is_given(
    instructions: str, script: Script | None, session: dict[str, Any]
) -> None:
    (answer,) = instructed(instructions, script, **session)
    assert answer["type"] == "message"


def test_once_the_function_has_returned_the_answer_is_given() -> None:
    settings = {"type": "realtime", "instructions": "Use opening_hours.", "tools": [TOOL]}
    output = {"type": "function_call_output", "call_id": "call_1", "output": "from nine"}
    call = {"type": "function_call", "call_id": "call_1", "name": "opening_hours", "arguments": "{}"}
    items = [{"type": "conversation.item.create", "item": each} for each in (call, output)]
    with served() as server:
        received = ask(server, {"type": "session.update", "session": settings}, message(), *items, CREATE)
    assert [each["type"] for each in received[-1]["response"]["output"]] == ["message"]
