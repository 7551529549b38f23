"""The events of a session, for a caller who wants to see each of them."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self

from realtime_adapter.events import ServerEvent


class EventStream(AsyncIterator[ServerEvent]):
    """The events of one connection from the moment it was made; it ends with the connection.

    A stream that nobody holds any more is forgotten, and with it what it has not given.

    Args:
        wait: Waits for an event to come to this stream; gives False when none will.

    Attributes:
        backlog_bytes: The size of the frames of the events that were not taken yet.
    """

    def __init__(self, wait: Callable[[EventStream], Awaitable[bool]]) -> None:
        self._wait = wait
        self._events: deque[ServerEvent] = deque()
        self.backlog_bytes = 0

    def put(self, event: ServerEvent) -> None:
        """Take in an event."""
        self._events.append(event)
        self.backlog_bytes += len(event.frame)

    @property
    def empty(self) -> bool:
        """Whether each event was taken."""
        return not self._events

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ServerEvent:
        if self.empty and not await self._wait(self):
            raise StopAsyncIteration
        event = self._events.popleft()
        self.backlog_bytes -= len(event.frame)
        return event
