"""What the model behind the server says, and how a connection misbehaves: plain data, changed at will.

A scenario keeps the server's :class:`Script` and may change it between turns from its own thread.
Everything here is off by default: an untouched script gives the recorded, well-behaved service.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from realtime_server.audio import Voice, voice
from realtime_server.clips import speech

if TYPE_CHECKING:
    from realtime_server.faults import Fault

RefusalTiming = Literal[
    "error then close", "error, pause, close", "close only", "error only then end of stream"
]


@dataclass(frozen=True)
class CloseWith:
    """The server closes the WebSocket (RFC 6455 §7).

    Attributes:
        code: 1000-1003, 1007-1014 or 3000-4999.
        reason: At most 123 bytes of UTF-8.
        error: Body of an ``error`` event sent just before, with its type, code and message.
    """

    code: int
    reason: str = ""
    error: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if not (self.code in {*range(1000, 1004), *range(1007, 1015)} or 3000 <= self.code <= 4999):
            raise ValueError(f"code: {self.code} cannot be sent in a close frame; use 1011 or 3000-4999")
        if len(self.reason.encode()) > 123:
            raise ValueError("reason: a close frame holds at most 123 bytes; shorten it")


@dataclass(frozen=True)
class ResetConnection:
    """The TCP connection is reset: no close frame, an error at the other end."""


@dataclass(frozen=True)
class EndOfStream:
    """The TCP stream ends in order but no close frame was sent."""


Ending = CloseWith | ResetConnection | EndOfStream


@dataclass(frozen=True)
class TranscriptionFailure:
    """The user's audio could not be transcribed."""

    message: str = "The audio could not be transcribed."
    code: str = "transcription_failed"


@dataclass(frozen=True)
class ToolCall:
    """The model calls one of the functions it was offered.

    Attributes:
        name: A function among the tools of the session or of the request; any other is not called.
        arguments: JSON text as the model would write it, or anything else it might get wrong.
        call_id: Empty: one is drawn.
    """

    name: str
    arguments: str = "{}"
    call_id: str = ""


@dataclass(frozen=True)
class McpCall:
    """The model calls a tool of an MCP server, which the service runs.

    Attributes:
        server_label: A server among the MCP tools of the session or of the request.
        name: One of the tools that :attr:`Script.mcp_servers` gives it.
        arguments: JSON text as the model would write it.
        output: What the tool returns.
        error: Why it fails, as ``mcp_call.error`` carries it; None: it does not.
        approval_request_id: The request by which the client allowed it; None: it was not asked.
    """

    server_label: str
    name: str
    arguments: str = "{}"
    output: str = ""
    error: Mapping[str, Any] | None = None
    approval_request_id: str | None = None


@dataclass(frozen=True)
class Answer:
    """What the model does with one ``response.create``.

    A delta below is an audio delta of a spoken answer, a text delta of a written one, then those of the
    arguments of its tool calls. An answer with neither words nor audio has no message.

    Attributes:
        transcript: The words spoken, or written when the response is text.
        audio: Little-endian PCM16, mono, 24 kHz.
        slice_bytes: Sizes of successive audio deltas, the last one repeated; odd sizes are allowed.
            Empty means 100 ms, which is 4,800 bytes of PCM16.
        status: How the response ends, after everything above has been sent.
        reason: Of an incomplete response: ``max_output_tokens`` or ``content_filter``.
        error: Of a failed response: its type, code and message.
        hold_after: Stop after this many deltas until :meth:`Script.release` or a cancellation; 0 stops
            right after ``response.created``.
        ending: How the connection is lost, after ``ending_after`` deltas and after a hold there.
        ending_after: See ``ending``; 0 is right after ``response.created``.
        event_names: ``legacy`` names audio, text and transcript events as the retired beta did.
        transcript_deltas: False: the words come only in the ``done`` event.
        transcript_in_done: False: the words come only in the deltas, every later event has them empty.
        pause_ms: Time between deltas on the server's clock.
        tool_calls: Functions called after the message, each an output item of its own.
        refused_with: Body of the ``error`` event that is the whole answer: no response begins.
        unanswered: True: the request gets no reply of any kind.
        scripted: False: nobody wrote it, so instructions that name a function go before it (RT-response-20).
    """

    transcript: str = field(default_factory=lambda: speech("answer").words)
    audio: bytes = field(default_factory=lambda: speech("answer").pcm, repr=False)
    slice_bytes: Sequence[int] = ()
    status: Literal["completed", "failed", "incomplete"] = "completed"
    reason: str = ""
    error: Mapping[str, Any] | None = None
    hold_after: int | None = None
    ending: Ending | None = None
    ending_after: int = 0
    event_names: Literal["ga", "legacy"] = "ga"
    transcript_deltas: bool = True
    transcript_in_done: bool = True
    pause_ms: float = 0
    tool_calls: Sequence[ToolCall | McpCall] = ()
    refused_with: Mapping[str, Any] | None = None
    unanswered: bool = False
    scripted: bool = True

    def __post_init__(self) -> None:
        if any(size < 1 for size in self.slice_bytes):
            raise ValueError("slice_bytes: each slice needs at least one byte")
        if self.status == "incomplete" and self.reason not in {"max_output_tokens", "content_filter"}:
            raise ValueError("reason: an incomplete response needs max_output_tokens or content_filter")
        if self.status == "failed" and self.error is None:
            raise ValueError("error: a failed response needs the type, code and message of its error")

    @classmethod
    def calling(cls, *calls: ToolCall | McpCall, **more: Any) -> Answer:
        """Return an answer that says nothing and only calls functions."""
        return cls(transcript="", audio=b"", tool_calls=calls, **more)

    def voice(self, kind: str) -> Voice:
        """Return its audio coded as the client asked for it, and cut into deltas."""
        return voice(self.audio, kind, tuple(self.slice_bytes))


