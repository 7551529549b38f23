"""A key that nothing may show: each run signs in with one of its own, and any trace of it is a leak.

The canary is what the embedded endpoint's clients use as their key, so it is on the wire of every scenario.
Nothing of it is kept: a trace is known by its shape, so that a leak of an earlier run is found as well.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_MARK = b"sk-canary-"
KEY = _MARK.decode() + secrets.token_hex(16)
"""The key of this run: accepted by the embedded endpoint, worth nothing elsewhere."""

_PLAIN = re.compile(re.escape(_MARK) + rb"[0-9a-f]{8}")  # a mask that keeps a few characters is no leak
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")
_LAYERS = 2  # what is on the wire may be base64, and a page that shows it again
_TELLTALE = KEY[: len(_MARK) + 8]


def _inside(text: bytes) -> set[bytes]:
    """Return what base64 holds of ``text``, for each place in a group of three it may begin at."""
    found = set()
    for shift in range(3):
        padding = b"\0" * (-(shift + len(text)) % 3)
        whole = b64encode(b"\0" * shift + text + padding)
        found.add(
            whole[-(-8 * shift // 6) : 8 * (shift + len(text)) // 6]
        )  # only what the text alone decides
    return found


def _marks() -> tuple[bytes, ...]:
    """Return the mark, and all that it can look like in ``_LAYERS`` layers of base64."""
    layers = [{_MARK}]
    for _ in range(_LAYERS):
        layers.append({each for mark in layers[-1] for each in _inside(mark)})
    return tuple(mark for layer in layers for mark in layer)


_MARKS = _marks()


def shows(data: bytes) -> bool:
    """Whether ``data`` holds a canary, plainly or inside base64, also when that is itself in base64."""
    # To look for the marks is cheap; to decode, what tells a key from a mask, is done only where one is.
    return any(mark in data for mark in _MARKS) and _shows(data, _LAYERS)


def _shows(data: bytes, layers: int) -> bool:
    if _PLAIN.search(data):
        return True
    return layers > 0 and any(_shows(decoded, layers - 1) for decoded in _decoded(data))


def _decoded(data: bytes) -> Iterator[bytes]:
    for found in _BASE64.finditer(data):
        text = found[0].rstrip(b"=")
        for start in range(4):  # letters before it may stand in the same run
            whole = text[start:]
            yield b64decode(whole[: len(whole) // 4 * 4])


def leaks(folder: Path) -> list[str]:
    """Return the files under ``folder`` that hold a canary, older runs' results aside."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "previous-results" not in path.parts and shows(path.read_bytes())
    ]


class Watch(logging.Handler):
    """Sees whether the canary goes through the log or the console while a run lasts.

    Attributes:
        seen: Where it was seen.
    """

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.seen: set[str] = set()
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a record as it would be printed, traceback included."""
        self.look(self.format(record), "the log")

    def look(self, text: str, where: str) -> None:
        """Remember ``where`` when ``text`` shows the canary."""
        if _TELLTALE in text:
            self.seen.add(where)

    def begin(self) -> Callable[[], None]:
        """Begin to watch; return what ends it and puts the log and both streams back."""
        logging.getLogger().addHandler(self)
        streams: list[Any] = [sys.stdout, sys.stderr]
        for stream in streams:
            stream.write = self._looking(stream.write)  # others hold the stream itself, so it stays in place

        def end() -> None:
            logging.getLogger().removeHandler(self)
            for stream in streams:
                del stream.write

        return end

    def _looking(self, write: Callable[[str], int]) -> Callable[[str], int]:
        def watched(text: str) -> int:
            self.look(text, "the console")
            return write(text)

        return watched
