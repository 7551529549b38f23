"""The adapter's command, run as a user runs it, but in this process."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass

from realtime_adapter.__main__ import main
from realtime_server import RULES

# Codes of this server's own, which no client of the service will meet.
_OWN = frozenset({"not_emulated", "unknown_url"})


@dataclass(frozen=True)
class Done:
    """What a command left behind.

    Attributes:
        exit_code: 0 when it succeeded.
        said: Its standard output.
        complaint: Its standard error.
    """

    exit_code: int
    said: str
    complaint: str

    @property
    def explained(self) -> list[dict[str, str]]:
        """Each explanation: its ``code``, ``cause``, ``remedy`` and ``again``."""
        explained = []
        for block in self.said.strip().split("\n\n"):
            code, *lines = block.splitlines()
            fields = {"code": code}
            for line in lines:
                label, words = line[:10].strip(), line[10:]
                label = label or [*fields][-1]
                fields[label] = f"{fields[label]} {words}" if label in fields else words
            explained.append(fields)
        return explained


def explain(*codes: str) -> Done:
    """Run ``python -m realtime_adapter explain`` with ``codes``."""
    said, complaint = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complaint):
        exit_code = main(["explain", *codes])
    return Done(exit_code, said.getvalue(), complaint.getvalue())


def codes_of_the_endpoint() -> tuple[str, ...]:
    """Return every error code with which a rule of the embedded endpoint refuses something."""
    return tuple(dict.fromkeys(rule.code for rule in RULES.values() if rule.code and rule.code not in _OWN))
