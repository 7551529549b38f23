"""Serves a recording: what the server said then is said again, and the client has to do what it did then.

Server frames go out, as fast as they are taken, once the client has sent everything that came before them. A
client that sends something else is told where and how it differs, and the connection is closed with 4900. The
ids that a client gives its events differ from run to run, and are not compared.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from realtime_server import conformance, handshake
from realtime_server.recording import AUDIO_FIELDS, Line, Recording
from realtime_server.server import RealtimeServer
from realtime_server.transcript import Frame, Sender

log = logging.getLogger("realtime_server")

DIFFERENT = 4900
_REASON_BYTES = 123  # what a close frame holds
_LONGEST = 60  # of a value that is shown
_OWN = frozenset({"event_id"})
_HEADERS_THAT_MATTER = ("authorization", "api-key", "openai-beta", "sec-websocket-protocol")


class ReplayServer(RealtimeServer):
    """A recording on 127.0.0.1.

    Each client is given the next connection of the recording; after the last of them it begins anew.

    Args:
        recording: What is served.
        name: What messages call it, for example its file.
        port: TCP port; 0 picks a free one.

    Attributes:
        differences: What clients did otherwise than recorded, in order, one sentence each.
        played: How many connections were played to their end.
    """

    def __init__(self, recording: Recording, name: str, port: int = 0) -> None:
        super().__init__(port=port)
        self.recording = recording
        self.differences: list[str] = []
        self.played = 0
        self._name = name
        self._scripts = recording.connections
        self._given = 0
        self._due: dict[ServerConnection, Sequence[Line]] = {}
        self._turned_away: dict[ServerConnection, tuple[Line, str]] = {}

    def missing(self) -> str | None:
        """Return in one sentence what of the recording no client has asked for, or None."""
        if self.differences or self.played >= len(self._scripts):
            return None
        recorded = len(self._scripts)
        return f"{self._name}: the client came through {self.played} of the {recorded} recorded connections"

    def strange(self) -> Iterator[str]:
        """Yield where the recorded server sends what neither the vendor's types nor a rule here know."""
        for line in (line for script in self._scripts for line in script):
            event = line.frame.event if line.frame.sender is Sender.SERVER else None
            for found in conformance.faults(event) if event else ():
                yield f"{self._name}, line {line.number}: {found}"

    # --- on the server's own thread ---------------------------------------------------------------------

    def _on_request(self, ws: ServerConnection, request: Request) -> Response | None:
        script = self._scripts[self._given % len(self._scripts)]
        self._given += 1
        first = script[0]
        if first.frame.kind == "request":
            asked, _ = handshake.read(request.path, request.headers.raw_items())
            found = next(_handshake_differences(first.frame, asked), None)
            if found:
                self._turned_away[ws] = first, found
                return None
            script = script[1:]
        answer = script[0].frame if script and script[0].frame.kind == "upgrade" else None
        if answer is not None and answer.code != HTTPStatus.SWITCHING_PROTOCOLS:
            self.played += 1
            return ws.respond(HTTPStatus(answer.code or HTTPStatus.BAD_REQUEST), "as recorded\n")
        self._due[ws] = script[1:] if answer is not None else script
        return None

    def _on_response(self, _ws: ServerConnection, _request: Request, _response: Response) -> None:
        """The answer to the upgrade needs no note: nothing is written down here."""

    async def _handle(self, ws: ServerConnection) -> None:
        with suppress(ConnectionClosed):  # by a client that does not wait to be told
            if ws in self._turned_away:
                await self._turn_away(ws, *self._turned_away.pop(ws))
            else:
                await self._play(ws, self._due.pop(ws))
        ws.transport.abort()

    async def _play(self, ws: ServerConnection, script: Sequence[Line]) -> None:
        at = 0
        try:
            for at, line in enumerate(script):  # noqa: B007 - where it stood when the client left
                frame = line.frame
                if frame.kind == "close" and frame.sender is Sender.SERVER:
                    await ws.close(frame.code or 1000, frame.payload)
                    break
                if frame.sender is Sender.SERVER:
                    await ws.send(frame.payload)
                    continue
                sent = await ws.recv()
                found = next(_frame_differences(frame, sent), None)
                if found:
                    await self._turn_away(ws, line, found)
                    return
        except ConnectionClosed:
            self._left(ws, script[at:])
            return
        self.played += 1  # with no close at its end it was lost then, and is lost now

    def _left(self, ws: ServerConnection, rest: Sequence[Line]) -> None:
        """The client has gone: was that its next act in the recording, too?"""
        received = ws.protocol.close_rcvd
        due = next((line for line in rest if line.frame.sender is Sender.CLIENT), None)
        if due is None or (due.frame.kind == "close" and received and received.code == due.frame.code):
            self.played += 1
            return
        how = f"hung up with {received.code}" if received else "was lost"
        self._note(due, f"the client {how} where {_what(due.frame)} was recorded")

    async def _turn_away(self, ws: ServerConnection, line: Line, found: str) -> None:
        sentence = self._note(line, found)
        error = {"type": "replay_mismatch", "code": "replay_mismatch", "message": sentence, "param": None}
        await ws.send(json.dumps({"type": "error", "event_id": "event_of_the_replay", "error": error}))
        reason = f"replay: line {line.number}: {found}".encode()[:_REASON_BYTES].decode(errors="ignore")
        await ws.close(DIFFERENT, reason)

    def _note(self, line: Line, found: str) -> str:
        sentence = f"{self._name}, line {line.number}: {found}"
        self.differences.append(sentence)
        log.error("%s", sentence)
        return sentence


