"""What can go wrong, as one tree that first says who is at fault.

::

    RealtimeError
    ├── ProtocolError            a rule of the protocol was broken
    │   ├── LocalProtocolError   … by this side
    │   │   └── NotConnected
    │   └── RemoteProtocolError  … by the server
    ├── ConfigurationError       a value the caller gave cannot be used
    │   ├── MissingApiKey
    │   ├── MalformedApiKey
    │   ├── InvalidAudio
    │   └── UnknownPrice
    ├── ConnectionFailed         no WebSocket came about
    ├── MintRefused              no client secret was given out
    ├── HandshakeRefused         the socket opened, and the server refused it
    │   ├── InvalidApiKey
    │   ├── BetaProtocolRetired
    │   └── UnknownModel
    ├── SessionRefused           the session asked for is not the one in force
    ├── ServerError              the server answered with an ``error`` event
    ├── ResponseError            a response ended otherwise than completed
    │   ├── ResponseFailed
    │   ├── ResponseIncomplete
    │   ├── ResponseCancelled
    │   └── ResponseEmpty
    ├── DeadlineExceeded
    └── ConnectionLost
"""

# ruff: noqa: N818 - the names say what happened; "RealtimeError" at the root says that they are errors

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict, Unpack

if TYPE_CHECKING:
    from realtime_adapter.turn import AgentTurn

ClosedBy = Literal["server", "client", "network"]


class Particulars(TypedDict, total=False):
    """What may be known of an error beside its message; all of it optional.

    Attributes:
        remedy: What the caller can do about it; follows the message in ``str(error)``.
        code: The server's error code, as on the wire.
        param: The path of the field that the server or this package objects to.
        event_id: The id of the client event that caused the error.
        close_code: WebSocket close code (RFC 6455 §7.4), when a close belongs to the error.
        close_reason: The reason that stands beside the close code.
    """

    remedy: str
    code: str | None
    param: str | None
    event_id: str | None
    close_code: int | None
    close_reason: str | None


