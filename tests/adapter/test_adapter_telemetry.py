"""Spans read off the wire, where a feature would only blur."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from realtime_adapter.telemetry import Telemetry

REQUEST = ("client", "request", "GET /v1/realtime?model=m HTTP/1.1\r\nHost: api.test:8443\r\n\r\n", None)
CLOSE = ("server", "close", "", 1000)


def server(**event: Any) -> tuple[str, str, str, None]:
    return ("server", "text", json.dumps(event), None)


def spans(*frames: tuple[str, str, str, int | None]) -> Sequence[ReadableSpan]:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    listener = Telemetry(provider)
    for frame in frames:
        listener(*frame)
    return kept.get_finished_spans()


def test_a_response_that_the_server_began_by_itself_is_a_span_too() -> None:
    began = server(type="response.created", response={"id": "resp_1"})
    ended = server(
        type="response.done",
        response={"id": "resp_1", "status": "cancelled", "status_details": {"reason": "turn_detected"}},
    )
    answer, session = spans(REQUEST, began, ended, CLOSE)
    assert dict(answer.attributes or {})["gen_ai.response.finish_reasons"] == ("turn_detected",)
    assert answer.status.is_unset
    assert dict(session.attributes or {})["server.port"] == 8443


def test_several_responses_at_once_are_told_apart() -> None:
    began = [server(type="response.created", response={"id": name}) for name in ("resp_1", "resp_2")]
    sound = server(type="response.output_audio.delta", response_id="resp_2", delta="")
    ended = [
        server(type="response.done", response={"id": name, "status": "completed"})
        for name in ("resp_2", "resp_1")
    ]
    two, one, _ = spans(REQUEST, *began, sound, *ended, CLOSE)
    kinds = [
        (dict(span.attributes or {})["gen_ai.response.id"], dict(span.attributes or {})["gen_ai.output.type"])
        for span in (two, one)
    ]
    assert kinds == [("resp_2", "speech"), ("resp_1", "text")]


def test_an_error_is_a_mark_with_its_code_and_without_its_words() -> None:
    error = server(
        type="error", error={"type": "invalid_request_error", "code": "invalid_value", "message": "swordfish"}
    )
    (session,) = spans(REQUEST, error, CLOSE)
    assert (session.events[0].name, dict(session.events[0].attributes or {})) == (
        "error",
        {"realtime.frame": 2, "error.type": "invalid_value"},
    )
    assert "swordfish" not in session.to_json()


def test_a_client_that_is_used_again_begins_another_span() -> None:
    assert [span.name for span in spans(REQUEST, CLOSE, REQUEST, CLOSE)] == ["realtime_session m"] * 2


@pytest.mark.parametrize("payload", ["no JSON", "[1]", "{}", '{"type": 7}', '{"type": "response.done"}'])
def test_what_is_no_event_breaks_nothing(payload: str) -> None:
    assert spans(REQUEST, ("server", "text", payload, None), ("server", "binary", "<3 bytes>", None), CLOSE)


def test_frames_before_any_request_break_nothing() -> None:
    assert spans(server(type="error", error={}), CLOSE) == ()
