"""Identifiers that look like the live ones and come out the same in every run."""

from __future__ import annotations

import hashlib
import string

_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 21
_CALL_LENGTH = 16
_PADDED_TO = 16

# A byte of a digest as a letter or digit.
_LETTERS = bytes(ord(_ALPHABET[byte % len(_ALPHABET)]) for byte in range(256))
_LETTERS_AT_ONCE = 1_024


class Ids:
    """A source of identifiers for one connection, drawn from a counter and a seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn = self._used = 0
        self._letters = b""

    def _next(self, length: int) -> bytes:
        while self._used + length > len(self._letters):
            self._drawn += 1
            digest = hashlib.shake_256(f"{self._seed}/{self._drawn}".encode()).digest(_LETTERS_AT_ONCE)
            self._letters = self._letters[self._used :] + digest.translate(_LETTERS)
            self._used = 0
        start, self._used = self._used, self._used + length
        return self._letters[start : self._used]

    def new(self, prefix: str) -> str:
        """Return a fresh id: ``prefix``, an underscore, 21 letters and digits (as recorded live)."""
        return f"{prefix}_{self._next(_ID_LENGTH).decode()}"

    def several(self, count: int) -> list[bytes]:
        """Return the letters and digits of as many fresh ids, the same that :meth:`new` would draw."""
        letters = self._next(_ID_LENGTH * count)
        return [letters[at : at + _ID_LENGTH] for at in range(0, len(letters), _ID_LENGTH)]

    def call(self) -> str:
        """Return a fresh call_id: ``call_`` and 16 letters and digits (as recorded live)."""
        return f"call_{self._next(_CALL_LENGTH).decode()}"

    def obfuscation(self, delta: str) -> str:
        """Return the padding beside a text-like delta, which hides its length on the wire.

        Together they fill a multiple of 16 characters, as in every recorded delta.
        """
        return self._next(_PADDED_TO - len(delta) % _PADDED_TO).decode()
