"""The server's clock: the one place that reads time or waits for it to pass."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """Real time. Another clock may be handed to the server as long as it keeps these three promises."""

    def now_ms(self) -> float:
        """Milliseconds on a clock that never goes back."""
        return time.monotonic() * 1000

    def unix_s(self) -> int:
        """Seconds since 1970, as the wire gives points in time."""
        return int(time.time())

    async def wait(self, event: asyncio.Event, timeout_ms: float) -> bool:
        """Wait until ``event`` is set; return False when ``timeout_ms`` passed first."""
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                return await event.wait()
        except TimeoutError:
            return False
