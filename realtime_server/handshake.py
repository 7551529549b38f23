"""The opening handshake: what a client asked for, and whether the service lets it in."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from realtime_server import rules
from realtime_server.client_secrets import PREFIX, ClientSecrets
from realtime_server.oracle import known_models
from realtime_server.rules import Refused, Rule

PATH = "/v1/realtime"
SUBPROTOCOL = "realtime"

# API keys that play the refused ones; every other key is let in.
REFUSED_KEYS: Mapping[str, Rule] = {
    "wrong-key": rules.WRONG_KEY,
    "expired-key": rules.WRONG_KEY,  # no other words were ever reported for one
    "no-access-key": rules.MODEL_NOT_AVAILABLE,
}

# Plays an account without credit: it is let in, and each of its responses fails (RT-response-19).
NO_CREDIT_KEY = "no-credit-key"

_KEY_SUBPROTOCOL = "openai-insecure-api-key."
_BETA_SUBPROTOCOL = "openai-beta.realtime-v1"
_MASK = "***"
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "api-key"})
# Shorter ones are words such as "test", which stand in honest frames as well.
_SHORTEST_SECRET = 12


@dataclass(frozen=True)
class HandshakeRequest:
    """The upgrade request, safe to show: the credential is masked wherever it stood.

    Attributes:
        path: Path of the URL, without the query.
        query: Query parameters; the last of equal names counts.
        headers: As sent, in order.
        subprotocols: As offered, in order.
        by_secret: Whether a client secret was sent, and not a key.
    """

    path: str
    query: Mapping[str, str]
    headers: tuple[tuple[str, str], ...]
    subprotocols: tuple[str, ...]
    key_digest: bytes | None = field(default=None, repr=False)
    by_secret: bool = False

    def header(self, name: str) -> str | None:
        """Return the first header of that name (any case), or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def has_header(self, name: str) -> bool:
        """Tell whether a header of that name (any case) was sent."""
        return self.header(name) is not None

    def bearer_is(self, key: str) -> bool:
        """Tell whether ``key`` is the one that was sent, without revealing either."""
        return self.key_digest is not None and hmac.compare_digest(self.key_digest, _digest(key))

    @property
    def head(self) -> str:
        """The request as it stood on the wire, with the credential masked."""
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        target = f"{self.path}?{query}" if query else self.path
        return "\r\n".join([f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers)])


class Credential:
    """The key a client sent: it can be compared and hidden, never shown."""

    def __init__(self, key: str | None, secrets: ClientSecrets | None = None) -> None:
        self._key = key
        self._secrets = secrets

    def __repr__(self) -> str:
        return f"<Credential {'given' if self._key else 'missing'}>"

    def hide(self, text: str) -> str:
        """Return ``text`` with the key masked wherever it stands."""
        if self._key and len(self._key) >= _SHORTEST_SECRET and self._key in text:
            return text.replace(self._key, _MASK)
        return text

    def refusal(self, model: str) -> Refused | None:
        """Return why this key is not let in, or None."""
        if self._key is None:
            return rules.NO_KEY.refuse()
        rule = REFUSED_KEYS.get(self._key) or (self._secrets and self._secrets.fault(self._key))
        return rule.refuse(key=self.masked, model=model) if rule else None

    @property
    def masked(self) -> str:
        """The key as the service quotes it: its first and its last characters."""
        return f"{self._key[:3]}{_MASK}{self._key[-4:]}" if self._key else _MASK

    @property
    def has_credit(self) -> bool:
        """Whether responses are paid for."""
        return self._key != NO_CREDIT_KEY

    @property
    def is_secret(self) -> bool:
        """Whether it has the form of a client secret."""
        return self._key is not None and self._key.startswith(PREFIX)

    @property
    def opens(self) -> Mapping[str, Any] | None:
        """The session a client secret was made for; None for an API key."""
        secret = self._secrets.find(self._key) if self._secrets and self._key else None
        return secret.session if secret else None


