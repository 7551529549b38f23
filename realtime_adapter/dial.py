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
from typing import Protocol
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidProxy,
    InvalidStatus,
    ProxyError,
    WebSocketException,
)
from websockets.frames import DATA_OPCODES, CloseCode, Frame, Opcode
from websockets.protocol import Event, State

from realtime_adapter.errors import ConnectionFailed
from realtime_adapter.refusals import Close

# How long a close may take before the socket is simply dropped: a round trip to the other side of the world
# fits several times, and a peer that is gone costs no more than this.
CLOSE_TIMEOUT_S = 0.5


_TEXT = Opcode.TEXT


def _silent_logger() -> logging.Logger:
    """Return a logger that never takes part in DEBUG, at which ``websockets`` logs the Authorization header.

    It is not registered under a name, so no logging configuration can turn it up; what it does say goes to
    the handlers of ``realtime_adapter``.
    """
    logger = logging.Logger("realtime_adapter.socket", level=logging.INFO)
    logger.parent = logging.getLogger("realtime_adapter")
    return logger


_logger = _silent_logger()


class Inbox(Protocol):
    """Who takes in what a socket receives, at the moment it arrives."""

    def text_received(self, frame: bytes) -> None:
        """Take in a text message, as UTF-8."""

    def binary_received(self, size: int) -> None:
        """Take in that a binary message of ``size`` bytes came."""

    def read_done(self) -> None:
        """Take in that all messages of one read from the network have been handed over."""

    def connection_lost(self, closed: ConnectionClosed) -> None:
        """Take in how the connection ended; nothing comes after it."""


class Socket(ClientConnection):
    """A WebSocket that hands each message over at once: no queue, no task and no future lie between.

    It does not wait longer than ``CLOSE_TIMEOUT_S`` for a peer that has said goodbye: RFC 6455 §7.1.1 lets
    the server close TCP first, and one that never does would keep everybody waiting.
    """

    _farewell: asyncio.TimerHandle | None = None
    _inbox: Inbox | None = None
    _fragments: tuple[Frame, ...] = ()
    _early: tuple[Frame, ...] = ()  # what came before there was an inbox

    def listen(self, inbox: Inbox) -> None:
        """Hand everything to ``inbox`` from now on, and what has come already."""
        self._inbox = inbox
        early, self._early = self._early, ()
        for frame in early:
            self._message(frame, inbox)
        inbox.read_done()
        if self.state is State.CLOSED:
            inbox.connection_lost(self.close_exc)

    def write(self, text: str) -> None:
        """Send a text message; ``drain`` waits until there is room for more.

        The caller makes sure that the connection is open.
        """
        self.protocol.send_text(text.encode())
        self.send_data()

    def process_event(self, event: Event) -> None:
        """Hand a message over; start the last wait when the peer's close frame arrives."""
        if isinstance(event, Frame) and event.opcode in DATA_OPCODES:
            if (inbox := self._inbox) is None:
                self._early += (event,)
            elif event.opcode is _TEXT and event.fin:  # nearly all of them
                inbox.text_received(bytes(event.data))
            else:
                self._message(event, inbox)
            return
        super().process_event(event)
        if isinstance(event, Frame) and event.opcode is Opcode.CLOSE and self._farewell is None:
            self._farewell = self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)

    def _message(self, frame: Frame, inbox: Inbox) -> None:
        data, opcode = frame.data, frame.opcode
        if not frame.fin or self._fragments:
            self._fragments += (frame,)
            if not frame.fin:
                return
            opcode = self._fragments[0].opcode
            data = b"".join(each.data for each in self._fragments)
            self._fragments = ()
        if opcode is _TEXT:
            inbox.text_received(bytes(data))
        else:
            inbox.binary_received(len(data))

    def data_received(self, data: bytes) -> None:
        """Say when all messages of one read have been handed over."""
        super().data_received(data)
        if self._inbox is not None:
            self._inbox.read_done()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the last wait, and say how the connection ended."""
        if self._farewell is not None:
            self._farewell.cancel()
        super().connection_lost(exc)
        if self._inbox is not None:
            self._inbox.connection_lost(self.close_exc)


async def dial(url: str, headers: Mapping[str, str], ping_interval_s: float | None = None) -> Socket:
    """Return an open WebSocket to ``url``.

    The caller bounds the time.

    Args:
        url: A ``ws`` or ``wss`` address.
        headers: What the upgrade request carries beside the headers of WebSocket itself.
        ping_interval_s: How often the peer is asked for a sign of life, and how long that may take; or None.

    Raises:
        ConnectionFailed: no WebSocket came about; says what to check.
    """
    try:
        connection = await connect(
            url,
            additional_headers=headers,
            create_connection=Socket,
            logger=_logger,
            # The caller's deadlines bound every wait, and the server's pings are answered in any case. Pings
            # of our own condemn a healthy connection when the caller's event loop stands still, as it does in
            # a debugger: they are for callers who wait for long where nothing is said.
            ping_interval=ping_interval_s,
            ping_timeout=ping_interval_s,
            open_timeout=None,
            close_timeout=CLOSE_TIMEOUT_S,
            # The vendor's own clients offer none: inflating base64 audio costs more than it saves.
            compression=None,
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
