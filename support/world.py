"""The World: everything one scenario owns, from its event loop to what was heard.

Steps translate a phrase and delegate here. A World holds at most one endpoint (the embedded server, or the
live one), one client at a time, and the turns of the conversation: what was spoken and what was heard.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import inspect
import io
import logging
import os
import re
import socket
import sys
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realtime_adapter import AgentTurn, AudioChunk
from realtime_adapter.endpoint import DEFAULT_URL, address
from realtime_adapter.models import DEFAULT_MODEL
from realtime_server import (
    Answer,
    Clock,
    Connection,
    Frame,
    RealtimeServer,
    Script,
    Sender,
    Transcript,
    VirtualClock,
)
from realtime_server.clips import speech
from realtime_server.recording import Recording
from realtime_server.replay import ReplayServer
from support import canary
from support.adapter import made
from support.beta_client import knock
from support.command import Done
from support.cost import cost_of
from support.gateway import Gateway
from support.interop import INTEROP, Home, Visit, receive
from support.rehearsal import Rehearsal
from support.settings import KEY_VARIABLES, Settings
from support.tamper import NONE, Relay, Tampering

UNIT_KEY = canary.KEY  # on the wire of every scenario, so that a leak anywhere is seen
TIMEOUT_S = 5.0  # embedded endpoint: generous, and reached only by a scenario that fails
HANG_UP_S = 15.0  # a client may leave it to the websockets library, which gives a close 10 s
LIVE_TIMEOUT_S = 30.0  # live endpoint: a spoken answer may take this long to begin
LIVE_TURN_S = 90.0  # … and this long to end
RENEW = "python -m support.rehearsal --renew"
BYTES_PER_MS = 48  # PCM16, mono, 24 kHz
SLICE_MS = 100  # how speech is cut when a scenario does not say


@dataclass
class Turn:
    """One turn of the conversation.

    Attributes:
        said: PCM16, mono, 24 kHz, as handed to the client.
        heard: The slices the client gave back, in order; PCM16, mono, 24 kHz.
        ended: The client has said that the turn is over.
    """

    said: bytes = b""
    heard: list[bytes] = field(default_factory=list)
    ended: bool = False

    @property
    def pcm(self) -> bytes:
        """All that was heard in this turn."""
        return b"".join(self.heard)


@dataclass(frozen=True)
class Exchange:
    """What one connection leaves as evidence."""

    title: str
    transcript: Transcript


class World:
    """What one scenario owns.

    Args:
        settings: The adapter to drive and where ``@e2e`` goes.
        tampering: What is changed on the wire between client and endpoint, if anything.
        recording: What stands in for the live endpoint, if anything.
    """

    def __init__(
        self, settings: Settings, tampering: Tampering = NONE, recording: Path | None = None
    ) -> None:
        self.settings = settings
        self.recording = recording
        self.replay: ReplayServer | None = None
        self.rehearsal = Rehearsal()
        self.script = Script()
        self.answers: tuple[Answer, ...] = ()
        self.server: RealtimeServer | None = None
        self.client: Any = None
        self.options: dict[str, Any] = {}
        self.turns: list[Turn] = []
        self.unread: Any = None  # the events that nobody takes
        self.agent_turn: Any = None  # the turn taken whole last
        self._readers: list[asyncio.Task[list[Any]]] = []
        self.timeout_s = TIMEOUT_S
        self.live_timeout_s = LIVE_TIMEOUT_S
        self.patience_s: float | None = None  # how long an answer may take, when the scenario is about that
        self.live = False
        self.documentation = ""
        self._gateway: Gateway | None = None
        self.command = Done(0, "", "")
        self.recorded = io.BytesIO()
        self.wire_log = io.StringIO()
        self.told: list[str | None] = []
        self.clock: Clock = Clock()
        self.announced: list[float] = []
        self.traced: Any = None
        self._visit: Visit | None = None
        self.guards: list[World] = []
        self.log = Log()
        self.tampering = tampering
        self._relay: Relay | None = None
        self._url = ""
        self._error: BaseException | None = None
        self._examined = True
        self._taps: list[Transcript] = []
        self._clients: list[Any] = []
        self.loop = asyncio.new_event_loop()

    # ---------------------------------------------------------------- life

    @contextlib.contextmanager
    def opened(self) -> Iterator[World]:
        """Own the event loop, the environment's keys and the log until the scenario is over.

        behave runs an asynchronous step on the current event loop, so a World makes its own loop current.
        """
        with contextlib.ExitStack() as stack:
            stack.callback(self.loop.close)
            asyncio.set_event_loop(self.loop)
            stack.callback(asyncio.set_event_loop, None)
            stack.enter_context(self.log.captured())
            stack.callback(self.finish)
            yield self

    def resume(self) -> None:
        """Make this World's event loop current again, after another World's was."""
        asyncio.set_event_loop(self.loop)

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine on the scenario's loop from a synchronous step or hook."""
        return self.loop.run_until_complete(coroutine)

    def finish(self) -> None:
        """Disconnect every client and close the endpoint, so that every transcript is closed."""
        with contextlib.ExitStack() as stack:  # a client that cannot hang up keeps nothing else from ending
            stack.callback(self.rehearsal.close)
            stack.callback(self.stop_endpoint)
            stack.callback(self.run, self.events_read())
            for client in self._clients:
                stack.callback(self.run, asyncio.wait_for(client.disconnect(), HANG_UP_S))
            self._clients.clear()

    # ------------------------------------------------------------ endpoint

    def open_endpoint(self, *answers: Answer, **script: Any) -> None:
        """Serve the embedded endpoint on a free port of 127.0.0.1.

        Args:
            answers: What it answers, in order; afterwards its usual spoken answer.
            script: What else its ``Script`` says.
        """
        self.answers = answers
        self.script = Script(answers=list(answers), **script)
        self.server = RealtimeServer(script=self.script, clock=self.clock)
        self.server.start()
        self._url = self.server.url
        self.options.setdefault("api_key", UNIT_KEY)
        if self.tampering != NONE:
            self._relay = Relay(self._url, self.tampering)
            self._relay.start()
            self._url = self._relay.url

    @property
    def address(self) -> str:
        """Where clients of this scenario connect, without the query."""
        return self._url

    def let_pass(self, seconds: int) -> None:
        """Let time pass on the endpoint's own clock."""
        assert isinstance(self.clock, VirtualClock), "the endpoint of this scenario goes by real time"
        self.clock.advance(seconds * 1000)

    def open_nothing(self) -> None:
        """Name an endpoint that nobody serves: a port that was free a moment ago."""
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            self._url = f"ws://127.0.0.1:{reserved.getsockname()[1]}/v1/realtime"
        self.options.setdefault("api_key", UNIT_KEY)

    def use_live_endpoint(self) -> None:
        """Go to the live endpoint, to the one that ``-D endpoint=`` names, or to the scenario's recording."""
        self.live = True
        self.timeout_s = self.live_timeout_s
        self._url = self.settings.endpoint or ""
        if self.recording is not None:
            self.replay = ReplayServer(Recording.read(self.recording), self.recording.name)
            self.replay.start()
            self._url = self.replay.url
            self.timeout_s = TIMEOUT_S
        self.options.setdefault("api_key", self.settings.live_key or UNIT_KEY)
        if self.settings.model:
            self.options.setdefault("model", self.settings.model)
        # What a client does not tell of what it sees, or what is tampered with, is read on the way.
        if self.tampering != NONE or not self.settings.takes("on_frame"):
            self._relay = Relay(self._url or DEFAULT_URL, self.tampering, self._tap())
            self._relay.start()
            self._url = self._relay.url

    def open_gateway(self, **behaviour: Any) -> None:
        """Put a gateway that sells client secrets in front of the embedded endpoint."""
        assert self.server is not None, "no embedded endpoint in this scenario"
        behind = self.server.url.removesuffix("/realtime").replace("ws://", "http://")
        self._gateway = Gateway(behind, UNIT_KEY, **behaviour)
        self._gateway.start()

    @property
    def gateway(self) -> Gateway:
        """The gateway of this scenario."""
        assert self._gateway is not None, "no gateway in this scenario"
        return self._gateway

    def stop_endpoint(self) -> None:
        """End the gateway, the relay and the embedded endpoint; what they recorded stays readable."""
        if self._gateway is not None:
            self._gateway.stop()
        if self._relay is not None:
            self._relay.stop()
        if self.server is not None:
            self.server.stop()
        if self.replay is not None:
            self.replay.stop()

    def dialled(self) -> list[Connection]:
        """Return every connection the endpoint ever had; the endpoint is closed first.

        Absence may be asserted of the result: nothing can still be on its way.
        """
        assert self.server is not None, "no embedded endpoint in this scenario"
        self.stop_endpoint()
        return self.server.connections

    def receive(self, guest: str, errand: str, home: Home = INTEROP) -> None:
        """Let a client that nobody here wrote run its errand against the embedded endpoint."""
        self._visit = receive(guest, errand, self._url, UNIT_KEY, home.folder)
        self.connection.wait_closed()

    @property
    def visit(self) -> Visit:
        """What the guest of this scenario saw."""
        assert self._visit is not None, "no guest has come in this scenario"
        return self._visit

    # -------------------------------------------------------------- client

    def client_options(self, **options: Any) -> dict[str, Any]:
        """Return the keywords with which a client is made for this scenario's endpoint."""
        given = {**self.options, **options}
        if self._url:
            given.setdefault("url", self._url)
        return given

    def make_client(self, **options: Any) -> Any:
        """Return a new client for this scenario's endpoint."""
        given = self.client_options(**options)
        if self.live and self._relay is None and self.settings.takes("on_frame"):
            given.setdefault("on_frame", self._tap())
        if self.live and self.settings.takes("connect_timeout_s"):
            given.setdefault("connect_timeout_s", self.live_timeout_s)
        if self.live:
            given.update(self.settings.dialect.client_options)
        client = self.tampering.client(made(self.settings.adapter, self.settings.adapter_name, given))
        self._clients.append(client)
        return client

    async def connect(self, **options: Any) -> None:
        """Make a client and connect it."""
        self.client = self.make_client(**options)
        await self.client.connect()

    async def reconnect(self) -> None:
        """Hang up, and let the same client connect once more."""
        await self.hang_up()
        self._clients.append(self.client)
        await self.client.connect()

    async def knock_as_the_beta_did(self) -> None:
        """Dial the live endpoint as a client of the beta, until it hangs up."""
        kind = self.settings.dialect
        key = {kind.key_header: kind.key_form.format(key=self.options["api_key"])}
        dialled = address(self._url or DEFAULT_URL, self.settings.model or DEFAULT_MODEL)
        await knock(dialled, key, self._tap(), self.timeout_s)

    async def used_tokens(self) -> int:
        """Return how many tokens the connections of this scenario used, once they are closed."""
        if self.client in self._clients:
            await self.hang_up()
        return sum(cost_of(each.frames).tokens for each in self._taps)

    async def return_from_tool(self, output: str) -> None:
        """Hand ``output`` to the model as what the function it has called returned."""
        (call,) = self.client.last_tool_calls
        self.turns.append(Turn())
        await self.client.send_tool_output(call["id"], output)

    async def connect_again(self) -> None:
        """Connect the client that was connected before."""
        if self.client not in self._clients:
            self._clients.append(self.client)
        await self.client.connect()

    async def hang_up(self) -> None:
        """Disconnect the client and wait until the endpoint has seen the close."""
        await asyncio.wait_for(self.client.disconnect(), HANG_UP_S)
        self._clients.remove(self.client)
        if self.server is not None:
            self.connection.wait_closed()
        elif self._relay is not None:
            self.transcript.wait_for(lambda frame: frame.kind == "close", self.timeout_s)

    async def closed_transcript(self) -> Transcript:
        """Hang up, if that is still to be done, and return the transcript.

        Absence ("nothing else was sent") is asserted over this one only: while the connection is open a
        frame may still be on its way, and its absence would prove nothing.
        """
        if self.client in self._clients:
            await self.hang_up()
        elif self.server is not None:  # somebody else hung up, and the endpoint may still have to see it
            with contextlib.suppress(TimeoutError):
                self.connection.wait_closed()
        return self.transcript.complete()

    async def attempt(self, action: Awaitable[Any]) -> None:
        """Do what may fail, and keep the failure for the steps that examine it."""
        assert self._examined, f"an earlier failure was not examined: {self._error!r}"
        try:
            await action
        except Exception as error:
            self._error = error
            self._examined = False

    @property
    def kept_error(self) -> BaseException | None:
        """The failure of the last attempt, whether or not a step has examined it; None when it succeeded."""
        return self._error

    @property
    def error(self) -> BaseException:
        """The failure of the last attempt.

        Raises:
            AssertionError: the attempt succeeded.
        """
        assert self._error is not None, "the attempt succeeded, but had to fail"
        self._examined = True
        return self._error

    def require_replayed(self) -> None:
        """Fail when a recording was replayed and the client did something else, or left before its end.

        What nobody reads on the way is compared with the vendor's types: a recording that was changed by
        hand, or that a rule of the server is still to follow, must not pass for what an endpoint sends.
        """
        if self.replay is None:
            return
        found = [*self.replay.differences, self.replay.missing(), *self.replay.strange()]
        told = [each for each in found if each]
        assert not told, "\n".join([*told, f"If that is meant, record anew: {RENEW}"])

    def require_examined(self) -> None:
        """Fail when an attempt failed and no step looked at it."""
        assert self._examined, f"no step examined this failure: {self._error!r}"

    # --------------------------------------------------------------- turns

    @property
    def turn(self) -> Turn:
        """The current turn; a new one begins when the last has ended."""
        if not self.turns or self.turns[-1].ended:
            self.turns.append(Turn())
        return self.turns[-1]

    async def speak(self, pcm: bytes, slices: int | None = None) -> None:
        """Hand ``pcm`` to the client in ``slices`` slices, or in slices of 100 ms."""
        size = SLICE_MS * BYTES_PER_MS
        if slices is not None:
            size = 2 * -(-len(pcm) // 2 // slices)
        self.turn.said += pcm
        for start in range(0, len(pcm), size):
            await self.client.send_audio(AudioChunk(pcm[start : start + size]))

    async def speak_during_answer(self) -> None:
        """Speak and ask while an answer is held; it goes on only when what was said has been committed."""
        self.turns.append(Turn())
        await self.speak(speech("question").pcm)
        asked = asyncio.create_task(self.client.recv_audio(self.timeout_s))
        await asyncio.to_thread(
            self.transcript.wait_for,
            lambda frame: frame.type == "input_audio_buffer.committed",
            self.timeout_s,
            2,
        )
        self.script.release()
        self.turn.heard.append((await asked).data)

    async def hear(self, slices: int | None = None) -> None:
        """Take ``slices`` slices of the answer, or all until the client says the turn is over."""
        turn = self.turn
        try:
            async with asyncio.timeout(LIVE_TURN_S if self.live else None) as bound:
                async for pcm in self._slices():
                    turn.heard.append(pcm)
                    if slices is not None and len(turn.heard) >= slices:
                        return
        except TimeoutError:
            if not bound.expired():  # then it is the client's own
                raise
            raise AssertionError(f"the answer had not ended after {LIVE_TURN_S:g} s") from None
        turn.ended = True

    async def _slices(self) -> AsyncIterator[bytes]:
        while (chunk := await self.client.recv_audio(self.patience_s or self.timeout_s)).data:
            yield chunk.data

    async def ask(self, slices: int | None = None) -> None:
        """Speak the recorded question and hear the whole answer."""
        await self.speak(speech("question").pcm, slices)
        await self.hear()

    async def ask_anew(self) -> None:
        """Ask in a turn of its own, although the last one came to no good end."""
        self.turns.append(Turn())
        await self.ask()

    async def end_of_turn(self) -> Any:
        """Hear the answer to its end, and return the chunk that says so."""
        while (chunk := await self.client.recv_audio(self.timeout_s)).data:
            self.turn.heard.append(chunk.data)
        self.turn.ended = True
        return chunk

    async def take_turn(self) -> None:
        """Take the answer as one finished turn."""
        self.agent_turn = await self.client.receive_turn(self.patience_s or self.timeout_s)

    def read_events(self) -> None:
        """Look at every event that the client is sent from now on."""
        events = self.client.events()

        async def read() -> list[Any]:
            return [event async for event in events]

        self._readers.append(self.loop.create_task(read()))

    async def events_read(self) -> list[list[Any]]:
        """Return what each reader has seen; the connection has ended."""
        async with asyncio.timeout(self.timeout_s):
            return await asyncio.gather(*self._readers)

    async def received(self, slices: int) -> None:
        """Wait until the client has received so many slices of the answer, heard or not."""
        wanted = (slices - len(self.turn.heard)) * SLICE_MS * BYTES_PER_MS
        async with asyncio.timeout(self.timeout_s):
            events = self.client.events()
            while self.client.backlog_bytes < wanted:
                await anext(events)

    def hold_unread_events(self) -> None:
        """Ask for the events and take none of them."""
        self.unread = self.client.events()

    async def fill_up(self) -> int:
        """Let come what comes while nobody takes it, and return how many bytes the client holds then.

        That nothing more comes is seen only by giving it time to come: what is on its way takes a few
        milliseconds.
        """
        most = 0
        async with asyncio.timeout(self.timeout_s):
            while (held := self.client.backlog_bytes) > most or not held:
                most = max(most, held)
                await asyncio.sleep(0.1)
        return most

    async def give_up_hearing(self, patience_s: float) -> None:
        """Wait for a slice and be cancelled while waiting."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self.client.recv_audio(self.timeout_s)

    async def ask_together(self, clients: int) -> list[bytes]:
        """Let so many clients ask the question at once, and return what each was answered."""

        async def asked() -> bytes:
            client = self.make_client()
            await client.connect()
            await client.send_audio(AudioChunk(speech("question").pcm))
            turn: AgentTurn = await client.receive_turn(self.timeout_s)
            return turn.audio.data

        return await asyncio.gather(*(asked() for _ in range(clients)))

    async def sent_by_endpoint(self, event: str) -> None:
        """Wait until the endpoint has sent an event of a type, while the client goes on."""
        seen = await asyncio.to_thread(
            self.transcript.wait_for,
            lambda frame: frame.sender is Sender.SERVER and frame.type == event,
            self.timeout_s,
        )
        assert seen is not None, f"the endpoint sent no {event} within {self.timeout_s:g} s"

    def require_heard(self, turn: int) -> None:
        """Fail unless a turn, counted from 0, was heard byte for byte as it was answered.

        Raises:
            AssertionError: how much was heard, and where it first differs.
        """
        assert turn < len(self.turns), f"only {len(self.turns)} turns were heard"
        heard, answered = self.turns[turn].pcm, self.scripted(turn).audio
        assert heard == answered, (
            f"heard {len(heard):,} bytes where {len(answered):,} were said{_unlike(heard, answered)}"
        )

    def scripted(self, turn: int) -> Answer:
        """Return what the endpoint was told to answer in a turn, counted from 0."""
        return self.answers[turn] if turn < len(self.answers) else self.script.default_answer

    # ------------------------------------------------------------ evidence

    def first_event(self, sender: Sender, event: str) -> dict[str, Any]:
        """Return the first event of a type that one side sent.

        Raises:
            AssertionError: it sent none; names what it did send.
        """
        self.await_event(sender, event)
        events = self.transcript.events(sender)
        found: dict[str, Any] | None = next((each for each in events if each["type"] == event), None)
        assert found is not None, f"the {sender} sent no {event}, only {[each['type'] for each in events]}"
        return found

    def sent_of(self, events: Sequence[str]) -> list[str]:
        """Return what the endpoint has sent so far of these types, in order; others may come between."""
        return [name for name in self.transcript.types(Sender.SERVER) if name in events]

    def await_event(self, sender: Sender, event: str) -> None:
        """Wait until one side has sent an event of a type, or the connection has ended.

        An adapter may return before the endpoint has answered. A client that itself tells what it sees of the
        live endpoint is not waited for: nothing goes on while this waits.
        """
        if not self.live or self._relay is not None:
            self.transcript.wait_for(
                lambda frame: frame.kind == "close" or (frame.sender == sender and frame.type == event),
                self.timeout_s,
            )

    def outcome(self) -> str:
        """Say what the endpoint refused and how much of an answer was heard."""
        connections = self.server.connections if self.server is not None else []
        refusals = [one for each in connections for one in each.refusals]
        refused = ", ".join(f"{one.code} {one.param or ''}: {one.message}" for one in refusals) or "nothing"
        return f"the endpoint refused {refused}; heard {sum(len(turn.pcm) for turn in self.turns):,} bytes"

    def said(self) -> bytes:
        """Return all that was handed to the client to say; PCM16, mono, 24 kHz."""
        return b"".join(turn.said for turn in self.turns)

    def said_on_the_wire(self) -> bytes:
        """Return the PCM16 that reached the endpoint in ``input_audio_buffer.append`` events."""
        events = self.transcript.events(Sender.CLIENT)
        return b"".join(
            base64.b64decode(event["audio"])
            for event in events
            if event["type"] == "input_audio_buffer.append"
        )

    def answered_on_the_wire(self) -> bytes:
        """Return the PCM16 that the endpoint put into ``response.output_audio.delta`` events."""
        events = self.transcript.events(Sender.SERVER)
        return b"".join(
            base64.b64decode(event["delta"])
            for event in events
            if event["type"] == "response.output_audio.delta"
        )

    async def user_transcript(self) -> str | None:
        """Return what the endpoint recognised of the user, waiting for it as long as for an answer."""
        wait = getattr(self.client, "wait_for_user_transcript", None)
        if self.client.last_user_transcript is None and wait is not None:
            await wait(self.timeout_s)
        words: str | None = self.client.last_user_transcript
        return words

    def places_for_secrets(self) -> dict[str, str]:
        """Return every place in which a key must never stand, by its name."""
        error = self._error
        chain = "".join(traceback.format_exception(error)) if error is not None else ""
        return {
            "the address": self.client.url,
            "the client": repr(self.client),
            "the log": self.log.text(),
            "the error": f"{error!r} {chain}",
            "the evidence": "\n".join(exchange.transcript.to_jsonl() for exchange in self.exchanges()),
        }

    def first_change(self) -> tuple[str, str]:
        """Return the first frame that was tampered with and what stood in for it; empty when none was."""
        relays = [each._relay for each in (self, *self.guards) if each._relay is not None]
        return next((relay.changes[0] for relay in relays if relay.changes), ("", ""))

    def read_documentation(self) -> None:
        """Read the documentation of the module that defines the client."""
        module = sys.modules[getattr(self.settings.adapter, "__module__", "")]
        self.documentation = self.tampering.documentation(inspect.getdoc(module) or "")

    def events_documented(self) -> set[str]:
        """Return the event names that the documentation writes in double backticks.

        Other dotted names are places in the session, or modules.
        """
        names = re.findall(r"``((?!session\.audio|realtime_)[a-z_]+(?:\.[a-z_]+)+)``", self.documentation)
        return set(names)

    @property
    def connection(self) -> Connection:
        """The newest connection as the embedded endpoint saw it."""
        assert self.server is not None, "no embedded endpoint in this scenario"
        self.server.wait_for_connection(0)
        return self.server.connections[-1]

    @property
    def transcript(self) -> Transcript:
        """What went over the newest connection: as the endpoint saw it, or as the live client did."""
        return self._taps[-1] if self.live else self.connection.transcript

    def exchanges(self) -> list[Exchange]:
        """Return the evidence of every connection of this scenario, in order."""
        seen = self.server.connections if self.server is not None else []
        transcripts = self._taps or [connection.transcript for connection in seen]
        own = [Exchange(f"connection {number}", each) for number, each in enumerate(transcripts, 1)]
        return own + [exchange for guard in self.guards for exchange in guard.exchanges()]

    def _tap(self) -> Callable[[str, str, str, int | None], None]:
        """Return a listener that records what the client says went over its socket."""
        transcript = Transcript()
        self._taps.append(transcript)
        started = time.monotonic()

        def listen(direction: str, kind: Any, payload: str, code: int | None) -> None:
            at_ms = (time.monotonic() - started) * 1000
            transcript.append(Frame(at_ms, Sender(direction), kind, payload, code))

        return listen


def _unlike(heard: bytes, said: bytes) -> str:
    """Say where two recordings first differ, if they do before one of them ends."""
    at = next((at for at, (one, other) in enumerate(zip(heard, said, strict=False)) if one != other), None)
    return "" if at is None else f"; they differ from byte {at:,} on"


class Log:
    """What was logged while the scenario ran, by any logger."""

    def __init__(self) -> None:
        self.records: list[logging.LogRecord] = []

    @contextlib.contextmanager
    def captured(self) -> Iterator[None]:
        """Collect records until the block ends; levels are put back."""
        handler = _Collector(self.records)
        root = logging.getLogger()
        levels = {name: logging.getLogger(name).level for name in ("", "websockets", "realtime_adapter")}
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)

    def everything(self) -> None:
        """Let every logger say all it can."""
        for name in ("", "websockets", "realtime_adapter"):
            logging.getLogger(name).setLevel(logging.DEBUG)

    def warnings_about(self, words: str) -> list[str]:
        """Return the messages at WARNING and above that hold ``words``, in order."""
        return [
            record.getMessage()
            for record in self.records
            if record.levelno >= logging.WARNING and words in record.getMessage()
        ]

    def text(self) -> str:
        """Return all that was logged, tracebacks included."""
        formatter = logging.Formatter("%(name)s %(message)s")
        return "\n".join(formatter.format(record) for record in self.records)


class _Collector(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.NOTSET)
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@contextlib.contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Hold exactly ``variables`` in the environment, of those the adapter reads, until the block ends."""
    names = (*KEY_VARIABLES, "OPENAI_BASE_URL")
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(before)
