"""One client's connection: what it sends is checked, obeyed or refused, and everything is written down."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from typing import Any, Literal

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close, Opcode
from websockets.frames import Frame as WebSocketFrame
from websockets.http11 import Response as HttpResponse
from websockets.protocol import State

from realtime_server import client_secrets, faults, handshake, rules, session
from realtime_server.clock import Clock
from realtime_server.handshake import Credential, HandshakeRequest
from realtime_server.ids import Ids
from realtime_server.near_miss import near_miss
from realtime_server.rules import Refused
from realtime_server.script import CloseWith, Ending, ResetConnection, Script
from realtime_server.service import SESSION_S, Service
from realtime_server.transcript import Frame, Run, Sender, Transcript
from realtime_server.trouble import Packet, Pause
from realtime_server.validation import json_type

log = logging.getLogger("realtime_server")

_ABNORMAL = 1006
_plain = json.JSONEncoder(ensure_ascii=False).encode
_Wire = dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """One thing the server refused.

    Attributes:
        rule_id: Id in the table of rules.
        code: ``error.code`` as sent.
        param: ``error.param`` as sent.
        message: ``error.message`` as sent.
        near_miss: What the refused construct looks like, or empty.
        event: The client event refused; None for a handshake or a frame that held none.
    """

    rule_id: str
    code: str | None
    param: str | None
    message: str
    near_miss: str
    event: _Wire | None


class Connection:
    """One connection, from the upgrade request to its end.

    Everything public may be read from another thread while the connection lives.
    """

    def __init__(
        self, number: int, request: HandshakeRequest, credential: Credential, script: Script, clock: Clock
    ) -> None:
        self.number = number
        self.request = request
        self.transcript = Transcript()
        self.refusals: list[Refusal] = []
        self.close_code: int | None = None
        self.close_reason = ""
        self.closed_by: Literal["client", "server"] | None = None
        self.failure: Exception | None = None
        self.listener: Callable[[], Callable[[Connection, Frame], None] | None] = _nobody
        self.debug = False
        self.ids = Ids(f"connection {number}")
        self.clock = clock
        self._credential = credential
        self._script = script
        self._born_ms = clock.now_ms()
        self._remarks: list[str] = []
        self._faults = tuple(script.faults)
        self._trouble = faults.trouble(self._faults, number, script.struck.append)
        self._sending = asyncio.Lock()
        self._gone = asyncio.Event()
        self._service = Service(self, script, self._begun(request), has_credit=credential.has_credit)
        self._ws: ServerConnection | None = None
        self._refused: Refused | None = None
        self._ending_at_ms: float | None = None
        self._lost_by_script = ""

    def __repr__(self) -> str:
        state = f"closed {self.close_code}" if self.close_code else "open"
        return f"<Connection {self.number}, {state}>"

    def _begun(self, request: HandshakeRequest) -> session.Session:
        """The session this connection begins with."""
        session_id, expires_at_s = self.ids.new("sess"), self.clock.unix_s() + SESSION_S
        model = request.query.get("model", "")
        if self._credential.opens:
            return client_secrets.begin(self._credential.opens, model, session_id, expires_at_s)
        if handshake.transcribes(request, self._credential):
            return session.initial_transcription(session_id, expires_at_s)
        return session.initial(model, session_id, expires_at_s)

    # --- for whoever watches ----------------------------------------------------------------------------

    @property
    def session(self) -> session.Session:
        """The effective session, as a copy."""
        return self._service.session

    def wait_closed(self, timeout_s: float = 2.0) -> None:
        """Block until the connection has ended and its transcript is whole.

        Raises:
            TimeoutError: it is still open.
        """
        if self.transcript.wait_for(lambda frame: frame.kind == "close", timeout_s) is None:
            raise TimeoutError(f"the connection was still open after {timeout_s} s; {self._seen()}")

    def wait_for(self, sender: Sender, event_type: str, timeout_s: float = 2.0, count: int = 1) -> _Wire:
        """Block until ``sender`` has sent ``count`` events of that type; return the last of them.

        Raises:
            TimeoutError: it did not; the message lists what was seen.
        """

        def wanted(frame: Frame) -> bool:
            return frame.sender == sender and frame.type == event_type

        frame = self.transcript.wait_for(wanted, timeout_s, count)
        event = frame.event if frame else None
        if event is None:
            times = f"{count} times " if count > 1 else ""
            raise TimeoutError(
                f"the {sender} did not send {event_type} {times}in {timeout_s} s; {self._seen()}"
            )
        return event

    def _seen(self) -> str:
        client, server = (self.transcript.types(sender) for sender in (Sender.CLIENT, Sender.SERVER))
        return f"the client sent {client or 'nothing'}, the server {server or 'nothing'}"

    # --- the life of a connection -----------------------------------------------------------------------

    def asked(self) -> Refused | None:
        """Write down the upgrade request; return why it is answered with an HTTP error, or None."""
        self._record(Frame(self._now_ms(), Sender.CLIENT, "request", self.request.head))
        refused = handshake.not_served(self.request)
        if refused:
            self._note_refusal(refused, None)
        return refused

    def answered(self, response: HttpResponse) -> None:
        """Write down the answer to the upgrade request; one other than 101 ends the connection."""
        status = response.status_code
        head = f"HTTP/1.1 {status} {response.reason_phrase}"
        lines = [head, *(f"{name}: {value}" for name, value in response.headers.raw_items())]
        rule = self.refusals[-1].rule_id if self.refusals else None
        self._record(Frame(self._now_ms(), Sender.SERVER, "upgrade", "\r\n".join(lines), status, rule))
        if status != HTTPStatus.SWITCHING_PROTOCOLS:
            self._finish(_ABNORMAL, f"no WebSocket was opened: HTTP {status}", "server", [])

    async def serve(self, ws: ServerConnection) -> None:
        """Run the connection until it ends."""
        self._ws = ws
        leaving = asyncio.create_task(self._note_leaving(ws))
        if not all(fault.pongs for fault in self._faults):
            _silence_pongs(ws, lambda: self._script.struck.append(faults.NoPong.name))
        log.info("connection %s: opened, model %s", self.number, self.session.get("model") or "not named")
        self._refused = handshake.refusal(self.request, self._credential)
        # A refused client is still read: what it sends into the refusal belongs to the evidence.
        first_words = asyncio.create_task(
            self._turn_away(self._refused) if self._refused else self._service.greet()
        )
        try:
            async for message in ws:
                await self._dawdle()
                await self._receive(message)
        except ConnectionClosed:
            pass  # how it ended is read off the socket below
        except Exception as error:  # a fault of this server must not look like one of the client
            await self.break_off(error)
        finally:
            await self._service.stop()
            first_words.cancel()  # a refusal may still be pausing
            with suppress(asyncio.CancelledError):
                await first_words
            await ws.close()
            await leaving
            self._hang_up(ws)

    async def break_off(self, error: Exception) -> None:
        """End the connection (1011) because this server is at fault."""
        self.failure = error
        log.exception("connection %s: this server failed", self.number, exc_info=error)
        await self.lose(CloseWith(1011, "realtime_server failed; see its log"))

    async def _turn_away(self, refused: Refused) -> None:
        timing = self._script.refusal_timing
        closes_with = CloseWith(refused.rule.close_code or _ABNORMAL, refused.rule.close_reason)
        if timing == "close only":
            self._note_refusal(refused, None)
        else:
            await self._send_refusal(refused, None)
        if timing == "error, pause, close":
            await self.clock.wait(asyncio.Event(), self._script.refusal_pause_ms)
        if timing == "error only then end of stream":
            await self._end_of_stream("the stream ended without a close frame")
        else:
            await self.lose(closes_with)

    async def _note_leaving(self, ws: ServerConnection) -> None:
        """Wake whatever waits for time to pass on a connection that has ended."""
        await ws.wait_closed()
        self._gone.set()

    async def _dawdle(self) -> None:
        for fault in self._faults:
            if fault.reading_pause_ms:
                self._script.struck.append(fault.name)
                await self.clock.wait(self._gone, fault.reading_pause_ms)

    async def _receive(self, message: str | bytes) -> None:
        kind: Literal["text", "binary"] = "text" if isinstance(message, str) else "binary"
        shown = message if isinstance(message, str) else f"<{len(message)} bytes>"
        frame = Frame(self._now_ms(), Sender.CLIENT, kind, shown)
        if self._refused or self._ending_at_ms is not None:
            self._record(replace(frame, note="not answered: the server was ending the connection"))
            return
        try:
            event = _parsed(message)
        except Refused as refused:
            self._record(frame)
            await self._send_refusal(refused, None)
            return
        self._record(frame)
        try:
            await self._service.handle(event)
        except Refused as refused:
            await self._send_refusal(refused, event)

    def _hang_up(self, ws: ServerConnection) -> None:
        """Read off the socket who closed it and how, and complete the transcript."""
        received, sent = ws.protocol.close_rcvd, ws.protocol.close_sent
        if self._lost_by_script or (received is None and sent is None):
            reason = self._lost_by_script or "the connection was lost without a close frame"
            self._finish(_ABNORMAL, reason, "server" if self._lost_by_script else "client", [])
        elif received and (sent is None or ws.protocol.close_rcvd_then_sent):
            self._finish(received.code, received.reason, "client", [(Sender.SERVER, sent)])
        elif sent:
            self._finish(sent.code, sent.reason, "server", [(Sender.CLIENT, received)])

    def _finish(
        self,
        code: int,
        reason: str,
        by: Literal["client", "server"],
        echoes: list[tuple[Sender, Close | None]],
    ) -> None:
        self.close_code, self.close_reason, self.closed_by = code, self._credential.hide(reason), by
        now_ms = self._now_ms()
        at_ms = self._ending_at_ms if by == "server" and self._ending_at_ms is not None else now_ms
        rule = self._refused.rule.id if self._refused and by == "server" else None
        frames = [Frame(at_ms, Sender(by), "close", self.close_reason, code, rule)]
        frames += [
            Frame(now_ms, sender, "close", self._credential.hide(close.reason), close.code)
            for sender, close in echoes
            if close
        ]
        log.info("connection %s: closed by the %s, %s %s", self.number, by, code, self.close_reason)
        self._keep(*frames)

    # --- sending ----------------------------------------------------------------------------------------

    async def send(self, event_type: str, /, **fields: Any) -> None:
        """Send one event with a fresh event_id."""
        await self._transmit({"type": event_type, "event_id": self.ids.new("event"), **fields})

    async def stream(self, event_type: str, place: Mapping[str, Any], deltas: Sequence[bytes]) -> None:
        """Send one event for each of ``deltas``, which are base64; ``place`` is the same in all of them.

        Nothing but their ``event_id`` is made for this client: the audio was coded when it was first heard,
        and all of them leave in a single write. With faults in force they are sent like any other event.
        """
        if self._faults or self._remarks:
            for delta in deltas:
                await self.send(event_type, **place, delta=delta.decode())
            return
        if not self._open:
            return
        head = f'{{"type": "{event_type}", "event_id": "event_'.encode()
        middle = f'", {_written(place)[1:-1]}, "delta": "'.encode()
        run = Run(self._now_ms(), head, self.ids.several(len(deltas)), middle, deltas, b'"}')
        self._keep(run)
        await self._write(run.payloads())

    async def send_error(self, error: Mapping[str, Any], event_id: str | None = None) -> None:
        """Send a scripted ``error`` event; what ``error`` leaves out is filled in."""
        blank = {"type": "server_error", "code": None, "message": "", "param": None, "event_id": event_id}
        await self.send("error", error={**blank, **error})

    async def refuse(self, refused: Refused) -> None:
        """Send the ``error`` event of a refusal that answers no event of the client."""
        await self._send_refusal(refused, None)

    def remark(self, text: str) -> None:
        """Put a remark into the log and, with the next event, into the evidence."""
        log.warning("connection %s: %s", self.number, text)
        self._remarks.append(text)

    async def lose(self, ending: Ending) -> None:
        """End the connection as scripted."""
        ws = self._socket()
        if isinstance(ending, CloseWith):
            if ending.error:
                await self.send_error(ending.error)
            self._ending_at_ms = self._now_ms()
            await ws.close(ending.code, ending.reason)
        elif isinstance(ending, ResetConnection):
            self._ending_at_ms, self._lost_by_script = self._now_ms(), "the connection was reset"
            raw = ws.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            ws.transport.abort()
        else:
            await self._end_of_stream("the stream ended without a close frame")

    async def _end_of_stream(self, reason: str) -> None:
        self._ending_at_ms, self._lost_by_script = self._now_ms(), reason
        self._socket().transport.close()

    def _socket(self) -> ServerConnection:
        if self._ws is None:
            raise RuntimeError("the connection has not been opened yet")
        return self._ws

    async def _transmit(self, event: _Wire, rule: str | None = None, note: str = "") -> None:
        if not self._faults:
            await self._put(Packet(event), rule, note)
            return
        ending: Ending | None = None
        async with self._sending:  # a line that stands still holds back what comes after, too
            for step in self._trouble.steps(event):
                if isinstance(step, Packet):
                    await self._put(step, rule, note)
                elif isinstance(step, Pause):
                    await self.clock.wait(self._gone, step.ms)
                else:
                    ending = step
                    break
        if ending is not None:
            await self.lose(ending)

    async def _put(self, packet: Packet, rule: str | None, note: str) -> None:
        """Put one frame on the wire, and write it down; of padding, only that there was some."""
        if not self._open:
            return
        text = packet.text or _written(packet.event)
        fault = f"fault: {packet.note}" if packet.note else ""
        notes = "; ".join([*self._remarks, *(each for each in (note, fault) if each)])
        self._remarks.clear()
        self._record(Frame(self._now_ms(), Sender.SERVER, "text", text, rule=rule, note=notes))
        await self._write([(text.encode(), b" " * packet.padding_bytes)])

    @property
    def _open(self) -> bool:
        """Whether a frame would still be seen; one that is not does not belong to the transcript either."""
        return self._ending_at_ms is None and self._socket().state is State.OPEN

    async def _write(self, payloads: Iterable[Sequence[bytes]]) -> None:
        """Put text frames on the wire in one write, each given in pieces, and wait while the line is full."""
        ws = self._socket()
        if ws.protocol.extensions:  # compression
            for pieces in payloads:
                ws.protocol.send_text(b"".join(pieces))
            packets = ws.protocol.data_to_send()
        else:
            packets = [part for pieces in payloads for part in (_header(sum(map(len, pieces))), *pieces)]
        with suppress(OSError):  # the client went away, which is read off the socket
            ws.transport.write(b"".join(packets))
            await ws.drain()

    async def _send_refusal(self, refused: Refused, event: _Wire | None) -> None:
        note = self._note_refusal(refused, event)
        given = event.get("event_id") if event else None
        body = {
            "type": refused.rule.error_type,
            "code": refused.rule.code,
            "message": refused.message,
            "param": refused.param,
            "event_id": given if isinstance(given, str) else None,
        }
        if self.debug:
            body |= {"rule_id": refused.rule.id, "near_miss": note or None}
        error = {"type": "error", "event_id": self.ids.new("event"), "error": body}
        await self._transmit(error, refused.rule.id, note)

    def _note_refusal(self, refused: Refused, event: _Wire | None) -> str:
        note, rule, hide = near_miss(refused, event), refused.rule, self._credential.hide
        message = hide(refused.message)
        shown = json.loads(hide(json.dumps(event)))
        self.refusals.append(Refusal(rule.id, rule.code, refused.param, message, note, shown))
        log.warning(
            "connection %s: refused by %s: %s%s", self.number, rule.id, message, f" ({note})" if note else ""
        )
        return note

    def _record(self, frame: Frame) -> None:
        hidden = self._credential.hide(frame.payload)
        frame = frame if hidden == frame.payload else replace(frame, payload=hidden)
        self._keep(frame)

    def _keep(self, *kept: Frame | Run) -> None:
        self.transcript.append(*kept)
        if (listener := self.listener()) is not None:
            for one in kept:
                for frame in one.frames() if isinstance(one, Run) else [one]:
                    listener(self, frame)

    def _now_ms(self) -> float:
        return round(self.clock.now_ms() - self._born_ms, 3)


def _written(event: Mapping[str, Any]) -> str:
    text = _plain(event)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair that the client sent escaped goes back escaped
        return json.dumps(event)
    return text


@cache
def _header(length: int) -> bytes:
    """Return what precedes the payload of an uncompressed text frame (RFC 6455 section 5.2)."""
    return WebSocketFrame(Opcode.TEXT, bytes(length)).serialize(mask=False)[:-length]


def _silence_pongs(ws: ServerConnection, struck: Callable[[], None]) -> None:
    """Keep the pongs back that websockets sends by itself."""
    send = ws.protocol.send_frame

    def send_all_others(frame: WebSocketFrame) -> None:
        if frame.opcode is Opcode.PONG:
            struck()
        else:
            send(frame)

    ws.protocol.send_frame = send_all_others  # type: ignore[method-assign]


def _parsed(text: str | bytes) -> _Wire:
    if isinstance(text, bytes):
        raise rules.BINARY.refuse()
    try:
        event = json.loads(text, parse_constant=_not_json)
    except (ValueError, RecursionError):
        raise rules.NOT_JSON.refuse() from None
    if not isinstance(event, dict):
        raise rules.NOT_AN_OBJECT.refuse(got=json_type(event))
    return event


def _not_json(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON (RFC 8259 §6)")


def _nobody() -> None:
    """Nobody listens."""
