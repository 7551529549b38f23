"""What this side sends: only what is legal where the connection stands, numbered and in order."""

from __future__ import annotations

from collections import deque

from realtime_adapter.client_events import ClientEvent
from realtime_adapter.errors import LocalProtocolError, NotConnected
from realtime_adapter.protocol import SENDS, State


class Outlet:
    """The way out of one session.

    Attributes:
        state: Where the connection stands.
        frames: Text frames to be sent, in order.
        sent: How many events were sent; their ids count from 1.
    """

    def __init__(self) -> None:
        self.state = State.CONNECTING
        self.frames: deque[str] = deque()
        self.sent = 0

    def may_send(self, kind: type[ClientEvent]) -> bool:
        """Tell whether an event of ``kind`` is legal now."""
        return kind in SENDS[self.state]

    def send(self, event: ClientEvent) -> str:
        """Advance the session by an event of ours and return its id; its frame joins ``frames``.

        Raises:
            LocalProtocolError: ``event`` is illegal in this state.
            NotConnected: the connection has ended.
        """
        event_id = self.next_id(type(event), event.type)
        self.frames.append(event.frame(event_id))
        return event_id

    def next_id(self, kind: type[ClientEvent], name: str) -> str:
        """Advance the session by an event of ``kind`` and return the id it is to be sent with."""
        following = SENDS[self.state].get(kind)
        if following is None:
            error = NotConnected if self.state is State.CLOSED else LocalProtocolError
            raise error(
                f"{name} is illegal {self.state.value}.",
                remedy="Call connect() first." if error is NotConnected else "Wait for the event it says.",
            )
        self.state = following
        self.sent += 1
        # The id says what it is the id of, so that an error that names it can be read without a look-up.
        return f"{name}-{self.sent}"
