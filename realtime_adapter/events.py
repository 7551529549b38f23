"""What the server says: the events of the GA Realtime protocol, named as on the wire.

Each is decoded in one pass into a struct. What is received is read with tolerance: an event nobody has
announced becomes an ``UnknownEvent``, fields nobody has announced stay readable in ``event.fields``, and what
the vendor's types call optional may be missing or null. Only what an event exists to carry is required.

Some events had other names in the retired beta. They are read as the GA event, which then tells the name it
came under (``legacy_name``).
"""

from __future__ import annotations

import json
import re
from typing import Any, Union

import msgspec

from realtime_adapter.errors import RemoteProtocolError

# The retired beta's names. No recording of GA traffic holds one, but it was reported that some servers
# still send them, and a caller is better served by audio and a warning than by silence.
LEGACY_NAMES = {
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
}


_SHOWN = 400  # characters of a text that a representation shows whole


class ServerEvent(msgspec.Struct, kw_only=True, tag_field="type"):
    """An event the server sends.

    Attributes:
        event_id: The server's id of it.
        frame: The text frame it came in, as JSON; empty when it came in none.
    """

    event_id: str | None = None
    # Its name on the wire is none that an event could have, so that only parse() sets it.
    frame: Any = msgspec.field(default="", name="")

    @property
    def type(self) -> str:
        """Its GA name."""
        return LEGACY_NAMES.get(self._tag, self._tag)

    @property
    def legacy_name(self) -> str | None:
        """The retired name it came under, or None."""
        return self._tag if self._tag in LEGACY_NAMES else None

    @property
    def fields(self) -> dict[str, Any]:
        """The whole event as it was received, with the fields that this package has no name for."""
        return dict(json.loads(self.frame)) if self.frame else {}

    @property
    def _tag(self) -> str:
        return str(self.__struct_config__.tag)

    def __repr__(self) -> str:
        values = ((name, getattr(self, name)) for name in self.__struct_fields__ if name != "frame")
        shown = ", ".join(f"{name}={_shortened(value)!r}" for name, value in values)
        return f"{type(self).__name__}({shown})"


def _shortened(value: Any) -> Any:
    """Return audio, which nobody reads, as its beginning."""
    return f"{value[:40]}…" if isinstance(value, str) and len(value) > _SHOWN else value


class UnknownEvent(ServerEvent, tag=""):
    """An event this package has no type for; what it holds is in ``fields``."""

    @property
    def type(self) -> str:
        """Its name on the wire."""
        return str(self.fields.get("type", ""))


# ------------------------------------------------------------------------ session


class ErrorDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong; ``event_id`` is that of the client event at fault, or None."""

    type: str | None = None
    code: str | None = None
    message: str | None = None
    param: str | None = None
    event_id: str | None = None


class Error(ServerEvent, tag="error"):
    """The server objects; it does not end the session unless a close follows."""

    error: ErrorDetail


class SessionCreated(ServerEvent, tag="session.created"):
    """The session exists, with the server's defaults."""

    session: dict[str, Any]


class SessionUpdated(ServerEvent, tag="session.updated"):
    """The session was changed; ``session`` is the whole of what is in force."""

    session: dict[str, Any]


class RateLimitsUpdated(ServerEvent, tag="rate_limits.updated"):
    """What is left of the key's allowance, as objects with name, limit, remaining and reset_seconds."""

    rate_limits: list[dict[str, Any]] = []


# ------------------------------------------------------------------- conversation


class ConversationCreated(ServerEvent, tag="conversation.created"):
    """The conversation exists."""

    conversation: dict[str, Any] = {}


class _WithItem(ServerEvent):
    item: dict[str, Any] = {}
    previous_item_id: str | None = None


class ConversationItemCreated(_WithItem, tag="conversation.item.created"):
    """An item has joined the conversation; GA says ``conversation.item.added`` instead."""


class ConversationItemAdded(_WithItem, tag="conversation.item.added"):
    """An item has joined the conversation, perhaps still in progress."""


class ConversationItemDone(_WithItem, tag="conversation.item.done"):
    """An item of the conversation is final."""


class ConversationItemRetrieved(_WithItem, tag="conversation.item.retrieved"):
    """The item that was asked for."""


class ConversationItemDeleted(ServerEvent, tag="conversation.item.deleted"):
    """An item has left the conversation."""

    item_id: str | None = None


class ConversationItemTruncated(ServerEvent, tag="conversation.item.truncated"):
    """What follows ``audio_end_ms`` of an answer's audio is no longer part of the conversation."""

    item_id: str | None = None
    content_index: int | None = None
    audio_end_ms: int | None = None


# ------------------------------------------------------------------- input audio


class InputAudioBufferCommitted(ServerEvent, tag="input_audio_buffer.committed"):
    """The input buffer has become the conversation item ``item_id``."""

    item_id: str | None = None
    previous_item_id: str | None = None


class InputAudioBufferCleared(ServerEvent, tag="input_audio_buffer.cleared"):
    """The input buffer is empty."""


