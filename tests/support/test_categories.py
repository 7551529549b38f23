"""The kinds of failure, told by the adapter's own sentences."""

from __future__ import annotations

import re
import time

import pytest

from realtime_adapter import errors, refusals, session
from realtime_adapter.errors import RealtimeError
from realtime_adapter.events import ErrorDetail
from realtime_adapter.refusals import Close
from support import categories
from support.categories import KINDS, OTHER, kind_of
from support.scenarios import explain


def detail(code: str | None, message: str, param: str | None = None) -> ErrorDetail:
    """Return an error as the endpoint sends it."""
    return ErrorDetail(type="invalid_request_error", code=code, message=message, param=param)


def unlike() -> RealtimeError:
    """Return the error for a session in force that is not the one asked for."""
    with pytest.raises(errors.SessionRefused) as caught:
        session.require_effective({"type": "realtime"}, {"type": "transcription"})
    return caught.value


REFUSED = "Refused handshake", "Refused session"
CASES: list[tuple[str, RealtimeError]] = [
    (REFUSED[0], refusals.refused_handshake(detail("beta_api_shape_disabled", "no"), None)),
    (
        REFUSED[0],
        refusals.refused_handshake(None, Close(3000, "invalid_request_error.invalid_api_key", "server")),
    ),
    (
        REFUSED[0],
        refusals.refused_handshake(None, Close(4004, "invalid_request_error.model_not_found", "server")),
    ),
    (REFUSED[0], refusals.refused_handshake(detail("something_new", "no"), None)),
    (REFUSED[1], refusals.refused_session(detail("unknown_parameter", "no", "session.voice"), None)),
    ("Timeout", errors.DeadlineExceeded(awaited="session.updated", seen=("session.created",), timeout_s=1)),
    ("Protocol violation", refusals.ended(None, None)),
    ("Protocol violation", refusals.ended(None, Close(1002, "mask", "client"))),
    ("Protocol violation", refusals.from_server(detail("conversation_already_has_active_response", "no"))),
    ("Protocol violation", errors.NotConnected("Not connected.")),
    ("Infrastructure", errors.ConnectionFailed("No connection to ws://127.0.0.1:1.")),
]


@pytest.mark.parametrize(("kind", "error"), CASES, ids=lambda value: type(value).__name__)
def test_the_adapters_errors_are_of_the_kind_a_reader_expects(kind: str, error: RealtimeError) -> None:
    assert kind_of(explain(error)) == kind
    assert kind_of(f"Expected: None\n     but: was <{explain(error)}>") == kind, "also as a matcher quotes it"


def test_a_session_in_force_that_differs_is_a_refused_session() -> None:
    assert kind_of(explain(unlike())) == "Refused session"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("HOOK-ERROR in before_scenario: ValueError: no room", "Infrastructure"),
        ("CLEANUP-ERROR in put_away: RuntimeError: it is stuck", "Infrastructure"),
        ("no step definition matches: Given x", "The suite itself is incomplete"),
        ("heard 3 bytes where 4 were said", OTHER),
    ],
)
def test_what_is_not_the_adapters_has_its_kind_too(reason: str, kind: str) -> None:
    assert kind_of(reason) == kind


def test_a_long_reason_is_told_at_once() -> None:
    began = time.monotonic()
    assert kind_of("No " * 20_000 + "within reason") == OTHER
    assert time.monotonic() - began < 2


def test_every_kind_is_met_and_allure_is_told_the_same() -> None:
    assert {kind for kind, _ in CASES} | {"The suite itself is incomplete"} == set(KINDS)
    told = categories.for_allure()
    assert [each["name"] for each in told] == [categories.UNPROVEN, *KINDS, OTHER]
    for kind, error in CASES:
        first = next(
            each["name"]
            for each in told[1:]
            if re.search(each["matchers"][0].get("message", ""), f"first line\n{explain(error)}")
        )
        assert first == kind
