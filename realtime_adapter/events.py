"""The events of the GA Realtime protocol, named as on the wire.

Client events are strict: a field that the protocol does not have cannot be sent. Server events are tolerant:
fields nobody has announced are kept (``event.model_extra``), an event nobody has announced becomes an
``UnknownEvent``, and what the vendor's types call optional may be missing or null. Only what an event exists
to carry is required.

Three audio events had other names in the retired beta. They are read as the GA event, which then tells the
name it came under (``legacy_name``).
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from realtime_adapter.errors import ConfigurationError, RemoteProtocolError

# ------------------------------------------------------------------ client events


def _utf8(text: str) -> str:
    text.encode()  # half of a surrogate pair is no text: UnicodeEncodeError is a ValueError
    return text


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ClientEvent(_Sent):
    """An event this side sends."""

    type: str
    event_id: Annotated[str, Field(max_length=512)] | None = None

    def frame(self) -> str:
        """Return the event as the text frame to send; fields that are None are left out."""
        return json.dumps(self.model_dump(exclude_none=True), separators=(",", ":"))


class SessionUpdate(ClientEvent):
    """Changes the session; only the fields that are present change, and ``session.type`` must be."""

    type: Literal["session.update"] = "session.update"
    session: dict[str, Any]

    def frame(self) -> str:
        """Return the event as the text frame to send; a null inside ``session`` is sent as such."""
        return json.dumps(
            {"type": self.type, "event_id": self.event_id, "session": self.session}, separators=(",", ":")
        )


class InputAudioBufferAppend(ClientEvent):
    """Adds audio to the input buffer; ``audio`` is base64 PCM16, mono, 24 kHz."""

    type: Literal["input_audio_buffer.append"] = "input_audio_buffer.append"
    audio: str


class InputAudioBufferCommit(ClientEvent):
    """Makes the input buffer a conversation item of the user; asks for no response."""

    type: Literal["input_audio_buffer.commit"] = "input_audio_buffer.commit"


class InputText(_Sent):
    """A part of a user's or a system's message."""

    type: Literal["input_text"] = "input_text"
    text: Annotated[str, AfterValidator(_utf8)]


class UserMessage(_Sent):
    """A conversation item of the user."""

    type: Literal["message"] = "message"
    role: Literal["user"] = "user"
    content: list[InputText]


class ConversationItemCreate(ClientEvent):
    """Adds an item to the end of the conversation; asks for no response."""

    type: Literal["conversation.item.create"] = "conversation.item.create"
    item: UserMessage


class ResponseCreate(ClientEvent):
    """Asks for a response; at most one may be in progress."""

    type: Literal["response.create"] = "response.create"


class ResponseCancel(ClientEvent):
    """Stops the response in progress, or the one named."""

    type: Literal["response.cancel"] = "response.cancel"
    response_id: str | None = None


# ------------------------------------------------------------------ server events


class _Received(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class ServerEvent(_Received):
    """An event the server sends.

    Attributes:
        type: Its GA name.
        event_id: The server's id of it.
        legacy_name: The retired name it came under, or None.
    """

    type: str
    event_id: str | None = None
    legacy_name: str | None = Field(default=None, exclude=True)


class UnknownEvent(ServerEvent):
    """An event this package has no type for, with all its fields in ``model_extra``."""


class ErrorDetail(_Received):
    """What went wrong; ``event_id`` is that of the client event at fault, or None."""

    type: str | None = None
    code: str | None = None
    message: str | None = None
    param: str | None = None
    event_id: str | None = None


class Error(ServerEvent):
    """The server objects; it does not end the session unless a close follows."""

    type: Literal["error"] = "error"
    error: ErrorDetail


class SessionCreated(ServerEvent):
    """The session exists, with the server's defaults."""

    type: Literal["session.created"] = "session.created"
    session: dict[str, Any]


class SessionUpdated(ServerEvent):
    """The session was changed; ``session`` is the whole of what is in force."""

    type: Literal["session.updated"] = "session.updated"
    session: dict[str, Any]


class InputAudioBufferCommitted(ServerEvent):
    """The input buffer has become the conversation item ``item_id``."""

    type: Literal["input_audio_buffer.committed"] = "input_audio_buffer.committed"
    item_id: str | None = None
    previous_item_id: str | None = None


class ConversationItemAdded(ServerEvent):
    """An item has joined the conversation, perhaps still in progress."""

    type: Literal["conversation.item.added"] = "conversation.item.added"
    item: dict[str, Any] = {}
    previous_item_id: str | None = None


class ConversationItemDone(ServerEvent):
    """An item of the conversation is final."""

    type: Literal["conversation.item.done"] = "conversation.item.done"
    item: dict[str, Any] = {}
    previous_item_id: str | None = None


class InputAudioTranscriptionCompleted(ServerEvent):
    """What the user said in item ``item_id``; may come at any time, also after the response."""

    type: Literal["conversation.item.input_audio_transcription.completed"] = (
        "conversation.item.input_audio_transcription.completed"
    )
    item_id: str | None = None
    content_index: int | None = None
    transcript: str
    usage: dict[str, Any] | None = None


