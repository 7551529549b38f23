"""The endpoints ``@e2e`` can go to, and in what they differ: a table, so that nothing else needs to ask.

Only the vendor's own address over TLS is *live*. A gateway may answer out of a cache, and loopback is ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from realtime_server.recording import ELSEWHERE, EMBEDDED, LIVE


@dataclass(frozen=True)
class Endpoint:
    """One kind of endpoint.

    Attributes:
        id: Its name for ``-D dialect=``.
        name: For readers.
        address: Regular expression that its address begins with, scheme and host.
        origin: What a recording made there is called.
        key_header: The header the key goes into.
        key_form: What stands there, with ``{key}`` in the key's place.
        wrong_key: How it turns a wrong key away: the close code, or the HTTP status of the upgrade.
        retry_after_s: How long to wait before what it could not do is asked for again.
    """

    id: str
    name: str
    address: str
    origin: str = ELSEWHERE
    key_header: str = "Authorization"
    key_form: str = "Bearer {key}"
    wrong_key: int = 3000
    retry_after_s: float = 10.0

    @property
    def client_options(self) -> dict[str, Any]:
        """What a client has to be told beyond the address; nothing when it speaks as the vendor does."""
        usual = (Endpoint.key_header, Endpoint.key_form)
        own = (self.key_header, self.key_form)
        return {} if own == usual else {"key_header": own}


ENDPOINTS = (
    Endpoint("openai", "the vendor's live endpoint", r"wss://api\.openai\.com(:443)?/", LIVE),
    Endpoint(
        "azure",
        "Azure OpenAI",
        r"wss://[^/]+\.openai\.azure\.com/",
        key_header="api-key",
        key_form="{key}",
        wrong_key=401,
    ),
    Endpoint(
        "loopback",
        "an endpoint on this machine",
        r"wss?://(127\.0\.0\.1|localhost|\[::1\])[:/]",
        EMBEDDED,
        retry_after_s=0.1,
    ),
    Endpoint("gateway", "a gateway", r"wss?://"),
)
"""The first that fits is meant."""

BY_ID = {each.id: each for each in ENDPOINTS}


def endpoint_of(address: str) -> Endpoint:
    """Return the kind of endpoint that ``address`` leads to."""
    parts = urlsplit(address)
    begins = f"{parts.scheme}://{parts.netloc.lower()}/"
    return next(each for each in ENDPOINTS if re.match(each.address, begins))
