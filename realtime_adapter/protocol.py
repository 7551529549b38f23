"""Where a connection can stand, and what may be sent there."""

from __future__ import annotations

import enum

from realtime_adapter.client_events import (
    ClientEvent,
    ConversationItemCreate,
    ConversationItemTruncate,
    InputAudioBufferAppend,
    InputAudioBufferCommit,
    OutOfBandResponseCreate,
    ResponseCancel,
    ResponseCreate,
    SessionUpdate,
)


class State(enum.Enum):
    """Where a connection stands."""

    CONNECTING = "waiting for session.created"
    CREATED = "before session.update"
    UPDATING = "waiting for session.updated"
    IDLE = "without a response"
    REQUESTED = "waiting for response.created"
    RESPONDING = "with a response in progress"
    CANCELLING = "waiting for a cancelled response to end"
    CLOSED = "closed"


# What may be sent in each state, and the state it leads to. All else is a LocalProtocolError.
_ANY_TIME = (
    InputAudioBufferAppend,
    InputAudioBufferCommit,
    ConversationItemCreate,
    ConversationItemTruncate,
    OutOfBandResponseCreate,
    SessionUpdate,
)
SENDS: dict[State, dict[type[ClientEvent], State]] = {
    # The server speaks first; what is sent before session.created may cross a refusal and hide it.
    State.CONNECTING: {},
    # Audio sent before the session is configured would meet the server's own turn detection.
    State.CREATED: {SessionUpdate: State.UPDATING},
    State.UPDATING: {},
    State.IDLE: {**dict.fromkeys(_ANY_TIME, State.IDLE), ResponseCreate: State.REQUESTED},
    # At most one response in progress: a second response.create is refused
    # (conversation_already_has_active_response), so it waits in the sequencer instead.
    State.REQUESTED: {**dict.fromkeys(_ANY_TIME, State.REQUESTED), ResponseCancel: State.CANCELLING},
    State.RESPONDING: {**dict.fromkeys(_ANY_TIME, State.RESPONDING), ResponseCancel: State.CANCELLING},
    # A second cancel would find nothing to cancel (response_cancel_not_active).
    State.CANCELLING: dict.fromkeys(_ANY_TIME, State.CANCELLING),
    State.CLOSED: {},
}

# What may be expected next in each state, for the words of a deadline.
AWAITED = {
    State.CONNECTING: "session.created",
    State.UPDATING: "session.updated",
    State.IDLE: "response.created",
    State.REQUESTED: "response.created",
    State.RESPONDING: "response.output_audio.delta or response.done",
    State.CANCELLING: "response.done",
}