class InputAudioBufferSpeechStarted(ServerEvent, tag="input_audio_buffer.speech_started"):
    """The user began to speak ``audio_start_ms`` after the session's first audio, in item ``item_id``."""

    item_id: str | None = None
    audio_start_ms: int | None = None


class InputAudioBufferSpeechStopped(ServerEvent, tag="input_audio_buffer.speech_stopped"):
    """The user fell silent ``audio_end_ms`` after the first audio of the session."""

    item_id: str | None = None
    audio_end_ms: int | None = None


class InputAudioBufferTimeoutTriggered(ServerEvent, tag="input_audio_buffer.timeout_triggered"):
    """Nobody has spoken for as long as ``idle_timeout_ms`` says; the silence becomes the item ``item_id``."""

    item_id: str | None = None
    audio_start_ms: int | None = None
    audio_end_ms: int | None = None


class InputAudioBufferDtmfEventReceived(ServerEvent, tag="input_audio_buffer.dtmf_event_received"):
    """A key was pressed on a telephone; ``received_at`` is in seconds since 1970."""

    event: str | None = None
    received_at: int | None = None


class _Transcription(ServerEvent, kw_only=True):
    item_id: str | None = None
    content_index: int | None = None


class InputAudioTranscriptionDelta(_Transcription, tag="conversation.item.input_audio_transcription.delta"):
    """A few of the user's words."""

    delta: str | None = None


class InputAudioTranscriptionCompleted(
    _Transcription, tag="conversation.item.input_audio_transcription.completed"
):
    """What the user said in item ``item_id``; may come at any time, also after the response."""

    transcript: str
    usage: dict[str, Any] | None = None


class InputAudioTranscriptionFailed(_Transcription, tag="conversation.item.input_audio_transcription.failed"):
    """What the user said in item ``item_id`` could not be written down."""

    error: ErrorDetail = ErrorDetail()


class InputAudioTranscriptionSegment(
    _Transcription, tag="conversation.item.input_audio_transcription.segment"
):
    """What one speaker said from ``start`` to ``end``, in seconds."""

    id: str | None = None
    text: str | None = None
    speaker: str | None = None
    start: float | None = None
    end: float | None = None


# ---------------------------------------------------------------------- responses


class StatusDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Why a response ended as it did."""

    type: str | None = None
    reason: str | None = None
    error: ErrorDetail | None = None


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """A response as ``response.created`` and ``response.done`` show it."""

    id: str | None = None
    status: str | None = None
    status_details: StatusDetails | None = None
    conversation_id: str | None = None
    output: list[dict[str, Any]] | None = None
    usage: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


class ResponseCreated(ServerEvent, tag="response.created"):
    """A response is in progress."""

    response: Response = Response()


class ResponseDone(ServerEvent, tag="response.done"):
    """A response has ended: completed, cancelled, incomplete or failed."""

    response: Response = Response()


class OutputEvent(ServerEvent, kw_only=True):
    """An event about something that a response puts out."""

    response_id: str | None = None
    output_index: int | None = None


class ResponseOutputItemAdded(OutputEvent, tag="response.output_item.added"):
    """The response has begun a new item."""

    item: dict[str, Any] = {}


class ResponseOutputItemDone(OutputEvent, tag="response.output_item.done"):
    """An item of the response is final."""

    item: dict[str, Any] = {}


class _Content(OutputEvent, kw_only=True):
    """Where in the conversation a piece of an answer belongs."""

    item_id: str | None = None
    content_index: int | None = None


class ResponseContentPartAdded(_Content, tag="response.content_part.added"):
    """A message of the response has begun a new part."""

    part: dict[str, Any] = {}


class ResponseContentPartDone(_Content, tag="response.content_part.done"):
    """A part of a message is final."""

    part: dict[str, Any] = {}


class OutputAudioDelta(_Content, tag="response.output_audio.delta"):
    """One piece of what is said: ``delta`` holds PCM16 (mono, 24 kHz) in base64, cut at any byte."""

    delta: str


class OutputAudioDone(_Content, tag="response.output_audio.done"):
    """The audio of one content part is complete."""


class OutputAudioTranscriptDelta(_Content, tag="response.output_audio_transcript.delta"):
    """A few of the spoken answer's words."""

    delta: str


class OutputAudioTranscriptDone(_Content, tag="response.output_audio_transcript.done"):
    """All of one content part's spoken words."""

    transcript: str | None = None


class OutputTextDelta(_Content, tag="response.output_text.delta"):
    """A few words of a written answer."""

    delta: str


class OutputTextDone(_Content, tag="response.output_text.done"):
    """All of one content part's written words."""

    text: str | None = None


class FunctionCallArgumentsDelta(OutputEvent, tag="response.function_call_arguments.delta"):
    """A piece of the JSON text that a function is called with."""

    item_id: str | None = None
    call_id: str | None = None
    delta: str = ""


class FunctionCallArgumentsDone(OutputEvent, tag="response.function_call_arguments.done"):
    """The whole JSON text that a function is called with."""

    item_id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None


# ---------------------------------------------------------- telephony and WebRTC


class _OfResponse(ServerEvent):
    response_id: str | None = None