@dataclass(frozen=True)
class Reply:
    """The answer to whoever says something, as often as it is said.

    Attributes:
        to: Regular expression found, in any case, in what the user said last or a function returned.
        answer: What the model does.
    """

    to: str
    answer: Answer

    def __post_init__(self) -> None:
        try:
            re.compile(self.to)
        except re.error as error:
            raise ValueError(f"to: {self.to!r} is no regular expression: {error}") from None

    def fits(self, heard: str) -> bool:
        """Tell whether this answers ``heard``."""
        return re.search(self.to, heard, re.IGNORECASE) is not None


# The settings of a script that are words out of a fixed few.
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "transcription": ("after commit", "after response", "before commit"),
    "session_created": ("normal", "missing"),
    "session_updated": ("normal", "missing", "altered"),
    "refusal_timing": get_args(RefusalTiming),
}


@dataclass
class Script:
    """Everything a scenario can decide about the service; shared by all connections of a server.

    Attributes:
        replies: The first that fits what was said last answers; where none does, ``answers`` do.
        answers: One is taken for each response that no reply fits; then ``default_answer`` serves.
        default_answer: The spoken sentence that comes with the server.
        user_transcripts: One is taken for each committed buffer that is to be transcribed; then the
            words of a known clip are recognised, and anything else has none.
        transcription: ``after response`` keeps it back until the next response has ended; ``before commit``
            lets the words of a detected turn run ahead of its commit.
        session_created: ``missing``: the server stays silent after the upgrade.
        session_updated: ``missing``: an accepted update is not answered; ``altered``: the session it
            echoes is changed by ``alteration``, which is merged in, while the true one is as asked.
        alteration: See ``session_updated``.
        refusal_timing: How the end of a refused handshake reaches the client.
        refusal_pause_ms: Of ``error, pause, close``.
        mcp_servers: The MCP servers that can be reached, by label, and the names of their tools.
        unknown_events: True: each connection gets events and fields no client has heard of.
        faults: What goes wrong, by name; see :mod:`realtime_server.faults`. What a connection sends is
            troubled by those in force when it opened.
        struck: The names of the faults that have struck, each time they did.
    """

    replies: Sequence[Reply] = ()
    answers: list[Answer] = field(default_factory=list)
    default_answer: Answer = field(default_factory=lambda: Answer(scripted=False))
    user_transcripts: list[str | TranscriptionFailure] = field(default_factory=list)
    transcription: Literal["after commit", "after response", "before commit"] = "after commit"
    session_created: Literal["normal", "missing"] = "normal"
    session_updated: Literal["normal", "missing", "altered"] = "normal"
    alteration: Mapping[str, Any] = field(default_factory=dict)
    refusal_timing: RefusalTiming = "error then close"
    refusal_pause_ms: float = 50
    mcp_servers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unknown_events: bool = False
    faults: Sequence[Fault] = ()
    struck: list[str] = field(default_factory=list, init=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)
    _permits: int = field(default=0, init=False, repr=False, compare=False)
    _held: list[Callable[[], None]] = field(default_factory=list, init=False, repr=False, compare=False)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a field; a word that is none of its choices raises ValueError, so no typo is ignored."""
        if name in _CHOICES and value not in _CHOICES[name]:
            raise ValueError(f"{name}: {value!r} is none of {', '.join(_CHOICES[name])}")
        super().__setattr__(name, value)

    def release(self) -> None:
        """Let the held answer go on. A release that comes before the hold is remembered, so none is lost."""
        with self._lock:
            if self._held:
                self._held.pop(0)()
            else:
                self._permits += 1

    def hold(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` at the next release, or at once if one is remembered."""
        with self._lock:
            if self._permits:
                self._permits -= 1
                wake()
            else:
                self._held.append(wake)

    def forget(self, wake: Callable[[], None]) -> None:
        """Undo :meth:`hold` for an answer that no longer waits."""
        with self._lock:
            if wake in self._held:
                self._held.remove(wake)

    def next_answer(self, heard: str = "") -> Answer:
        """Take the answer to the next response; ``heard`` is what was said last."""
        reply = next((reply for reply in self.replies if reply.fits(heard)), None)
        with self._lock:
            in_turn = self.answers.pop(0) if self.answers and not reply else self.default_answer
        answer = reply.answer if reply else in_turn
        for fault in self.faults:
            before, answer = answer, fault.answered(answer)
            if answer != before:
                self.struck.append(fault.name)
        return answer

    def next_user_transcript(self) -> str | TranscriptionFailure | None:
        """Take what the next committed buffer is heard as, or None to recognise it."""
        with self._lock:
            heard = self.user_transcripts.pop(0) if self.user_transcripts else None
        for fault in self.faults:
            before, heard = heard, fault.heard(heard)
            if heard != before:
                self.struck.append(fault.name)
        return heard
