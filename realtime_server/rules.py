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
        http_status: HTTP status by which the upgrade, or another request, is refused.
        error_type: ``error.type`` of the refusal.
        emulated: False: the service does this and this server does not.
        says_why: The reason of the close is the message, not the name of the error.
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
    says_why: bool = False

    def refuse(self, param: str | None = None, **values: object) -> Refused:
        """Return the refusal to raise; ``values`` fill the placeholders of the message."""
        return Refused(self, self.message.format(param=param, **values), param)

    @property
    def gating(self) -> bool:
        """Whether an acceptance criterion may rest on it: what was only inferred decides nothing."""
        return self.mark is not Mark.INFERRED and self.emulated

    @property
    def close_reason(self) -> str:
        """Reason of the close that follows: the error's type, and its code if it has one."""
        if self.says_why:
            return self.message
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

EXPIRED_SECRET = _add(
    Rule(
        "RT-connect-12",
        "An expired client secret opens no session. How the service words and codes this was never recorded.",
        I,
        f"{_TYPES}: expiry stated without an error",
        "Incorrect API key provided: {key}. The client secret has expired; create a new one.",
        "invalid_api_key",
        3000,
    )
)
MODEL_WITH_INTENT = _add(
    Rule(
        "RT-connect-13",
        "A transcription session (intent=transcription) is opened without the query parameter model; the "
        "close code is inferred.",
        R,
        _QUOTED,
        "You must not provide a model parameter for transcription sessions.",
        "invalid_model",
        4000,
    )
)
SUBPROTOCOL_ANSWER = _add(
    Rule(
        "RT-connect-14",
        "Of the subprotocols a client offers, realtime is answered.",
        I,
        "RFC 6455 section 4.2.2; nothing recorded",
    )
)
SUBPROTOCOL_KEY = _add(
    Rule(
        "RT-connect-15",
        "A browser gives its key as the subprotocol openai-insecure-api-key.<key>.",
        T,
        "npm openai 6.49.0 realtime/websocket.mjs",
    )
)
PINGS = _add(
    Rule(
        "RT-connect-16",
        "The server pings about every 20 s with 4 bytes; an idle socket stays open and silent otherwise.",
        C,
        _PROBE,
    )
)
SECRET_OPENS = _add(
    Rule(
        "RT-connect-17",
        "A client secret is a bearer like a key. It opens any number of sessions until it expires, with the "
        "session it was made for as their beginning; a session already open outlives it.",
        T,
        _TYPES,
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

REALTIME_ON_TRANSCRIPTION = _add(
    Rule(
        "RT-session-21",
        "A transcription session cannot become a realtime session; the code is inferred.",
        R,
        _QUOTED,
        "Passing a realtime session update event to a transcription session is not allowed.",
        "invalid_value",
    )
)
NO_DETECTION_HERE = _add(
    Rule(
        "RT-session-22",
        "In a transcription session gpt-realtime-whisper and gpt-live-transcribe need turn_detection null; "
        "the code, and that the default detection counts as well, are inferred.",
        R,
        _QUOTED,
        "Turn detection is not supported for this transcription model.",
        "invalid_value",
    )
)
TRANSCRIPTION_SHAPE = _add(
    Rule(
        "RT-session-23",
        "A transcription session begins with server_vad 0.5/300/200 without the keys about responses, "
        "transcription null and include null; it has no output, instructions or tools.",
        C,
        _PROBE,
    )
)
SESSION_EXPIRED = _add(
    Rule(
        "RT-session-24",
        "After 60 minutes the session ends: an error event, then the close with the same sentence as its "
        "reason.",
        R,
        "github.com/pollen-robotics/reachy_mini_conversation_app/issues/134",
        "Your session hit the maximum duration of 60 minutes.",
        "session_expired",
        1001,
        says_why=True,
    )
)
EXPIRES_AT = _add(
    Rule(
        "RT-session-25",
        "session.expires_at is 3600 s after the session began.",
        C,
        _PROBE,
    )
)
NOT_PROLONGED = _add(
    Rule(
        "RT-session-26",
        "No update prolongs a session.",
        I,
        _ANALOGY,
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

VAD_TURN = _add(
    Rule(
        "RT-audio-07",
        "Under turn detection: speech_started with the id of the item to come, speech_stopped, committed, "
        "the item, then the response, with the transcription in between. audio_start_ms and audio_end_ms "
        "count from the first audio ever appended.",
        C,
        _RECORDED,
    )
)
VAD_BOUNDS = _add(
    Rule(
        "RT-audio-08",
        "A turn begins prefix_padding_ms before the speech and ends silence_duration_ms after it; the end "
        "that is announced includes the silence.",
        T,
        _TYPES,
    )
)
VAD_ENERGY = _add(
    Rule(
        "RT-audio-09",
        "Speech is told from silence by a model of the service; here by loudness: threshold 0 is -60 dBFS, 1 "
        "is -20 dBFS, measured over 20 ms, and 60 ms of it begin a turn.",
        I,
        _ANALOGY,
    )
)
SEMANTIC_WAITS = _add(
    Rule(
        "RT-audio-10",
        "semantic_vad waits at most 8 s (low), 4 s (medium, auto) or 2 s (high) for more speech. Whether a "
        "sentence sounds finished is not judged here: the longest wait always runs.",
        T,
        _TYPES,
    )
)
COMMIT_UNDER_VAD = _add(
    Rule(
        "RT-audio-11",
        "A commit by hand is allowed while turn detection is on; it ends the turn that was detected.",
        I,
        _ANALOGY,
    )
)
VAD_FLAGS = _add(
    Rule(
        "RT-audio-12",
        "create_response false: a detected turn is committed and no response begins. interrupt_response "
        "false: speech does not cancel the response in progress.",
        T,
        _TYPES,
    )
)
BARGE_IN = _add(
    Rule(
        "RT-audio-13",
        "Speech cancels the response in progress with reason turn_detected; that speech_started comes first "
        "is inferred.",
        T,
        _TYPES,
    )
)
VAD_BUSY = _add(
    Rule(
        "RT-audio-14",
        "A detected turn that finds a response in progress which it may not interrupt is committed, and its "
        "own response is refused as in RT-response-01 with event_id null.",
        I,
        _ANALOGY,
    )
)
IDLE_TIMEOUT = _add(
    Rule(
        "RT-audio-15",
        "server_vad with idle_timeout_ms: when nobody speaks for that long after an answer has been played, "
        "timeout_triggered comes, the silence is committed and a response begins.",
        T,
        _TYPES,
    )
)
G711 = _add(
    Rule(
        "RT-audio-16",
        "audio/pcmu and audio/pcma are G.711 at 8 kHz, 8 bytes a millisecond, in both directions.",
        T,
        _TYPES,
    )
)
TRANSCRIPTION_TIMES = _add(
    Rule(
        "RT-audio-17",
        "The transcription of an item comes at any time: before its commit (gpt-realtime-whisper), between "
        "the events of the response, or after it. Its usage is in seconds for whisper models and in tokens "
        "for the others.",
        C,
        _RECORDED,
    )
)
TRANSCRIPTION_BY_THE_MINUTE = _add(
    Rule(
        "RT-audio-18",
        "Of transcription models that are paid by the minute (gpt-transcribe, gpt-live-transcribe) the usage "
        "is in seconds, too.",
        I,
        "the vendor's types call that form the one of models billed by duration; its pages price these so",
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

CLIENT_IDS = _add(
    Rule(
        "RT-item-16",
        "The id a client gives an item is kept and echoed.",
        C,
        _AZURE,
    )
)
TRUNCATED_WORDS = _add(
    Rule(
        "RT-item-17",
        "Truncating an answer deletes its audio behind the cut, and its words.",
        T,
        _TYPES,
    )
)
RETRIEVED_AUDIO = _add(
    Rule(
        "RT-item-18",
        "A retrieved item carries its audio; in all other events items have none.",
        T,
        f"{_TYPES}; {_RECORDED}",
    )
)
OUTPUT_ECHO = _add(
    Rule(
        "RT-item-19",
        "The output of a function call is echoed without a status.",
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

CALL_ORDER = _add(
    Rule(
        "RT-response-08",
        "A function call is announced with its name, its call_id and empty arguments; then deltas, "
        "arguments.done with the name, and the done events. A response may hold several calls, with or "
        "without a message before them, and their output may be sent before response.done.",
        C,
        _RECORDED,
    )
)
OFFERED_ONLY = _add(
    Rule(
        "RT-response-09",
        "The model calls only functions it was offered and tool_choice allows; a scripted call of any other "
        "is left out and said so in the evidence.",
        I,
        _ANALOGY,
    )
)
OUT_OF_BAND = _add(
    Rule(
        "RT-response-10",
        "A response with conversation none may run beside others; its conversation_id is null and its items "
        "do not join the conversation. That conversation.item events are left out is inferred.",
        T,
        _TYPES,
    )
)
UNKNOWN_REFERENCE = _add(
    Rule(
        "RT-response-11",
        "A reference in response.input names an item there is.",
        I,
        _ANALOGY,
        "Item with item_id not found: {id}",
        "invalid_value",
    )
)
VOICE_OVERRIDE = _add(
    Rule(
        "RT-response-12",
        "The voice of one response is fixed like that of the session once the assistant has spoken.",
        T,
        f"{_TYPES}: stated without an error",
        VOICE_LOCKED.message,
        "cannot_update_voice",
    )
)
NO_RESPONSE_HERE = _add(
    Rule(
        "RT-response-13",
        "A transcription session has no responses.",
        I,
        f"{_PROBE}: none were seen",
        "Responses are not supported in transcription sessions.",
        "invalid_value",
    )
)
LIMIT_INSIDE = _add(
    Rule(
        "RT-response-14",
        "A rate limit met while generating ends the response as failed with code rate_limit_exceeded.",
        R,
        "github.com/livekit/agents livekit-plugins-openai realtime_model.py",
    )
)
TOKEN_LIMIT = _add(
    Rule(
        "RT-response-15",
        "A response that needs more than max_output_tokens ends as incomplete with that reason.",
        T,
        _TYPES,
    )
)
PHASES = _add(
    Rule(
        "RT-response-16",
        "Messages of gpt-realtime-2.1 carry phase (commentary before calls, else final_answer), its usage "
        "reasoning_tokens.",
        C,
        _RECORDED,
    )
)
RATE_LIMITS = _add(
    Rule(
        "RT-response-17",
        "rate_limits.updated follows response.done with one entry, tokens; none in transcription sessions.",
        C,
        f"{_RECORDED}; {_PROBE}",
    )
)
USAGE = _add(
    Rule(
        "RT-response-18",
        "usage counts one response, not the session.",
        R,
        "PyPI langwatch-scenario 1.6.0",
    )
)
NO_CREDIT = _add(
    Rule(
        "RT-response-19",
        "Without credit a session opens and its responses fail with code insufficient_quota; whether the "
        "service also sends an error or closes was never recorded.",
        I,
        f"{_QUOTED}, which differ",
    )
)
INSTRUCTED = _add(
    Rule(
        "RT-response-20",
        "The model calls an offered function that its instructions name, before it answers; that stands in "
        "for understanding, and only where nothing is scripted.",
        I,
        _ANALOGY,
    )
)

# --- tools of MCP servers ---------------------------------------------------------------------------------

MCP_LISTED = _add(
    Rule(
        "RT-mcp-01",
        "The tools of each MCP server of a session are listed once, between mcp_list_tools.in_progress and "
        ".completed or .failed, in an item mcp_list_tools; the order of the item's own events is inferred.",
        T,
        _TYPES,
    )
)
MCP_CALL = _add(
    Rule(
        "RT-mcp-02",
        "A call of an MCP tool is an item mcp_call: its arguments in deltas, then mcp_call.in_progress and "
        ".completed or .failed, and the item with its output or error. The order is inferred.",
        T,
        _TYPES,
    )
)
MCP_APPROVAL = _add(
    Rule(
        "RT-mcp-03",
        "A tool that needs approval (require_approval, always by default) is not run: the response holds an "
        "item mcp_approval_request. When the client approves, a response with the call begins by itself; "
        "that, and that a refusal has no consequence, is inferred.",
        T,
        _TYPES,
    )
)
UNKNOWN_APPROVAL = _add(
    Rule(
        "RT-mcp-04",
        "An mcp_approval_response names a request there is.",
        I,
        _ANALOGY,
        "MCP approval request with id '{id}' not found in conversation.",
        "invalid_value",
    )
)

MCP_NOWHERE = _add(
    Rule(
        "RT-mcp-05",
        "An MCP tool says where its server is: server_url, connector_id or tunnel_id.",
        I,
        f"{_TYPES}: stated without an error",
        _MISSING_WORDS,
        "missing_required_parameter",
    )
)

# --- transcription with more than words -------------------------------------------------------------------

LOGPROBS = _add(
    Rule(
        "RT-audio-19",
        "With include item.input_audio_transcription.logprobs the deltas and .completed carry logprobs, of "
        "the gpt-4o transcription models only; here every word is certain (0.0).",
        T,
        _TYPES,
    )
)
SEGMENTS = _add(
    Rule(
        "RT-audio-20",
        "gpt-4o-transcribe-diarize sends segments with speaker, start and end in seconds; that they come "
        "before .completed is inferred. Here one speaker says each sentence.",
        T,
        _TYPES,
    )
)

NEW_FORMAT = _add(
    Rule(
        "RT-audio-21",
        "What is in the input audio buffer is forgotten when the input format changes: its bytes would mean "
        "something else.",
        I,
        _ANALOGY,
    )
)

# --- HTTP on the same port ----------------------------------------------------------------------------------

SECRET_MADE = _add(
    Rule(
        "RT-http-01",
        "POST /v1/realtime/client_secrets answers value (ek_...), expires_at and the effective session, "
        "whose own expires_at is 0; the secret lives 600 s unless expires_after says 10 to 7200.",
        T,
        f"{_TYPES}; {_API}",
    )
)
HTTP_NO_KEY = _add(
    Rule(
        "RT-http-02",
        "An HTTP request needs a bearer key.",
        I,
        _ANALOGY,
        NO_KEY.message,
        None,
        http_status=401,
    )
)
HTTP_WRONG_KEY = _add(
    Rule(
        "RT-http-03",
        "A wrong key is HTTP 401, and so is a client secret: only a key can make one.",
        I,
        _ANALOGY,
        WRONG_KEY.message,
        "invalid_api_key",
        http_status=401,
    )
)
HTTP_FAULTS = _add(
    Rule(
        "RT-http-04",
        "A bad field in the body is HTTP 400 with the code, param and message it has on the socket.",
        R,
        _QUOTED,
    )
)
HTTP_NOT_JSON = _add(
    Rule(
        "RT-http-05",
        "The body is a JSON object.",
        I,
        _ANALOGY,
        "We could not parse the JSON body of your request.",
        None,
        http_status=400,
    )
)
BETA_SECRETS = _add(
    Rule(
        "RT-http-06",
        "The retired beta's /v1/realtime/sessions and /v1/realtime/transcription_sessions are refused.",
        I,
        _ANALOGY,
        BETA_HEADER.message,
        "beta_api_shape_disabled",
        http_status=400,
    )
)
BETA_SDP = _add(
    Rule(
        "RT-http-07",
        "POST /v1/realtime, where the beta exchanged SDP, is refused; the status is inferred.",
        R,
        "github.com/TanStack/ai/issues/586",
        BETA_HEADER.message,
        "beta_api_shape_disabled",
        http_status=400,
    )
)
HTTP_UNKNOWN = _add(
    Rule(
        "RT-http-08",
        "Any other path or method is HTTP 404.",
        I,
        _ANALOGY,
        "Unknown request URL: {method} {path}.",
        "unknown_url",
        http_status=404,
    )
)
MODELS = _add(
    Rule(
        "RT-http-09",
        "GET /v1/models lists the models, each with its shutdown_date or null.",
        T,
        "developers.openai.com/api/docs/deprecations",
    )
)
NO_SUCH_MODEL = _add(
    Rule(
        "RT-http-10",
        "GET /v1/models/<id> of an unknown model is HTTP 404.",
        I,
        _ANALOGY,
        "The model '{model}' does not exist",
        "model_not_found",
        http_status=404,
    )
)
LARGE_BODY = _add(
    Rule(
        "RT-http-11",
        "A body has at most 1 MiB and says its length.",
        I,
        _ANALOGY,
        "Send a body of at most 1 MiB with its Content-Length.",
        None,
        http_status=413,
    )
)

# --- where live traffic contradicts the vendor's types of server events -----------------------------------

UNTYPED_OBFUSCATION = _add(
    Rule(
        "RT-wire-01",
        "Text-like deltas carry obfuscation, which the types do not know; audio deltas do not.",
        C,
        f"{_RECORDED}; {_PROBE}",
    )
)
UNTYPED_PHASE = _add(Rule("RT-wire-02", "Messages of gpt-realtime-2.1 carry phase, untyped.", C, _RECORDED))
UNTYPED_REASONING = _add(
    Rule("RT-wire-03", "Usage of gpt-realtime-2.1 counts reasoning_tokens, untyped.", C, _RECORDED)
)
SESSION_EXTRAS = _add(
    Rule(
        "RT-wire-04",
        "session.created and session.updated carry object, id and expires_at, although their type is that of "
        "a request, which has none of these.",
        C,
        f"{_RECORDED}; {_PROBE}",
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


NO_CALL_ID = _absent(
    2,
    "Joining a WebRTC or SIP call (call_id): there are no calls here, and nothing of it is on record.",
    T,
    _TYPES,
    "This server does not emulate joining a call; connect with ?model= instead.",
    http_status=501,
)
_absent(
    16,
    "MCP servers being contacted: what they offer and return is scripted (mcp_servers, mcp_calls). Tools of "
    "a single response are not listed.",
    T,
    _TYPES,
)
_absent(17, "Rate limits of its own accord; the fault rate-limit plays them.", R, _QUOTED)
_absent(
    10,
    "What speed, prompt, truncation, noise reduction and reasoning do to an answer; they are checked and "
    "echoed only.",
    T,
    _TYPES,
)
_absent(
    18,
    "Telling speakers apart, doubt about a word and the languages detected (RT-audio-19, RT-audio-20).",
    T,
    _TYPES,
)
NO_CALLS = _absent(
    14,
    "WebRTC calls (POST /v1/realtime/calls) and translation sessions (/v1/realtime/translations).",
    T,
    _TYPES,
    "This server does not emulate {path}; it speaks WebSocket on /v1/realtime.",
    http_status=501,
)
_absent(15, "Semantic judgement of whether the user has finished, see RT-audio-10.", T, _TYPES)


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
        "gating": rule.gating,
    }
