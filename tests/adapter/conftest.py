"""What every test of the adapter starts from."""

import pytest


@pytest.fixture(autouse=True)
def _no_keys_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_REALTIME_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
