"""Other adapters: what is asked of them, what is said when they lack it, and which differences surprise."""

from collections import Counter
from typing import Any

import pytest
from behave.parser import parse_file

from realtime_adapter import OpenAIRealtimeAgentAdapter
from support.adapter import METHODS, Adapter, AdapterLacksError, made
from support.criteria import CRITERIA
from support.other_adapters import Difference, differences, gone, surprises
from support.run_record import ScenarioRecord
from support.settings import Settings, SettingsError
from support.trials import ROOT


class Mute:
    """An adapter that can only listen."""

    async def connect(self) -> None:
        """Connect."""

    async def disconnect(self) -> None:
        """Hang up."""

    async def recv_audio(self, timeout: float) -> Any:
        """Listen."""


class Nameless:
    """An adapter with every method, and nothing to read."""

    def __init__(self, url: str = "") -> None: ...


for method in METHODS:
    setattr(Nameless, method, Mute.connect)


def test_ours_is_an_adapter() -> None:
    assert isinstance(OpenAIRealtimeAgentAdapter(api_key="sk-some-key"), Adapter)
    assert set(METHODS) == {"connect", "disconnect", "send_audio", "recv_audio", "send_text", "interrupt"}


def test_an_adapter_that_lacks_methods_is_refused_before_anything_runs() -> None:
    name = f"{__name__}:Mute"
    with pytest.raises(
        SettingsError, match=r"has no send_audio, no send_text, no interrupt; .*support/adapter.py"
    ):
        Settings.read({"adapter": name}, {})


def test_an_adapter_that_lacks_what_is_read_is_named_when_it_is_made() -> None:
    with pytest.raises(
        AdapterLacksError, match="-D adapter=x:Y has no model, no url, no last_user_transcript"
    ):
        made(Nameless, "x:Y", {"url": "ws://127.0.0.1:1"})


def test_an_adapter_that_does_not_take_a_keyword_is_named_with_it() -> None:
    with pytest.raises(AdapterLacksError, match=r"cannot be made as this scenario needs it: .*'voice'"):
        made(Nameless, "x:Y", {"voice": "marin"})


def test_an_adapter_s_own_error_is_its_own() -> None:
    def failing(url: str) -> Any:
        raise ValueError(url)

    with pytest.raises(ValueError, match="ws://nowhere"):
        made(failing, "x:y", {"url": "ws://nowhere"})


def test_the_migration_has_its_fifteen_scenarios() -> None:
    features = [parse_file(str(path)) for path in sorted((ROOT / "features").glob("*.feature"))]
    written = [
        (each, next(tag for tag in feature.tags if tag in CRITERIA))
        for feature in features
        for rule in (feature, *feature.rules)
        for each in rule.run_items
        if "migration" in each.tags
    ]
    assert len(written) == 15
    per_criterion = Counter(criterion for _, criterion in written)
    assert per_criterion == {"AC1": 2, "AC2": 2, "AC3": 2, "AC4": 2, "AC5": 3, "AC6": 3, "AC7": 1}
    levels = Counter(
        level for each, _ in written for level in ("unit", "integration", "e2e") if level in each.tags
    )
    assert levels == {"unit": 13, "integration": 1, "e2e": 1}


def record(title: str, status: str, reason: str = "") -> ScenarioRecord:
    return ScenarioRecord(title, title, "AC1", "unit", "features/ac1.feature", 1, status, reason)


KNOWN = [Difference("it is slower", ("too late", "timed out"), ("It is quick", "It is there"))]


@pytest.mark.parametrize(
    ("judged", "said"),
    [
        (record("It is quick", "failed", "it was too late"), None),
        (record("It is kind", "passed"), None),
        (record("It is kind", "failed", "no"), "«It is kind» failed, which is named nowhere: no"),
        (record("It is quick", "passed"), "«It is quick» passed, and is named as a difference: it is slower"),
        (
            record("It is quick", "failed", "no"),
            "«It is quick» failed for another reason than that it is slower: no",
        ),
    ],
)
def test_only_a_named_difference_for_its_reason_is_no_surprise(
    judged: ScenarioRecord, said: str | None
) -> None:
    assert list(surprises([judged], KNOWN)) == ([said] if said else [])


def test_a_difference_of_a_scenario_that_is_no_more_is_named() -> None:
    assert gone([record("It is quick", "failed")], KNOWN) == ["It is there"]


def test_every_difference_is_explained_once() -> None:
    titles = [title for each in differences() for title in each.scenarios]
    assert len(titles) == len(set(titles))
    assert all(each.why and each.reasons and all(each.reasons) for each in differences())


@pytest.mark.parametrize("file", ["requirements-adapters.txt", "requirements-adapters-beta.txt"])
def test_the_suite_runs_beside_another_adapter_on_the_versions_it_is_pinned_to(file: str) -> None:
    def pins(name: str) -> set[str]:
        lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
        return {line for line in lines if "==" in line}

    assert {pin for pin in pins(file) if not pin.startswith("langwatch-scenario")} == pins("requirements.txt")
