"""Ephemeral client secrets: made with a key over HTTP, then used instead of it to open sessions."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from realtime_server import rules, session
from realtime_server.clock import Clock
from realtime_server.ids import Ids
from realtime_server.oracle import known_models
from realtime_server.rules import Rule

PREFIX = "ek_"

_LIFE_S = 600
_DEFAULT_MODEL = "gpt-realtime"


@dataclass(frozen=True)
class ClientSecret:
    """One secret, without its value.

    Attributes:
        expires_at_s: Seconds since 1970.
        session: The configuration that each of its sessions begins with, as it was asked for.
    """

    expires_at_s: int
    session: Mapping[str, Any] = field(repr=False)


class ClientSecrets:
    """The secrets one server has made.

    Args:
        clock: By which they expire.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ids = Ids("client secrets")
        self._by_digest: dict[bytes, ClientSecret] = {}
        self._lock = threading.Lock()

    def make(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Make a secret and return the body of the answer.

        Args:
            request: A body whose shape has been checked.

        Raises:
            Refused: the session it asks for cannot be.
        """
        asked = request.get("session", {"type": "realtime"})
        if asked.get("model", _DEFAULT_MODEL) not in known_models():
            raise rules.UNKNOWN_MODEL.refuse("session.model", model=asked["model"])
        with self._lock:
            begun = begin(asked, "", self._ids.new("sess"), 0)
            value = f"{PREFIX}{self._ids.new('').lstrip('_')}"
            life_s = request.get("expires_after", {}).get("seconds", _LIFE_S)
            secret = ClientSecret(self._clock.unix_s() + life_s, asked)
            self._by_digest[_digest(value)] = secret
        return {"value": value, "expires_at": secret.expires_at_s, "session": begun}

    def find(self, key: str) -> ClientSecret | None:
        """Return the secret ``key``, also when it has expired; None for any other key."""
        return self._by_digest.get(_digest(key))

    def fault(self, key: str) -> Rule | None:
        """Return the rule by which ``key`` opens no session, or None."""
        if not key.startswith(PREFIX):
            return None
        secret = self.find(key)
        if secret is None:
            return rules.WRONG_KEY
        return rules.EXPIRED_SECRET if self._clock.unix_s() >= secret.expires_at_s else None


def begin(asked: Mapping[str, Any], model: str, session_id: str, expires_at_s: int) -> session.Session:
    """Return the session that a secret's configuration begins with.

    Args:
        asked: The ``session`` the secret was made for; its model goes before ``model``.
        model: From the URL, or empty.
        session_id: Id of the session.
        expires_at_s: When it ends, seconds since 1970.

    Raises:
        Refused: a value that cannot be.
    """
    if asked["type"] == "transcription":
        begun = session.initial_transcription(session_id, expires_at_s)
    else:
        begun = session.initial(asked.get("model") or model or _DEFAULT_MODEL, session_id, expires_at_s)
    return session.updated(begun, asked, spoken=False, responding=False)


def _digest(value: str) -> bytes:
    # Values are kept as digests only: what is not there cannot leak.
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()
