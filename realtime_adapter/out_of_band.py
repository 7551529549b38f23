"""Responses beside the conversation: they neither add to it nor wait for the one in progress."""

from __future__ import annotations

from collections.abc import Callable

from realtime_adapter.errors import RealtimeError
from realtime_adapter.events import Response, ResponseDone
from realtime_adapter.turn import Turn

TAG = "out_of_band"  # the entry in a response's metadata that says which request it answers


class OutOfBand:
    """The out-of-band responses of one session, by the tag they were asked for with.

    Args:
        clock: Where the time of their moments is read, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._asked: dict[str, Turn] = {}
        self._running: dict[str, Turn] = {}  # by response

    def asked(self, tag: str, create_id: str) -> Turn:
        """Take in that a response was asked for."""
        turn = self._asked[tag] = Turn()
        turn.create_id = create_id
        turn.asked_at_s = self._clock()
        return turn

    def created(self, response: Response) -> bool:
        """Take in that a response has begun, and tell whether it is one of these."""
        turn = self._asked.pop(str((response.metadata or {}).get(TAG)), None)
        if turn is None or response.id is None:
            return False
        turn.response_id = response.id
        turn.began_at_s = self._clock()
        self._running[response.id] = turn
        return True

    def turn_of(self, response_id: str | None) -> Turn | None:
        """Return the turn of a response, or None when it is not one of these."""
        return self._running.get(response_id) if response_id is not None else None

    def done(self, event: ResponseDone) -> bool:
        """Take in that a response has ended, and tell whether it was one of these."""
        turn = self._running.pop(event.response.id or "", None)
        if turn is None:
            return False
        turn.ended_at_s = self._clock()
        turn.end(event)
        return True

    def refused(self, event_id: str, error: RealtimeError) -> bool:
        """Take in that the server has refused an event, and tell whether it asked for one of these."""
        tag = next((tag for tag, turn in self._asked.items() if turn.create_id == event_id), None)
        if tag is None:
            return False
        self._asked.pop(tag).fail(error)
        return True

    def fail(self, error: Callable[[], RealtimeError]) -> None:
        """End every one of them with an error of its own."""
        for turn in (*self._asked.values(), *self._running.values()):
            turn.fail(error())
        self._asked.clear()
        self._running.clear()
