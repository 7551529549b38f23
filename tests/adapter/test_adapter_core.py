"""The session core: what may be sent when, whose turn a frame belongs to, and what is due next."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime_adapter import (
    ConfigurationError,
    ConnectionLost,
    HandshakeRefused,
    InvalidApiKey,
    InvalidAudio,
    LocalProtocolError,
    NotConnected,
    RealtimeError,
    RemoteProtocolError,
    ResponseCancelled,
    ResponseEmpty,
    ResponseFailed,
    ResponseIncomplete,
    ServerError,
    SessionRefused,
)
from realtime_adapter.audio import decode_base64, encode_base64
from realtime_adapter.client_events import (
    ClientEvent,
    ConversationItemCreate,
    InputAudioBufferAppend,
    InputAudioBufferCommit,
    InputText,
    ResponseCancel,
    ResponseCreate,
    SessionUpdate,
    UserMessage,
)
from realtime_adapter.core import MAX_APPEND_BYTES, SessionCore
from realtime_adapter.events import UnknownEvent
from realtime_adapter.protocol import SENDS, State
from realtime_adapter.refusals import Close
from realtime_adapter.session import requested_session
from tests.adapter.scripted_peer import in_force, session

SECOND = b"\x01\x02" * 24_000
ASKED = requested_session(voice="alloy", transcription_model="gpt-4o-transcribe")
EVENTS: list[ClientEvent] = [
    SessionUpdate(session={}),
    InputAudioBufferAppend(audio=""),
    InputAudioBufferCommit(),
    ConversationItemCreate(item=UserMessage(content=[InputText(text="hi")])),
    ResponseCreate(),
    ResponseCancel(),
]


class Session(SessionCore):
    """A core with the words of a server."""

    def hear(self, kind: str, **fields: Any) -> None:
        """Take in an event."""
        self.receive(json.dumps({"type": kind, "event_id": "event_x", **fields}))

    def begin(self, response_id: str) -> None:
        """Begin a response."""
        self.hear("response.created", response={"id": response_id, "status": "in_progress"})

    def speak(self, response_id: str | None, pcm: bytes, item_id: str = "item_1") -> None:
        """Send a slice of audio."""
        fields = {"item_id": item_id, "content_index": 0, "delta": encode_base64(pcm)}
        self.hear("response.output_audio.delta", response_id=response_id, **fields)

    def words(self, response_id: str, kind: str, **fields: str) -> None:
        """Send some or all of the words."""
        self.hear(
            f"response.output_audio_transcript.{kind}", response_id=response_id, item_id="item_1", **fields
        )

    def finish(self, response_id: str, status: str = "completed", **details: Any) -> None:
        """End a response."""
        response = {"id": response_id, "status": status, "status_details": details or None}
        self.hear("response.done", response=response)

    def object(self, code: str | None = "invalid_value", event_id: str | None = None, **fields: Any) -> None:
        """Send an error event."""
        self.hear("error", error={"code": code, "message": "No.", "event_id": event_id, **fields})

    def said(self) -> list[str]:
        """Return the types of the events waiting to be sent, and forget them."""
        types = [json.loads(frame)["type"] for frame in self.outbox]
        self.outbox.clear()
        return types

    def ask(self) -> None:
        """Say a second of audio and ask for the answer."""
        self.append(SECOND)
        self.begin_turn(agent_turn=False)

    def heard(self) -> bytes:
        """Return all audio of the turn that is due, up to its end."""
        pcm = b""
        while True:
            chunk = self.next_chunk()
            assert chunk is not None, f"the turn is not over; heard {pcm!r}"
            if not chunk.data:
                return pcm
            pcm += chunk.data


def connecting() -> Session:
    return Session()


def configured() -> Session:
    core = Session()
    core.hear("session.created", session=session())
    core.configure(ASKED)
    core.hear("session.updated", session=in_force(ASKED))
    core.said()
    assert core.state is State.IDLE
    return core


def in_state(state: State) -> Session:
    core = configured()
    if state in (State.REQUESTED, State.RESPONDING, State.CANCELLING):
        core.send(ResponseCreate())
    if state is State.RESPONDING:
        core.begin("r1")
    if state is State.CANCELLING:
        core.send(ResponseCancel())
    if state is State.CLOSED:
        core.end(Close())
    if state in (State.CONNECTING, State.CREATED, State.UPDATING):
        core = Session()
    if state in (State.CREATED, State.UPDATING):
        core.hear("session.created", session=session())
    if state is State.UPDATING:
        core.configure(ASKED)
    core.said()
    assert core.state is state
    return core


# ------------------------------------------------------------------------- legality


@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_is_sent_exactly_where_the_table_allows_it(state: State, event: ClientEvent) -> None:
    core = in_state(state)
    if type(event) in SENDS[state]:
        event_id = core.send(event)
        assert json.loads(core.outbox[-1])["event_id"] == event_id
        assert core.state is SENDS[state][type(event)]
    else:
        kind = NotConnected if state is State.CLOSED else LocalProtocolError
        with pytest.raises(kind, match=f"{event.type} is illegal {state.value}"):
            core.send(event)
        assert not core.outbox
        assert core.state is state


def test_the_table_lets_nothing_out_before_the_server_has_spoken_and_one_response_at_a_time() -> None:
    assert not SENDS[State.CONNECTING]
    assert set(SENDS[State.CREATED]) == {SessionUpdate}
    assert [state for state, sends in SENDS.items() if ResponseCreate in sends] == [State.IDLE]


def test_event_ids_count_the_events_of_a_connection() -> None:
    assert [configured().send(ResponseCreate()) for _ in range(2)] == ["response.create-2"] * 2


# ----------------------------------------------------------------------- connecting


def test_a_session_is_configured_once_it_is_created() -> None:
    core = Session()
    core.hear("session.updated", session=session())
    assert core.state is State.CONNECTING
    core.hear("session.created", session=session())
    core.configure(ASKED)
    assert json.loads(core.outbox[0])["session"] == ASKED
    core.hear("session.created", session=session())
    assert core.state is State.UPDATING
    core.hear("session.updated", session=in_force(ASKED))
    assert core.state is State.IDLE
    assert core.session == in_force(ASKED)


def test_another_session_in_force_is_a_refusal() -> None:
    core = in_state(State.UPDATING)
    altered = in_force(ASKED)
    altered["audio"]["output"]["voice"] = "echo"
    core.hear("session.updated", session=altered)
    assert core.state is State.CLOSED
    verdict = core.verdict()
    assert isinstance(verdict, SessionRefused)
    assert (verdict.param, verdict.requested, verdict.effective) == (
        "session.audio.output.voice",
        "alloy",
        "echo",
    )


def test_a_refused_update_is_a_refusal_at_once() -> None:
    core = in_state(State.UPDATING)
    core.object("unknown_parameter", "session.update-1", param="session.voice")
    assert not core.unsettled
    verdict = core.verdict()
    assert isinstance(verdict, SessionRefused)
    assert (verdict.code, verdict.param, verdict.event_id) == (
        "unknown_parameter",
        "session.voice",
        "session.update-1",
    )


@pytest.mark.parametrize("ending", ["close follows", "end follows", "nothing follows"])
@pytest.mark.parametrize("state", [State.CONNECTING, State.UPDATING])
def test_a_refused_connection_is_the_same_error_whatever_follows_the_frame(state: State, ending: str) -> None:
    core = in_state(state)
    core.object("invalid_api_key")
    assert core.unsettled
    if ending == "close follows":
        core.end(Close(3000, "invalid_request_error.invalid_api_key", "server"))
    elif ending == "end follows":
        core.end(Close())
    else:
        core.settle()
    verdict = core.verdict()
    assert type(verdict) is InvalidApiKey
    assert (verdict.code, verdict.close_code) == ("invalid_api_key", 3000)


def test_an_unknown_refusal_before_the_session_is_a_refused_handshake() -> None:
    core = connecting()
    core.object("brand_new")
    core.settle()
    assert type(core.verdict()) is HandshakeRefused
    core = connecting()
    core.end(Close(1000, "", "server"))
    assert type(core.verdict()) is ConnectionLost


def test_a_response_before_the_session_does_not_open_it() -> None:
    core = in_state(State.UPDATING)
    core.begin("r1")
    core.finish("r1")
    assert core.state is State.UPDATING


# ---------------------------------------------------------------------------- turns


def test_speech_is_committed_and_answered_in_this_order() -> None:
    core = configured()
    core.append(b"\x00" * 4_800)
    core.append(b"\x00" * 4_800)
    assert core.said() == ["input_audio_buffer.append"] * 2
    core.begin_turn(agent_turn=False)
    assert core.said() == ["input_audio_buffer.commit", "response.create"]
    core.begin_turn(agent_turn=False)
    assert core.said() == []


def test_a_turn_gives_its_slices_and_then_one_empty_chunk() -> None:
    core = configured()
    core.ask()
    assert core.next_chunk() is None
    core.begin("r1")
    core.speak("r1", b"\x01\x00" * 3)
    core.words("r1", "done", transcript="Good day.")
    core.speak("r1", b"\x02\x00")
    core.finish("r1")
    chunks = [core.next_chunk() for _ in range(3)]
    assert [chunk.data for chunk in chunks if chunk] == [b"\x01\x00" * 3, b"\x02\x00", b""]
    assert chunks[2] is not None
    assert chunks[2].transcript == "Good day."
    idle = core.next_chunk()
    assert idle is not None
    assert (idle.data, idle.transcript) == (b"", None)


def test_before_any_response_there_is_nothing_to_give_at_once() -> None:
    core = configured()
    core.begin_turn(agent_turn=False)
    assert core.next_chunk() is None
    assert core.awaited == "response.created"
    assert core.said() == []


def test_a_response_that_holds_nothing_is_no_answer() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.finish("r1")
    with pytest.raises(ResponseEmpty, match="r1 is completed and holds no audio"):
        core.next_turn()


def test_a_response_that_holds_nothing_is_silence_to_whoever_only_listens() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.finish("r1")
    assert core.heard() == b""


def test_a_response_of_words_alone_ends_its_turn() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.words("r1", "done", transcript="Hello.")
    core.finish("r1")
    assert core.heard() == b""


@given(st.binary(min_size=2, max_size=200), st.lists(st.integers(0, 200), max_size=12))
@settings(max_examples=60, deadline=None)
def test_any_split_over_deltas_gives_the_same_bytes_and_no_early_end(audio: bytes, cuts: list[int]) -> None:
    audio = audio[: len(audio) & ~1]
    edges = [0, *sorted(min(cut, len(audio)) for cut in cuts), len(audio)]
    core = configured()
    core.ask()
    core.begin("r1")
    for start, end in itertools.pairwise(edges):
        core.speak("r1", audio[start:end])
    core.finish("r1")
    assert core.heard() == audio


def test_half_a_sample_at_the_end_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.speak("r1", b"\x01\x00\x07")
    core.finish("r1")
    assert core.heard() == b"\x01\x00"
    assert "item_1 in response r1 ended in half a sample" in caplog.text


def test_half_a_sample_does_not_slip_into_another_item() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.speak("r1", b"\x01\x00\x07", "item_1")
    core.speak("r1", b"\x02\x00", "item_2")
    core.finish("r1")
    assert core.heard() == b"\x01\x00\x02\x00"


def test_late_slices_of_an_ended_response_are_left_out() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.speak("r1", b"\x01\x00")
    core.finish("r1")
    core.heard()
    core.ask()
    core.speak("r1", b"\x01\x00")
    core.begin("r2")
    core.speak("r1", b"\x01\x00")
    core.words("r1", "delta", delta="stale")
    core.speak("r2", b"\x02\x00")
    core.finish("r1")
    assert core.state is State.RESPONDING
    core.finish("r2")
    assert core.heard() == b"\x02\x00"
    assert core.agent_transcript is None


def test_slices_without_a_response_id_belong_to_the_response_in_progress() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.speak(None, b"\x01\x00")
    core.hear("response.done")
    assert core.heard() == b"\x01\x00"
    assert core.state is State.IDLE


def test_a_response_nobody_asked_for_is_heard() -> None:
    core = configured()
    core.begin("r1")
    core.speak("r1", b"\x01\x00")
    core.finish("r1")
    assert core.heard() == b"\x01\x00"


def test_another_response_beside_the_one_in_progress_is_left_alone() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.speak("other", b"\x09\x00")
    core.finish("other")
    assert core.state is State.RESPONDING
    core.speak("r1", b"\x01\x00")
    core.finish("r1")
    assert core.heard() == b"\x01\x00"


@pytest.mark.parametrize(
    ("status", "details", "error", "code", "reason"),
    [
        ("failed", {"error": {"type": "t", "code": "busy", "message": "x"}}, ResponseFailed, "busy", None),
        ("failed", {}, ResponseFailed, None, None),
        ("incomplete", {"reason": "max_output_tokens"}, ResponseIncomplete, None, "max_output_tokens"),
        ("incomplete", {"reason": "content_filter"}, ResponseIncomplete, None, "content_filter"),
        ("cancelled", {"reason": "turn_detected"}, ResponseCancelled, None, "turn_detected"),
    ],
)  # fmt: skip
def test_a_response_that_is_not_completed_is_an_error_after_its_audio(
    status: str, details: dict[str, Any], error: type, code: str | None, reason: str | None
) -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.speak("r1", b"\x01\x00")
    core.finish("r1", status, **details)
    chunk = core.next_chunk()
    assert chunk is not None
    assert chunk.data == b"\x01\x00"
    with pytest.raises(error) as caught:
        core.next_chunk()
    assert (caught.value.response_id, caught.value.code, caught.value.reason) == ("r1", code, reason)
    assert caught.value.status_details == details
    core.ask()
    core.begin("r2")
    core.speak("r2", b"\x02\x00")
    core.finish("r2")
    assert core.heard() == b"\x02\x00"


def test_an_unknown_status_is_the_servers_fault() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.finish("r1", "splendid")
    with pytest.raises(RemoteProtocolError, match="splendid"):
        core.next_chunk()


def test_a_broken_frame_ends_the_turn_but_not_the_session() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.receive("{")
    with pytest.raises(RemoteProtocolError, match="not JSON"):
        core.next_chunk()
    core.finish("r1")
    core.ask()
    core.begin("r2")
    core.speak("r2", b"\x02\x00")
    core.finish("r2")
    assert core.heard() == b"\x02\x00"


def test_a_broken_slice_is_the_servers_fault() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.hear("response.output_audio.delta", response_id="r1", delta="%%%")
    with pytest.raises(RemoteProtocolError, match=r"broken slice.*not base64"):
        core.next_chunk()


def test_unknown_events_change_nothing() -> None:
    core = configured()
    assert isinstance(core.receive('{"type": "brand.new", "x": 1}'), UnknownEvent)
    assert core.state is State.IDLE
    assert list(core.seen)[-1] == "brand.new"


def test_a_retired_name_is_warned_about_once_each(caplog: pytest.LogCaptureFixture) -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    for _ in range(3):
        core.hear("response.audio.delta", response_id="r1", delta="AQA=")
        core.hear("response.audio_transcript.delta", response_id="r1", delta="a")
    core.finish("r1")
    assert core.heard() == b"\x01\x00" * 3
    assert core.agent_transcript == "aaa"
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
    assert "response.audio.delta" in caplog.records[0].getMessage()


# ------------------------------------------------------------------------ sequencer


def test_a_request_during_a_response_waits_for_its_end_and_is_sent_once() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.said()
    core.append(SECOND)
    core.begin_turn(agent_turn=False)
    core.begin_turn(agent_turn=False)
    assert core.said() == ["input_audio_buffer.append", "input_audio_buffer.commit"]
    core.finish("r1")
    assert core.said() == ["response.create"]
    core.begin("r2")
    core.finish("r2")
    assert core.said() == []


def test_requests_made_while_one_waits_are_answered_together() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    assert core.next_chunk() is None
    core.ask()
    core.say("and this")
    core.ask()
    core.said()
    core.finish("r1")
    assert core.said() == ["response.create"]
    core.begin("r2")
    core.speak("r2", b"\x02\x00")
    core.finish("r2")
    assert core.said() == []
    assert core.heard() == b"\x02\x00"


def test_a_request_right_after_a_request_waits_too() -> None:
    core = configured()
    core.ask()
    core.say("And on Sunday?")
    assert core.said().count("response.create") == 1


def test_speech_during_a_response_is_answered_by_its_own_response_alone() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.speak("r1", b"\x01\x00")
    assert core.next_chunk() is not None
    core.speak("r1", b"\x01\x00")
    core.ask()
    core.speak("r1", b"\x01\x00")
    core.words("r1", "done", transcript="old")
    core.finish("r1")
    core.begin("r2")
    core.speak("r2", b"\x02\x00")
    core.finish("r2")
    assert core.heard() == b"\x02\x00"
    assert core.agent_transcript is None


def test_text_during_a_response_leaves_it_to_be_heard_first() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.speak("r1", b"\x01\x00")
    assert core.next_chunk() is not None
    core.said()
    core.say("And on Sunday?")
    assert core.said() == ["conversation.item.create"]
    core.speak("r1", b"\x01\x01")
    core.finish("r1")
    assert core.said() == ["response.create"]
    core.begin("r2")
    core.speak("r2", b"\x02\x00")
    core.finish("r2")
    assert core.heard() == b"\x01\x01"
    assert core.heard() == b"\x02\x00"


def test_a_response_that_was_not_listened_to_yet_is_not_lost_to_the_next_request() -> None:
    core = configured()
    core.say("One")
    core.begin("r1")
    core.speak("r1", b"\x01\x00")
    core.finish("r1")
    core.ask()
    core.begin("r2")
    core.speak("r2", b"\x02\x00")
    core.finish("r2")
    assert core.heard() == b"\x01\x00"
    assert core.heard() == b"\x02\x00"


def test_text_is_one_user_message_and_one_request() -> None:
    core = configured()
    core.say("When do you open?")
    item, create = (json.loads(frame) for frame in core.outbox)
    assert item["item"] == {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "When do you open?"}],
    }
    assert set(create) == {"type", "event_id"}


@pytest.mark.parametrize("text", [None, 7, "\ud800"])
def test_what_is_no_text_is_refused_and_costs_nothing(text: Any) -> None:
    core = configured()
    with pytest.raises(ConfigurationError, match="InputText cannot be sent"):
        core.say(text)
    assert core.said() == []


def test_the_agent_speaks_when_it_is_signalled_and_nothing_else_is_due() -> None:
    core = configured()
    assert core.begin_turn(agent_turn=True) is False
    assert core.said() == ["response.create"]
    core.begin("r1")
    core.speak("r1", b"\x01\x00")
    core.finish("r1")
    core.heard()
    assert core.begin_turn(agent_turn=False) is False
    assert core.said() == []
    assert core.begin_turn(agent_turn=True) is False
    assert core.said() == ["response.create"]


def test_the_signal_is_used_up_by_a_turn_of_the_user() -> None:
    core = configured()
    core.append(SECOND)
    assert core.begin_turn(agent_turn=True) is False
    assert core.said().count("response.create") == 1
    core = configured()
    core.say("hi")
    assert core.begin_turn(agent_turn=True) is False
    assert core.said().count("response.create") == 1


def test_the_signal_waits_for_a_response_that_is_being_read() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    assert core.next_chunk() is None
    core.said()
    assert core.begin_turn(agent_turn=True) is True
    core.finish("r1")
    assert core.begin_turn(agent_turn=True) is False
    assert core.said() == ["response.create"]


# --------------------------------------------------------------------------- audio in


@pytest.mark.parametrize("size", [2, 4_798])
def test_less_than_100_ms_is_not_committed_and_not_lost(size: int) -> None:
    core = configured()
    core.append(b"\x00" * size)
    with pytest.raises(InvalidAudio, match="100 ms or more"):
        core.begin_turn(agent_turn=False)
    assert core.said() == ["input_audio_buffer.append"]
    core.append(b"\x00" * (4_800 - size))
    core.begin_turn(agent_turn=False)
    assert core.said() == ["input_audio_buffer.append", "input_audio_buffer.commit", "response.create"]


def test_no_audio_is_no_event() -> None:
    core = configured()
    core.append(b"")
    assert core.said() == []


def test_more_audio_than_one_event_takes_goes_in_several() -> None:
    core = configured()
    audio = bytes(range(256)) * (2 * MAX_APPEND_BYTES // 256)
    core.append(audio + b"\x01\x02")
    pieces = [json.loads(frame)["audio"] for frame in core.outbox]
    assert len(pieces) == 3
    assert b"".join(decode_base64(piece) for piece in pieces) == audio + b"\x01\x02"


# ------------------------------------------------------------------------ interruption


def test_an_interruption_cancels_the_response_and_ends_its_turn() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.speak("r1", b"\x01\x00")
    core.said()
    core.cancel()
    core.cancel()
    assert [json.loads(frame)["response_id"] for frame in core.outbox] == ["r1"]
    assert core.said() == ["response.cancel"]
    core.speak("r1", b"\x09\x00")
    core.finish("r1", "cancelled", reason="client_cancelled")
    assert core.heard() == b"\x01\x00"
    core.ask()
    core.begin("r2")
    core.speak("r2", b"\x02\x00")
    core.finish("r2")
    assert core.heard() == b"\x02\x00"


def test_an_interruption_without_a_response_sends_nothing() -> None:
    core = configured()
    core.cancel()
    assert core.said() == []
    core.ask()
    core.begin("r1")
    core.speak("r1", b"\x01\x00")
    core.finish("r1")
    core.said()
    core.cancel()
    assert core.said() == []
    assert core.heard() == b"\x01\x00"


def test_an_interruption_that_comes_too_late_is_harmless() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.cancel()
    core.finish("r1")
    core.object("response_cancel_not_active", "response.cancel-5")
    assert core.heard() == b""
    assert core.state is State.IDLE
    core.said()
    core.ask()
    assert "response.create" in core.said()


def test_an_interruption_before_the_response_has_begun_is_repeated_when_it_has() -> None:
    core = configured()
    core.ask()
    core.said()
    core.cancel()
    assert core.said() == ["response.cancel"]
    core.object("response_cancel_not_active")
    core.begin("r1")
    assert core.said() == ["response.cancel"]
    assert core.state is State.CANCELLING


def test_a_turn_that_was_interrupted_does_not_precede_the_next() -> None:
    for ask in (lambda core: core.ask(), lambda core: core.say("next")):
        core = configured()
        core.say("first")
        core.begin("r1")
        core.speak("r1", b"\x01\x00")
        core.cancel()
        ask(core)
        core.finish("r1", "cancelled")
        core.begin("r2")
        core.speak("r2", b"\x02\x00")
        core.finish("r2")
        assert core.heard() == b"\x02\x00"


# ------------------------------------------------------------------------- transcripts


def test_the_final_transcript_replaces_the_streamed_one() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.words("r1", "delta", delta="Hel")
    core.words("r1", "delta", delta="lo")
    assert core.agent_transcript == "Hello"
    core.words("r1", "done", transcript="Hello.")
    assert core.agent_transcript == "Hello."


def test_the_streamed_transcript_stands_when_the_final_one_is_empty() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.words("r1", "delta", delta="Hello")
    core.words("r1", "done", transcript="")
    core.finish("r1")
    assert core.agent_transcript == "Hello"
    core.ask()
    assert core.agent_transcript is None


def test_the_words_of_two_items_are_joined() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    for item in ("item_1", "item_2"):
        core.hear(
            "response.output_audio_transcript.done",
            response_id="r1",
            item_id=item,
            content_index=0,
            transcript=item,
        )
    assert core.agent_transcript == "item_1 item_2"


TRANSCRIBED = "conversation.item.input_audio_transcription"


def test_the_users_words_are_those_of_the_audio_committed_last() -> None:
    core = configured()
    with pytest.raises(LocalProtocolError, match="No audio was committed"):
        core.heard_user()
    core.ask()
    assert core.heard_user() is None
    core.hear("input_audio_buffer.committed", item_id="u1")
    core.hear(f"{TRANSCRIBED}.completed", item_id="u1", content_index=0, transcript="Hello")
    assert core.input.transcript == core.heard_user() == "Hello"
    core.begin("r1")
    core.finish("r1")
    core.ask()
    assert core.input.transcript is None
    core.hear(f"{TRANSCRIBED}.completed", item_id="u1", transcript="late words of the first turn")
    assert core.input.transcript is None
    core.hear("input_audio_buffer.committed", item_id="u2")
    core.hear(f"{TRANSCRIBED}.completed", item_id="u2", transcript="")
    assert core.heard_user() == ""


def test_a_failed_transcription_ends_no_turn() -> None:
    core = configured()
    core.ask()
    core.hear(
        f"{TRANSCRIBED}.failed", item_id="u1", error={"code": "audio_unintelligible", "message": "Mumbling."}
    )
    core.begin("r1")
    core.speak("r1", b"\x01\x00")
    core.finish("r1")
    assert core.heard() == b"\x01\x00"
    assert core.input.transcript is None
    with pytest.raises(ServerError, match="Mumbling"):
        core.heard_user()


# ------------------------------------------------------------------------------ errors


@pytest.mark.parametrize("code", ["response_cancel_not_active", "input_audio_buffer_commit_empty"])
def test_harmless_errors_do_not_end_a_turn(code: str) -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.object(code)
    core.object(code, "input_audio_buffer.commit-3")
    core.speak("r1", b"\x01\x00")
    core.finish("r1")
    assert core.heard() == b"\x01\x00"


def test_a_refused_request_frees_the_way_for_the_next() -> None:
    core = configured()
    core.ask()
    create_id = json.loads(core.outbox[-1])["event_id"]
    core.object("conversation_already_has_active_response", create_id)
    with pytest.raises(ServerError) as caught:
        core.next_chunk()
    assert caught.value.event_id == create_id
    assert core.state is State.IDLE
    core.said()
    core.ask()
    assert "response.create" in core.said()


def test_a_refused_item_is_an_error_of_its_own_turn() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.speak("r1", b"\x01\x00")
    core.said()
    core.say("nonsense")
    item_id = json.loads(core.outbox[-1])["event_id"]
    core.object("invalid_value", item_id)
    core.finish("r1")
    assert core.heard() == b"\x01\x00"
    with pytest.raises(ServerError) as caught:
        core.next_chunk()
    assert caught.value.event_id == item_id
    assert core.said() == ["conversation.item.create"]


def test_refused_audio_is_reported_before_it_is_committed() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.append(SECOND)
    core.object("invalid_value", json.loads(core.outbox[-1])["event_id"], param="audio")
    core.speak("r1", b"\x01\x00")
    core.finish("r1")
    assert core.heard() == b"\x01\x00"
    core.said()
    with pytest.raises(ServerError, match="param audio"):
        core.begin_turn(agent_turn=False)
    assert core.said() == []
    core.begin_turn(agent_turn=False)
    assert core.said() == ["input_audio_buffer.commit", "response.create"]


def test_an_error_of_nobody_is_raised_once_it_is_known_to_be_no_end() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.speak("r1", b"\x01\x00")
    core.object("server_error")
    chunk = core.next_chunk()
    assert chunk is not None
    assert chunk.data
    assert core.next_chunk() is None
    assert core.unsettled
    core.settle()
    with pytest.raises(ServerError):
        core.next_chunk()


def test_an_error_that_a_close_follows_is_the_explanation_of_the_loss() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.speak("r1", b"\x01\x00")
    core.object("server_error")
    core.end(Close(1011, "", "server"))
    assert core.next_chunk() is not None
    for _ in range(2):
        with pytest.raises(ConnectionLost) as caught:
            core.next_chunk()
        assert (caught.value.code, caught.value.close_code) == ("server_error", 1011)


@pytest.mark.parametrize(
    "close", [Close(1001, "Your session hit the maximum duration of 60 minutes.", "server"), None]
)
def test_an_expired_session_is_lost_with_or_without_the_close(close: Close | None) -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.object("session_expired")
    if close:
        core.end(close)
    else:
        core.settle()
    with pytest.raises(ConnectionLost) as caught:
        core.next_chunk()
    assert (caught.value.code, caught.value.close_code) == ("session_expired", 1001)


def test_an_error_while_nothing_is_due_waits_for_the_next_call() -> None:
    core = configured()
    core.object("invalid_value", "session.update-1")
    with pytest.raises(ServerError):
        core.next_chunk()
    assert core.next_chunk() is None


@pytest.mark.parametrize("asked", [True, False])
def test_after_the_end_nothing_more_is_taken_in_or_sent(*, asked: bool) -> None:
    core = configured()
    if asked:
        core.ask()
    core.end(Close())
    assert not core.outbox
    core.begin("r9")
    core.speak("r9", b"\x09\x00")
    core.end(Close(1000, "", "server"))
    for _ in range(3):
        with pytest.raises(ConnectionLost) as caught:
            core.next_chunk()
        assert caught.value.close_code == 1006


def test_a_turn_that_was_whole_before_the_end_ends_as_such() -> None:
    core = configured()
    core.ask()
    core.begin("r1")
    core.object("server_error")
    core.speak("r1", b"\x01\x00")
    core.finish("r1")
    core.end(Close(1011, "", "server"))
    assert core.heard() == b"\x01\x00"
    with pytest.raises(ConnectionLost) as caught:
        core.next_chunk()
    assert caught.value.code == "server_error"


KINDS = st.sampled_from(
    [
        "session.created", "session.updated", "error", "response.created", "response.done",
        "response.output_audio.delta", "response.audio.delta", "response.output_audio_transcript.done",
        "input_audio_buffer.committed", f"{TRANSCRIBED}.completed", "brand.new",
    ]
)  # fmt: skip
IDS = st.sampled_from(["r1", "r2", "r3"])


@given(
    st.lists(
        st.one_of(
            st.tuples(KINDS, IDS),
            st.tuples(st.sampled_from(["ask", "say", "cancel", "receive", "settle", "agent"]), st.just("")),
        ),
        max_size=25,
    )
)
@settings(max_examples=150, deadline=None)
def test_no_order_of_events_breaks_the_rule_of_one_response(story: list[tuple[str, str]]) -> None:
    """Whatever happens, only errors of this package are raised, and requests never overlap."""
    core = configured()
    requested = 0
    for name, response_id in story:
        try:
            match name:
                case "ask":
                    core.ask()
                case "say":
                    core.say("hi")
                case "cancel":
                    core.cancel()
                case "receive":
                    core.next_chunk()
                case "settle":
                    core.settle()
                case "agent":
                    core.begin_turn(agent_turn=True)
                case _:
                    core.hear(
                        name,
                        session=session(),
                        error={"message": "No.", "code": "x"},
                        response={"id": response_id, "status": "completed"},
                        response_id=response_id,
                        delta="AQA=",
                        transcript="x",
                        item_id="i",
                    )
        except RealtimeError:
            pass
        if name == "response.done" and core.state in (State.IDLE, State.REQUESTED):
            requested = 0
        requested += core.said().count("response.create")
        assert requested <= 1
        if core.state is State.IDLE:
            requested = 0
