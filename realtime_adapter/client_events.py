"""What this side says: the events of the GA Realtime protocol, named as on the wire.

They are strict: a field that the protocol does not have cannot be sent, and a value of another type is an
error that names the field, before anything is sent.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from realtime_adapter.errors import ConfigurationError


def _utf8(text: str) -> str:
    text.encode()  # half of a surrogate pair is no text: UnicodeEncodeError is a ValueError
    return text


Text = Annotated[str, AfterValidator(_utf8)]
EventId = Annotated[str, Field(max_length=512)]
CallId = Annotated[str, Field(min_length=1)]


class _Sent(BaseModel):
    # The checks are built when the first one is needed: an import costs nothing for events never sent.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class ClientEvent(_Sent):
    """An event this side sends."""

    type: str
    event_id: EventId | None = None

    def frame(self, event_id: str | None = None) -> str:
        """Return the event as the text frame to send; fields that are None are left out.

        Args:
            event_id: The id it is sent with, in place of its own.
        """
        fields = self.model_dump(exclude_none=True)
        if event_id is not None:
            fields["event_id"] = event_id
        return json.dumps(fields, separators=(",", ":"))


class SessionUpdate(ClientEvent):
    """Changes the session; only the fields that are present change, and ``session.type`` must be."""

    type: Literal["session.update"] = "session.update"
    session: dict[str, Any]

    def frame(self, event_id: str | None = None) -> str:
        """Return the event as the text frame to send; a null inside ``session`` is sent as such."""
        fields = {"type": self.type, "event_id": event_id or self.event_id, "session": self.session}
        return json.dumps(fields, separators=(",", ":"))


class InputAudioBufferAppend(ClientEvent):
    """Adds audio to the input buffer; ``audio`` is base64 PCM16, mono, 24 kHz."""

    type: Literal["input_audio_buffer.append"] = "input_audio_buffer.append"
    audio: str

    @staticmethod
    def frame_of(audio: str, event_id: str) -> str:
        """Return the text frame that appends ``audio``, without the checks: base64 needs no escape in JSON.

        Most of what is sent is this event, many times a second.
        """
        return f'{{"type":"input_audio_buffer.append","event_id":"{event_id}","audio":"{audio}"}}'


class InputAudioBufferCommit(ClientEvent):
    """Makes the input buffer a conversation item of the user; asks for no response."""

    type: Literal["input_audio_buffer.commit"] = "input_audio_buffer.commit"


class InputText(_Sent):
    """A part of a user's or a system's message."""

    type: Literal["input_text"] = "input_text"
    text: Text


class InputImage(_Sent):
    """A part of a user's message: a PNG or JPEG image as a data URI."""

    type: Literal["input_image"] = "input_image"
    image_url: str
    detail: Literal["auto", "low", "high"] = "auto"


class UserMessage(_Sent):
    """A conversation item of the user."""

    type: Literal["message"] = "message"
    role: Literal["user"] = "user"
    content: list[InputText | InputImage]


class FunctionCallOutput(_Sent):
    """A conversation item: what a function returned to the call ``call_id``."""

    type: Literal["function_call_output"] = "function_call_output"
    call_id: CallId
    output: Text


class ConversationItemCreate(ClientEvent):
    """Adds an item to the end of the conversation; asks for no response."""

    type: Literal["conversation.item.create"] = "conversation.item.create"
    item: UserMessage | FunctionCallOutput | dict[str, Any]


class ConversationItemTruncate(ClientEvent):
    """Takes what of an answer's audio comes after ``audio_end_ms`` out of the conversation."""

    type: Literal["conversation.item.truncate"] = "conversation.item.truncate"
    item_id: str
    content_index: int
    audio_end_ms: int


class ResponseCreate(ClientEvent):
    """Asks for a response; at most one may be in progress."""

    type: Literal["response.create"] = "response.create"


class OutOfBandResponse(_Sent):
    """What is asked for in a response that leaves the conversation as it is."""

    conversation: Literal["none"] = "none"
    instructions: Text | None = None
    input: list[dict[str, Any]] | None = None
    output_modalities: list[Literal["audio", "text"]]
    metadata: dict[str, str]


class OutOfBandResponseCreate(ClientEvent):
    """Asks for a response beside the conversation; any number may be in progress."""

    type: Literal["response.create"] = "response.create"
    response: OutOfBandResponse


class ResponseCancel(ClientEvent):
    """Stops the response in progress, or the one named."""

    type: Literal["response.cancel"] = "response.cancel"
    response_id: str | None = None


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
            f"{model.__name__} cannot be sent: {first_flaw(error)}.",
            remedy="Give a value of the type the protocol has there.",
            param=path_of(error),
        ) from None


def path_of(error: ValidationError) -> str:
    """Return the path of the first field that ``error`` objects to."""
    return ".".join(str(step) for step in error.errors(include_input=False)[0]["loc"])


def first_flaw(error: ValidationError) -> str:
    """Return in words what is wrong with the first field that ``error`` objects to.

    The value itself is left out: it may be long, and it may be what nobody should read in a log.
    """
    words = error.errors(include_input=False, include_url=False)[0]["msg"]
    return f"an unusable {path_of(error)!r}: {words}"
