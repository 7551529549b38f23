"""Opening the WebSocket, and the rules every connection follows.

Nothing of the ``websockets`` package leaves this module as an exception: what goes wrong while dialling
becomes a ``ConnectionFailed`` that says what to check, and how a connection ended becomes a ``Close``.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidProxy,
    InvalidStatus,
    ProxyError,
    WebSocketException,
)
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Event

from realtime_adapter.errors import ConnectionFailed
from realtime_adapter.refusals import Close

# How long a close may take before the socket is simply dropped: a round trip to the other side of the world
# fits several times, and a peer that is gone costs no more than this.
CLOSE_TIMEOUT_S = 0.5


def _silent_logger() -> logging.Logger:
    """Return a logger that never takes part in DEBUG, at which ``websockets`` logs the Authorization header.

    It is not registered under a name, so no logging configuration can turn it up; what it does say goes to
    the handlers of ``realtime_adapter``.
    """
    logger = logging.Logger("realtime_adapter.socket", level=logging.INFO)
    logger.parent = logging.getLogger("realtime_adapter")
    return logger


_logger = _silent_logger()


class Socket(ClientConnection):
    """A WebSocket that does not wait longer than ``CLOSE_TIMEOUT_S`` for a peer that has said goodbye.

    RFC 6455 §7.1.1 lets the server close TCP first; one that never does would keep the reader waiting.
    """

    _farewell: asyncio.TimerHandle | None = None

    def process_event(self, event: Event) -> None:
        """Start the last wait when the peer's close frame arrives."""
        super().process_event(event)
        if isinstance(event, Frame) and event.opcode is Opcode.CLOSE and self._farewell is None:
            self._farewell = self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the last wait."""
        if self._farewell is not None:
            self._farewell.cancel()
        super().connection_lost(exc)


async def dial(url: str, headers: Mapping[str, str]) -> Socket:
    """Return an open WebSocket to ``url``.

    The caller bounds the time.

    Args:
        url: A ``ws`` or ``wss`` address.
        headers: What the upgrade request carries beside the headers of WebSocket itself.

    Raises:
        ConnectionFailed: no WebSocket came about; says what to check.
    """
    try:
        connection = await connect(
            url,
            additional_headers=headers,
            create_connection=Socket,
            logger=_logger,
            # The caller's deadlines bound every wait. A keepalive timer of our own would condemn a healthy
            # connection whenever the caller's event loop stands still, as it does in a debugger; the server's
            # pings are answered in any case.
            ping_interval=None,
            open_timeout=None,
            close_timeout=CLOSE_TIMEOUT_S,
            max_size=None,  # the protocol sets no limit to an event
            proxy=None if is_loopback(url) else True,
        )
    except InvalidStatus as error:
        raise _refused_upgrade(error.response.status_code) from None
    except (InvalidProxy, ProxyError, ImportError) as error:
        raise ConnectionFailed(
            f"The proxy for the endpoint cannot be used: {error}.",
            remedy="Check HTTPS_PROXY and HTTP_PROXY, or name the endpoint in NO_PROXY.",
        ) from None
    except ssl.SSLError as error:
        raise ConnectionFailed(
            f"TLS with the endpoint failed: {error.reason or _words(error)}.",
            remedy="Check the endpoint's certificate, the clock, and whether url should begin with ws://.",
        ) from None
    except socket.gaierror as error:
        raise ConnectionFailed(
            f"The endpoint's host name cannot be resolved: {_words(error)}.",
            remedy="Check the endpoint in url, and name resolution.",
        ) from None
    except (WebSocketException, EOFError, ValueError) as error:
        raise ConnectionFailed(
            f"The endpoint did not answer as a WebSocket server does: {_words(error)}.",
            remedy="Check the endpoint in url: its host, port and path.",
        ) from None
    except OSError as error:
        raise ConnectionFailed(
            f"The endpoint cannot be reached: {_words(error)}.",
            remedy="Check the endpoint in url (wss:// is for TLS), the network, and whether the server runs.",
        ) from None
    assert isinstance(connection, Socket)  # noqa: S101 - create_connection made it
    return connection


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _refused_upgrade(status: int) -> ConnectionFailed:
    remedies = {
        401: "Check the key: this server wants it before the WebSocket opens.",
        403: "Check the key, and whether the network lets WebSockets through.",
        404: "Check the path of the endpoint in url.",
        429: "Wait, then connect again: the server takes no more connections now.",
    }
    remedy = remedies.get(status, "Check the endpoint in url, and what stands between it and this machine.")
    return ConnectionFailed(
        f"The endpoint answered the WebSocket upgrade with HTTP {status}.", remedy=remedy, http_status=status
    )


def is_loopback(url: str) -> bool:
    """Say whether an address is on this machine, where no proxy can stand in between."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def close_of(closed: ConnectionClosed) -> Close:
    """Return how a connection ended: the server's close frame when there was one."""
    received, sent = closed.rcvd, closed.sent
    if received is not None and (sent is None or closed.rcvd_then_sent):
        return Close(received.code, received.reason, "server")
    if received is not None:
        return Close(received.code, received.reason, "client")
    if sent is not None and sent.code not in (CloseCode.NORMAL_CLOSURE, CloseCode.ABNORMAL_CLOSURE):
        return Close(sent.code, sent.reason, "client")
    return Close()
