"""What a run is told from outside, and the sentences for what it cannot use."""

from decimal import Decimal
from pathlib import Path

import pytest

from support.settings import DEFAULT_ADAPTER, Settings, SettingsError

KEY = "sk-a-secret-of-a-test"


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({}, ""),
        ({"OPENAI_API_KEY": KEY}, KEY),
        ({"OPENAI_REALTIME_API_KEY": KEY, "OPENAI_API_KEY": "other"}, KEY),
        ({"OPENAI_REALTIME_API_KEY": "", "OPENAI_API_KEY": KEY}, KEY),
    ],
)
def test_the_live_key_comes_from_the_first_variable_that_holds_one(environ: dict[str, str], key: str) -> None:
    assert Settings.read({}, environ).live_key == key


def test_without_a_key_the_live_scenarios_say_why_they_stay_unproven() -> None:
    assert "OPENAI_API_KEY is not set" in (Settings.read({}, {}).why_unproven or "")
    assert Settings.read({}, {"OPENAI_API_KEY": KEY}).why_unproven is None


def test_the_key_stands_in_no_repr() -> None:
    assert KEY not in repr(Settings.read({}, {"OPENAI_API_KEY": KEY}))


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1/v1/realtime", "127.0.0.1:8765", "ws://"])
def test_an_endpoint_that_is_no_websocket_address_is_refused_with_an_example(endpoint: str) -> None:
    with pytest.raises(SettingsError, match=r"write it like -D endpoint=ws://127\.0\.0\.1"):
        Settings.read({"endpoint": endpoint}, {})


@pytest.mark.parametrize(
    ("adapter", "why"),
    [
        ("realtime_adapter", "names no class"),
        ("no_such_package:Adapter", "cannot be loaded"),
        ("realtime_adapter:NoSuchAdapter", "cannot be loaded"),
        ("realtime_adapter:__doc__", "is no class"),
    ],
)
def test_an_adapter_that_cannot_be_used_is_refused_with_the_remedy(adapter: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why) as refusal:
        Settings.read({"adapter": adapter}, {})
    assert DEFAULT_ADAPTER in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("endpont", "did you mean -D endpoint=?"), ("colour", "known are adapter, budget_usd")],
)
def test_a_setting_that_nobody_reads_is_refused(name: str, remedy: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.read({name: "ws://127.0.0.1:8765/v1/realtime"}, {})
    assert remedy in str(refusal.value)


def test_the_settings_of_a_formatter_are_its_own() -> None:
    assert Settings.read({"AllureFormatter.hide_excluded": "true"}, {}).endpoint is None


def test_a_key_that_cannot_stand_in_a_header_is_not_sent_and_not_shown() -> None:
    why = Settings.read({}, {"OPENAI_API_KEY": f"{KEY}\n"}).why_unproven or ""
    assert "holds a line break; copy it again" in why
    assert KEY not in why


def test_a_budget_is_kept_by_the_known_prices() -> None:
    assert Settings.read({"budget_usd": "0.50"}, {}).budget_usd == Decimal("0.50")
    assert Settings.read({}, {}).budget_usd is None


@pytest.mark.parametrize(
    ("userdata", "said"),
    [
        ({"budget_usd": "half"}, "-D budget_usd=half is no amount"),
        ({"budget_usd": "0"}, "-D budget_usd=0 is no amount"),
        ({"budget_usd": "-1"}, "-D budget_usd=-1 is no amount"),
        ({"budget_usd": "inf"}, "-D budget_usd=inf is no amount"),
        ({"budget_usd": "1", "model": "gpt-of-tomorrow"}, "the price table has no gpt-of-tomorrow"),
        ({"prices": "no-such-file.toml"}, "no-such-file.toml: No such file or directory"),
        ({"replay": "no-such-folder"}, "-D replay=no-such-folder holds no recordings"),
        ({"replay": "recordings", "endpoint": "ws://127.0.0.1:1/v1/realtime"}, "exclude each other"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(userdata: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.read(userdata, {})
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_recording_that_is_cut_off_is_named_before_anything_is_run(tmp_path: Path) -> None:
    shipped = sorted((Path(__file__).parents[2] / "recordings").glob("*.jsonl"))[0]
    (tmp_path / "cut.jsonl").write_text(shipped.read_text().rpartition('{"end"')[0])
    with pytest.raises(SettingsError, match=r"cut\.jsonl is cut off"):
        Settings.read({"replay": str(tmp_path)}, {})
