"""The address to dial: the endpoint's, with the model in its query."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from realtime_adapter.errors import ConfigurationError
from realtime_adapter.models import DEFAULT_MODEL

DEFAULT_URL = "wss://api.openai.com/v1/realtime"


def address(url: str, model: str) -> str:
    """Return ``url`` with ``model`` as the query's only ``model``; the rest of the query is kept.

    Raises:
        ConfigurationError: ``url`` is no WebSocket address or carries credentials, or ``model`` is empty.
    """
    if not isinstance(model, str) or not model.strip():
        raise ConfigurationError(
            "model is empty.", remedy=f"Name a realtime model, for example {DEFAULT_MODEL}.", param="model"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except (ValueError, AttributeError, TypeError):
        raise _not_an_address("it cannot be parsed") from None
    if parts.scheme not in ("ws", "wss"):
        raise _not_an_address(f"its scheme is {parts.scheme or 'missing'}, not ws or wss")
    if not parts.hostname or port == 0:
        raise _not_an_address("it names no host and port to dial")
    if parts.username is not None or parts.password is not None:
        raise _not_an_address("it carries credentials, which would end up in logs")
    if parts.fragment:
        raise _not_an_address("it has a fragment (RFC 6455 §3)")
    query = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "model"
    ]
    return urlunsplit(parts._replace(query=urlencode([*query, ("model", model)], quote_via=quote)))


def _not_an_address(why: str) -> ConfigurationError:
    # The address itself is not repeated: it may hold what should not be shown.
    return ConfigurationError(
        f"url is not the address of an endpoint: {why}.",
        remedy=f"Give one like {DEFAULT_URL} or ws://127.0.0.1:8765/v1/realtime.",
        param="url",
    )
