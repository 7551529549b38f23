"""Spans of OpenTelemetry for sessions and responses, read off the wire.

A session is a span, each of its responses a span inside it. Their names and attributes are those of the
semantic conventions for generative AI where these have any (``gen_ai.*``, ``error.type``, ``server.*``), and
``realtime.*`` where they have none. Whatever is told of a frame carries ``realtime.frame``: its number on the
connection, as in ``realtime_adapter.wire_log``. Nothing that was said is in a span.

``opentelemetry-api`` is needed by nothing else here; requirements-telemetry.txt has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

from realtime_adapter.explanations import of_close

_PROVIDER = "openai"
_OPERATION = "chat"
_IN_ORDER = frozenset({1000, 1001})

# Events of the server that are told on the session's span; their frames hold what they say.
_TOLD = frozenset(
    {
        "session.created",
        "session.updated",
        "input_audio_buffer.committed",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.timeout_triggered",
        "conversation.item.truncated",
        "conversation.item.input_audio_transcription.completed",
        "conversation.item.input_audio_transcription.failed",
    }
)


class Telemetry:
    """A listener for ``on_frame=`` that makes spans.

    One serves one client; spans of a client that is used again follow each other.

    Example:
        >>> adapter = OpenAIRealtimeAgentAdapter(on_frame=Telemetry())

    Args:
        provider: Where spans are made; without it, the global one.
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer("realtime_adapter", tracer_provider=provider)
        self._session: Span | None = None
        self._responses: dict[str | None, Span] = {}  # by id; None: asked for, and not begun
        self._speaking: set[str | None] = set()
        self._frame = 0
        self._model = ""
        self._server: dict[str, str | int] = {}

    def __call__(self, direction: str, kind: str, payload: str, code: int | None) -> None:
        """Take in a frame."""
        if kind == "request":
            self._begin(payload)
        self._frame += 1
        if kind == "close":
            self._end(code)
        elif kind == "text":
            event = _event(payload)
            if direction == "client" and event.get("type") == "response.create":
                self._responses[None] = self._start()
            elif direction == "server":
                self._take(event)

    # ------------------------------------------------------------------ session

    def _begin(self, head: str) -> None:
        self._end(None)
        self._frame = 0
        request, *lines = head.split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
        target = urlsplit(request.split(" ")[1] if request.count(" ") == 2 else "")
        self._model = next(iter(parse_qs(target.query).get("model", ())), "")
        host = urlsplit(f"//{headers.get('host', '')}")
        self._server = {"server.address": host.hostname or ""} | (
            {"server.port": host.port} if host.port else {}
        )
        self._session = self._tracer.start_span(
            f"realtime_session {self._model}".rstrip(),
            kind=SpanKind.CLIENT,
            attributes={"gen_ai.provider.name": _PROVIDER, **self._named(), **self._server},
        )

    def _end(self, code: int | None) -> None:
        for response_id in list(self._responses):
            self._finish(response_id, "connection_lost", {})
        if self._session is None:
            return
        if code is not None:
            self._session.set_attribute("realtime.close_code", code)
            self._tell("close")
            if code not in _IN_ORDER:
                self._session.set_attribute("error.type", str(code))
                self._session.set_status(Status(StatusCode.ERROR, of_close(code).cause))
        self._session.end()
        self._session = None

    def _tell(self, name: str, **more: str) -> None:
        if self._session is not None:
            self._session.add_event(name, {"realtime.frame": self._frame, **more})

    def _named(self) -> dict[str, str]:
        return {"gen_ai.request.model": self._model} if self._model else {}

    # ---------------------------------------------------------------- responses

    def _start(self) -> Span:
        around = trace.set_span_in_context(self._session) if self._session is not None else None
        return self._tracer.start_span(
            f"{_OPERATION} {self._model}".rstrip(),
            context=around,
            kind=SpanKind.CLIENT,
            attributes={
                "gen_ai.operation.name": _OPERATION,
                "gen_ai.provider.name": _PROVIDER,
                "realtime.frame": self._frame,
                **self._named(),
                **self._server,
            },
        )

    def _take(self, event: Mapping[str, Any]) -> None:
        name = str(event.get("type"))
        if name.endswith("output_audio.delta"):
            self._sounds(event.get("response_id"))
        elif name == "response.created":
            self._created(_part(event, "response").get("id"))
        elif name == "response.done":
            self._done(_part(event, "response"))
        elif name == "error":
            error = _part(event, "error")
            self._tell("error", **{"error.type": str(error.get("code") or error.get("type") or "error")})
        elif name in _TOLD:
            self._tell(name)

    def _created(self, response_id: str | None) -> None:
        span = self._responses.pop(None, None) or self._start()
        span.set_attribute("gen_ai.response.id", response_id or "")
        self._responses[response_id] = span
        span.add_event("response.created", {"realtime.frame": self._frame})

    def _sounds(self, response_id: str | None) -> None:
        span = self._responses.get(response_id)
        if span is not None and response_id not in self._speaking:
            self._speaking.add(response_id)
            span.add_event("first_audio", {"realtime.frame": self._frame})

    def _done(self, response: Mapping[str, Any]) -> None:
        response_id = response.get("id")
        if response_id not in self._responses:
            self._created(response_id)
        details = _part(response, "status_details")
        status = str(response.get("status") or "completed")
        cause = _part(details, "error")
        reason = str(details.get("reason") or cause.get("code") or cause.get("type") or status)
        usage = _part(response, "usage")
        spent: dict[str, Any] = {
            "gen_ai.usage.input_tokens": usage.get("input_tokens"),
            "gen_ai.usage.output_tokens": usage.get("output_tokens"),
            "gen_ai.usage.cache_read.input_tokens": _part(usage, "input_token_details").get("cached_tokens"),
            "gen_ai.usage.reasoning.output_tokens": _part(usage, "output_token_details").get(
                "reasoning_tokens"
            ),
            "gen_ai.response.finish_reasons": [reason if status != "completed" else "stop"],
            "gen_ai.output.type": "speech" if response_id in self._speaking else "text",
            "gen_ai.conversation.id": response.get("conversation_id"),
        }
        self._responses[response_id].add_event("response.done", {"realtime.frame": self._frame})
        self._finish(response_id, reason if status == "failed" else "", spent)

    def _finish(self, response_id: str | None, error: str, attributes: Mapping[str, Any]) -> None:
        span = self._responses.pop(response_id)
        self._speaking.discard(response_id)
        span.set_attributes({name: value for name, value in attributes.items() if value is not None})
        if error:
            span.set_attribute("error.type", error)
            span.set_status(Status(StatusCode.ERROR, error))
        span.end()


def _event(payload: str) -> Mapping[str, Any]:
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}
