"""The vendor's published wire types, as data: what a client may send and what the server sends.

``vendor_schema.json`` is written by :mod:`realtime_server.vendor`. A node of it is one of
``{"type": "string" | "integer" | "number" | "boolean" | "any"}``, ``{"enum": [...]}``,
``{"open_enum": [...]}`` (the type also admits any string), ``{"array": node}``, ``{"map": node}``,
``{"ref": name}`` or ``{"one_of": [nodes]}``; ``nullable`` and ``required`` are flags.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

Node = dict[str, Any]
Schema = dict[str, Any]

FILE = Path(__file__).with_name("vendor_schema.json")


@cache
def schema() -> Schema:
    """Return the schema: ``client_events`` and ``server_events`` by type, ``types`` by name."""
    loaded: Schema = json.loads(FILE.read_text(encoding="utf-8"))
    return loaded


def known_models() -> tuple[str, ...]:
    """The model ids a session may name, in the vendor's order."""
    session = "realtime_session_create_request_param.RealtimeSessionCreateRequestParam"
    return tuple(schema()["types"][session]["model"]["open_enum"])


def known_transcription_models() -> tuple[str, ...]:
    """The models that may write down what the user says, in the vendor's order."""
    return tuple(schema()["types"]["audio_transcription_param.AudioTranscriptionParam"]["model"]["open_enum"])


def event_names() -> frozenset[str]:
    """The type of every event that the vendor has published, of either side."""
    return frozenset(schema()["server_events"]) | frozenset(schema()["client_events"])
