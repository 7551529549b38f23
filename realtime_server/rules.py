"""Every rule this server holds its clients to, how each is known, and what is not emulated.

A refusal can only be made from this table (:meth:`Rule.refuse`), so the table is whole by construction.
``python -m realtime_server --rules`` prints it. An id is never reused and never changes its meaning.

Marks: ``captured`` was recorded from live traffic or by a probe that logged the wire; ``typed`` is in the
vendor's package or API description; ``reported`` comes from users who quote the service; ``inferred``
follows from a known rule or fills a gap, and no acceptance criterion may rest on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

_RECORDED = "live frames recorded July 2026, github.com/pydantic/pydantic-ai tests/realtime/cassettes"
_PROBE = "live wire probe 2026-09-18, github.com/gauravzqa/llmgw capabilities/captures-ws.md"
_AZURE = "live probe of Azure's GA endpoint 2026-09-24, github.com/swigerb/SonicAIDriveThru"
_TYPES = "types of PyPI openai 3.54.0"
_API = "openapi.json of github.com/openai/openai-openapi, commit f85dbe2"
_QUOTED = "quoted in the code of several public clients"
_ANALOGY = "by analogy with the rule's neighbours"

ErrorType = Literal["invalid_request_error", "server_error"]


class Mark(StrEnum):
    """How a rule is known."""

    CAPTURED = "captured"
    TYPED = "typed"
    REPORTED = "reported"
    INFERRED = "inferred"


@dataclass(frozen=True)
class Rule:
    """One rule of the service.

    Attributes:
        id: ``RT-<area>-<nn>``, stable for ever.
        sentence: What holds.
        mark: How that is known.
        source: Where it is known from.
        message: Wording of the refusal, with its placeholders; empty when the rule refuses nothing.
        code: ``error.code`` of the refusal; None is sent as null.
        close_code: WebSocket close code that follows the refusal.
        http_status: HTTP status by which the upgrade itself is refused.
        error_type: ``error.type`` of the refusal.
        emulated: False: the service does this and this server does not.
    """

    id: str
    sentence: str
    mark: Mark
    source: str
    message: str = ""
    code: str | None = None
    close_code: int | None = None
    http_status: int | None = None
    error_type: ErrorType = "invalid_request_error"
    emulated: bool = True

    def refuse(self, param: str | None = None, **values: object) -> Refused:
        """Return the refusal to raise; ``values`` fill the placeholders of the message."""
        return Refused(self, self.message.format(param=param, **values), param)

    @property
    def close_reason(self) -> str:
        """Reason of the close that follows: the error's type, and its code if it has one."""
        return f"{self.error_type}.{self.code}" if self.code else self.error_type


class Refused(Exception):  # noqa: N818 - a verdict about the client, not a fault of the server
    """A client broke ``rule``."""

    def __init__(self, rule: Rule, message: str, param: str | None) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.param = param


RULES: dict[str, Rule] = {}

_MISSING_WORDS = "Missing required parameter: '{param}'."
_VALUE_WORDS = "Invalid value: '{value}'. {supported}"


def _out_of_range(what: str, sign: str) -> str:
    return f"Invalid '{{param}}': {what} value. Expected a value {sign} {{limit}}, but got {{value}} instead."


def _add(rule: Rule) -> Rule:
    if rule.id in RULES:
        raise ValueError(f"two rules are called {rule.id}")
    RULES[rule.id] = rule
    return rule


C, T, R, I = Mark.CAPTURED, Mark.TYPED, Mark.REPORTED, Mark.INFERRED  # noqa: E741 - the table's own column

# --- connecting: the upgrade succeeds, one error frame, then the close ----------------------------------

