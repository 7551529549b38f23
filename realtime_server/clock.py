"""The server's clock: the one place that reads time or waits for it to pass."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass


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
        if timeout_ms <= 0:
            return event.is_set()
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                return await event.wait()
        except TimeoutError:
            return False


@dataclass(eq=False)
class _Waiter:
    due_ms: float
    loop: asyncio.AbstractEventLoop
    woken: asyncio.Event


class VirtualClock(Clock):
    """Time that stands still until a test lets it pass: an hour takes milliseconds.

    Only the server's own waits follow it (pauses, timeouts, expiry); sockets and their pings stay real.

    Args:
        unix_s: Seconds since 1970 at which it begins.
    """

    # Whatever runs gets this many turns of its loop before time passes, and again after each wait has ended.
    _TURNS = 50
    _PATIENCE_S = 5.0

    def __init__(self, unix_s: int = 1_790_000_000) -> None:
        self._began_s = unix_s
        self._now_ms = 0.0
        self._waiters: list[_Waiter] = []
        self._loops: set[asyncio.AbstractEventLoop] = set()
        self._lock = threading.Lock()

    def now_ms(self) -> float:
        """Milliseconds that were let pass."""
        return self._now_ms

    def unix_s(self) -> int:
        """Seconds since 1970 by this clock."""
        return self._began_s + int(self._now_ms // 1000)

    async def wait(self, event: asyncio.Event, timeout_ms: float) -> bool:
        """Wait until ``event`` is set; return False when ``timeout_ms`` passed first."""
        if timeout_ms <= 0:
            return event.is_set()
        waiter = _Waiter(self._now_ms + timeout_ms, asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._waiters.append(waiter)
            self._loops.add(waiter.loop)
        racers = [asyncio.ensure_future(one.wait()) for one in (event, waiter.woken)]
        try:
            await asyncio.wait(racers, return_when=asyncio.FIRST_COMPLETED)
            return event.is_set()
        finally:
            with self._lock:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
            for racer in racers:
                racer.cancel()

    @property
    def next_due_ms(self) -> float | None:
        """How long until the next wait ends, or None when nobody waits."""
        with self._lock:
            dues = [waiter.due_ms for waiter in self._waiters]
        return max(0.0, min(dues) - self._now_ms) if dues else None

    def advance(self, ms: float) -> None:
        """Let ``ms`` milliseconds pass; every wait that is due ends in order, and what follows from it runs.

        Call it from another thread than the server's.

        Raises:
            RuntimeError: called on the thread of a server that waits.
            TimeoutError: a server did not get on within five real seconds.
        """
        with self._lock:
            self._loops = {loop for loop in self._loops if loop.is_running()}
            loops = list(self._loops)
        for loop in loops:
            self._settle(loop)
        target_ms = self._now_ms + ms
        while (waiter := self._next_due(target_ms)) is not None:
            self._now_ms = max(self._now_ms, waiter.due_ms)
            self._settle(waiter.loop, waiter.woken)
        self._now_ms = target_ms

    def _settle(self, loop: asyncio.AbstractEventLoop, woken: asyncio.Event | None = None) -> None:
        _refuse_own_thread(loop)

        async def turns() -> None:
            if woken:
                woken.set()
            for _ in range(self._TURNS):
                await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(turns(), loop).result(self._PATIENCE_S)

    def _next_due(self, target_ms: float) -> _Waiter | None:
        with self._lock:
            due = [one for one in self._waiters if one.due_ms <= target_ms and one.loop.is_running()]
            if not due:
                return None
            first = min(due, key=lambda one: one.due_ms)
            self._waiters.remove(first)
            return first


def _refuse_own_thread(loop: asyncio.AbstractEventLoop) -> None:
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        return
    if running is loop:
        raise RuntimeError("advance() was called on the server's own thread; call it from the test's")
