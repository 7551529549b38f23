"""Which error a refusal or the end of a connection is.

A server that refuses says so twice, in an ``error`` frame and in the reason of the close that follows, and
either may be lost on the way. Each refusal that is known stands in one table with its error code, its close
code and what to do about it, so that whichever half arrives leads to the same error. Close reasons have the
form ``<error type>.<error code>``, or ``<error type>`` alone when the code is null.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from realtime_adapter.errors import (
    BetaProtocolRetired,
    ClosedBy,
    ConnectionLost,
    HandshakeRefused,
    InvalidApiKey,
    RealtimeError,
    RemoteProtocolError,
    ServerError,
    SessionRefused,
    UnknownModel,
)
from realtime_adapter.events import ErrorDetail
from realtime_adapter.models import DEFAULT_MODEL

ABNORMAL = 1006  # RFC 6455 §7.1.5: the connection ended without a close frame

_KEY_REMEDY = "Check the key in OPENAI_API_KEY or OPENAI_REALTIME_API_KEY, or pass another as api_key=."
_MODEL_REMEDY = f"Pass model= a realtime model that the key may use, for example {DEFAULT_MODEL}."


@dataclass(frozen=True)
class Close:
    """How a connection ended.

    Attributes:
        code: WebSocket close code; 1006 without a close frame from the server.
        reason: What stood beside it.
        by: Who sent the first close frame.
    """

    code: int = ABNORMAL
    reason: str = ""
    by: ClosedBy = "network"


@dataclass(frozen=True)
class KnownRefusal:
    """A refusal whose error frame and close are known.

    Attributes:
        code: The error's code, or None.
        error: What it is raised as.
        close_code: WebSocket close code (RFC 6455 §7.4).
        close_reason: What stands beside it.
        message: The server's words.
        remedy: What the caller can do about it.
    """

    code: str | None
    error: type[HandshakeRefused] | type[ConnectionLost]
    close_code: int
    close_reason: str
    message: str
    remedy: str


KNOWN = (
    KnownRefusal(
        "beta_api_shape_disabled",
        BetaProtocolRetired,
        4000,
        "invalid_request_error.beta_api_shape_disabled",
        "The Realtime Beta API is no longer supported.",
        "Something added the beta header or subprotocol to the upgrade request: take it out.",
    ),
    KnownRefusal(
        "invalid_api_key",
        InvalidApiKey,
        3000,
        "invalid_request_error.invalid_api_key",
        "Incorrect API key provided.",
        _KEY_REMEDY,
    ),
    KnownRefusal(
        None,
        InvalidApiKey,
        3000,
        "invalid_request_error",
        "Missing bearer or basic authentication in header",
        f"Something took the Authorization header away, or the key is not one. {_KEY_REMEDY}",
    ),
    KnownRefusal(
        "missing_model",
        UnknownModel,
        4000,
        "invalid_request_error.missing_model",
        "You must provide a model parameter.",
        _MODEL_REMEDY,
    ),
    KnownRefusal(
        "invalid_model",
        UnknownModel,
        4000,
        "invalid_request_error.invalid_model",
        "The model is not supported in realtime mode.",
        _MODEL_REMEDY,
    ),
    KnownRefusal(
        "model_not_found",
        UnknownModel,
        4004,
        "invalid_request_error.model_not_found",
        "The model does not exist or the key may not use it.",
        _MODEL_REMEDY,
    ),
    KnownRefusal(
        "session_expired",
        ConnectionLost,
        1001,
        "Your session hit the maximum duration of 60 minutes.",
        "Your session hit the maximum duration of 60 minutes.",
        "Connect again; a session cannot be prolonged.",
    ),
)

_REASON = re.compile(r"(?P<type>[a-z_]+_error)(?:\.(?P<code>[a-z0-9_]+))?")

# What the server answers when the client was merely late: the response had just ended, or the server had
# committed the buffer by itself. Nothing is wrong, and no turn ends for it.
ALREADY_RESPONDING = "conversation_already_has_active_response"
BENIGN = frozenset({"response_cancel_not_active", "input_audio_buffer_commit_empty"})


def is_final(error: ErrorDetail) -> bool:
    """Say whether an ``error`` frame announces the end of the connection, even if no close arrives."""
    return _known(error, None) is not None


def from_server(error: ErrorDetail) -> ServerError:
    """Return the error for an ``error`` event after which the connection stays open."""
    return ServerError(
        f"The server answered {_subject(error)}with an error: {_sentence(error)}",
        remedy="Correct what it names; the connection is still open." if error.param else "",
        code=error.code,
        param=error.param,
        event_id=error.event_id,
    )


def refused_handshake(error: ErrorDetail | None, close: Close | None) -> RealtimeError:
    """Return the error for a connection that was refused or ended before ``session.created``."""
    return _verdict(error, close, HandshakeRefused)


def refused_session(error: ErrorDetail | None, close: Close | None) -> RealtimeError:
    """Return the error for a connection that was refused or ended before ``session.updated``."""
    return _verdict(error, close, SessionRefused)


def refused_change(error: ServerError) -> SessionRefused:
    """Return the error for a change of the session that the server has refused; the session is as it was."""
    return SessionRefused(
        f"The server refused the change of the session: {error}",
        remedy="Nothing was changed. Correct the setting it names."
        if error.param
        else "Nothing was changed.",
        code=error.code,
        param=error.param,
        event_id=error.event_id,
    )


def ended(error: ErrorDetail | None, close: Close | None) -> RealtimeError:
    """Return the error for a connection that ended during a session; ``error`` is the server's last word."""
    return _verdict(error, close, None)


