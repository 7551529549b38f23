"""Errors: the same refusal is the same error, whichever half of it arrives."""

from __future__ import annotations

import pytest

from realtime_adapter import (
    BetaProtocolRetired,
    ConnectionLost,
    DeadlineExceeded,
    HandshakeRefused,
    InvalidApiKey,
    RealtimeError,
    RemoteProtocolError,
    SessionRefused,
    UnknownModel,
)
from realtime_adapter import errors as tree
from realtime_adapter.events import ErrorDetail
from realtime_adapter.refusals import Close, ended, from_server, is_final, refused_handshake, refused_session

REFUSALS = [
    (
        "beta_api_shape_disabled",
        "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.",
        BetaProtocolRetired,
        4000,
        "invalid_request_error.beta_api_shape_disabled",
    ),
    (
        "invalid_api_key",
        "Incorrect API key provided: sk-a***wxyz.",
        InvalidApiKey,
        3000,
        "invalid_request_error.invalid_api_key",
    ),
    (None, "Missing bearer or basic authentication in header", InvalidApiKey, 3000, "invalid_request_error"),
    (
        "missing_model",
        "You must provide a model parameter",
        UnknownModel,
        4000,
        "invalid_request_error.missing_model",
    ),
    (
        "invalid_model",
        'Model "X" is not supported in realtime mode.',
        UnknownModel,
        4000,
        "invalid_request_error.invalid_model",
    ),
    ("model_not_found", "No such model.", UnknownModel, 4004, "invalid_request_error.model_not_found"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: str(refusal[0]))
@pytest.mark.parametrize("arrives", ["both", "frame only", "frame, then the end", "close only"])
def test_the_same_refusal_is_the_same_error_whatever_arrives_of_it(
    refusal: tuple[str | None, str, type[HandshakeRefused], int, str], arrives: str
) -> None:
    code, message, error, close_code, close_reason = refusal
    frame = None if arrives == "close only" else ErrorDetail(code=code, message=message)
    close = {
        "both": Close(close_code, close_reason, "server"),
        "close only": Close(close_code, close_reason, "server"),
        "frame, then the end": Close(),
        "frame only": None,
    }[arrives]
    for judge in (refused_handshake, refused_session, ended):
        raised = judge(frame, close)
        assert type(raised) is error
        assert (raised.code, raised.close_code, raised.close_reason) == (code, close_code, close_reason)
        assert raised.remedy
        assert raised.remedy in str(raised)


def test_any_close_with_3000_is_about_the_key() -> None:
    assert type(refused_handshake(None, Close(3000, "something new", "server"))) is InvalidApiKey


@pytest.mark.parametrize(
    ("judge", "error"), [(refused_handshake, HandshakeRefused), (refused_session, SessionRefused)]
)
def test_an_unknown_refusal_carries_its_code_whatever_arrives_of_it(judge: object, error: type) -> None:
    assert callable(judge)
    detail = ErrorDetail(code="brand_new", message="No.", param="session.x", event_id="e1")
    by_frame = judge(detail, Close(4000, "invalid_request_error.brand_new", "server"))
    by_close = judge(None, Close(4000, "invalid_request_error.brand_new", "server"))
    assert type(by_frame) is type(by_close) is error
    assert by_frame.code == by_close.code == "brand_new"
    assert by_frame.close_code == by_close.close_code == 4000
    assert (by_frame.param, by_frame.event_id) == ("session.x", "e1")


@pytest.mark.parametrize(
    ("close", "by", "words"),
    [
        (Close(1000, "bye", "server"), "server", r"The server closed the connection with 1000 \(bye\)"),
        (Close(1011, "", "server"), "server", "The server closed the connection with 1011"),
        (Close(), "network", "The network lost the connection with 1006"),
        (Close(1000, "", "client"), "client", "This side closed the connection with 1000"),
    ],
)
def test_a_lost_connection_says_who_closed_it(close: Close, by: str, words: str) -> None:
    for judge in (refused_handshake, refused_session, ended):
        with pytest.raises(ConnectionLost, match=words) as caught:
            raise judge(None, close)
        assert (caught.value.closed_by, caught.value.close_code) == (by, close.code)


def test_the_servers_last_word_survives_the_end() -> None:
    detail = ErrorDetail(code="rate_limit_exceeded", message="Slow down.")
    for close in (Close(1011, "", "server"), Close()):
        lost = ended(detail, close)
        assert isinstance(lost, ConnectionLost)
        assert lost.code == "rate_limit_exceeded"
        assert "Slow down." in str(lost)


def test_an_expired_session_is_the_same_loss_by_frame_and_by_close() -> None:
    sentence = "Your session hit the maximum duration of 60 minutes."
    frame = ErrorDetail(code="session_expired", message=sentence)
    assert is_final(frame)
    by_frame, by_close = ended(frame, None), ended(None, Close(1001, sentence, "server"))
    for lost in (by_frame, by_close):
        assert isinstance(lost, ConnectionLost)
        assert (lost.code, lost.close_code, lost.closed_by) == ("session_expired", 1001, "server")


@pytest.mark.parametrize("code", [1002, 1007, 1009])
def test_frames_that_break_the_websocket_protocol_are_the_servers_fault(code: int) -> None:
    assert isinstance(ended(None, Close(code, "invalid utf-8", "client")), RemoteProtocolError)


def test_an_ordinary_error_is_not_final_and_names_what_it_objects_to() -> None:
    detail = ErrorDetail(code="invalid_value", message="No.", param="item.content", event_id="e7")
    assert not is_final(detail)
    error = from_server(detail)
    assert (error.code, error.param, error.event_id) == ("invalid_value", "item.content", "e7")
    assert "item.content" in str(error)
    assert error.close_code is None


def test_every_error_has_one_root_and_the_builtin_it_stands_for() -> None:
    kinds = [kind for kind in vars(tree).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 20
    assert all(issubclass(kind, RealtimeError) for kind in kinds)
    late = DeadlineExceeded(awaited="session.created", seen=(), timeout_s=0.25)
    assert isinstance(late, TimeoutError)
    assert str(late) == "No session.created within 0.25 s; last seen: nothing."
    later = DeadlineExceeded(
        awaited="response.done", seen=("session.updated", "response.created"), timeout_s=2
    )
    assert later.last_seen == "response.created"
    assert "before it: session.updated" in str(later)


@pytest.mark.parametrize("message", ["Hold on.", "Missing bearer", "Sorry."])
def test_an_error_without_a_code_is_known_by_its_very_words(message: str) -> None:
    error = ErrorDetail(type="invalid_request_error", message=message)
    assert not is_final(error)
    assert not isinstance(refused_handshake(error, None), InvalidApiKey)


def test_only_an_error_that_names_something_is_to_be_corrected() -> None:
    named = ErrorDetail(type="invalid_request_error", code="x", message="No.", param="session.voice")
    assert "Correct what it names" in str(from_server(named))
    assert "Correct what it names" not in str(from_server(ErrorDetail(type="x", code="x", message="No.")))