class RealtimeError(RuntimeError):
    """The root of everything this package raises.

    Args:
        message: What happened.
        known: What else is known; each becomes an attribute, None (``remedy``: empty) when it is not known.

    Attributes:
        turn: From ``receive_turn``: the turn that ended so, with all that was received of it; else None.
    """

    def __init__(self, message: str, **known: Unpack[Particulars]) -> None:
        self.remedy = known.get("remedy", "")
        self.code = known.get("code")
        self.param = known.get("param")
        self.event_id = known.get("event_id")
        self.close_code = known.get("close_code")
        self.close_reason = known.get("close_reason")
        self._message = message
        self.turn: AgentTurn | None = None
        super().__init__(f"{message} {self.remedy}".rstrip())

    def with_remedy(self, remedy: str) -> Self:
        """Return the same error with another remedy."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__, remedy=remedy)
        other.args = (f"{self._message} {remedy}",)
        return other


class ProtocolError(RealtimeError):
    """A rule of the Realtime protocol was broken."""


class LocalProtocolError(ProtocolError):
    """This side was about to break a rule; nothing was sent."""


class NotConnected(LocalProtocolError):
    """The call needs a connection, and there is none."""


class RemoteProtocolError(ProtocolError):
    """The server sent what the protocol does not allow."""


class ConfigurationError(RealtimeError):
    """A value given to the adapter cannot be used; ``param`` names it."""


class MissingApiKey(ConfigurationError):
    """No API key was given or found."""


class MalformedApiKey(ConfigurationError):
    """The API key cannot stand in a header; it is never repeated in the message."""


class InvalidAudio(ConfigurationError, ValueError):
    """Audio that is not PCM16, mono, 24 kHz, or too short for what was asked of it."""


class UnknownPrice(ConfigurationError, LookupError):
    """The cost of something cannot be told: the table of prices, or what was counted, does not hold it."""


class ConnectionFailed(RealtimeError):
    """No WebSocket came about: address, name resolution, network, TLS, or an HTTP answer other than 101.

    Attributes:
        http_status: The HTTP status the server answered the upgrade with, or None.
    """

    def __init__(self, message: str, *, remedy: str = "", http_status: int | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.http_status = http_status


class MintRefused(RealtimeError):
    """The endpoint that gives out client secrets refused, or answered without one; nothing was dialled.

    Attributes:
        http_status: The HTTP status of its answer.
    """

    def __init__(self, message: str, *, remedy: str = "", http_status: int) -> None:
        super().__init__(message, remedy=remedy)
        self.http_status = http_status


class HandshakeRefused(RealtimeError):
    """The socket opened, and the server refused the client before creating a session."""


class InvalidApiKey(HandshakeRefused):
    """The server does not accept the key (close 3000)."""


class BetaProtocolRetired(HandshakeRefused):
    """The client was taken for one of the retired beta (close 4000, ``beta_api_shape_disabled``)."""


class UnknownModel(HandshakeRefused):
    """The model is missing, unknown, or not available to the key (close 4000 or 4004)."""


class SessionRefused(RealtimeError):
    """The server refused the session asked for, or put another in force.

    Attributes:
        requested: What was asked for at ``param``, when the session in force differs from it.
        effective: What is in force at ``param`` instead; None also when the server left it out.
    """

    def __init__(
        self, message: str, *, requested: Any = None, effective: Any = None, **known: Unpack[Particulars]
    ) -> None:
        super().__init__(message, **known)
        self.requested = requested
        self.effective = effective


class ServerError(RealtimeError):
    """The server answered with an ``error`` event; the connection is still open."""


class ResponseError(RealtimeError):
    """A response ended otherwise than completed; its audio was handed out before.

    Attributes:
        response_id: The server's id of the response, or None.
        reason: The server's word for why, for example ``max_output_tokens``, or None.
        status_details: The server's ``status_details`` object as received.
    """

    def __init__(
        self,
        message: str,
        *,
        response_id: str | None = None,
        reason: str | None = None,
        status_details: Mapping[str, Any] | None = None,
        **known: Unpack[Particulars],
    ) -> None:
        super().__init__(message, **known)
        self.response_id = response_id
        self.reason = reason
        self.status_details = dict(status_details or {})


class ResponseFailed(ResponseError):
    """The server could not produce the response."""


class ResponseIncomplete(ResponseError):
    """The response was cut short by a token limit or a content filter."""


class ResponseCancelled(ResponseError):
    """The response was cancelled although the caller had not interrupted it."""


class ResponseEmpty(ResponseError):
    """The response was completed and held nothing: no audio, no words, no function call. It is no answer."""


class DeadlineExceeded(RealtimeError, TimeoutError):
    """What was awaited did not come in time.

    Attributes:
        awaited: What was awaited.
        last_seen: The type of the newest server event, or "nothing".
        timeout_s: How long was waited, in seconds.
    """

    def __init__(self, *, awaited: str, seen: tuple[str, ...], timeout_s: float, remedy: str = "") -> None:
        self.awaited = awaited
        self.last_seen = seen[-1] if seen else "nothing"
        self.timeout_s = timeout_s
        before = f" (before it: {', '.join(seen[:-1])})" if len(seen) > 1 else ""
        super().__init__(
            f"No {awaited} within {timeout_s:g} s; last seen: {self.last_seen}{before}.", remedy=remedy
        )


class ConnectionLost(RealtimeError):
    """The connection ended.

    Without a close frame from the server, ``close_code`` is 1006 (RFC 6455 §7.1.5).

    Attributes:
        closed_by: "server" and "client" sent the first close frame; "network" means that nobody did.
    """

    def __init__(self, message: str, *, closed_by: ClosedBy, **known: Unpack[Particulars]) -> None:
        super().__init__(message, **known)
        self.closed_by: ClosedBy = closed_by