BETA_HEADER = _add(
    Rule(
        "RT-connect-01",
        "A handshake with the header OpenAI-Beta: realtime=v1 is refused.",
        C,
        f"{_PROBE}; github.com/langwatch/scenario/issues/602",
        "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.",
        "beta_api_shape_disabled",
        4000,
    )
)
BETA_HEADER_OTHER = _add(
    Rule(
        "RT-connect-02",
        "The header's presence decides: any other OpenAI-Beta value is refused alike.",
        I,
        _ANALOGY,
        BETA_HEADER.message,
        "beta_api_shape_disabled",
        4000,
    )
)
BETA_SUBPROTOCOL = _add(
    Rule(
        "RT-connect-03",
        "A handshake that offers the subprotocol openai-beta.realtime-v1 is refused.",
        I,
        _ANALOGY,
        BETA_HEADER.message,
        "beta_api_shape_disabled",
        4000,
    )
)
WRONG_KEY = _add(
    Rule(
        "RT-connect-04",
        "A wrong API key is refused after the upgrade, not with HTTP 401.",
        C,
        _PROBE,
        "Incorrect API key provided: {key}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        "invalid_api_key",
        3000,
    )
)
NO_KEY = _add(
    Rule(
        "RT-connect-05",
        "A handshake without a bearer key is refused; the error's code is null.",
        C,
        _PROBE,
        "Missing bearer or basic authentication in header",
        None,
        3000,
    )
)
NO_MODEL = _add(
    Rule(
        "RT-connect-06",
        "A conversation needs the query parameter model.",
        C,
        _PROBE,
        "You must provide a model parameter, for example "
        "wss://api.openai.com/v1/realtime?model=gpt-realtime-1.5",
        "missing_model",
        4000,
    )
)
UNKNOWN_MODEL = _add(
    Rule(
        "RT-connect-07",
        "An unknown model, or one that is not a realtime model, is refused.",
        C,
        _PROBE,
        'Model "{model}" is not supported in realtime mode. See https://platform.openai.com/docs/models '
        "for a list of supported models.",
        "invalid_model",
        4000,
    )
)
MODEL_NOT_AVAILABLE = _add(
    Rule(
        "RT-connect-08",
        "A model that exists but that the key may not use is refused, such as a withdrawn "
        "preview. The wording was never recorded.",
        R,
        _QUOTED,
        "The model '{model}' does not exist or you do not have access to it.",
        "model_not_found",
        4004,
    )
)
CREATED_AT_ONCE = _add(
    Rule(
        "RT-connect-09",
        "session.created comes within milliseconds of the upgrade, and nothing more until "
        "the client speaks; conversation.created never comes.",
        C,
        f"{_RECORDED}; {_PROBE}",
    )
)
UNKNOWN_PATH = _add(
    Rule(
        "RT-connect-10",
        "Only the path /v1/realtime is served; any other is HTTP 404.",
        I,
        _ANALOGY,
        "There is nothing at {path}; connect to /v1/realtime?model=<model>.",
        http_status=404,
    )
)
CHECK_ORDER = _add(
    Rule(
        "RT-connect-11",
        "Of several faults in one handshake the key is named first, then the beta protocol, then the model.",
        I,
        _ANALOGY,
    )
)

# --- frames ---------------------------------------------------------------------------------------------

NOT_JSON = _add(
    Rule(
        "RT-frame-01",
        "A text frame holds JSON; otherwise it is refused and the session goes on.",
        C,
        _PROBE,
        "Invalid event: failed to parse JSON value. Please ensure that the event is valid JSON.",
        "invalid_json",
    )
)
BINARY = _add(
    Rule(
        "RT-frame-02",
        "Binary frames are refused.",
        C,
        _PROBE,
        "Expected a text WebSocket message; binary frames are not supported.",
        "invalid_event",
    )
)
UNKNOWN_EVENT = _add(
    Rule(
        "RT-frame-03",
        "An event of unknown type is refused with the list of those that are known.",
        C,
        f"{_PROBE}; {_AZURE}",
        "Invalid value: '{value}'. Supported values are: {supported}.",
        "invalid_value",
    )
)
NO_TYPE = _add(
    Rule(
        "RT-frame-04",
        "An event without a type is refused.",
        I,
        _ANALOGY,
        _MISSING_WORDS,
        "missing_required_parameter",
    )
)
NOT_AN_OBJECT = _add(
    Rule(
        "RT-frame-05",
        "An event is a JSON object.",
        I,
        _ANALOGY,
        "Invalid event: expected an object, but got {got} instead.",
        "invalid_event",
    )
)
TYPE_NOT_TEXT = _add(
    Rule(
        "RT-frame-06",
        "The type of an event is a string.",
        I,
        _ANALOGY,
        "Invalid type for '{param}': expected a string, but got {got} instead.",
        "invalid_type",
    )
)
LONG_EVENT_ID = _add(
    Rule(
        "RT-frame-07",
        "An event_id has at most 512 characters.",
        T,
        _API,
        "Invalid '{param}': string too long. Expected a string with maximum length {limit}, but got a string "
        "with length {length} instead.",
        "string_above_max_length",
    )
)
TRANSLATION_ONLY = _add(
    Rule(
        "RT-frame-08",
        "session.close and session.input_audio_buffer.append stand in the list of known types "
        "but are typed for translation sessions only; here they are refused.",
        I,
        f"{_PROBE}; {_TYPES}",
        "The event '{value}' is only supported in translation sessions.",
        "invalid_value",
    )
)