class OutputAudioBufferStarted(_OfResponse, tag="output_audio_buffer.started"):
    """WebRTC and SIP: the server has begun to play the response."""


class OutputAudioBufferStopped(_OfResponse, tag="output_audio_buffer.stopped"):
    """WebRTC and SIP: the server has played the response to its end."""


class OutputAudioBufferCleared(_OfResponse, tag="output_audio_buffer.cleared"):
    """WebRTC and SIP: the rest of the response is not played."""


# ------------------------------------------------------------------ tools by MCP


class _OfItem(ServerEvent):
    item_id: str | None = None
    output_index: int | None = None


class McpListToolsInProgress(_OfItem, tag="mcp_list_tools.in_progress"):
    """The tools of an MCP server are being listed."""


class McpListToolsCompleted(_OfItem, tag="mcp_list_tools.completed"):
    """The tools of an MCP server are known."""


class McpListToolsFailed(_OfItem, tag="mcp_list_tools.failed"):
    """The tools of an MCP server could not be listed."""


class McpCallArgumentsDelta(_OfItem, tag="response.mcp_call_arguments.delta"):
    """A piece of the JSON text that a tool of an MCP server is called with."""

    response_id: str | None = None
    delta: str = ""


class McpCallArgumentsDone(_OfItem, tag="response.mcp_call_arguments.done"):
    """The whole JSON text that a tool of an MCP server is called with."""

    response_id: str | None = None
    arguments: str | None = None


class McpCallInProgress(_OfItem, tag="response.mcp_call.in_progress"):
    """A tool of an MCP server is at work."""


class McpCallCompleted(_OfItem, tag="response.mcp_call.completed"):
    """A tool of an MCP server has returned."""


class McpCallFailed(_OfItem, tag="response.mcp_call.failed"):
    """A tool of an MCP server has failed."""


# ---------------------------------------------------------------- the retired beta


class _RetiredAudioDelta(OutputAudioDelta, tag="response.audio.delta"):
    pass


class _RetiredAudioDone(OutputAudioDone, tag="response.audio.done"):
    pass


class _RetiredTranscriptDelta(OutputAudioTranscriptDelta, tag="response.audio_transcript.delta"):
    pass


class _RetiredTranscriptDone(OutputAudioTranscriptDone, tag="response.audio_transcript.done"):
    pass


class _RetiredTextDelta(OutputTextDelta, tag="response.text.delta"):
    pass


class _RetiredTextDone(OutputTextDone, tag="response.text.done"):
    pass


# ------------------------------------------------------------------------ reading


def _named(kind: type[ServerEvent]) -> dict[str, type[ServerEvent]]:
    """Return the events below ``kind`` that are told apart by a name on the wire, by that name."""
    narrower = kind.__subclasses__()
    name = str(kind.__struct_config__.tag)
    named = {} if kind.__name__ == name or not name else {name: kind}  # msgspec's own tag is the class's name
    for each in narrower:
        named |= _named(each)
    return named


_BY_NAME = _named(ServerEvent)
SERVER_EVENTS = {name: kind for name, kind in _BY_NAME.items() if name not in LEGACY_NAMES}
"""Every event of the protocol by its GA name."""

_DECODER: msgspec.json.Decoder[ServerEvent] = msgspec.json.Decoder(Union[tuple(_BY_NAME.values())])  # noqa: UP007
# msgspec says where: "… missing required field `delta` - at `$.part`", or "Expected `str` - at `$.delta`".
_FLAW = re.compile(r".*?(?:missing required field `(?P<missing>[^`]+)`)?(?: - at `\$\.?(?P<path>.*)`)?")


def parse(frame: str | bytes) -> ServerEvent:
    """Return the event in a text frame.

    Args:
        frame: The text, or its UTF-8 bytes.

    Raises:
        RemoteProtocolError: not a JSON object, without a ``type``, or without what its type is for.
    """
    try:
        event = _DECODER.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        event = _parse_unusual(frame)
    event.frame = frame
    return event


def _parse_unusual(frame: str | bytes) -> ServerEvent:
    """Return an event nobody has announced, or say what is wrong with the frame."""
    try:
        fields = json.loads(frame)  # more forgiving: half of a surrogate pair may come alone
    except (ValueError, RecursionError) as error:
        raise RemoteProtocolError(f"The server sent a text frame that is not JSON: {error}.") from None
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise RemoteProtocolError("The server sent a text frame that is not an event: no object with a type.")
    name = fields["type"]
    if name not in _BY_NAME:
        event_id = fields.get("event_id")
        return UnknownEvent(event_id=event_id if isinstance(event_id, str) else None)
    fields.pop("", None)
    try:
        return msgspec.convert(fields, _BY_NAME[name])
    except msgspec.ValidationError as error:
        # The value is left out: it may be long, and it may be what nobody should read in a log.
        flaw = _FLAW.fullmatch(str(error))
        path = ".".join(filter(None, (flaw["path"], flaw["missing"]))) if flaw else ""
        raise RemoteProtocolError(
            f"The server sent {name} with an unusable {path!r}: {error}.", param=path
        ) from None