class InputAudioTranscriptionFailed(ServerEvent):
    """What the user said in item ``item_id`` could not be written down."""

    type: Literal["conversation.item.input_audio_transcription.failed"] = (
        "conversation.item.input_audio_transcription.failed"
    )
    item_id: str | None = None
    content_index: int | None = None
    error: ErrorDetail = ErrorDetail()


class StatusDetails(_Received):
    """Why a response ended as it did."""

    type: str | None = None
    reason: str | None = None
    error: ErrorDetail | None = None


class Response(_Received):
    """A response as ``response.created`` and ``response.done`` show it."""

    id: str | None = None
    status: str | None = None
    status_details: StatusDetails | None = None
    output: list[dict[str, Any]] | None = None
    usage: dict[str, Any] | None = None


class ResponseCreated(ServerEvent):
    """A response is in progress."""

    type: Literal["response.created"] = "response.created"
    response: Response = Response()


class ResponseDone(ServerEvent):
    """A response has ended: completed, cancelled, incomplete or failed."""

    type: Literal["response.done"] = "response.done"
    response: Response = Response()


class _Content(ServerEvent):
    """Where in the conversation a piece of an answer belongs."""

    response_id: str | None = None
    item_id: str | None = None
    output_index: int | None = None
    content_index: int | None = None


class OutputAudioDelta(_Content):
    """One piece of what is said: ``delta`` holds PCM16 (mono, 24 kHz) in base64, cut at any byte."""

    type: Literal["response.output_audio.delta"] = "response.output_audio.delta"
    delta: str


class OutputAudioDone(_Content):
    """The audio of one content part is complete."""

    type: Literal["response.output_audio.done"] = "response.output_audio.done"


class OutputAudioTranscriptDelta(_Content):
    """A few of the spoken answer's words."""

    type: Literal["response.output_audio_transcript.delta"] = "response.output_audio_transcript.delta"
    delta: str


class OutputAudioTranscriptDone(_Content):
    """All of one content part's spoken words."""

    type: Literal["response.output_audio_transcript.done"] = "response.output_audio_transcript.done"
    transcript: str | None = None


_TYPED: tuple[type[ServerEvent], ...] = (
    Error,
    SessionCreated,
    SessionUpdated,
    InputAudioBufferCommitted,
    ConversationItemAdded,
    ConversationItemDone,
    InputAudioTranscriptionCompleted,
    InputAudioTranscriptionFailed,
    ResponseCreated,
    ResponseDone,
    OutputAudioDelta,
    OutputAudioDone,
    OutputAudioTranscriptDelta,
    OutputAudioTranscriptDone,
)
SERVER_EVENTS = {event.model_fields["type"].default: event for event in _TYPED}

# The retired beta's names. No recording of GA traffic holds one, but it was reported that some servers
# still send them, and a caller is better served by audio and a warning than by silence.
LEGACY_NAMES: dict[str, type[ServerEvent]] = {
    "response.audio.delta": OutputAudioDelta,
    "response.audio.done": OutputAudioDone,
    "response.audio_transcript.delta": OutputAudioTranscriptDelta,
    "response.audio_transcript.done": OutputAudioTranscriptDone,
}


def parse(frame: str | bytes) -> ServerEvent:
    """Return the event in a frame.

    Raises:
        RemoteProtocolError: binary, not a JSON object, without a ``type``, or without what its type is for.
    """
    if isinstance(frame, bytes):
        raise RemoteProtocolError(f"The server sent a binary frame of {len(frame)} bytes; events are text.")
    try:
        fields = json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise RemoteProtocolError(f"The server sent a text frame that is not JSON: {error}.") from None
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise RemoteProtocolError("The server sent a text frame that is not an event: no object with a type.")
    name: str = fields["type"]
    if legacy := LEGACY_NAMES.get(name):
        fields |= {"type": legacy.model_fields["type"].default, "legacy_name": name}
    else:
        fields.pop("legacy_name", None)
    try:
        return SERVER_EVENTS.get(fields["type"], UnknownEvent).model_validate(fields)
    except ValidationError as error:
        raise RemoteProtocolError(
            f"The server sent {name} with {_first_flaw(error)}.", param=_path(error)
        ) from None


E = TypeVar("E", bound=BaseModel)


def build(model: type[E], **fields: Any) -> E:
    """Return a client event or a part of one.

    Raises:
        ConfigurationError: a value has the wrong type or cannot be written as UTF-8; ``param`` names it.
    """
    try:
        return model(**fields)
    except ValidationError as error:
        raise ConfigurationError(
            f"{model.__name__} cannot be sent: {_first_flaw(error)}.",
            remedy="Give a value of the type the protocol has there.",
            param=_path(error),
        ) from None


def _path(error: ValidationError) -> str:
    return ".".join(str(step) for step in error.errors(include_input=False)[0]["loc"])


def _first_flaw(error: ValidationError) -> str:
    # Without the input: it may be long, and it may be what nobody should read in a log.
    return f"an unusable {_path(error)!r}: {error.errors(include_input=False, include_url=False)[0]['msg']}"
