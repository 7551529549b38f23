"""One HTTP request at a time, without blocking the event loop and without a package for it.

The standard library's client knows proxies, TLS and chunks, and blocks; so it works in a thread that nobody
waits for longer than was agreed. The thread is a daemon: it holds up neither the loop nor the interpreter.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from realtime_adapter.dial import is_loopback
from realtime_adapter.errors import ConfigurationError, ConnectionFailed, DeadlineExceeded

MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True)
class HttpAnswer:
    """What a server answered.

    Attributes:
        status: HTTP status.
        headers: By name in lower case.
        body: At most 1 MiB of it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def text(self) -> str:
        """The body's beginning, for a message."""
        return self.body[:500].decode("utf-8", "replace").strip()


def http_address(param: str, url: str) -> str:
    """Return an ``http`` or ``https`` address without a slash at its end.

    Raises:
        ConfigurationError: it is none, or carries credentials; ``param`` is what the message calls it.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except (ValueError, AttributeError, TypeError):
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment:
        # The address itself is not repeated: it may hold what should not be shown.
        raise ConfigurationError(
            f"{param} is no plain http or https address.",
            remedy="Give one like https://api.openai.com/v1, without user name, query or fragment.",
            param=param,
        )
    return url.rstrip("/")


async def post_json(url: str, key: str, body: Mapping[str, Any], timeout_s: float) -> HttpAnswer:
    """Post a JSON object and return the answer, whatever its status; redirections are not followed.

    Args:
        url: An ``http`` or ``https`` address.
        key: The bearer token.
        body: What to post.
        timeout_s: Bound on the whole of it, in seconds.

    Raises:
        ConnectionFailed: no answer came about.
        DeadlineExceeded: it took longer than ``timeout_s``.
    """
    request = urllib.request.Request(  # noqa: S310 - http_address has seen to the scheme
        url,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        method="POST",
    )
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[HttpAnswer] = loop.create_future()

    def settle(answer: HttpAnswer | None, error: BaseException | None) -> None:
        if answered.done():
            return
        if answer is not None:
            answered.set_result(answer)
        elif error is not None:
            answered.set_exception(error)

    def work() -> None:
        answer, failure = None, None
        try:
            answer = _request(request, timeout_s)
        except Exception as error:
            failure = _failed(error)
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any longer
            loop.call_soon_threadsafe(settle, answer, failure)

    threading.Thread(target=work, name="realtime-http", daemon=True).start()
    try:
        async with asyncio.timeout(timeout_s):
            return await answered
    except TimeoutError:
        raise DeadlineExceeded(
            awaited=f"answer from {urlsplit(url).netloc}",
            seen=(),
            timeout_s=timeout_s,
            remedy="Check whether the address is right and its server well.",
        ) from None


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """A redirection would carry the key to wherever the answer says."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


def _request(request: urllib.request.Request, timeout_s: float) -> HttpAnswer:
    proxies: dict[str, str] | None = {} if is_loopback(request.full_url) else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies), _NoRedirection())
    try:
        response = opener.open(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpAnswer(response.status, headers, response.read(MAX_BODY_BYTES))


def _failed(error: Exception) -> Exception:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return cause
    words = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return ConnectionFailed(
        f"The HTTP request got no answer: {words}.",
        remedy="Check the address and the network, and HTTPS_PROXY and NO_PROXY.",
    )
