"""The end of a session, announced before it comes: a session lasts an hour and cannot be prolonged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

logger = logging.getLogger("realtime_adapter")


class ExpiryNotice:
    """Announces the end of one session after the other, each once.

    It is announced by itself when the time has come, and by the next call when the event loop stood still.

    Args:
        notice_s: How long before the end, in seconds.
        clock: Tells the time, in seconds since 1970.
        announce: Called with the seconds that are left, or None.
    """

    def __init__(
        self, notice_s: float, clock: Callable[[], float], announce: Callable[[float], None] | None
    ) -> None:
        self._notice_s = notice_s
        self._clock = clock
        self._announce = announce
        self._expires_at_s: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, expires_at_s: object) -> None:
        """Begin with a session that ends at ``expires_at_s``, in seconds since 1970.

        What is no time, or is past when the session begins, because clocks disagree, says nothing.
        """
        self.end()
        if isinstance(expires_at_s, int | float) and expires_at_s > self._clock():
            self._expires_at_s = expires_at_s
            self.check()

    def end(self) -> None:
        """Be done with the session."""
        self._expires_at_s = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def check(self) -> None:
        """Announce the end if the time has come, else wait for it."""
        if self._expires_at_s is None:
            return
        left_s = self._expires_at_s - self._clock()
        if left_s > self._notice_s:
            if self._timer is None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(left_s - self._notice_s, self._due)
            return
        self.end()
        logger.warning("this session ends in %d s and cannot be prolonged; connect again in time", left_s)
        if self._announce is not None:
            try:
                self._announce(left_s)
            except Exception:
                # A caller's defect must not end the connection, nor go unseen.
                logger.exception("on_expiring failed")

    def _due(self) -> None:
        self._timer = None
        self.check()
