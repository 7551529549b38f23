"""``python -m realtime_adapter`` as a user calls it; what it says is promised in a feature."""

from __future__ import annotations

import subprocess
import sys

import pytest

from realtime_adapter.explanations import explain, names, of_close
from realtime_adapter.refusals import KNOWN


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "realtime_adapter", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_it_explains_helps_and_tells_wrong_usage() -> None:
    explained = call("explain", "4000", "session_expired")
    assert (explained.returncode, explained.stderr) == (0, "")
    assert explained.stdout.startswith("4000\n  cause   ")
    assert "session_expired\n  cause   Your session hit the maximum duration" in explained.stdout
    assert "{explain}" in call("--help").stdout
    assert call().returncode == 2


def test_without_a_code_everything_known_is_explained() -> None:
    named = {explanation.name for word in names() for explanation in explain(word)}
    assert {*names()} == named
    assert len(named) > 50


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.close_reason)
def test_every_refusal_is_explained_by_its_close_reason_too(known) -> None:
    (explanation,) = explain(known.close_reason)
    assert explanation.remedy == known.remedy
    assert of_close(known.close_code).again is explanation.again


def test_every_close_code_there_can_be_is_explained() -> None:
    for code in range(1000, 5000):
        explanation = of_close(code)
        assert explanation.cause
        assert explanation.remedy