# --- the shape of client events, at any depth -----------------------------------------------------------

MISSING = _add(
    Rule(
        "RT-shape-01",
        "A required parameter that is missing is named by its full path. Missing parameters of an "
        "object are named before unknown ones.",
        C,
        "github.com/TanStack/ai/issues/586; github.com/Azure-Samples/aoai-realtime-audio-sdk/issues/132",
        _MISSING_WORDS,
        "missing_required_parameter",
    )
)
UNKNOWN = _add(
    Rule(
        "RT-shape-02",
        "An unknown parameter is refused at any depth and named by its full path.",
        C,
        f"{_PROBE}; {_AZURE}; github.com/mastra-ai/mastra/pull/16941",
        "Unknown parameter: '{param}'.",
        "unknown_parameter",
    )
)
WRONG_TYPE = _add(
    Rule(
        "RT-shape-03",
        "A value of the wrong JSON type is refused; the code is inferred.",
        R,
        _QUOTED,
        "Invalid type for '{param}': expected {expected}, but got {got} instead.",
        "invalid_type",
    )
)
WRONG_VALUE = _add(
    Rule(
        "RT-shape-04",
        "A value outside its enumeration is refused with the values there are.",
        R,
        _QUOTED,
        _VALUE_WORDS,
        "invalid_value",
    )
)
NOT_KNOWN_NAME = _add(
    Rule(
        "RT-shape-05",
        "A voice, transcription model or conversation that the vendor's types do not list is "
        "refused, although the types admit any string there.",
        I,
        _ANALOGY,
        _VALUE_WORDS,
        "invalid_value",
    )
)
INTEGER_LOW = _add(
    Rule(
        "RT-shape-06",
        "An integer below its minimum is refused.",
        I,
        f"{_API}; code family as in RT-session-07",
        _out_of_range("integer below minimum", ">="),
        "integer_below_min_value",
    )
)
INTEGER_HIGH = _add(
    Rule(
        "RT-shape-07",
        "An integer above its maximum is refused.",
        I,
        f"{_API}; code family as in RT-session-07",
        _out_of_range("integer above maximum", "<="),
        "integer_above_max_value",
    )
)
DECIMAL_LOW = _add(
    Rule(
        "RT-shape-08",
        "A number below its minimum is refused.",
        I,
        f"{_API}; code family as in RT-session-07",
        _out_of_range("decimal below minimum", ">="),
        "decimal_below_min_value",
    )
)
DECIMAL_HIGH = _add(
    Rule(
        "RT-shape-09",
        "A number above its maximum is refused.",
        I,
        f"{_API}; code family as in RT-session-07",
        _out_of_range("decimal above maximum", "<="),
        "decimal_above_max_value",
    )
)
TYPES_TOO_LAX = _add(
    Rule(
        "RT-shape-10",
        "What tells the variants of an object apart (type, role) and the name of a function tool are "
        "required, although the types leave some of them optional.",
        I,
        "as item.type and tool_choice.name, which are known to be required",
        _MISSING_WORDS,
        "missing_required_parameter",
    )
)

# --- session.update -------------------------------------------------------------------------------------

