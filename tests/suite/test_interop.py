"""What surrounds the clients that nobody here wrote: when they cannot come, and when they fail."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from support import interop
from support.interop import Home, receive, repeats_named_once, runs_named_once, why_unproven

KEY = "sk-a-key-of-a-test-0123"
URL = "ws://127.0.0.1:1/v1/realtime"


def home(folder: Path) -> Path:
    """Make an environment whose interpreter is the one that runs the tests."""
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(sys.executable)
    return folder


def programme(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
    monkeypatch.setattr(interop, "PROGRAMS", folder)
    (folder / "guest.py").write_text(textwrap.dedent(code))


def test_without_their_environment_the_scenarios_say_why_they_stay_unproven(tmp_path: Path) -> None:
    assert "run make somewhere" in (Home("somewhere", home(tmp_path)).why_unproven or "")


def test_an_environment_counts_once_it_is_complete(tmp_path: Path) -> None:
    (home(tmp_path) / ".ready").touch()
    assert Home("somewhere", tmp_path).why_unproven is None


def test_only_a_scenario_with_guests_needs_their_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(interop, "HOMES", {"CAP-GUESTS": Home("somewhere", tmp_path)})
    assert "requirements-somewhere.txt" in (why_unproven(["unit", "CAP-GUESTS"]) or "")
    assert why_unproven(["unit", "AC1"]) is None


def test_a_guest_is_told_the_address_the_key_and_the_speech(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    programme(
        monkeypatch,
        tmp_path,
        """
        import json, os, sys
        words = f"{sys.argv[1:]} {os.environ['OPENAI_API_KEY']} {sorted(os.environ)}"
        print("something of the package's own")
        print(json.dumps({"client": "guest 1.0", "words": words, "calls": [{"name": len(sys.stdin.read())}]}))
        """,
    )
    monkeypatch.setattr(interop, "speech", lambda _name: type("Clip", (), {"pcm": b"12345"}))
    seen = receive("guest", "an_errand", URL, KEY, home(tmp_path))
    assert (seen.client, seen.calls, seen.pcm) == ("guest 1.0", ({"name": 5},), b"")
    assert seen.words.startswith(f"['an_errand', 'ws://127.0.0.1:1/v1'] {KEY}")
    assert "PROXY'" not in seen.words.replace("'NO_PROXY'", "")
    assert "OPENAI_BASE_URL" not in seen.words


def test_a_guest_that_fails_is_a_failure_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    programme(monkeypatch, tmp_path, "raise RuntimeError('the endpoint refused me')")
    with pytest.raises(
        AssertionError, match="guest failed at its errand: RuntimeError: the endpoint refused me"
    ):
        receive("guest", "errand", URL, KEY, home(tmp_path))


def test_a_guest_that_does_not_come_to_an_end_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    programme(monkeypatch, tmp_path, "import threading; threading.Event().wait()")
    monkeypatch.setattr(interop, "TIMEOUT_S", 0.3)
    with pytest.raises(AssertionError, match=r"guest was still at its errand after 0\.3 s"):
        receive("guest", "errand", URL, KEY, home(tmp_path))


def test_a_run_of_deltas_is_named_once_and_only_there() -> None:
    sent = ["a.delta", "b.delta", "a.delta", "x", "a.delta", "x", "x", "response.done", "rate_limits.updated"]
    assert runs_named_once(sent) == ["a.delta", "b.delta", "x", "a.delta", "x", "x", "response.done"]


def test_what_is_sent_between_two_responses_is_named() -> None:
    sent = ["response.done", "rate_limits.updated", "x", "response.done", "rate_limits.updated"]
    assert runs_named_once(sent) == sent[:-1]


def test_only_what_follows_itself_is_named_once() -> None:
    assert repeats_named_once(["a", "a", "b", "a", "a"]) == ["a", "b", "a"]
    assert repeats_named_once([]) == []
