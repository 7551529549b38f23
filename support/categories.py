"""Kinds of failure that mean something here, told by its sentence; the first that fits counts."""

from __future__ import annotations

import re
from typing import Any

from support.scenarios import FAILED, NO_THEN, NOT_WRITTEN

OTHER = "Another promise not kept"
UNPROVEN = "Unproven"

# The names are those of the adapter's errors, which a failed step's sentence begins with or quotes.
KINDS = {
    "Infrastructure": (
        r"HOOK-ERROR|CLEANUP-ERROR|SettingsError|ConnectionFailed|PortInUse|\bOSError|Connection(?:Refused|Reset)Error"
        r"|not run: |ConfigurationError|MissingApiKey|MalformedApiKey"
    ),
    "The suite itself is incomplete": rf"no step definition matches|{NOT_WRITTEN}|{NO_THEN}",
    "Refused handshake": r"HandshakeRefused|BetaProtocolRetired|InvalidApiKey|UnknownModel"
    r"|The server refused the connection|beta_api_shape_disabled|invalid_api_key",
    "Refused session": r"SessionRefused|The server refused the session|The session in force is not",
    "Timeout": r"DeadlineExceeded|TimeoutError|\bwithin [\d.]+ s\b|timed out",
    "Protocol violation": r"(?:Local|Remote|\b)ProtocolError|NotConnected|ConnectionLost|The server broke the"
    r"|closed the connection with|lost the connection with|ServerError"
    r"|Response(?:Failed|Incomplete|Cancelled)",
}

_COMPILED = {name: re.compile(pattern) for name, pattern in KINDS.items()}


def kind_of(reason: str) -> str:
    """Return the kind of failure that ``reason`` tells of."""
    return next((name for name, pattern in _COMPILED.items() if pattern.search(reason)), OTHER)


def for_allure() -> list[dict[str, Any]]:
    """Return the kinds as Allure's configuration wants them."""
    failed = [FAILED, "broken"]
    kinds = [{"statuses": failed, "message": pattern} for pattern in KINDS.values()]
    named = zip(
        [UNPROVEN, *KINDS, OTHER], [{"statuses": ["skipped"]}, *kinds, {"statuses": failed}], strict=True
    )
    return [{"name": name, "matchers": [matcher], "groupByMessage": True} for name, matcher in named]
