"""A scenario in a file: what the server answers to what, for clients in any language.

TOML, checked whole before the server starts::

    user_transcripts = ["What is the weather in London?"]   # what the next spoken turns are heard as
    faults = ["stall ms=300"]                               # see --faults

    [[answers]]                        # answers to whoever says something like this, as often as it is said
    to = "weather"                     # a regular expression, in any case
    tool_calls = [{ name = "get_weather", arguments = { city = "London" } }]

    [[answers]]                        # an answer without "to" is given once, in the order of the file
    transcript = "It is foggy in London."
    audio = "foggy.wav"                # mono PCM16 at 24 kHz, beside this file; without it a tone sounds
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from realtime_server import clips, faults
from realtime_server.script import Answer, McpCall, RefusalTiming, Reply, Script, ToolCall

# Without a recording a tone as long as the words would take.
_MS_PER_WORD = 300


class ScenarioError(ValueError):
    """A scenario file that cannot be played; the sentence names the file, the place and the remedy."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Call(_Strict):
    name: str
    arguments: str | dict[str, Any] = "{}"
    call_id: str = ""

    def read(self) -> ToolCall:
        given = self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)
        return ToolCall(self.name, given, self.call_id)


class _McpCall(_Strict):
    server_label: str
    name: str
    arguments: str | dict[str, Any] = "{}"
    output: str = ""
    error: dict[str, Any] | None = None

    def read(self) -> McpCall:
        given = self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)
        return McpCall(self.server_label, self.name, given, self.output, self.error)


class _Answer(_Strict):
    to: str | None = None
    transcript: str = ""
    audio: str | None = None
    slice_bytes: list[int] = Field(default_factory=list)
    status: Literal["completed", "failed", "incomplete"] = "completed"
    reason: str = ""
    error: dict[str, Any] | None = None
    pause_ms: float | None = None
    tool_calls: list[_Call] = Field(default_factory=list)
    mcp_calls: list[_McpCall] = Field(default_factory=list)
    event_names: Literal["ga", "legacy"] = "ga"
    transcript_deltas: bool = True
    transcript_in_done: bool = True
    refused_with: dict[str, Any] | None = None
    unanswered: bool = False

    def read(self, folder: Path, pause_ms: float) -> Answer:
        told = self.model_dump(exclude={"to", "audio", "tool_calls", "mcp_calls", "pause_ms"})
        return Answer(
            **told,
            audio=self._sound(folder),
            tool_calls=[
                *(call.read() for call in self.tool_calls),
                *(call.read() for call in self.mcp_calls),
            ],
            pause_ms=pause_ms if self.pause_ms is None else self.pause_ms,
        )

    def _sound(self, folder: Path) -> bytes:
        if self.audio is not None:
            return clips.pcm_of(folder / self.audio)
        return clips.tone(_MS_PER_WORD * len(self.transcript.split()))


class _Scenario(_Strict):
    answers: list[_Answer] = Field(default_factory=list)
    default_answer: _Answer | None = None
    user_transcripts: list[str] = Field(default_factory=list)
    transcription: Literal["after commit", "after response", "before commit"] = "after commit"
    session_created: Literal["normal", "missing"] = "normal"
    session_updated: Literal["normal", "missing", "altered"] = "normal"
    alteration: dict[str, Any] = Field(default_factory=dict)
    refusal_timing: RefusalTiming = "error then close"
    faults: list[str] = Field(default_factory=list)
    mcp_servers: dict[str, list[str]] = Field(default_factory=dict)


def read(path: Path, *, pause_ms: float = 0) -> Script:
    """Return the script that a scenario file describes.

    Args:
        path: The file.
        pause_ms: Between deltas, where an answer does not say otherwise.

    Raises:
        ScenarioError: it cannot be read or played.
    """
    try:
        return _script(
            _Scenario.model_validate(tomllib.loads(path.read_text("utf-8"))), path.parent, pause_ms
        )
    except OSError as error:
        raise ScenarioError(f"{error.filename or path}: {error.strerror}; name a file there is") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in first["loc"]).lstrip(".")
        raise ScenarioError(
            f"{path}: {place}: {first['msg']}; see python -m realtime_server --help"
        ) from None
    except (ValueError, re.error) as error:  # also what TOML, answers, faults and recordings complain of
        raise ScenarioError(f"{path}: {error}") from None


def _script(scenario: _Scenario, folder: Path, pause_ms: float) -> Script:
    told = scenario.model_dump(exclude={"answers", "default_answer", "faults"})
    default = scenario.default_answer
    usual = Answer(pause_ms=pause_ms, scripted=False)
    return Script(
        **told,
        answers=[one.read(folder, pause_ms) for one in scenario.answers if one.to is None],
        replies=[Reply(one.to, one.read(folder, pause_ms)) for one in scenario.answers if one.to is not None],
        default_answer=default.read(folder, pause_ms) if default else usual,
        faults=[faults.fault(text) for text in scenario.faults],
    )
