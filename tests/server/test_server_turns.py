"""What a session does: the order of events, their fields, and the state behind them."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest
from websockets.asyncio.client import connect

from realtime_server import (
    Answer,
    CloseWith,
    EndOfStream,
    RealtimeServer,
    ResetConnection,
    Script,
    Sender,
    TranscriptionFailure,
    rules,
    speech,
)

MANUAL = {
    "type": "session.update",
    "session": {
        "type": "realtime",
        "audio": {"input": {"turn_detection": None, "transcription": {"model": "gpt-4o-transcribe"}}},
    },
}
RESPOND = {"type": "response.create"}
COMMIT = {"type": "input_audio_buffer.commit"}
TONE = bytes(range(256)) * 60  # 15,360 bytes, 320 ms


def append(pcm: bytes) -> dict:
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()}


def say(words: str, **fields) -> dict:
    content = [{"type": "input_text", "text": words}]
    return {
        "type": "conversation.item.create",
        "item": {"type": "message", "role": "user", "content": content},
        **fields,
    }


def types(events) -> list[str]:
    """Event types with runs of the same delta folded into one."""
    names = [e["type"] for e in events]
    return [n for i, n in enumerate(names) if i == 0 or n != names[i - 1] or not n.endswith("delta")]


def sound(events, name="response.output_audio.delta") -> bytes:
    return b"".join(base64.b64decode(e["delta"]) for e in events if e["type"] == name)


def one(events, event_type) -> dict:
    (found,) = [e for e in events if e["type"] == event_type]
    return found


@pytest.fixture
def turn(server, open_client, play):
    """Play one text turn with the given answer and return what came back."""

    def played(answer: Answer | None = None, *, response: dict | None = None, last="rate_limits.updated"):
        server.script.answers = [answer] if answer else []

        async def scene():
            async with open_client() as client:
                await client.send(say("Good morning."))
                await client.send({**RESPOND, **({"response": response} if response else {})})
                return await client.until(last)

        return play(scene())

    return played


ITEM_AND_START = [
    "conversation.item.added",
    "conversation.item.done",
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
]
END = [
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
    "rate_limits.updated",
]


@pytest.mark.shows(rules.EVENT_ORDER, rules.RATE_LIMITS)
def test_a_spoken_answer_comes_in_the_recorded_order(turn):
    events = turn(Answer("Hi there!", TONE, slice_bytes=[len(TONE)]))
    assert types(events) == [
        *ITEM_AND_START,
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        *END,
    ]


def test_a_written_answer_comes_in_the_recorded_order(turn):
    events = turn(Answer("Your name is Alice."), response={"output_modalities": ["text"]})
    assert types(events) == [*ITEM_AND_START, "response.output_text.delta", "response.output_text.done", *END]
    assert one(events, "response.content_part.done")["part"] == {
        "type": "text",
        "text": "Your name is Alice.",
    }
    item = one(events, "response.done")["response"]["output"][0]
    assert item["content"] == [{"type": "output_text", "text": "Your name is Alice."}]


def test_words_run_ahead_of_their_sound(turn):
    names = [e["type"] for e in turn() if e["type"].endswith("delta")]
    words = [n for n in names if "transcript" in n]
    assert names[0] == "response.output_audio_transcript.delta"
    assert names[-1] == "response.output_audio.delta"
    assert len(words) == 14
    assert len(names) == 14 + 35


@pytest.mark.shows(rules.UNTYPED_OBFUSCATION)
def test_the_fields_of_every_event_are_the_recorded_ones(turn):
    events = turn(Answer("Hi!", TONE, slice_bytes=[len(TONE)]))
    place = {"type", "event_id", "response_id", "item_id", "output_index", "content_index"}
    fields = {e["type"]: set(e) for e in events}
    assert fields == {
        "conversation.item.added": {"type", "event_id", "previous_item_id", "item"},
        "conversation.item.done": {"type", "event_id", "previous_item_id", "item"},
        "response.created": {"type", "event_id", "response"},
        "response.output_item.added": {"type", "event_id", "response_id", "output_index", "item"},
        "response.content_part.added": place | {"part"},
        "response.output_audio_transcript.delta": place | {"delta", "obfuscation"},
        "response.output_audio.delta": place | {"delta"},
        "response.output_audio.done": place,
        "response.output_audio_transcript.done": place | {"transcript"},
        "response.content_part.done": place | {"part"},
        "response.output_item.done": {"type", "event_id", "response_id", "output_index", "item"},
        "response.done": {"type", "event_id", "response"},
        "rate_limits.updated": {"type", "event_id", "rate_limits"},
    }
    done = one(events, "response.done")["response"]
    assert list(done) == [
        "object", "id", "status", "status_details", "output", "conversation_id", "output_modalities",
        "max_output_tokens", "audio", "usage", "metadata",
    ]  # fmt: skip
    created = one(events, "response.created")["response"]
    assert list(created) == list(done)
    assert (created["status"], created["output"], created["usage"]) == ("in_progress", [], None)
    assert done["audio"] == {"output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "alloy"}}
    assert list(done["output"][0]) == ["id", "type", "status", "role", "content"]
    assert done["output"][0]["content"] == [{"type": "output_audio", "transcript": "Hi!"}]
    assert one(events, "response.content_part.done")["part"] == {"type": "audio", "transcript": "Hi!"}
    item = one(events, "response.output_item.added")["item"]
    assert {key: item[key] for key in item if key != "id"} == {
        "type": "message", "status": "in_progress", "role": "assistant", "content": [],
    }  # fmt: skip
    usage = done["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["output_token_details"] == {"text_tokens": 2, "audio_tokens": 7}
    assert usage["input_token_details"]["text_tokens"] == usage["input_tokens"] > 0
    assert [limit["name"] for limit in one(events, "rate_limits.updated")["rate_limits"]] == ["tokens"]


def test_identifiers_look_like_the_live_ones(turn):
    events = turn()
    done = one(events, "response.done")["response"]
    shown = [done["id"], done["conversation_id"], done["output"][0]["id"], *(e["event_id"] for e in events)]
    prefixes = [name.split("_")[0] for name in shown]
    assert set(prefixes) == {"resp", "conv", "item", "event"}
    assert {len(name.split("_")[1]) for name in shown} == {21}
    assert len(set(shown)) == len(shown)


def test_a_delta_and_its_padding_fill_multiples_of_sixteen(turn):
    padded = [e["delta"] + e["obfuscation"] for e in turn() if "obfuscation" in e]
    assert {len(text) % 16 for text in padded} == {0}


def test_the_audio_arrives_byte_for_byte_in_slices_of_100_ms(turn):
    events = turn()
    sizes = [len(base64.b64decode(e["delta"])) for e in events if e["type"] == "response.output_audio.delta"]
    assert sound(events) == speech("answer").pcm
    assert set(sizes[:-1]) == {4800}
    assert one(events, "response.output_audio_transcript.done")["transcript"] == speech("answer").words


def test_slices_may_be_odd_and_the_last_size_repeats(turn):
    events = turn(Answer("Hi", TONE, slice_bytes=[1, 3, 4_001]))
    sizes = [len(base64.b64decode(e["delta"])) for e in events if e["type"] == "response.output_audio.delta"]
    assert sizes == [1, 3, 4_001, 4_001, 4_001, 3_353]
    assert sound(events) == TONE


def test_everything_is_the_same_in_every_run(play):
    async def scene(url):
        key = {"Authorization": "Bearer k"}
        async with connect(f"{url}?model=gpt-realtime", additional_headers=key) as ws:
            await ws.send(json.dumps(say("Hello.")))
            await ws.send(json.dumps(RESPOND))
            events = []
            while not events or events[-1]["type"] != "rate_limits.updated":
                events.append(json.loads(await ws.recv()))
            return events

    runs = []
    for _ in range(2):
        with RealtimeServer() as server:
            events = play(scene(server.url))
            events[0]["session"].pop("expires_at")
            runs.append(events)
    assert runs[0] == runs[1]


def test_two_connections_share_no_identifier(open_client, play):
    async def scene():
        async with open_client(greeted=False) as one_client, open_client(greeted=False) as other:
            return (await one_client.receive())["event_id"], (await other.receive())["event_id"]

    first, second = play(scene())
    assert first != second


@pytest.mark.shows(rules.MANUAL_TURN)
def test_a_manual_audio_turn(open_client, play):
    question = speech("question")

    async def scene():
        async with open_client() as client:
            await client.ask(MANUAL)
            for start in range(0, len(question.pcm), 4_800):
                await client.send(append(question.pcm[start : start + 4_800]))
            await client.send(COMMIT)
            await client.send(RESPOND)
            return await client.until("rate_limits.updated")

    events = play(scene())
    transcription = "conversation.item.input_audio_transcription"
    assert types(events)[:6] == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        f"{transcription}.delta",
        f"{transcription}.completed",
        "response.created",
    ]
    committed, added = events[0], events[1]
    assert committed["previous_item_id"] is None
    assert added["item"] == {
        "id": committed["item_id"],
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_audio", "transcript": None}],
    }
    completed = one(events, f"{transcription}.completed")
    assert completed["transcript"] == question.words
    assert (completed["item_id"], completed["content_index"]) == (committed["item_id"], 0)
    assert completed["usage"]["input_token_details"] == {"text_tokens": 0, "audio_tokens": 31}
    deltas = [e["delta"] for e in events if e["type"] == f"{transcription}.delta"]
    assert "".join(deltas) == question.words
    assert one(events, "response.done")["response"]["usage"]["input_token_details"]["audio_tokens"] == 31


def test_a_commit_starts_no_response_and_without_transcription_nothing_else(open_client, play):
    async def scene():
        async with open_client() as client:
            await client.send(append(bytes(4_800)))
            await client.send(COMMIT)
            return await client.nothing_more()

    assert types(play(scene())) == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]


def test_clearing_empties_the_buffer(open_client, play):
    async def scene():
        async with open_client() as client:
            await client.send(append(bytes(4_800)))
            await client.ask({"type": "input_audio_buffer.clear"})
            return await client.ask(COMMIT)

    assert play(scene())["error"]["code"] == "input_audio_buffer_commit_empty"


@pytest.mark.parametrize(
    ("audio_format", "size"), [({"type": "audio/pcm", "rate": 24000}, 4_800), ({"type": "audio/pcmu"}, 800)]
)
def test_a_hundred_milliseconds_are_counted_in_the_format_that_was_agreed(
    open_client, play, audio_format, size
):
    async def scene():
        async with open_client() as client:
            heard = {"format": audio_format, "turn_detection": None}
            session = {"type": "realtime", "audio": {"input": heard}}
            await client.ask({"type": "session.update", "session": session})
            await client.send(append(bytes(size - 2)))
            short = await client.ask(COMMIT)
            await client.send(append(bytes(2)))
            return short, await client.ask(COMMIT)

    short, enough = play(scene())
    assert short["error"]["code"] == "input_audio_buffer_commit_empty"
    assert enough["type"] == "input_audio_buffer.committed"


def test_scripted_user_transcripts_come_in_order_and_failures_too(server, open_client, play):
    server.script.user_transcripts = ["One.", TranscriptionFailure("too noisy", "noise")]

    async def scene():
        async with open_client() as client:
            await client.ask(MANUAL)
            for _ in range(3):
                await client.send(append(bytes(4_800)))
                await client.send(COMMIT)
            return await client.nothing_more()

    name = "conversation.item.input_audio_transcription"
    events = play(scene())
    assert [e["transcript"] for e in events if e["type"] == f"{name}.completed"] == ["One.", ""]
    failed = one(events, f"{name}.failed")
    assert failed["error"] == {
        "type": "transcription_error", "code": "noise", "message": "too noisy", "param": None,
    }  # fmt: skip


@pytest.mark.shows(rules.TRANSCRIPTION_TIMES)
def test_a_transcription_can_come_late(server, open_client, play):
    server.script.transcription = "after response"

    async def scene():
        async with open_client() as client:
            await client.ask(MANUAL)
            await client.send(append(speech("question").pcm))
            await client.send(COMMIT)
            await client.send(RESPOND)
            return await client.until("conversation.item.input_audio_transcription.completed")

    names = [e["type"] for e in play(scene())]
    assert names.index("rate_limits.updated") < names.index(
        "conversation.item.input_audio_transcription.delta"
    )


@pytest.mark.shows(rules.ADDED_THEN_DONE)
def test_an_item_done_calls_its_predecessor_null_when_that_is_the_first_item(open_client, play):
    async def scene():
        async with open_client() as client:
            await client.send(say("One."))
            await client.send(RESPOND)
            first = await client.until("rate_limits.updated")
            await client.send(RESPOND)
            return first, await client.until("rate_limits.updated")

    first, second = play(scene())
    user, answer = (e["item"]["id"] for e in first if e["type"] == "conversation.item.added")
    links = [
        (e["type"].rpartition(".")[2], e["previous_item_id"])
        for e in first + second
        if e["type"].startswith("conversation.item.")
    ]
    assert links == [
        ("added", None), ("done", None), ("added", user), ("done", None), ("added", answer), ("done", answer),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("after", "predecessor"),
    [({"previous_item_id": "root"}, None), ({"previous_item_id": ""}, "b"), ({}, "b")],
)
@pytest.mark.shows(rules.CLIENT_IDS)
def test_items_go_where_previous_item_id_says(open_client, play, after, predecessor):
    async def scene():
        async with open_client() as client:
            for name in "ab":
                event = say(name)
                event["item"]["id"] = name
                await client.send(event)
            await client.send(say("c", **after))
            return await client.nothing_more()

    assert play(scene())[-1]["previous_item_id"] == predecessor


def test_an_item_is_inserted_after_the_one_named(open_client, play):
    async def scene():
        async with open_client() as client:
            for name, after in (("a", {}), ("b", {}), ("c", {"previous_item_id": "a"})):
                event = say(name, **after)
                event["item"]["id"] = name
                await client.send(event)
            return await client.nothing_more()

    assert [e["previous_item_id"] for e in play(scene()) if e["type"].endswith("added")] == [None, "a", "a"]


@pytest.mark.shows(rules.OUTPUT_ECHO)
def test_a_function_call_and_its_output_are_echoed_as_recorded(open_client, play):
    async def scene():
        async with open_client() as client:
            call = {"type": "function_call", "call_id": "c1", "name": "look_up", "arguments": "{}"}
            output = {"type": "function_call_output", "call_id": "c1", "output": "42"}
            await client.send({"type": "conversation.item.create", "item": call})
            await client.send({"type": "conversation.item.create", "item": {**output, "status": "completed"}})
            return await client.nothing_more()

    call, output = (e["item"] for e in play(scene()) if e["type"].endswith("done"))
    assert list(call) == ["id", "type", "status", "name", "call_id", "arguments"]
    assert set(output) == {"id", "type", "call_id", "output"}


@pytest.mark.parametrize("deltas", [0, 1, 3])
def test_a_held_answer_waits_for_its_release_which_is_never_lost(server, open_client, play, deltas):
    server.script.answers = [Answer(hold_after=deltas)]

    async def scene():
        async with open_client() as client:
            server.script.release()
            await client.send(RESPOND)
            return await client.until("response.done")

    assert sound(play(scene())) == speech("answer").pcm


@pytest.mark.parametrize("deltas", [0, 1, 3])
@pytest.mark.shows(rules.CANCELLED_CLOSES)
def test_a_cancelled_answer_closes_what_is_open_and_ends_as_cancelled(server, open_client, play, deltas):
    server.script.answers = [Answer(hold_after=deltas)]

    async def scene():
        async with open_client() as client:
            await client.send(RESPOND)
            await client.until("response.created")
            heard = [await client.until("response.output_audio.delta") for _ in range(deltas)]
            await client.send({"type": "response.cancel"})
            rest = await client.until("rate_limits.updated")
            # Nothing is active any more, so the next answer may come at once.
            await client.send(RESPOND)
            return heard, rest, await client.until("response.done")

    _, rest, again = play(scene())
    closing = ["response.output_audio.done", "response.output_audio_transcript.done", *END[:3]]
    assert types(rest) == [*(closing if deltas else []), "response.done", "rate_limits.updated"]
    done = one(rest, "response.done")["response"]
    assert done["status"] == "cancelled"
    assert done["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    assert [item["status"] for item in done["output"]] == (["incomplete"] if deltas else [])
    assert one(again, "response.done")["response"]["status"] == "completed"


def test_a_cancel_gets_in_between_the_deltas_of_an_answer_that_is_not_held(server, open_client, play):
    server.script.answers = [Answer(audio=bytes(4_800_000), slice_bytes=[480])]

    async def scene():
        async with open_client() as client:
            await client.send(RESPOND)
            await client.until("response.output_audio.delta")
            await client.send({"type": "response.cancel"})
            return await client.until("response.done")

    events = play(scene())
    assert events[-1]["response"]["status"] == "cancelled"
    assert len(sound(events)) < 4_800_000


def test_time_passes_between_deltas_on_the_servers_own_clock(server, clock, open_client, play):
    server.script.answers = [Answer("Hi", TONE, pause_ms=60_000)]

    async def scene():
        async with open_client() as client:
            await client.send(RESPOND)
            await client.until("response.created")
            await asyncio.to_thread(clock.advance, 60_000 * 5)
            return await client.until("response.done")

    play(scene())
    frames = server.wait_for_connection().transcript.frames
    at_ms = [f.at_ms for f in frames if f.type == "response.output_audio.delta"]
    # The first pause comes before the answer, the others after each of its four deltas.
    assert at_ms == [60_000, 120_000, 180_000, 240_000]
    assert next(f.at_ms for f in frames if f.type == "response.done") == 300_000


def test_a_cancel_cuts_a_pause_short(server, open_client, play):
    server.script.answers = [Answer(pause_ms=60_000)]

    async def scene():
        async with open_client() as client:
            await client.send(RESPOND)
            await client.until("response.created")
            await client.send({"type": "response.cancel"})
            return await client.until("response.done")

    assert play(scene())[-1]["response"]["status"] == "cancelled"


def test_overlapping_requests_leave_the_running_response_alone(server, open_client, play):
    server.script.answers = [Answer(hold_after=1)]

    async def scene():
        async with open_client() as client:
            await client.send(RESPOND)
            await client.until("response.output_audio.delta")
            await client.send({**RESPOND, "event_id": "second"})
            error = (await client.until("error"))[-1]
            server.script.release()
            return error, await client.until("rate_limits.updated"), await client.nothing_more()

    error, events, more = play(scene())
    assert error["error"]["event_id"] == "second"
    assert one(events, "response.done")["response"]["id"] in error["error"]["message"]
    assert more == []


FAILED = {"type": "server_error", "code": "rate_limit_exceeded", "message": "Slow down."}


@pytest.mark.parametrize(
    ("answer", "status", "details"),
    [
        (Answer(status="failed", error=FAILED), "failed", {"type": "failed", "error": FAILED}),
        (
            Answer(status="incomplete", reason="max_output_tokens"),
            "incomplete",
            {"type": "incomplete", "reason": "max_output_tokens"},
        ),
    ],
)
def test_a_response_can_fail_or_stay_incomplete_after_its_audio(turn, answer, status, details):
    events = turn(answer)
    done = one(events, "response.done")["response"]
    assert (done["status"], done["status_details"]) == (status, details)
    assert done["output"][0]["status"] == "incomplete"
    assert sound(events) == speech("answer").pcm


def test_an_answer_of_nothing_has_no_output_item(turn):
    events = turn(Answer("", b"", status="failed", error=FAILED))
    assert types(events)[2:] == ["response.created", "response.done", "rate_limits.updated"]
    assert one(events, "response.done")["response"]["output"] == []


@pytest.mark.untyped
def test_retired_names_come_only_when_scripted(turn):
    retired = {"response.audio.delta", "response.audio.done", "response.audio_transcript.delta"}
    assert not retired & {e["type"] for e in turn()}
    events = turn(Answer(event_names="legacy"))
    assert retired <= {e["type"] for e in events}
    assert sound(events, "response.audio.delta") == speech("answer").pcm
    assert not any(e["type"].startswith("response.output_audio") for e in events)


def test_the_words_can_come_only_in_deltas_or_only_when_done(turn):
    deltas_only = turn(Answer(transcript_in_done=False))
    said = [e["delta"] for e in deltas_only if e["type"] == "response.output_audio_transcript.delta"]
    assert "".join(said) == speech("answer").words
    assert one(deltas_only, "response.output_audio_transcript.done")["transcript"] == ""
    assert one(deltas_only, "response.done")["response"]["output"][0]["content"][0]["transcript"] == ""
    done_only = turn(Answer(transcript_deltas=False))
    assert "response.output_audio_transcript.delta" not in types(done_only)
    assert one(done_only, "response.output_audio_transcript.done")["transcript"] == speech("answer").words


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        (lambda: setattr(Script(), "refusal_timing", "close onyl"), "refusal_timing"),
        (lambda: Script(session_updated="gone"), "session_updated"),
        (lambda: Answer(slice_bytes=[0]), "slice_bytes"),
        (lambda: Answer(status="incomplete"), "reason"),
        (lambda: Answer(status="failed"), "error"),
    ],
)
def test_a_script_that_makes_no_sense_is_refused_with_the_field(wrong, names):
    with pytest.raises(ValueError, match=f"^{names}: "):
        wrong()


ENDINGS = {
    CloseWith(1011, "oops"): (1011, "oops"),
    ResetConnection(): (None, ""),
    EndOfStream(): (None, ""),
}


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("deltas", [0, 2, 35])
def test_the_connection_is_lost_where_it_is_scripted(server, open_client, play, ending, deltas):
    server.script.answers = [Answer(ending=ending, ending_after=deltas)]

    async def scene():
        async with open_client() as client:
            await client.send(RESPOND)
            return await client.end()

    events, code, reason = play(scene())
    assert (code, reason) == ENDINGS[ending]
    connection = server.wait_for_connection()
    connection.wait_closed()
    assert (connection.closed_by, connection.close_code) == ("server", code or 1006)
    sent = connection.transcript.types(Sender.SERVER)
    assert sent.count("response.output_audio.delta") == deltas
    assert "response.output_audio.done" not in sent
    if not isinstance(ending, ResetConnection):  # a reset may overtake what was sent
        assert [e["type"] for e in events] == sent[1:]


def test_a_close_can_be_announced_by_an_error(server, open_client, play):
    sentence = "Your session hit the maximum duration of 60 minutes."
    error = {"type": "invalid_request_error", "code": "session_expired", "message": sentence}
    server.script.answers = [Answer(ending=CloseWith(1001, sentence, error))]

    async def scene():
        async with open_client() as client:
            await client.send(RESPOND)
            return await client.end()

    events, code, reason = play(scene())
    assert (events[-1]["error"]["code"], code, reason) == ("session_expired", 1001, sentence)


def test_a_request_can_be_answered_by_an_error_or_not_at_all(server, open_client, play):
    refused = {"type": "server_error", "code": "boom", "message": "It broke."}
    server.script.answers = [Answer(refused_with=refused), Answer(unanswered=True)]

    async def scene():
        async with open_client() as client:
            error = await client.ask({**RESPOND, "event_id": "r1"})
            await client.send(RESPOND)
            return error["error"], await client.nothing_more()

    error, more = play(scene())
    assert error == {**refused, "param": None, "event_id": "r1"}
    assert more == []


@pytest.mark.shows(rules.TRUNCATED_WORDS, rules.RETRIEVED_AUDIO)
def test_truncating_deletes_the_words_and_the_sound_behind_the_cut(open_client, play):
    async def scene():
        async with open_client() as client:
            await client.send(RESPOND)
            item = one(await client.until("rate_limits.updated"), "response.done")["response"]["output"][0]
            cut = {"item_id": item["id"], "content_index": 0, "audio_end_ms": 500}
            truncated = await client.ask({"type": "conversation.item.truncate", **cut})
            kept = await client.ask({"type": "conversation.item.retrieve", "item_id": item["id"]})
            return cut, truncated, kept["item"]["content"][0]

    cut, truncated, part = play(scene())
    assert {key: truncated[key] for key in cut} == cut
    assert part["transcript"] == ""
    assert base64.b64decode(part["audio"]) == speech("answer").pcm[:24_000]


def test_a_deleted_item_is_gone(open_client, play):
    async def scene():
        async with open_client() as client:
            await client.send(say("One."))
            item = (await client.until("conversation.item.done"))[-1]["item"]["id"]
            request = {"type": "conversation.item.delete", "item_id": item}
            return await client.ask(request), await client.ask(request)

    first, second = play(scene())
    assert first["type"] == "conversation.item.deleted"
    assert second["error"]["code"] == "item_delete_invalid_item_id"


def test_overrides_hold_for_one_response(open_client, play):
    async def scene():
        async with open_client() as client:
            override = {"output_modalities": ["text"], "metadata": {"k": "v"}, "max_output_tokens": 10}
            await client.send({**RESPOND, "response": override})
            first = one(await client.until("rate_limits.updated"), "response.done")
            await client.send(RESPOND)
            second = one(await client.until("rate_limits.updated"), "response.done")
            return first["response"], second["response"]

    first, second = play(scene())
    assert (first["output_modalities"], first["metadata"], first["max_output_tokens"]) == (
        ["text"],
        {"k": "v"},
        10,
    )
    assert (second["output_modalities"], second["metadata"], second["max_output_tokens"]) == (
        ["audio"],
        None,
        "inf",
    )


@pytest.mark.untyped
def test_what_the_service_never_heard_of_can_be_scripted(server, open_client, play):
    server.script.unknown_events = True

    async def scene():
        async with open_client(greeted=False) as client:
            await client.send(RESPOND)
            return await client.until("rate_limits.updated")

    events = play(scene())
    assert "unheard_of" in one(events, "session.created")
    assert one(events, "session.unheard_of")
    assert "unheard_of" in one(events, "response.done")


def test_silence_after_the_upgrade_or_after_an_update_can_be_scripted(server, open_client, play):
    server.script.session_created = "missing"
    server.script.session_updated = "missing"

    async def scene():
        async with open_client(greeted=False) as client:
            await client.send(MANUAL)
            return await client.nothing_more()

    assert play(scene()) == []
    assert server.wait_for_connection().session["audio"]["input"]["turn_detection"] is None


def test_an_altered_echo_differs_from_the_true_session(server, open_client, play):
    server.script.session_updated = "altered"
    server.script.alteration = {"audio": {"output": {"voice": "cedar"}}}

    async def scene():
        async with open_client() as client:
            return await client.ask(MANUAL)

    output = play(scene())["session"]["audio"]["output"]
    assert (output["voice"], output["speed"]) == ("cedar", 1.0)
    assert server.wait_for_connection().session["audio"]["output"]["voice"] == "alloy"


def test_everything_a_client_sent_before_hanging_up_is_in_the_closed_transcript(server, open_client, play):
    async def scene():
        async with open_client() as client:
            for number in range(1, 51):
                await client.send(append(bytes(2 * number)))

    play(scene())
    connection = server.wait_for_connection()
    connection.wait_closed()
    sent = connection.transcript.complete().events(Sender.CLIENT)
    assert [len(base64.b64decode(e["audio"])) for e in sent] == [2 * number for number in range(1, 51)]


def test_half_a_surrogate_pair_goes_back_as_it_came(open_client, play):
    async def scene():
        async with open_client() as client:
            return await client.ask('{"type": "\\ud83d"}')

    assert play(scene())["error"]["message"].startswith("Invalid value: '\ud83d'.")


def test_a_held_answer_does_not_keep_a_connection_alive(server, open_client, play):
    server.script.answers = [Answer(hold_after=0)]

    async def scene():
        async with open_client() as client:
            await client.ask(RESPOND)
        await asyncio.to_thread(server.wait_for_connection().wait_closed)
        server.script.answers = [Answer(hold_after=0)]
        server.script.release()
        async with open_client() as client:
            await client.send(RESPOND)
            return await client.until("response.done")

    assert play(scene())[-1]["response"]["status"] == "completed"


@pytest.mark.shows(rules.NO_CREDIT)
def test_an_account_without_credit_opens_a_session_and_gets_failed_responses(open_client, play):
    async def scene():
        async with open_client(key="no-credit-key") as client:
            await client.send(RESPOND)
            first = await client.until("rate_limits.updated")
            await client.send(RESPOND)
            return first, await client.until("rate_limits.updated")

    for events in play(scene()):
        assert types(events) == ["response.created", "response.done", "rate_limits.updated"]
        response = events[1]["response"]
        assert (response["status"], response["output"]) == ("failed", [])
        assert response["status_details"]["error"]["code"] == "insufficient_quota"


@pytest.mark.shows(rules.USAGE)
def test_the_usage_of_a_response_does_not_count_those_before_it(server, open_client, play):
    server.script.default_answer = Answer("one two three", bytes(9_600))

    async def scene():
        async with open_client() as client:
            usages = []
            for _ in range(2):
                await client.send(RESPOND)
                usages.append((await client.until("rate_limits.updated"))[-2]["response"]["usage"])
            return usages

    first, second = play(scene())
    assert first["output_tokens"] == second["output_tokens"] == 3 + 4
    assert second["total_tokens"] == second["input_tokens"] + second["output_tokens"]
