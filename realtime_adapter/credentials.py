"""The API key: where it comes from, and how it stays out of everything but the upgrade request."""

from __future__ import annotations

import os
from collections.abc import Mapping

from realtime_adapter.errors import MalformedApiKey, MissingApiKey

# The realtime variable comes first, so that a machine whose general key is good for other services only
# can still hold one for this endpoint.
GENERAL_KEY_VARIABLE = "OPENAI_API_KEY"
KEY_VARIABLES = ("OPENAI_REALTIME_API_KEY", GENERAL_KEY_VARIABLE)

# What is shorter is no credential of any vendor, and could stand in base64 audio by chance.
_SHORTEST_MASKED = 8


class ApiKey:
    """An API key that shows itself only where it is asked to.

    Args:
        given: The key as an argument; empty counts as not given.
        environment: Where to look otherwise, in the order of ``KEY_VARIABLES``.
    """

    def __init__(self, given: str | None = None, environment: Mapping[str, str] = os.environ) -> None:
        sources = [
            ("the api_key argument", given),
            *((name, environment.get(name)) for name in KEY_VARIABLES),
        ]
        self.source, self._key = next(((name, key) for name, key in sources if key), ("", ""))
        self._bytes = self._key.encode(errors="surrogatepass")
        # No base64 holds a hyphen, so most frames with audio are told from the key by a single look.
        self._hint = b"-" if b"-" in self._bytes else self._bytes

    def __repr__(self) -> str:
        return "ApiKey('***')" if self._key else "ApiKey()"

    def reveal(self) -> str:
        """Return the key, fit to stand in a header.

        Raises:
            MissingApiKey: there is none.
            MalformedApiKey: it holds something that cannot stand in a bearer token (RFC 6750 §2.1).
        """
        if not self._key:
            raise MissingApiKey(
                "No API key.",
                remedy=f"Set {' or '.join(reversed(KEY_VARIABLES))}, or pass api_key= to the adapter.",
                param="api_key",
            )
        if flaw := flaw_of(self._key):
            raise MalformedApiKey(
                f"The API key from {self.source} holds {flaw}.",
                remedy="Copy it again, without quotes, spaces or a line break at its end.",
                param="api_key",
            )
        return self._key

    def mask(self, text: str) -> str:
        """Return ``text`` with three asterisks in place of the key."""
        if len(self._key) < _SHORTEST_MASKED or self._key not in text:
            return text
        return text.replace(self._key, "***")

    def mask_bytes(self, text: bytes) -> bytes:
        """Return UTF-8 ``text`` with three asterisks in place of the key."""
        if self._hint not in text or len(self._bytes) < _SHORTEST_MASKED or self._bytes not in text:
            return text
        return text.replace(self._bytes, b"***")


def flaw_of(key: str) -> str:
    """Return what in ``key`` cannot stand in a bearer token (RFC 6750 §2.1); empty when nothing does."""
    if "\n" in key or "\r" in key:
        return "a line break"
    if any(character.isspace() for character in key):
        return "white space"
    if not key.isascii():
        return "a character beyond ASCII"
    if not key.isprintable():
        return "a control character"
    return ""
