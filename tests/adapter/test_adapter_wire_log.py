"""The log of the wire, line by line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from realtime_adapter.wire_log import WireLog, each, scrubbed


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_line_for_each_kind_of_frame() -> None:
    text = io.StringIO()
    log = WireLog(text, clock=lambda: 12.34567)
    log("client", "request", "GET /v1/realtime HTTP/1.1\r\n\r\n", None)
    log("server", "text", '{"type": "x", "n": 1}', None)
    log("server", "text", "no JSON", None)
    log("server", "text", "[1]", None)
    log("server", "binary", "<3 bytes>", None)
    log("server", "close", "bye", 1000)
    common = {"connection": 1, "at_s": 12.346}
    assert lines(text) == [
        {
            **common,
            "frame": 1,
            "direction": "client",
            "kind": "request",
            "payload": "GET /v1/realtime HTTP/1.1\r\n\r\n",
        },
        {**common, "frame": 2, "direction": "server", "kind": "text", "event": {"type": "x", "n": 1}},
        {**common, "frame": 3, "direction": "server", "kind": "text", "payload": "no JSON"},
        {**common, "frame": 4, "direction": "server", "kind": "text", "payload": "[1]"},
        {**common, "frame": 5, "direction": "server", "kind": "binary", "payload": "<3 bytes>"},
        {**common, "frame": 6, "direction": "server", "kind": "close", "payload": "bye", "code": 1000},
    ]


@pytest.mark.parametrize(
    "event", ["input_audio_buffer.append", "response.output_audio.delta", "response.audio.delta"]
)
def test_audio_is_told_by_its_length(event: str) -> None:
    text = io.StringIO()
    field = "audio" if "append" in event else "delta"
    WireLog(text)("client", "text", json.dumps({"type": event, field: "QUJD" * 5}), None)
    assert lines(text)[0]["event"] == {"type": event, field: "<20 characters of base64>"}


def test_words_are_kept() -> None:
    text = io.StringIO()
    event = {"type": "response.output_audio_transcript.delta", "delta": "hello"}
    WireLog(text)("server", "text", json.dumps(event), None)
    assert lines(text)[0]["event"] == event


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("sk-proj-abc_DEF-123456", "***"),
        ("ek_0123456789abcdef", "***"),
        ("vk-lw-0123456789", "***"),
        ("Authorization: Bearer anything.at-all", "Authorization: Bearer ***"),
        ('{"a": "Bearer x", "b": 1}', '{"a": "Bearer ***", "b": 1}'),
        ("a risk-free task_list, sk-", "a risk-free task_list, sk-"),
    ],
)
def test_what_looks_like_a_credential_is_left_out(said: str, shown: str) -> None:
    assert scrubbed(said) == shown


def test_a_file_is_added_to(tmp_path: Path) -> None:
    path = tmp_path / "wire.jsonl"
    for _ in range(2):
        with WireLog(path) as log:
            log("server", "close", "", 1000)
    assert len(path.read_text().splitlines()) == 2


def test_several_listeners_are_told_alike() -> None:
    one, other = io.StringIO(), io.StringIO()
    each(WireLog(one, lambda: 0), WireLog(other, lambda: 0))("server", "text", "{}", None)
    assert one.getvalue() == other.getvalue() != ""