NO_SESSION_TYPE = _add(
    Rule(
        "RT-session-01",
        "Every session.update names session.type, even one that changes a single field; this is "
        "checked first.",
        C,
        f"github.com/TanStack/ai/issues/586; github.com/microsoft/agent-framework/issues/924; {_AZURE}",
        _MISSING_WORDS,
        "missing_required_parameter",
    )
)
SESSION_TYPE = _add(
    Rule(
        "RT-session-02",
        "session.type is realtime or transcription; the code is inferred.",
        R,
        _QUOTED,
        _VALUE_WORDS,
        "invalid_value",
    )
)
OTHER_KIND = _add(
    Rule(
        "RT-session-03",
        "A realtime session cannot become a transcription session.",
        R,
        _QUOTED,
        "Passing a transcription session update event to a realtime session is not allowed.",
        "invalid_value",
    )
)
NO_OUTPUT_RATE = _add(
    Rule(
        "RT-session-04",
        "The output format audio/pcm needs its rate, which the types call optional.",
        C,
        "github.com/antoinedc/MantaUI/pull/1196",
        _MISSING_WORDS,
        "missing_required_parameter",
    )
)
NO_INPUT_RATE = _add(
    Rule(
        "RT-session-05",
        "The input format audio/pcm needs its rate as well.",
        I,
        f"{_QUOTED}, once; as RT-session-04",
        _MISSING_WORDS,
        "missing_required_parameter",
    )
)
FORMAT_NOT_OBJECT = _add(
    Rule(
        "RT-session-06",
        "An audio format is an object, not the beta's bare name; the code is inferred.",
        R,
        f"github.com/langwatch/scenario/issues/602; {_QUOTED}",
        "Invalid type for '{param}': expected an object, but got {got} instead.",
        "invalid_type",
    )
)
LOW_RATE = _add(
    Rule(
        "RT-session-07",
        "A rate below 24000 is refused.",
        C,
        _PROBE,
        _out_of_range("integer below minimum", ">="),
        "integer_below_min_value",
    )
)
HIGH_RATE = _add(
    Rule(
        "RT-session-08",
        "A rate above 24000 is refused.",
        I,
        f"{_TYPES}: 24000 is the only one",
        _out_of_range("integer above maximum", "<="),
        "integer_above_max_value",
    )
)
MODALITIES = _add(
    Rule(
        "RT-session-09",
        "output_modalities is exactly audio or exactly text; audio always has a transcript.",
        R,
        _QUOTED,
        "Invalid modalities: {value}. Supported combinations are: ['text'] and ['audio'].",
        "invalid_value",
    )
)
VOICE_LOCKED = _add(
    Rule(
        "RT-session-10",
        "The voice is fixed once the assistant has spoken; repeating the same one is accepted.",
        R,
        _QUOTED,
        "Cannot update a conversation's voice if assistant audio is present.",
        "cannot_update_voice",
    )
)
MODEL_FIXED = _add(
    Rule(
        "RT-session-11",
        "The model of a live session cannot be changed; naming the same one is accepted.",
        I,
        f"{_TYPES}: stated without an error",
        "Cannot update the model of a live session.",
        "invalid_value",
    )
)
TRACING_FIXED = _add(
    Rule(
        "RT-session-12",
        "Tracing cannot be modified once it is on.",
        I,
        f"{_TYPES}: stated without an error",
        "Cannot update tracing once it is enabled for a session.",
        "invalid_value",
    )
)
SPEED_BUSY = _add(
    Rule(
        "RT-session-13",
        "The speed can be changed only between responses.",
        I,
        f"{_TYPES}: stated without an error",
        "Cannot update speed while a response is in progress.",
        "invalid_value",
    )
)
REASONING = _add(
    Rule(
        "RT-session-14",
        "reasoning and parallel_tool_calls are for reasoning models (gpt-realtime-2 family) only.",
        I,
        f"{_TYPES}: stated without an error",
        "Unsupported parameter: '{param}' is not supported with this model.",
        "unsupported_parameter",
    )
)
UNKNOWN_TOOL = _add(
    Rule(
        "RT-session-15",
        "tool_choice may only name a tool there is.",
        I,
        f"{_QUOTED}, once",
        "Invalid 'tool_choice': tool '{name}' not found.",
        "invalid_value",
    )
)
NO_TRANSCRIPTION_MODEL = _add(
    Rule(
        "RT-session-16",
        "Turning input transcription on takes a model.",
        I,
        _ANALOGY,
        _MISSING_WORDS,
        "missing_required_parameter",
    )
)
TRANSCRIPTION_OPTION = _add(
    Rule(
        "RT-session-17",
        "delay is for gpt-realtime-whisper, keywords and languages are for gpt-transcribe and "
        "gpt-live-transcribe, prompt is not for gpt-realtime-whisper.",
        I,
        f"{_TYPES}: stated without an error",
        "Unsupported parameter: '{param}' is not supported with this model.",
        "unsupported_parameter",
    )
)
ALL_OR_NOTHING = _add(
    Rule(
        "RT-session-18",
        "An update changes only the fields it names, or nothing at all when one of them is bad; "
        "session.updated carries the whole effective session.",
        C,
        f"{_PROBE}; github.com/TanStack/ai/pull/699",
    )
)
EMPTY_INSTRUCTIONS = _add(
    Rule(
        "RT-session-19",
        "Empty instructions put the service's own text in their place.",
        C,
        _RECORDED,
    )
)
TRANSCRIPTION_ECHO = _add(
    Rule(
        "RT-session-20",
        "The effective transcription names model, language and prompt; what is not set is null.",
        C,
        f"{_RECORDED}; {_PROBE}",
    )
)