def read(
    target: str, headers: Iterable[tuple[str, str]], secrets: ClientSecrets | None = None
) -> tuple[HandshakeRequest, Credential]:
    """Take an upgrade request apart.

    Args:
        target: Request target: path and query.
        headers: Names and values as sent.
        secrets: The client secrets there are.
    """
    sent = list(headers)
    url = urlsplit(target)
    offered = [
        name.strip()
        for key, value in sent
        if key.lower() == "sec-websocket-protocol"
        for name in value.split(",")
    ]
    key = _key(sent, offered)
    credential = Credential(key, secrets)
    request = HandshakeRequest(
        path=url.path,
        query={name: credential.hide(value) for name, value in parse_qsl(url.query, keep_blank_values=True)},
        headers=tuple((name, credential.hide(_masked(name, value))) for name, value in sent),
        subprotocols=tuple(_masked("sec-websocket-protocol", name) for name in offered),
        key_digest=_digest(key) if key else None,
        by_secret=credential.is_secret,
    )
    return request, credential


def not_served(request: HandshakeRequest) -> Refused | None:
    """Return why the upgrade itself is answered with an HTTP error, or None."""
    if request.path != PATH:
        return rules.UNKNOWN_PATH.refuse(path=request.path)
    if "call_id" in request.query:
        return rules.NO_CALL_ID.refuse()
    return None


def transcribes(request: HandshakeRequest, credential: Credential) -> bool:
    """Tell whether a transcription session is asked for; what a client secret was made for decides."""
    if credential.opens is not None:
        return bool(credential.opens["type"] == "transcription")
    return request.query.get("intent") == "transcription"


def refusal(request: HandshakeRequest, credential: Credential) -> Refused | None:
    """Return why the service ends the connection right after the upgrade, or None (RT-connect-11)."""
    model = request.query.get("model", "")
    refused = credential.refusal(model)
    if refused and refused.rule is not rules.MODEL_NOT_AVAILABLE:
        return refused
    opens = credential.opens or {}
    if transcribes(request, credential):
        wrong_model = _intent_refusal(request)
    else:
        wrong_model = _model_refusal(opens.get("model") or model)
    return _beta_refusal(request) or wrong_model or refused


def _beta_refusal(request: HandshakeRequest) -> Refused | None:
    beta = [value for name, value in request.headers if name.lower() == "openai-beta"]
    if beta:
        captured = any("realtime=v1" in value for value in beta)
        return (rules.BETA_HEADER if captured else rules.BETA_HEADER_OTHER).refuse()
    return rules.BETA_SUBPROTOCOL.refuse() if _BETA_SUBPROTOCOL in request.subprotocols else None


def _intent_refusal(request: HandshakeRequest) -> Refused | None:
    return rules.MODEL_WITH_INTENT.refuse() if "model" in request.query else None


def _model_refusal(model: str) -> Refused | None:
    if not model:
        return rules.NO_MODEL.refuse()
    if model not in known_models():
        return rules.UNKNOWN_MODEL.refuse(model=model)
    if "realtime-preview" in model:  # withdrawn 2026-05-07, still in the types
        return rules.MODEL_NOT_AVAILABLE.refuse(model=model)
    return None


def _key(headers: Iterable[tuple[str, str]], subprotocols: Iterable[str]) -> str | None:
    for name, value in headers:
        if name.lower() == "authorization":
            scheme, _, key = value.strip().partition(" ")
            return key.strip() or None if scheme.lower() == "bearer" else None
    offered = (
        name.removeprefix(_KEY_SUBPROTOCOL) for name in subprotocols if name.startswith(_KEY_SUBPROTOCOL)
    )
    return next(offered, None) or None


def _masked(name: str, value: str) -> str:
    if name.lower() in _SECRET_HEADERS:
        scheme, space, _ = value.strip().partition(" ")
        return f"{scheme} {_MASK}" if space else _MASK
    return re.sub(rf"({re.escape(_KEY_SUBPROTOCOL)})[^\s,]+", rf"\1{_MASK}", value)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
