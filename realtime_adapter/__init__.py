"""A client of OpenAI's Realtime API (GA): speech and text in, speech and its words out.

``OpenAIRealtimeAgentAdapter`` is what a caller needs; ``AudioChunk`` is what it takes and gives, and every
error it raises is a ``RealtimeError``.
"""

from typing import TYPE_CHECKING, Any

from realtime_adapter.adapter import OpenAIRealtimeAgentAdapter
from realtime_adapter.audio import AudioChunk
from realtime_adapter.client_secrets import MintEndpoint
from realtime_adapter.errors import (
    BetaProtocolRetired,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    HandshakeRefused,
    InvalidApiKey,
    InvalidAudio,
    LocalProtocolError,
    MalformedApiKey,
    MintRefused,
    MissingApiKey,
    NotConnected,
    ProtocolError,
    RealtimeError,
    RemoteProtocolError,
    ResponseCancelled,
    ResponseEmpty,
    ResponseError,
    ResponseFailed,
    ResponseIncomplete,
    ServerError,
    SessionRefused,
    UnknownModel,
    UnknownPrice,
)
from realtime_adapter.functions import FunctionTool
from realtime_adapter.models import DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL
from realtime_adapter.notices import RealtimeWarning
from realtime_adapter.pricing import PRICES, MinutePrice, Price, TokenPrice, cost_usd
from realtime_adapter.reconnection import Reconnect
from realtime_adapter.recording import Recording
from realtime_adapter.roles import AgentRole
from realtime_adapter.settings import (
    NoiseReduction,
    Reasoning,
    RetentionRatio,
    SemanticVad,
    ServerVad,
    SessionSettings,
    TracingConfiguration,
    Transcription,
)
from realtime_adapter.sync import RealtimeSession
from realtime_adapter.tool_calls import ToolCall
from realtime_adapter.transcripts import Utterance
from realtime_adapter.turn import AgentTurn, TurnTimings
from realtime_adapter.usage import Metered, SessionUsage
from realtime_adapter.wire_log import WireLog, each

if TYPE_CHECKING:
    from realtime_adapter.conversion import ALAW, ULAW, AudioFormat, Converter, from_chunk, to_chunk

__all__ = [
    "ALAW",
    "DEFAULT_MODEL",
    "DEFAULT_TRANSCRIPTION_MODEL",
    "PRICES",
    "ULAW",
    "AgentRole",
    "AgentTurn",
    "AudioChunk",
    "AudioFormat",
    "BetaProtocolRetired",
    "ConfigurationError",
    "ConnectionFailed",
    "ConnectionLost",
    "Converter",
    "DeadlineExceeded",
    "FunctionTool",
    "HandshakeRefused",
    "InvalidApiKey",
    "InvalidAudio",
    "LocalProtocolError",
    "MalformedApiKey",
    "Metered",
    "MintEndpoint",
    "MintRefused",
    "MinutePrice",
    "MissingApiKey",
    "NoiseReduction",
    "NotConnected",
    "OpenAIRealtimeAgentAdapter",
    "Price",
    "ProtocolError",
    "RealtimeError",
    "RealtimeSession",
    "RealtimeWarning",
    "Reasoning",
    "Reconnect",
    "Recording",
    "RemoteProtocolError",
    "ResponseCancelled",
    "ResponseEmpty",
    "ResponseError",
    "ResponseFailed",
    "ResponseIncomplete",
    "RetentionRatio",
    "SemanticVad",
    "ServerError",
    "ServerVad",
    "SessionRefused",
    "SessionSettings",
    "SessionUsage",
    "TokenPrice",
    "ToolCall",
    "TracingConfiguration",
    "Transcription",
    "TurnTimings",
    "UnknownModel",
    "UnknownPrice",
    "Utterance",
    "WireLog",
    "cost_usd",
    "each",
    "from_chunk",
    "to_chunk",
]

_CONVERSION = {"ALAW", "ULAW", "AudioFormat", "Converter", "from_chunk", "to_chunk"}


def __getattr__(name: str) -> Any:
    """Load what converts audio when it is asked for: it needs numpy, and nothing else here does."""
    if name not in _CONVERSION:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from realtime_adapter import conversion  # noqa: PLC0415

    return getattr(conversion, name)