# --- input audio ----------------------------------------------------------------------------------------

COMMIT_EMPTY = _add(
    Rule(
        "RT-audio-01",
        "A commit needs at least 100 ms in the input audio buffer.",
        C,
        "github.com/openai/openai-agents-js/issues/748",
        "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer "
        "only has {have_ms:.2f}ms of audio.",
        "input_audio_buffer_commit_empty",
    )
)
BAD_BASE64 = _add(
    Rule(
        "RT-audio-02",
        "Audio is base64; the code is inferred.",
        R,
        _QUOTED,
        "Invalid '{param}'. Expected base64-encoded audio bytes (mono PCM16 at 24kHz) "
        "but got an invalid value.",
        "invalid_value",
    )
)
EMPTY_AUDIO = _add(
    Rule(
        "RT-audio-03",
        "Audio is not empty; the code is inferred.",
        R,
        _QUOTED,
        "Invalid '{param}'. Expected base64-encoded audio bytes (mono PCM16 at 24kHz) but got empty bytes.",
        "invalid_value",
    )
)
ODD_AUDIO = _add(
    Rule(
        "RT-audio-04",
        "PCM16 has an even number of bytes.",
        I,
        _ANALOGY,
        BAD_BASE64.message,
        "invalid_value",
    )
)
LARGE_AUDIO = _add(
    Rule(
        "RT-audio-05",
        "One append holds at most 15 MiB of audio; how the service answers more is not known.",
        I,
        f"{_TYPES}: stated without an error",
        "Invalid '{param}'. Expected at most 15 MiB of audio but got {size} bytes.",
        "invalid_value",
    )
)
MANUAL_TURN = _add(
    Rule(
        "RT-audio-06",
        "An append has no reply. A commit makes the user's item and starts its transcription, never a "
        "response.",
        C,
        f"{_PROBE}; {_TYPES}",
    )
)

# --- conversation items ---------------------------------------------------------------------------------

