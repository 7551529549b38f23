"""Which response is asked for when, whose turn each is, and which is heard next.

At most one response of the conversation is in progress. Every ``response.create`` of the conversation passes
here and waits for the end of the response in progress, and for the outputs of functions that are at work.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Collection, Sequence

from realtime_adapter import refusals
from realtime_adapter.client_events import ConversationItemTruncate, ResponseCancel, ResponseCreate, build
from realtime_adapter.errors import RealtimeError, ServerError
from realtime_adapter.events import OutputEvent, ResponseCreated, ResponseDone
from realtime_adapter.input_audio import InputAudio
from realtime_adapter.open_calls import OpenCalls
from realtime_adapter.outlet import Outlet
from realtime_adapter.protocol import State
from realtime_adapter.tool_calls import ToolCall
from realtime_adapter.turn import Turn

logger = logging.getLogger("realtime_adapter")


class Sequencer:
    """The responses of one conversation.

    Args:
        outlet: Where requests go.
        user: What the user has said, and who takes the turns.
        clock: Where the time of a turn's moments is read, in seconds.

    Attributes:
        queue: The turns that were not handed out to their end, in the order in which they are heard.
        active: The turn whose response was asked for or is in progress, until ``response.done``.
        speaking: The newest turn that was asked for.
        hearing: The turn that the caller has begun to hear last.
        calls: The function calls that nothing was returned to yet.
        to_run: Calls of the caller's functions, to be run.
        any_response: Some response has run on this connection.
    """

    def __init__(self, outlet: Outlet, user: InputAudio, clock: Callable[[], float]) -> None:
        self.queue: deque[Turn] = deque()
        self.active: Turn | None = None
        self.speaking: Turn | None = None
        self.hearing: Turn | None = None
        self.calls = OpenCalls()
        self.to_run: deque[ToolCall] = deque()
        self.any_response = False
        self._outlet = outlet
        self._user = user
        self._clock = clock
        self._deferred: Turn | None = None  # its response.create waits
        self._past: set[str] = set()  # the responses that have ended
        self._cancel_again = False

    # ------------------------------------------------------------------- asking

    def request(self, event_ids: Collection[str] = (), appends: Sequence[range] = ()) -> None:
        """Ask for a response, or have it asked for when nothing stands in its way any more.

        Requests made while one already waits are answered together.

        Args:
            event_ids: The events it is to answer; an error that names one of them is an error of its turn.
            appends: The numbers of the events that brought the audio it is to answer.
        """
        if self._deferred is None:
            self._deferred = Turn()
            self.queue.append(self._deferred)
        self._deferred.event_ids.update(event_ids)
        self._deferred.appends += appends
        self._create()

    def returned(self, call_id: str, item_id: str) -> None:
        """Take in that a call has its output; after the last of its response, ask for the next response."""
        if self.calls.answered(call_id):
            self.request({item_id})
        else:
            self._create()

    def _create(self) -> None:
        turn = self._deferred
        if turn is None or self.calls.at_work or not self._outlet.may_send(ResponseCreate):
            return
        self._deferred = None
        turn.create_id = self._outlet.send(ResponseCreate())
        turn.event_ids.add(turn.create_id)
        turn.asked_at_s = self._clock()
        self.active = self.speaking = turn

    def _release(self) -> None:
        """The response in progress has ended: the next one may be asked for."""
        self.active = None
        self._cancel_again = False
        if self._outlet.state in (State.REQUESTED, State.RESPONDING, State.CANCELLING):
            self._outlet.state = State.IDLE
        self._create()

    # ---------------------------------------------------------------- stopping

    def cancel(self, played_ms: float | None = None) -> None:
        """Stop the response that was asked for or is in progress; without one, send nothing.

        The server would answer with ``response_cancel_not_active``, which is harmless but noise.

        Args:
            played_ms: How much of the turn that is being heard was played. The rest is forgotten, here and,
                if any of it was played at all, in the server's conversation.
        """
        if self.active is not None and self._outlet.may_send(ResponseCancel):
            self._outlet.send(ResponseCancel(response_id=self.active.response_id))
            self.active.interrupted = True
        if played_ms is not None and self.hearing is not None:
            if (cut := self.hearing.cut(played_ms)) is not None:
                self._outlet.send(build(ConversationItemTruncate, **cut))
            self.hearing.forget()

    def cancel_refused(self) -> None:
        """Take in that the server knows of no response to cancel."""
        if self._outlet.state is not State.CANCELLING:
            return
        # Either the cancel came before the response had begun, and is repeated once it has; or the server
        # knows of no such response, and then its end will tell.
        begun = self.active is not None and self.active.response_id is not None
        self._outlet.state = State.RESPONDING if begun else State.REQUESTED
        self._cancel_again = not begun

    def drop(self, abandoned: Callable[[Turn], bool]) -> None:
        """Leave turns unheard; one that still waits to be asked for stays."""
        for turn in [turn for turn in self.queue if abandoned(turn) and turn is not self._deferred]:
            if turn.error is not None:
                logger.info("left unheard with its turn: %s", turn.error)
            turn.interrupted = True
            turn.forget()
            self.queue.remove(turn)

    # ---------------------------------------------------------------- receiving

    def turn_in_progress(self, event: OutputEvent) -> Turn | None:
        """Return the active turn when an event names its response."""
        active, response_id = self.active, event.response_id
        return active if active is not None and active.response_id == response_id is not None else None

    def turn_of(self, response_id: str | None) -> Turn | None:
        """Return the turn a response's content belongs to; None when it comes too late for its turn."""
        if response_id in self._past:
            return None
        active = self.active or self._unasked()
        if active.response_id is None:
            self._begin(active, response_id)
        return active if response_id in (None, active.response_id) else None

    def created(self, event: ResponseCreated) -> None:
        """Take in that a response has begun."""
        self.any_response = True
        active = self.active or self._unasked()
        if active.response_id is None:
            self._begin(active, event.response.id)
        if self._outlet.state is State.REQUESTED:
            self._outlet.state = State.RESPONDING
            if self._cancel_again:
                self._cancel_again = False
                self.cancel()

    def done(self, event: ResponseDone, functions: Collection[str]) -> None:
        """Take in that a response has ended; of its calls, those that ``functions`` serve are to be run."""
        response_id = event.response.id
        if response_id in self._past:
            return
        turn = self.active
        if turn is None or (turn.response_id and response_id and turn.response_id != response_id):
            return  # of a response that is none of ours
        self.any_response = True
        if known := turn.response_id or response_id:
            self._past.add(known)
            turn.response_id = known
        turn.ended_at_s = self._clock()
        turn.end(event)
        calls = turn.tool_calls.final
        to_run = self.calls.made(calls, functions if event.response.status == "completed" else ())
        self.to_run.extend(to_run)
        if to_run and len(to_run) == len(calls):
            turn.continues = True
            self.request()
        self._release()

    def _begin(self, turn: Turn, response_id: str | None) -> None:
        turn.response_id = response_id
        if turn.began_at_s is None:
            turn.began_at_s = self._clock()

    def _unasked(self) -> Turn:
        """Begin the turn of a response that the server has started by itself."""
        turn = Turn()
        self.queue.append(turn)
        self.active = self.speaking = turn
        if self._outlet.state is State.IDLE:
            self._outlet.state = State.RESPONDING
        return turn

    def refused(self, event_id: str, error: ServerError) -> bool:
        """Take in that the server has refused an event of ours, and tell whether a turn stands on it."""
        unheard = [] if self.active is None or self.active in self.queue else [self.active]
        turn = next((turn for turn in (*self.queue, *unheard) if turn.stands_on(event_id)), None)
        if turn is None:
            return False
        if event_id == turn.create_id and self._server_was_first(turn, error):
            return True
        turn.fail(error)
        if turn is self._deferred:
            self._deferred = None
        elif turn is self.active and event_id == turn.create_id and turn.response_id is None:
            self._release()
        return True

    def _server_was_first(self, turn: Turn, error: ServerError) -> bool:
        """Ask again, when the server has begun a response by itself just before it was asked for one.

        That can only be where the server takes the turns. Its response is in progress, and ours waits.
        """
        if self._user.manual or error.code != refusals.ALREADY_RESPONDING or turn.response_id is None:
            return False
        event_ids, turn.event_ids = turn.event_ids - {turn.create_id or ""}, set()
        appends, turn.appends = turn.appends, []
        turn.create_id = None
        self.request(event_ids, appends)
        return True

    # ------------------------------------------------------------------ hearing

    def due(self) -> Turn | None:
        """Return the turn that is to be heard next, or is being heard."""
        turn = self.queue[0] if self.queue else None
        if turn is not None and not turn.started:
            turn.started = True
            self.hearing = turn
        return turn

    def unfinished(self) -> Turn | None:
        """Return the oldest turn that has not ended."""
        return next((turn for turn in self.queue if not turn.over), None)

    def fail(self, error: Callable[[], RealtimeError]) -> None:
        """End every turn that has not ended with an error of its own."""
        self.to_run.clear()
        for turn in self.queue:
            if not turn.over:
                turn.fail(error())
