"""What a run is told from outside: which adapter, which endpoint, which key."""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from realtime_adapter.credentials import flaw_of
from realtime_adapter.endpoint import DEFAULT_URL
from realtime_adapter.models import DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL
from realtime_adapter.pricing import PRICES, Price
from realtime_server.recording import Recording, RecordingError
from support import cost
from support.adapter import lacking
from support.endpoints import BY_ID, Endpoint, endpoint_of
from support.mutants import BY_ID as MUTANTS
from support.tamper import NONE, Tampering

DEFAULT_ADAPTER = "realtime_adapter:OpenAIRealtimeAgentAdapter"
NAMES = (
    "adapter",
    "budget_usd",
    "dialect",
    "endpoint",
    "model",
    "prices",
    "replay",
    "reports",
    "wire",
)  # what -D can set; `reports` is read where results are written
ENDPOINT_FACT = "endpoint of @e2e"
THE_LIVE_ENDPOINT = "the live endpoint"  # what that fact says of a run that named no other
KEY_VARIABLES = ("OPENAI_REALTIME_API_KEY", "OPENAI_API_KEY")  # in the order in which they are asked


class SettingsError(ValueError):
    """A setting given with ``-D`` cannot be used; the sentence names it and the remedy."""


@dataclass(frozen=True)
class Settings:
    """The settings of one run.

    Attributes:
        adapter: Makes a client, see ``support.adapter``.
        adapter_name: ``package.module:Class``, as it was given.
        endpoint: Where ``@e2e`` goes instead of the live endpoint, or None for the live endpoint.
        live_key: The key for ``@e2e``; empty when there is none. Never shown.
        model: The model for ``@e2e``; empty for the adapter's default.
        replay: Folder of the recordings that ``@e2e`` is run against, or None.
        dialect: How the endpoint wants to be spoken to; by its address unless ``-D dialect=`` says otherwise.
        budget_usd: What a run of ``@e2e`` may cost, or None.
        prices: What models cost.
        wire: What is changed on the wire: a mutant of ``support.mutants``, by its id.
    """

    adapter: Callable[..., Any]
    adapter_name: str = DEFAULT_ADAPTER
    endpoint: str | None = None
    live_key: str = field(default="", repr=False)
    model: str = ""
    replay: Path | None = None
    dialect: Endpoint = BY_ID["openai"]
    budget_usd: Decimal | None = None
    prices: Mapping[str, Price] = field(default_factory=lambda: PRICES, repr=False)
    wire: Tampering = NONE

    @classmethod
    def read(cls, userdata: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> Settings:
        """Return the settings of ``-D name=value`` and of the environment.

        Raises:
            SettingsError: a name nobody reads, an adapter that cannot be imported, or an endpoint that is no
                WebSocket address.
        """
        for given in userdata:
            # Read by nobody, `-D endpont=ws:…` would send the run, and its cost, to the live endpoint.
            if given not in NAMES and "." not in given:  # with a dot it is a formatter's own
                raise SettingsError(f"-D {given}= is no setting; {_meant(given)}")
        name = userdata.get("adapter", DEFAULT_ADAPTER)
        endpoint = userdata.get("endpoint")
        if endpoint is not None and (
            urlsplit(endpoint).scheme not in ("ws", "wss") or not urlsplit(endpoint).netloc
        ):
            raise SettingsError(
                f"-D endpoint={endpoint} is no WebSocket address; write it like -D endpoint=ws://127.0.0.1:8765/v1/realtime"
            )
        if endpoint is not None and urlsplit(endpoint).username is not None:
            raise SettingsError(
                "-D endpoint= holds a user name or password, which would stand in the report; "
                "leave it out, and put the key into OPENAI_API_KEY"
            )
        replay = _replay(userdata)
        if replay is not None and endpoint is not None:
            raise SettingsError("-D replay= and -D endpoint= exclude each other; leave one out")
        key = next((environ[variable] for variable in KEY_VARIABLES if environ.get(variable)), "")
        model = userdata.get("model", "")
        budget_usd, prices = _money(userdata, model)
        dialect = BY_ID.get(userdata.get("dialect", endpoint_of(endpoint or DEFAULT_URL).id))
        if dialect is None:
            known = ", ".join(BY_ID)
            raise SettingsError(f"-D dialect={userdata['dialect']} is none that is known: {known}")
        wire = _wire(userdata["wire"]) if "wire" in userdata else NONE
        return cls(_load(name), name, endpoint, key, model, replay, dialect, budget_usd, prices, wire)

    def facts(self) -> dict[str, str]:
        """What the report says the run went against."""
        endpoint = _shown(self.endpoint) or (
            THE_LIVE_ENDPOINT if self.live_key else "none, for want of a key"
        )
        if self.replay is not None:
            endpoint = f"none; the recordings in {self.replay.name}/ are replayed"
        model = self.model or "the adapter's default"
        return {"adapter": self.adapter_name, "model": model, ENDPOINT_FACT: endpoint}

    def takes(self, keyword: str) -> bool:
        """Whether the adapter can be made with a keyword."""
        parameters = inspect.signature(self.adapter).parameters
        return keyword in parameters or any(each.kind is each.VAR_KEYWORD for each in parameters.values())

    @property
    def why_unproven(self) -> str | None:
        """Why ``@e2e`` cannot run, or None when it can."""
        if self.replay is not None:
            return None
        if flaw := flaw_of(self.live_key):
            return (
                f"unproven: the key in the environment holds {flaw}; copy it again, without quotes or spaces"
            )
        if self.live_key:
            return None
        return "unproven: OPENAI_API_KEY is not set, so the live endpoint was not asked"


def _wire(name: str) -> Tampering:
    if name not in MUTANTS:
        raise SettingsError(f"-D wire={name} is no mutant; known are {', '.join(MUTANTS)}")
    return MUTANTS[name]


def _meant(name: str) -> str:
    close = get_close_matches(name, NAMES, n=1)
    return f"did you mean -D {close[0]}=?" if close else f"known are {', '.join(NAMES)}"


def _replay(userdata: Mapping[str, str]) -> Path | None:
    """Return the folder of the recordings that are to be replayed, each of which can be."""
    if "replay" not in userdata:
        return None
    folder = Path(userdata["replay"])
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise SettingsError(
            f"-D replay={folder} holds no recordings; name a folder of them, like -D replay=recordings"
        )
    try:
        for file in files:
            Recording.read(file)
    except RecordingError as error:
        raise SettingsError(str(error)) from None
    return folder


def _money(userdata: Mapping[str, str], model: str) -> tuple[Decimal | None, Mapping[str, Price]]:
    """Return the budget and the prices by which it is kept."""
    prices: Mapping[str, Price] = PRICES
    try:
        if "prices" in userdata:
            prices = cost.read_prices(Path(userdata["prices"]))
        if "budget_usd" not in userdata:
            return None, prices
        for used in (model or DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL):
            cost.require_price(used, prices)
    except cost.PriceError as error:
        raise SettingsError(str(error)) from None
    try:
        budget_usd = Decimal(userdata["budget_usd"])
    except ArithmeticError:
        budget_usd = Decimal("NaN")
    if not budget_usd.is_finite() or budget_usd <= 0:
        raise SettingsError(
            f"-D budget_usd={userdata['budget_usd']} is no amount; write US dollars like -D budget_usd=0.50"
        )
    return budget_usd, prices


def _shown(endpoint: str | None) -> str:
    """Return an address without its query, in which some gateways want a key."""
    return urlsplit(endpoint)._replace(query="", fragment="").geturl() if endpoint else ""


def _load(name: str) -> Callable[..., Any]:
    remedy = f"write it like -D adapter={DEFAULT_ADAPTER}"
    module, separator, attribute = name.partition(":")
    if not separator:
        raise SettingsError(f"-D adapter={name} names no class; {remedy}")
    try:
        adapter = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"-D adapter={name} cannot be loaded ({error}); {remedy}") from None
    if not callable(adapter):
        raise SettingsError(f"-D adapter={name} is no class; {remedy}")
    if (lacks := lacking(adapter)) is not None:
        raise SettingsError(f"-D adapter={name} {lacks}")
    loaded: Callable[..., Any] = adapter
    return loaded