NO_ITEM_TYPE = _add(
    Rule(
        "RT-item-01",
        "An item has a type.",
        R,
        _QUOTED,
        _MISSING_WORDS,
        "missing_required_parameter",
    )
)
CONTENT_NOT_ARRAY = _add(
    Rule(
        "RT-item-02",
        "The content of a message is an array; the code is inferred.",
        R,
        _QUOTED,
        "Invalid type for '{param}': expected an array of objects, but got {got} instead.",
        "invalid_type",
    )
)
PART_TYPE = _add(
    Rule(
        "RT-item-03",
        "The parts of a message are input_text for system, input_text, input_audio or input_image for "
        "user, and output_text for assistant; the param is inferred.",
        R,
        _QUOTED,
        _VALUE_WORDS,
        "invalid_value",
    )
)
PART_INCOMPLETE = _add(
    Rule(
        "RT-item-04",
        "A part holds what its type says: text, audio or image_url.",
        I,
        _ANALOGY,
        _MISSING_WORDS,
        "missing_required_parameter",
    )
)
LONG_ITEM_ID = _add(
    Rule(
        "RT-item-05",
        "item.id and item.call_id have at most 32 characters; the code is inferred.",
        R,
        _QUOTED,
        LONG_EVENT_ID.message,
        "string_above_max_length",
    )
)
EMPTY_ITEM_ID = _add(
    Rule(
        "RT-item-06",
        "item.id is not empty.",
        I,
        _ANALOGY,
        "Invalid '{param}': empty string. Expected a string with minimum length 1, but got an empty string "
        "instead.",
        "empty_string",
    )
)
DUPLICATE_ITEM = _add(
    Rule(
        "RT-item-07",
        "An item's id is new to the conversation.",
        C,
        _AZURE,
        "Error adding item: an item with id '{id}' already exists.",
        "item_create_duplicate_item_id",
    )
)
UNKNOWN_PREVIOUS = _add(
    Rule(
        "RT-item-08",
        "previous_item_id names an item there is, or root; empty means at the end.",
        I,
        f"{_TYPES}: stated without code or wording",
        "Error adding item: the previous item with id '{id}' does not exist.",
        "item_create_invalid_previous_item_id",
    )
)
UNKNOWN_CALL = _add(
    Rule(
        "RT-item-09",
        "The output of a function call names a call there was.",
        I,
        _ANALOGY,
        "Tool call ID '{id}' not found in conversation.",
        "invalid_tool_call_id",
    )
)
DELETE_UNKNOWN = _add(
    Rule(
        "RT-item-10",
        "Only an item there is can be deleted.",
        R,
        _QUOTED,
        "Error deleting item: the item with id '{id}' does not exist.",
        "item_delete_invalid_item_id",
    )
)
RETRIEVE_UNKNOWN = _add(
    Rule(
        "RT-item-11",
        "Only an item there is can be retrieved.",
        R,
        _QUOTED,
        "Error retrieving item: the item with id '{id}' does not exist.",
        "item_retrieve_invalid_item_id",
    )
)
TRUNCATE_UNKNOWN = _add(
    Rule(
        "RT-item-12",
        "Only an item there is can be truncated; the code is inferred.",
        R,
        _QUOTED,
        "Item with item_id not found: {id}",
        "item_truncate_invalid_item_id",
    )
)
TRUNCATE_NOT_AUDIO = _add(
    Rule(
        "RT-item-13",
        "Only spoken answers that have begun to sound can be truncated; the code is null.",
        R,
        "github.com/livekit/agents/pull/6249",
        "Only model output audio messages can be truncated",
    )
)
TRUNCATE_BEYOND = _add(
    Rule(
        "RT-item-14",
        "An answer cannot be truncated beyond its audio; the code is inferred.",
        R,
        "github.com/openclaw/openclaw/pull/125502; github.com/pipecat-ai/pipecat/issues/3677",
        "Audio content of {have_ms}ms is already shorter than {end_ms}ms",
        "invalid_value",
    )
)
ADDED_THEN_DONE = _add(
    Rule(
        "RT-item-15",
        "An item is announced by conversation.item.added and closed by .done. In .done of a model's item "
        "previous_item_id is null when its predecessor is the conversation's first item. "
        "Items carry no object.",
        C,
        _RECORDED,
    )
)

# --- responses ------------------------------------------------------------------------------------------

ONE_RESPONSE = _add(
    Rule(
        "RT-response-01",
        "A conversation has at most one response in progress; the refused request leaves the "
        "running one alone.",
        R,
        "github.com/openai/openai-agents-python/issues/1466; github.com/livekit/agents/pull/6818",
        "Conversation already has an active response in progress: {id}. Wait until the response is finished "
        "before creating a new one.",
        "conversation_already_has_active_response",
    )
)
NOTHING_TO_CANCEL = _add(
    Rule(
        "RT-response-02",
        "Only a response in progress can be cancelled.",
        C,
        "live check 2026-09-01, log of the lm15 project; github.com/block/berd/pull/318",
        "Cancellation failed: no active response found",
        "response_cancel_not_active",
    )
)
CANCEL_UNKNOWN = _add(
    Rule(
        "RT-response-03",
        "A response_id that is not the active response is refused like a cancellation of nothing.",
        I,
        _ANALOGY,
        NOTHING_TO_CANCEL.message,
        "response_cancel_not_active",
    )
)
BETA_OVERRIDE = _add(
    Rule(
        "RT-response-04",
        "response.modalities and response.voice are unknown parameters.",
        R,
        _QUOTED,
        "Unknown parameter: '{param}'.",
        "unknown_parameter",
    )
)
METADATA = _add(
    Rule(
        "RT-response-05",
        "metadata has at most 16 keys of 64 characters with values of 512.",
        T,
        f"{_TYPES}; wording inferred",
        "Invalid '{param}': {what} too long. Expected at most {limit}, but got {length} instead.",
        "invalid_value",
    )
)
EVENT_ORDER = _add(
    Rule(
        "RT-response-06",
        "A response runs created, output_item.added, item.added, content_part.added, deltas "
        "(words ahead of sound), then the done events from the inside out, response.done, "
        "rate_limits.updated.",
        C,
        f"{_RECORDED}; {_PROBE}",
    )
)
CANCELLED_CLOSES = _add(
    Rule(
        "RT-response-07",
        "A cancelled response closes what is open, its item incomplete, then ends with status "
        "cancelled and reason client_cancelled. The exact set of closing events was never recorded.",
        I,
        f"status and reason: {_TYPES}; {_ANALOGY}",
    )
)

