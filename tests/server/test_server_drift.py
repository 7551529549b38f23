"""Whether the vendor's types have changed: the comparison itself, and what the command says of it."""

from __future__ import annotations

import copy
import sys
from typing import Any

import pytest

from realtime_server import drift
from realtime_server.drift import CannotTell, changes
from realtime_server.oracle import schema

AUDIO = "audio_transcription.AudioTranscription"


def changed(**sections: dict[str, Any]) -> Any:
    """Return the pinned schema with entries of its sections replaced, or taken out by None."""
    other = copy.deepcopy(schema())
    for section, entries in sections.items():
        for name, value in entries.items():
            if value is None:
                del other[section][name]
            else:
                other[section][name] = value
    return other


def said(other: Any) -> list[str]:
    return [str(change) for change in changes(schema(), other)]


def field(**fields: Any) -> dict[str, Any]:
    """Return a type with fields replaced, or taken out by None."""
    merged = {**schema()["types"][AUDIO], **fields}
    return {AUDIO: {name: node for name, node in merged.items() if node is not None}}


def test_a_schema_has_not_changed_against_itself() -> None:
    assert said(copy.deepcopy(schema())) == []


def test_another_version_of_the_same_types_is_no_change() -> None:
    assert said({**schema(), "version": "99.0.0"}) == []


def test_new_and_removed_events_are_named_with_their_side() -> None:
    other = changed(
        client_events={"session.pause": "pause.Pause", "response.cancel": None},
        server_events={"session.paused": "paused.Paused", "response.done": None},
    )
    assert said(other) == [
        "new      client event session.pause",
        "new      server event session.paused",
        "removed  client event response.cancel",
        "removed  server event response.done",
    ]


def test_new_and_removed_types_are_named_once_and_not_field_by_field() -> None:
    pause = {"reason": {"type": "string", "required": True}}
    assert said(changed(types={"pause.Pause": pause})) == ["new      type pause.Pause"]
    assert said(changed(types={AUDIO: None})) == [f"removed  type {AUDIO}"]


def test_new_removed_and_retyped_fields_are_named_with_their_type() -> None:
    fields = field(tempo={"type": "number"}, prompt=None, language={"type": "integer", "nullable": True})
    assert said(changed(types=fields)) == [
        f'new      field {AUDIO}.tempo: {{"type": "number"}}',
        f"removed  field {AUDIO}.prompt",
        f'retyped  field {AUDIO}.language: {{"type": "string", "nullable": true}} → '
        '{"type": "integer", "nullable": true}',
    ]


def test_of_a_list_of_words_only_what_came_and_went_is_said() -> None:
    words = {"enum": ["minimal", "low", "medium", "high", "utmost"], "nullable": True}
    assert said(changed(types=field(delay=words))) == [f"retyped  field {AUDIO}.delay: +utmost -xhigh"]


def test_a_field_that_becomes_required_is_a_change_though_its_words_stay() -> None:
    words = {**schema()["types"][AUDIO]["delay"], "required": True}
    (change,) = changes(schema(), changed(types=field(delay=words)))
    assert change.kind == "retyped"
    assert '"required": true' in change.how


def test_an_event_with_another_shape_is_retyped() -> None:
    assert said(changed(server_events={"response.done": "other.Other"}))[0].endswith(" → other.Other")


@pytest.mark.parametrize(
    ("other", "code", "words"),
    [
        ({**schema()}, 0, "(the newest): no change"),
        (
            changed(client_events={"session.pause": "pause.Pause"}),
            3,
            "1 change\nnew      client event session.pause",
        ),
    ],
)
def test_the_exit_code_says_whether_there_is_drift(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], other: Any, code: int, words: str
) -> None:
    monkeypatch.setattr(drift, "fetched", lambda _version: other)
    assert drift.main([]) == code
    assert words in capsys.readouterr().out


def test_what_cannot_be_told_is_neither_drift_nor_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(_version: str | None) -> None:
        raise CannotTell("openai could not be fetched: no network")

    monkeypatch.setattr(drift, "fetched", failing)
    assert drift.main(["--against", "9.9"]) == 1
    said_at_last = capsys.readouterr()
    assert (said_at_last.out, "no network" in said_at_last.err) == ("", True)


def test_a_command_that_fails_is_told_with_its_last_words() -> None:
    with pytest.raises(CannotTell, match="it could not be read: nothing here"):
        drift._ran("it could not be read", [sys.executable, "-c", "raise SystemExit('nothing here')"])


def test_a_command_that_hangs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "TIMEOUT_S", 0.2)
    with pytest.raises(CannotTell, match=r"within 0\.2 s"):
        drift._ran(
            "it could not be read", [sys.executable, "-c", "import threading; threading.Event().wait()"]
        )