def differences(recorded: Any, sent: Any, path: str = "") -> Iterator[str]:
    """Yield where what a client sent differs from what was recorded, by the path of the field."""
    if isinstance(recorded, Mapping) and isinstance(sent, Mapping):
        for key in [*recorded, *(key for key in sent if key not in recorded)]:
            at = f"{path}.{key}" if path else key
            if not path and key in _OWN:
                continue
            if key not in sent:
                yield f"{at} was recorded ({_shown(recorded[key])}) and is not sent"
            elif key not in recorded:
                yield f"{at} is sent ({_shown(sent[key])}) and was not recorded"
            else:
                yield from differences(recorded[key], sent[key], at)
    elif isinstance(recorded, list) and isinstance(sent, list) and len(recorded) == len(sent):
        for index, (one, other) in enumerate(zip(recorded, sent, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif recorded != sent or isinstance(recorded, bool) is not isinstance(sent, bool):
        yield f"{path} is sent as {_shown(sent)}, recorded is {_shown(recorded)}"


def _frame_differences(recorded: Frame, sent: str | bytes) -> Iterator[str]:
    event = recorded.event
    got = _event(sent)
    if event is None or got is None:
        if recorded.payload != sent:
            yield f"the client sent {_named(sent)} where {_what(recorded)} was recorded"
    elif event["type"] != got.get("type"):
        yield f"the client sent {got.get('type')} where {event['type']} was recorded"
    else:
        name = event["type"]
        key = AUDIO_FIELDS.get(name)
        if key in event and key in got and event[key] != got[key]:
            sizes = f"{len(got[key])} base64 characters, not {len(event[key])}"
            yield f"{name}: {key} is other audio than recorded ({sizes})"
        yield from (f"{name}: {found}" for found in differences(event, got))


def _handshake_differences(recorded: Frame, asked: handshake.HandshakeRequest) -> Iterator[str]:
    first, *headers = recorded.payload.split("\r\n")
    target = urlsplit(first.split()[1])
    if target.path != asked.path:
        yield f"handshake: the path is {asked.path}, recorded is {target.path}"
    yield from (
        f"handshake: {found}"
        for found in differences(dict(parse_qsl(target.query)), dict(asked.query), "query")
    )
    names = {line.partition(":")[0].lower() for line in headers}
    for name in _HEADERS_THAT_MATTER:
        if name in names and not asked.has_header(name):
            yield f"handshake: the header {name} was recorded and is not sent"
        if name not in names and asked.has_header(name):
            yield f"handshake: the header {name} is sent and was not recorded"


def _event(message: str | bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(message)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _named(message: str | bytes) -> str:
    event = _event(message)
    return str(event.get("type")) if event else f"{len(message)} characters that are no event"


def _what(frame: Frame) -> str:
    if frame.kind == "close":
        return f"its close with {frame.code}"
    return frame.type or "a frame that is no event"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
