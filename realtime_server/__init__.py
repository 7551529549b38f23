"""A loopback double of OpenAI's Realtime API (GA) over WebSocket: strict, scripted, and honest about it.

It speaks plain JSON, checks clients against the vendor's published types, keeps real state and writes down
every frame. What it enforces, how each rule is known, and what it does not emulate stands in
:mod:`realtime_server.rules`.
"""

import logging

from realtime_server.clips import Clip, speech
from realtime_server.clock import Clock, VirtualClock
from realtime_server.connection import Connection, Refusal
from realtime_server.faults import Fault, FaultError, fault
from realtime_server.handshake import HandshakeRequest
from realtime_server.rules import RULES, Mark, Rule
from realtime_server.script import (
    Answer,
    CloseWith,
    EndOfStream,
    McpCall,
    Reply,
    ResetConnection,
    Script,
    ToolCall,
    TranscriptionFailure,
)
from realtime_server.server import PortInUse, RealtimeServer
from realtime_server.transcript import Frame, Sender, Transcript, TranscriptOpen

__all__ = [
    "RULES",
    "Answer",
    "Clip",
    "Clock",
    "CloseWith",
    "Connection",
    "EndOfStream",
    "Fault",
    "FaultError",
    "Frame",
    "HandshakeRequest",
    "Mark",
    "McpCall",
    "PortInUse",
    "RealtimeServer",
    "Refusal",
    "Reply",
    "ResetConnection",
    "Rule",
    "Script",
    "Sender",
    "ToolCall",
    "Transcript",
    "TranscriptOpen",
    "TranscriptionFailure",
    "VirtualClock",
    "fault",
    "speech",
]

# Who wants the log configures it; without that, refusals are not printed by logging's last resort.
logging.getLogger(__name__).addHandler(logging.NullHandler())
