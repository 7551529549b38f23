"""The mutants of the server: an endpoint that lets pass what the vendor's refuses, or says it otherwise.

Each holds a part of ``realtime_server`` changed in a process of its own while it is judged; the source stays
as it is. A criterion that is green on a lenient endpoint may prove nothing, so the criteria judge it, and so
do the server's own tests.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from realtime_server import Connection, Frame, Sender, connection, handshake, rules, service
from realtime_server.handshake import Credential, HandshakeRequest
from realtime_server.rules import Refused, Rule
from realtime_server.script import CloseWith, Ending
from support.criteria import CRITERIA
from support.matrix import KILL, OTHER_REASON, Cell, Row
from support.mutants import BENIGN, BY_ID, RENAMED_EVENTS, Mutant, in_ga_shape
from support.scenarios import shortened
from support.tamper import Event, Tampering

SERVER = "SERVER"
TESTS = Path(__file__).resolve().parent.parent / "tests" / "server"
JUDGING = ("rules", "handshake", "turns", "session")  # the tests of what it answers to clients
EXPECTED_S = 4.0
Applied = Callable[[], AbstractContextManager[Any]]


# --------------------------------------------------------------- rules not enforced


def _unenforced(*lenient: Rule) -> Applied:
    """Return a server without these rules: what breaks them passes without a word, or as if it were right."""
    names = {rule.id for rule in lenient}
    judge, obey = handshake.refusal, service.Service.handle

    def refusal(request: HandshakeRequest, credential: Credential) -> Refused | None:
        refused = judge(request, credential)
        return None if refused and refused.rule.id in names else refused

    async def handle(self: Any, event: Event) -> None:
        try:
            await obey(self, event)
        except Refused as refused:
            if refused.rule.id not in names:
                raise
            if event["type"] == "session.update":
                self._session = _understood(self._session, in_ga_shape(event["session"]))
                await self._line.send("session.updated", session=self._session)

    @contextmanager
    def applied() -> Iterator[None]:
        with patch.object(handshake, "refusal", refusal), patch.object(service.Service, "handle", handle):
            yield

    return applied


def _understood(own: Event, asked: Event) -> Event:
    """Return ``own`` with what is asked for where it makes sense, and without the rest."""
    merged = dict(own)
    for key in own.keys() & asked.keys():
        if isinstance(own[key], dict) and isinstance(asked[key], dict):
            merged[key] = _understood(own[key], asked[key])
        elif not isinstance(own[key], dict) or asked[key] is None:
            merged[key] = asked[key]
    return merged


def _enforced(*lenient: Rule) -> Callable[[Iterable[Connection]], bool]:
    names = {rule.id for rule in lenient}
    return lambda connections: any(one.rule_id in names for each in connections for one in each.refusals)


# ----------------------------------------------------------------- said otherwise


def _saying(change: Callable[[Event], Iterable[Event]]) -> Applied:
    """Return a server whose every event is changed before it is sent."""
    transmit = Connection._transmit

    async def transmit_changed(
        self: Connection, event: Event, rule: str | None = None, note: str = ""
    ) -> None:
        for changed in change(event):
            await transmit(self, changed, rule, note)

    async def stream_changed(
        self: Connection, event_type: str, place: Event, deltas: Iterable[bytes]
    ) -> None:  # one by one, so that each of them is changed as well
        for delta in deltas:
            await self.send(event_type, **place, delta=delta.decode())

    return lambda: patch.multiple(Connection, _transmit=transmit_changed, stream=stream_changed)


def _said(change: Callable[[Event], Iterable[Event]]) -> Callable[[Iterable[Connection]], bool]:
    def touches(connections: Iterable[Connection]) -> bool:
        events = (event for each in connections for event in each.transcript.events(Sender.SERVER))
        return any(list(change(event)) != [event] for event in events)

    return touches


def _closed(connections: Iterable[Connection]) -> bool:
    frames: Iterable[Frame] = (frame for each in connections for frame in each.transcript.frames)
    return any(frame.kind == "close" and frame.rule for frame in frames)


def _without_error(event: Event) -> Iterable[Event]:
    ends = {rule.code for rule in rules.RULES.values() if rule.close_code}
    return () if event["type"] == "error" and event["error"]["code"] in ends else (event,)


def _closing_normally() -> AbstractContextManager[Any]:
    lose = Connection.lose

    async def lose_normally(self: Connection, ending: Ending) -> None:
        refused = isinstance(ending, CloseWith) and self._refused
        await lose(self, CloseWith(1000, "") if refused else ending)

    return patch.object(Connection, "lose", lose_normally)


def _closing_unsaid() -> AbstractContextManager[Any]:
    lose = Connection.lose

    async def lose_unsaid(self: Connection, ending: Ending) -> None:
        await lose(self, CloseWith(ending.code, "") if isinstance(ending, CloseWith) else ending)

    return patch.object(Connection, "lose", lose_unsaid)


def _answering_two_at_once() -> AbstractContextManager[Any]:
    return patch.object(service.Service, "_check_in_band", lambda _self, _settings: None)


def _under_the_retired_name(event: Event) -> Iterable[Event]:
    return ({**event, "type": RENAMED_EVENTS.get(event["type"], event["type"])},)


def _completed_when_cancelled(event: Event) -> Iterable[Event]:
    if event["type"] != "response.done" or event["response"]["status"] != "cancelled":
        return (event,)
    return ({**event, "response": {**event["response"], "status": "completed", "status_details": None}},)


def _also_under_the_retired_name(event: Event) -> Iterable[Event]:
    if event["type"] != "conversation.item.added":
        return (event,)
    return (event, {**event, "type": RENAMED_EVENTS[event["type"]]})


def _committing_each_slice(event: Event) -> Iterable[Event]:
    commit = {"type": "input_audio_buffer.commit"}
    return (event, commit) if event["type"] == "input_audio_buffer.append" else (event,)


def _twice(name: str) -> Callable[[Event], Iterable[Event]]:
    return lambda event: (event, event) if event["type"] == name else (event,)


def _unattributed(event: Event) -> Iterable[Event]:
    return (
        ({**event, "error": {**event["error"], "event_id": None}},) if event["type"] == "error" else (event,)
    )


def _codeless(event: Event) -> Iterable[Event]:
    return ({**event, "error": {**event["error"], "code": None}},) if event["type"] == "error" else (event,)


def _never_done(event: Event) -> Iterable[Event]:
    return () if event["type"] == "response.done" else (event,)


def _clipped(event: Event) -> Iterable[Event]:
    half = event["type"] == "response.output_audio.delta"
    return ({**event, "delta": event["delta"][:-8]},) if half else (event,)


def _over_several_lines() -> AbstractContextManager[Any]:
    return patch.object(connection, "_written", partial(json.dumps, indent=1))


# ---------------------------------------------------------------------- the table


def _server(
    id_: str,
    title: str,
    applied: Applied,
    touches: Callable[[Iterable[Connection]], bool],
    kills: Mapping[str, str],
) -> Mutant:
    judges = (*CRITERIA, SERVER)
    return Mutant(id_, "server", title, kills=kills, judges=judges, applied=applied, touches=touches)


def _lenient(id_: str, title: str, *rule: Rule, **kills: str) -> Mutant:
    """Return a server that does not enforce these rules."""
    return _server(id_, title, _unenforced(*rule), _enforced(*rule), kills)


_REFUSED = "rules: test_a_handshake_that_breaks_a_rule_is_one_error_and_the_close"
_GREETED = "handshake: test_the_session_is_created_at_once_and_then_nothing_comes"
_SPOKEN = "turns: test_a_spoken_answer_comes_in_the_recorded_order"
_SLICED = "turns: test_the_audio_arrives_byte_for_byte_in_slices_of_100_ms"
_HEARERS = ("AC3", "AC4", "AC5", "AC6")

MUTANTS: tuple[Mutant, ...] = (
    # who is let in
    replace(
        _lenient(
            "beta-tolerated",
            "lets in a client that sends the beta header",
            rules.BETA_HEADER,
            AC1="realtime=v1",
            AC6="beta_api_shape_disabled",
        ),
        tampering=BY_ID["beta-header"],
        judges=tuple(CRITERIA),
    ),
    _lenient(
        "beta-let-in",
        "lets a client of the beta in",
        rules.BETA_HEADER,
        rules.BETA_HEADER_OTHER,
        rules.BETA_SUBPROTOCOL,
        AC1="the attempt succeeded",
        AC6="beta_api_shape_disabled",
        SERVER="rules: RT-connect-01",
    ),
    _lenient("keyless-let-in", "lets a client without a key in", rules.NO_KEY, SERVER="rules: RT-connect-05"),
    _lenient(
        "any-key-let-in",
        "lets a client with a wrong key in",
        rules.WRONG_KEY,
        AC1="the attempt succeeded",
        SERVER="rules: RT-connect-04",
    ),
    _lenient(
        "any-model",
        "knows every model",
        rules.UNKNOWN_MODEL,
        rules.MODEL_NOT_AVAILABLE,
        AC1="the attempt succeeded",
        SERVER="rules: RT-connect-07",
    ),
    _server(
        "closes-without-a-word",
        "sends no error before it closes",
        _saying(_without_error),
        _closed,
        {"AC1": "InvalidApiKey", SERVER: _REFUSED},
    ),
    _server(
        "closes-normally",
        "turns a client away with 1000",
        _closing_normally,
        _closed,
        {"AC1": "refused as a key is", SERVER: _REFUSED},
    ),
    _server(
        "closes-unsaid",
        "does not give its reason when it closes",
        _closing_unsaid,
        _closed,
        {"AC1": "3000, '')", SERVER: _REFUSED},
    ),
    # which session it accepts
    _lenient(
        "beta-session-accepted",
        "accepts a session in the shape of the beta",
        rules.NO_SESSION_TYPE,
        rules.UNKNOWN,
        AC6="missing_required_parameter",
        SERVER="rules: RT-session-01",
    ),
    _lenient(
        "named-format-accepted",
        "accepts an audio format by its old name",
        rules.FORMAT_NOT_OBJECT,
        AC6="session.audio.input.format",
        SERVER="rules: RT-session-06",
    ),
    _lenient("any-rate", "accepts audio at any rate", rules.LOW_RATE, SERVER="rules: RT-session-07"),
    _lenient(
        "any-tool",
        "accepts a tool in the shape of chat completions",
        rules.TYPES_TOO_LAX,
        AC2="the attempt succeeded",
        SERVER="rules: RT-shape-10",
    ),
    _lenient(
        "voice-changed", "changes its voice in the middle", rules.VOICE_LOCKED, SERVER="rules: RT-session-10"
    ),
    # what it obeys
    _lenient("empty-commit", "commits an empty buffer", rules.COMMIT_EMPTY, SERVER="rules: RT-audio-01"),
    _lenient(
        "nothing-cancelled",
        "takes a cancellation of nothing without a word",
        rules.NOTHING_TO_CANCEL,
        SERVER="rules: RT-response-02",
    ),
    _lenient(
        "any-event",
        "takes an event it does not know without a word",
        rules.UNKNOWN_EVENT,
        SERVER="rules: RT-frame-03",
    ),
    _server(
        "two-at-once",
        "answers two requests at once",
        _answering_two_at_once,
        _enforced(rules.ONE_RESPONSE),
        {SERVER: "rules: RT-response-01"},
    ),
    # what it says
    _server(
        "retired-names",
        "still uses the retired event names",
        _saying(_under_the_retired_name),
        _said(_under_the_retired_name),
        {"AC3": "an empty collection", "AC6": "response.audio.delta", SERVER: _SPOKEN},
    ),
    _server(
        "greets-twice",
        "greets a client twice",
        _saying(_twice("session.created")),
        _said(_twice("session.created")),
        {"AC1": "the endpoint refused nothing", "AC6": "session.created", SERVER: _GREETED},
    ),
    _server(
        "codeless-errors",
        "gives its errors no code",
        _saying(_codeless),
        _said(_codeless),
        {
            "AC1": "<['beta_api_shape_disabled']>",
            "AC2": "missing_required_parameter",
            "AC3": "server_error",
            SERVER: "rules: RT-",
        },
    ),
    _server(
        "unattributed-errors",
        "does not say which event an error is about",
        _saying(_unattributed),
        _said(_unattributed),
        {SERVER: "rules: RT-"},
    ),
    _server(
        "never-done",
        "never says that a response is done",
        _saying(_never_done),
        _said(_never_done),
        {**dict.fromkeys(("AC1", *_HEARERS), "response.done"), SERVER: _SPOKEN},
    ),
    _server(
        "never-cancelled",
        "calls a cancelled response completed",
        _saying(_completed_when_cancelled),
        _said(_completed_when_cancelled),
        {"AC5": "client_cancelled", SERVER: "turns: test_a_cancelled_answer_closes_what_is_open"},
    ),
    _server(
        "retired-items",
        "announces items under their retired name, too",
        _saying(_also_under_the_retired_name),
        _said(_also_under_the_retired_name),
        {"AC3": "conversation.item.created", "AC6": "conversation.item.created", SERVER: _SPOKEN},
    ),
    replace(
        _lenient(
            "commits-each-slice",
            "commits whatever it is given, to a client that commits each slice",
            rules.COMMIT_EMPTY,
            AC4="Hello",
            AC5="length of <0>",
        ),
        tampering=Tampering(sent=_committing_each_slice),
        judges=tuple(CRITERIA),
    ),
    _server(
        "clipped",
        "loses the end of each slice of its answer",
        _saying(_clipped),
        _said(_clipped),
        {**dict.fromkeys(_HEARERS, "bytes where"), SERVER: _SLICED},
    ),
    Mutant(
        "over-several-lines",
        BENIGN,
        "writes its events over several lines",
        judges=(*CRITERIA, SERVER),
        applied=_over_several_lines,
        touches=any,
    ),
)


# ------------------------------------------------------------------- the own tests


class _FirstFailure:
    """What pytest tells of the first test that failed."""

    def __init__(self) -> None:
        self.ran = 0
        self.test = self.line = self.reason = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Count a test, and keep the first that failed."""
        self.ran += report.when == "call"
        if report.failed and not self.test:
            self.test = report.nodeid.partition("::")[2]
            crash = getattr(report.longrepr, "reprcrash", None)
            self.reason = shortened(crash.message if crash else str(report.longrepr))
            self.line = f"{Path(crash.path).name}:{crash.lineno}" if crash else report.when


def by_own_tests(mutant: Mutant) -> Cell:
    """Let the server's own tests judge it: the one that must catch it, else all about its answers."""
    cell = Row.of(mutant).cells[SERVER]
    file, _, words = mutant.kills.get(SERVER, "").partition(": ")
    paths = [str(TESTS / f"test_server_{name}.py") for name in ([file] if file else JUDGING)]
    seen, began = _FirstFailure(), time.monotonic()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # they need none, and loading them takes longer
    with mutant.applied(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        pytest.main(["-x", "-q", "-k", words, *paths], plugins=[seen])
    cell.ran, cell.seconds = seen.ran, round(time.monotonic() - began, 2)
    if seen.test:
        cell.observed = KILL if words and words in seen.test else OTHER_REASON
        cell.scenario, cell.step, cell.reason = seen.test, seen.line, seen.reason
    return cell
