"""Client secrets: a short-lived credential for the socket, bought with the key over HTTP.

The key then never reaches the socket. A gateway in front of the vendor mints at the same path, with a key of
its own making, and keeps a record of what each session spends: it names the session in a header, and is told
at the end what was used. ``POST {base}/realtime/client_secrets`` is the vendor's; the header and
``POST {base}/realtime/sessions/{id}/usage`` are LangWatch's gateway's (langwatch/scenario#938).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from realtime_adapter.credentials import GENERAL_KEY_VARIABLE, ApiKey, flaw_of
from realtime_adapter.errors import ConfigurationError, MintRefused, MissingApiKey, RealtimeError
from realtime_adapter.http import HttpAnswer, http_address, post_json

logger = logging.getLogger("realtime_adapter")

BASE_URL_VARIABLE = "OPENAI_BASE_URL"
SESSION_HEADER = "x-langwatch-session-id"

MINT_TIMEOUT_S = 15.0
REPORT_TIMEOUT_S = (
    5.0  # a session that is not reported is settled by the gateway itself, so none is worth a hang
)


@dataclass(frozen=True)
class MintEndpoint:
    """Where client secrets are minted.

    Attributes:
        base_url: Like ``https://api.openai.com/v1``.
        api_key: The key that it knows: the vendor's, or one of the gateway's own.
        timeout_s: How long a secret may take, in seconds.

    Raises:
        ConfigurationError: ``base_url`` is no http or https address.
    """

    base_url: str
    api_key: str = field(repr=False)
    timeout_s: float = MINT_TIMEOUT_S

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", http_address("base_url", self.base_url))


@dataclass(frozen=True)
class ClientSecret:
    """A credential for the socket.

    Attributes:
        value: Like ``ek_…``.
        session_id: The gateway's name for the session; empty when the vendor minted it.
    """

    value: str = field(repr=False)
    session_id: str = ""


class Mint:
    """Buys the secrets of one client and reports what their sessions used.

    Args:
        endpoint: Where.

    Attributes:
        key: The key it buys them with.
    """

    def __init__(self, endpoint: MintEndpoint) -> None:
        self.endpoint = endpoint
        self.key = ApiKey(endpoint.api_key, {})

    def __repr__(self) -> str:
        return f"Mint({self.endpoint.base_url!r})"

    @property
    def url(self) -> str:
        """The address that is asked for a secret."""
        return f"{self.endpoint.base_url}/realtime/client_secrets"

    def mask(self, text: str) -> str:
        """Return ``text`` with three asterisks in place of the key."""
        return self.key.mask(text)

    async def secret(self, model: str) -> ClientSecret | None:
        """Buy a secret for a session of ``model``.

        Returns:
            None when the endpoint has no such route (404): then there is nothing to buy there. Any other
            refusal is one, and is not to be got round with another key.

        Raises:
            MalformedApiKey: the key cannot stand in a header.
            MintRefused: the endpoint refused, or answered without a secret.
            ConnectionFailed: no answer came about.
            DeadlineExceeded: it took longer than ``timeout_s``.
        """
        asked = {"session": {"type": "realtime", "model": model}}
        answer = await post_json(self.url, self.key.reveal(), asked, self.endpoint.timeout_s)
        if answer.status == 404:
            return None
        if answer.status >= 400:
            raise self._refused(f"refused it with HTTP {answer.status}: {self.mask(answer.text)}", answer)
        value = _value(answer.json)
        if not value:
            raise self._refused(f"answered HTTP {answer.status} without one", answer)
        return ClientSecret(value, answer.headers.get(SESSION_HEADER, ""))

    async def report(self, session_id: str, usage: Mapping[str, Any]) -> None:
        """Tell the gateway what a session used; what goes wrong is logged, for the session is over anyway."""
        url = f"{self.endpoint.base_url}/realtime/sessions/{quote(session_id, safe='')}/usage"
        try:
            answer = await post_json(url, self.key.reveal(), {"usage": usage}, REPORT_TIMEOUT_S)
        except RealtimeError as error:
            logger.warning("the usage of session %s was not reported: %s", session_id, error)
        else:
            if answer.status >= 400:
                logger.warning(
                    "the usage of session %s was not taken: HTTP %d %s",
                    session_id,
                    answer.status,
                    self.mask(answer.text),
                )

    def _refused(self, how: str, answer: HttpAnswer) -> MintRefused:
        return MintRefused(
            f"A client secret was asked for, and {self.endpoint.base_url} {how}.",
            remedy="Check its key and its budget; the key is not used on the socket in its place.",
            http_status=answer.status,
        )


def mint_for(
    mint: bool | MintEndpoint | None, url: str, environment: Mapping[str, str] = os.environ
) -> Mint | None:
    """Return what mints a client's secrets, or None when it dials with its key.

    Args:
        mint: An endpoint; or True: the one that ``OPENAI_BASE_URL`` names, else the one beside ``url``, with
            the key in ``OPENAI_API_KEY``; or None: likewise, if there is such a key; or False.
        url: Where the client dials.
        environment: Where the two variables are looked up. The realtime key is none to mint with: it is for
            the socket, and a gateway would be shown a key that is not its own.

    Raises:
        ConfigurationError: the endpoint cannot be used.
        MissingApiKey: ``mint`` is True, and there is no key.
    """
    if mint is None:
        mint = bool(environment.get(GENERAL_KEY_VARIABLE))
    if isinstance(mint, MintEndpoint):
        return Mint(mint)
    if not isinstance(mint, bool):
        raise ConfigurationError(
            f"mint is {type(mint).__name__}.",
            remedy="Give True, False, None or a MintEndpoint.",
            param="mint",
        )
    if not mint:
        return None
    base_url = environment.get(BASE_URL_VARIABLE)
    base_url = http_address(BASE_URL_VARIABLE, base_url) if base_url else _beside(url)
    key = environment.get(GENERAL_KEY_VARIABLE)
    if not key:
        raise MissingApiKey(
            f"There is no key to mint with: {GENERAL_KEY_VARIABLE} is not set.",
            remedy="Set it, or pass mint= a MintEndpoint with a key of its own.",
            param="mint",
        )
    return Mint(MintEndpoint(base_url, key))


def _beside(url: str) -> str:
    """Return the HTTP base of the endpoint whose WebSocket address is ``url``."""
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, "https")
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/").removesuffix("/realtime"), "", ""))


def _value(body: Any) -> str:
    """Return the secret in an answer, at the top or, as it was once, under ``client_secret``."""
    if not isinstance(body, dict):
        return ""
    nested = body.get("client_secret")
    candidates = (body.get("value"), nested.get("value") if isinstance(nested, dict) else None)
    return next(
        (value for value in candidates if isinstance(value, str) and value and not flaw_of(value)), ""
    )