# --- what the service does and this server does not -----------------------------------------------------


def _absent(number: int, sentence: str, mark: Mark, source: str, message: str = "", **more: Any) -> Rule:
    code = "not_emulated" if message else None
    return _add(
        Rule(
            f"RT-absent-{number:02}",
            sentence,
            mark,
            source,
            message,
            code,
            error_type="server_error",
            emulated=False,
            **more,
        )
    )


NO_TRANSCRIPTION_SESSION = _absent(
    1,
    "Transcription sessions (intent=transcription).",
    C,
    _PROBE,
    "This server does not emulate transcription sessions; connect with ?model= instead.",
    http_status=501,
)
NO_CALL_ID = _absent(
    2,
    "Joining a WebRTC or SIP call (call_id).",
    T,
    _TYPES,
    "This server does not emulate joining a call; connect with ?model= instead.",
    http_status=501,
)
NO_OUT_OF_BAND = _absent(
    3,
    "Responses outside the conversation (conversation none).",
    T,
    _TYPES,
    "This server does not emulate responses outside the conversation.",
)
NO_G711_ANSWER = _absent(
    4,
    "Answers in G.711 (audio/pcmu, audio/pcma); such formats are accepted and counted on input.",
    T,
    _TYPES,
    "This server does not emulate answers in {format}; ask for audio/pcm.",
)
NO_VAD = _absent(
    5,
    "Turn detection: server_vad and semantic_vad can be set and are echoed, but no speech is detected; "
    "commit by hand.",
    C,
    _RECORDED,
)
_absent(6, "Tool calls made by the model, and MCP tools being listed or run.", C, _RECORDED)
_absent(
    7,
    "Expiry of a session after 60 minutes.",
    R,
    "github.com/pollen-robotics/reachy_mini_conversation_app/issues/134",
)
_absent(8, "Ephemeral client secrets over HTTP, and their expiry.", T, _TYPES)
_absent(9, "Exhausted credit and rate limits of its own accord; script a failed answer instead.", R, _QUOTED)
_absent(
    10,
    "What speed, max_output_tokens, prompt, truncation, noise reduction, response.input and "
    "transcription logprobs do to an answer; they are checked and echoed only.",
    T,
    _TYPES,
)
_absent(11, "The refusal of a realtime session.update on a transcription session.", R, _QUOTED)
_absent(12, "Expired client secrets.", I, _ANALOGY)


def as_json() -> str:
    """Return the table for machines: a list of objects, ordered as here."""
    return json.dumps([_row(rule) for rule in RULES.values()], indent=1, ensure_ascii=False)


def as_text() -> str:
    """Return the table for people: one block of lines per rule."""
    blocks = []
    for rule in RULES.values():
        row = _row(rule)
        wire = [f"{key} {row[key]}" for key in ("code", "close_code", "http_status") if row[key] is not None]
        head = f"{rule.id:<15} {rule.mark:<9} {'' if rule.emulated else 'NOT EMULATED. '}{rule.sentence}"
        details = [f"says: {rule.message}"] if rule.message else []
        details += [", ".join(wire)] if wire else []
        blocks.append("\n".join([head, *(f"{'':26}{line}" for line in [*details, f"source: {rule.source}"])]))
    return "\n".join(blocks)


def _row(rule: Rule) -> Mapping[str, Any]:
    return {
        "id": rule.id,
        "sentence": rule.sentence,
        "mark": str(rule.mark),
        "source": rule.source,
        "message": rule.message or None,
        "code": rule.code,
        "close_code": rule.close_code,
        "close_reason": rule.close_reason if rule.close_code else None,
        "http_status": rule.http_status,
        "emulated": rule.emulated,
    }