def _verdict(
    error: ErrorDetail | None,
    close: Close | None,
    refusal: type[HandshakeRefused] | type[SessionRefused] | None,
) -> RealtimeError:
    received = close if close is not None and close.code != ABNORMAL else None
    if known := _known(error, received):
        return _known_error(known, error, received)
    reason = _REASON.fullmatch(received.reason) if received else None
    code = error.code if error else (reason["code"] if reason else None)
    if refusal and (error or reason):
        return refusal(
            f"The server refused the {'session' if refusal is SessionRefused else 'connection'}: "
            f"{_sentence(error) if error else received.reason if received else ''}",
            remedy="Correct the setting it names." if error and error.param else "",
            code=code,
            param=error.param if error else None,
            event_id=error.event_id if error else None,
            close_code=received.code if received else None,
            close_reason=received.reason if received else None,
        )
    end = close or Close()
    if end.by == "client" and end.code in (1002, 1007, 1009):
        return RemoteProtocolError(
            f"The server broke the WebSocket protocol: closed with {end.code} ({end.reason}).",
            close_code=end.code,
            close_reason=end.reason,
        )
    return _lost(end, error, code)


def _lost(end: Close, error: ErrorDetail | None, code: str | None) -> ConnectionLost:
    how = {"server": "The server closed", "client": "This side closed", "network": "The network lost"}[end.by]
    said = f" The server had said: {_sentence(error)}" if error else ""
    return ConnectionLost(
        f"{how} the connection with {end.code}{f' ({end.reason})' if end.reason else ''}.{said}",
        remedy="Connect again with connect().",
        closed_by=end.by,
        code=code,
        param=error.param if error else None,
        event_id=error.event_id if error else None,
        close_code=end.code,
        close_reason=end.reason,
    )


def _known(error: ErrorDetail | None, close: Close | None) -> KnownRefusal | None:
    for known in KNOWN:
        if error is not None:
            # A null code is not a name: such a refusal is known by its sentence.
            matches = error.code == known.code and (known.code or error.message == known.message)
        else:
            matches = close is not None and close.reason == known.close_reason
        if matches:
            return known
    if error is None and close is not None and close.code == 3000:  # authentication, whatever the reason
        return next(known for known in KNOWN if known.error is InvalidApiKey)
    return None


def _known_error(known: KnownRefusal, error: ErrorDetail | None, close: Close | None) -> RealtimeError:
    """Return a known refusal's error; a half that was lost on the way is filled in from the table."""
    message = _sentence(error) if error and error.message else known.message
    code = known.code
    close_code = close.code if close else known.close_code
    close_reason = close.reason if close else known.close_reason
    if issubclass(known.error, ConnectionLost):
        return ConnectionLost(
            f"The server closed the connection with {close_code}: {message}",
            closed_by="server",
            remedy=known.remedy,
            code=code,
            close_code=close_code,
            close_reason=close_reason,
        )
    return known.error(
        f"The server refused the connection: {message}",
        remedy=known.remedy,
        code=code,
        param=error.param if error else None,
        event_id=error.event_id if error else None,
        close_code=close_code,
        close_reason=close_reason,
    )


def _sentence(error: ErrorDetail) -> str:
    words = error.message or "(no message)"
    names = ", ".join(
        f"{name} {value}" for name, value in (("code", error.code), ("param", error.param)) if value
    )
    return f"{words} ({names})" if names else words


def _subject(error: ErrorDetail) -> str:
    return f"{error.event_id} " if error.event_id else ""
