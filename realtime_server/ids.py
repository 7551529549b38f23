"""Identifiers that look like the live ones and come out the same in every run."""

from __future__ import annotations

import hashlib
import string

_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 21
_CALL_LENGTH = 16
_PADDED_TO = 16


class Ids:
    """A source of identifiers for one connection, drawn from a counter and a seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn = 0

    def _letters(self, length: int) -> str:
        self._drawn += 1
        digest = hashlib.blake2b(f"{self._seed}/{self._drawn}".encode(), digest_size=length).digest()
        return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest)

    def new(self, prefix: str) -> str:
        """Return a fresh id: ``prefix``, an underscore, 21 letters and digits (as recorded live)."""
        return f"{prefix}_{self._letters(_ID_LENGTH)}"

    def call(self) -> str:
        """Return a fresh call_id: ``call_`` and 16 letters and digits (as recorded live)."""
        return f"call_{self._letters(_CALL_LENGTH)}"

    def obfuscation(self, delta: str) -> str:
        """Return the padding beside a text-like delta, which hides its length on the wire.

        Together they fill a multiple of 16 characters, as in every recorded delta.
        """
        return self._letters(_PADDED_TO - len(delta) % _PADDED_TO)
