"""The events of a session, for a caller who wants to see each of them."""

from __future__ import annotations

from collections import deque

from realtime_adapter.events import ServerEvent


class EventStream:
    """The events that one reader has not taken yet, oldest first.

    Attributes:
        backlog_bytes: The size of the frames they came in.
    """

    def __init__(self) -> None:
        self._events: deque[ServerEvent] = deque()
        self.backlog_bytes = 0

    def put(self, event: ServerEvent) -> None:
        """Take in an event."""
        self._events.append(event)
        self.backlog_bytes += len(event.frame)

    def take(self) -> ServerEvent | None:
        """Return the oldest event, or None when there is none."""
        if not self._events:
            return None
        event = self._events.popleft()
        self.backlog_bytes -= len(event.frame)
        return event
