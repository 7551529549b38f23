"""The door: one port for WebSocket handshakes and for plain HTTP requests with a body.

The WebSocket library reads handshakes (GET) only, so anything else is taken here before it gets there.
"""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidMessage
from websockets.frames import CloseCode

from realtime_server import rules
from realtime_server.http_api import HttpAnswer, HttpRequest, refused, serves

_MAX_HEAD_BYTES = 64 * 1024
_MAX_BODY_BYTES = 1024 * 1024
_END_OF_HEAD = b"\r\n\r\n"

_UNREADABLE = (
    "This is no handshake that can be read: send GET /v1/realtime?model=<model> HTTP/1.1, then one header a "
    "line and no body (RFC 6455 section 4.1).\n"
)

Ask = Callable[[HttpRequest], HttpAnswer]


class Front(ServerConnection):
    """A connection of which the first line decides whether it is a WebSocket or a plain request.

    Attributes:
        ask: Answers a plain request.
    """

    ask: Ask
    _is_websocket: bool | None = None
    _goodbye_bound = False
    _told_unreadable = False
    _begun = b""

    def data_received(self, data: bytes) -> None:
        """Take what has arrived to whom it belongs."""
        if self._is_websocket is True:
            super().data_received(data)
            if self.close_deadline is not None:
                self._bound_the_goodbye()
        elif self._is_websocket is None or self._begun:
            self._begun += data
            self._decide()

    def send_data(self) -> None:
        """Send what is to be sent; a handshake that cannot be read is answered, not just ended."""
        fault = self.protocol.handshake_exc
        unreadable = isinstance(fault, InvalidMessage) and not isinstance(fault.__cause__, EOFError | None)
        if unreadable and not self._told_unreadable:
            self._told_unreadable = True
            self.transport.write(self.protocol.reject(HTTPStatus.BAD_REQUEST, _UNREADABLE).serialize())
        super().send_data()

    async def close(self, code: CloseCode | int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Close the connection; a client that does not take part is let go after ``close_timeout``."""
        self._bound_the_goodbye()
        await super().close(code, reason)

    def _bound_the_goodbye(self) -> None:
        # The library waits for ever for a client that said goodbye and then leaves TCP half open, and for one
        # that has stopped to read, so that not even the close frame can be written.
        if not self._goodbye_bound:
            self._goodbye_bound = True
            self.loop.call_later(self.close_timeout or 0, self.transport.abort)

    def _decide(self) -> None:
        if self._is_websocket is None:
            line, ended, _ = self._begun.partition(b"\r\n")
            if not ended and len(line) < _MAX_HEAD_BYTES:
                return
            method, _, rest = line.decode("latin-1").partition(" ")
            self._is_websocket = not serves(method, urlsplit(f"//-{rest.partition(' ')[0]}").path)
        if self._is_websocket:
            begun, self._begun = self._begun, b""
            super().data_received(begun)
            return
        try:
            request = _parsed(self._begun)
        except rules.Refused as unreadable:
            self._answer(refused(unreadable))
            return
        if request:
            self._answer(self.ask(request))

    def _answer(self, answer: HttpAnswer) -> None:
        self._begun = b""  # the rest of what comes is not read
        body = json.dumps(answer.body).encode()
        head = [
            f"HTTP/1.1 {answer.status.value} {answer.status.phrase}",
            f"Date: {formatdate(usegmt=True)}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        self.transport.write("\r\n".join(head).encode() + _END_OF_HEAD + body)
        self.transport.close()


def door(ask: Ask) -> type[Front]:
    """Return the class of connections whose plain requests ``ask`` answers."""
    return type("Door", (Front,), {"ask": staticmethod(ask)})


def _parsed(begun: bytes) -> HttpRequest | None:
    """Return the request, or None while it is incomplete.

    Raises:
        Refused: it is no HTTP, or larger than is taken.
    """
    head, ended, body = begun.partition(_END_OF_HEAD)
    if len(head) > _MAX_HEAD_BYTES:
        raise rules.LARGE_BODY.refuse()
    if not ended:
        return None
    line, _, rest = head.partition(b"\r\n")
    words = line.decode("latin-1").split(" ")
    try:
        headers = tuple(http.client.parse_headers(io.BytesIO(rest + _END_OF_HEAD)).items())
    except (http.client.HTTPException, ValueError):
        raise rules.HTTP_UNKNOWN.refuse(method=words[0], path="?") from None
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise rules.HTTP_UNKNOWN.refuse(method=words[0], path="?")
    lengths = [value for name, value in headers if name.lower() == "content-length"] or ["0"]
    chunked = any(name.lower() == "transfer-encoding" for name, _ in headers)
    if chunked or not lengths[0].isdecimal() or int(lengths[0]) > _MAX_BODY_BYTES:
        raise rules.LARGE_BODY.refuse()
    if len(body) < int(lengths[0]):
        return None
    return HttpRequest(words[0], words[1], headers, body[: int(lengths[0])])
