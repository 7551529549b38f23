"""A client of the retired beta, as far as the door: it sends the header of the beta, and is turned away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from support.redaction import HIDDEN

HEADER = ("OpenAI-Beta", "realtime=v1")

Listener = Callable[[str, str, str, int | None], None]


async def knock(address: str, key: Mapping[str, str], listen: Listener, timeout_s: float) -> None:
    """Dial as the beta did, and read until the endpoint hangs up.

    Args:
        address: The endpoint's address with the model in its query.
        key: The header that holds the key.
        listen: Is told each thing that goes over the wire, as an adapter's ``on_frame``.
        timeout_s: How long all of it may take.

    Raises:
        AssertionError: the endpoint had not hung up by then.
    """
    headers = {**key, HEADER[0]: HEADER[1]}
    try:
        async with asyncio.timeout(timeout_s), connect(address, additional_headers=headers) as socket:
            shown = [*((name, HIDDEN) for name in key), HEADER]
            path = socket.request.path if socket.request else ""
            listen("client", "request", "\r\n".join([f"GET {path} HTTP/1.1", *map(": ".join, shown)]), None)
            try:
                async for frame in socket:
                    listen(
                        "server", "text", frame if isinstance(frame, str) else f"<{len(frame)} bytes>", None
                    )
            except ConnectionClosed:
                pass  # how it was closed is told below
            received, sent = socket.protocol.close_rcvd, socket.protocol.close_sent
            for side, close in (("server", received), ("client", sent)):
                if close is not None:
                    listen(side, "close", close.reason, close.code)
    except TimeoutError:
        raise AssertionError(f"the endpoint had not hung up on the beta within {timeout_s:g} s") from None
