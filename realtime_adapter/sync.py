"""The adapter without ``await``: for scripts, notebooks and threads.

Each session has an event loop of its own in a thread of its own, so it works where a loop already runs, as in
a notebook, and goes on listening while the caller does something else.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

from realtime_adapter.adapter import OpenAIRealtimeAgentAdapter
from realtime_adapter.audio import AudioChunk
from realtime_adapter.errors import LocalProtocolError
from realtime_adapter.turn import AgentTurn
from realtime_adapter.usage import SessionUsage

T = TypeVar("T")


class RealtimeSession:
    """A Realtime session for code that does not ``await``.

    Example:
        >>> with RealtimeSession(instructions="Be brief.") as session:
        ...     answer = session.ask("When do you open on Monday?")
        ...     answer.audio.write_wav("answer.wav")
        ...     print(answer.transcript)

    Args:
        arguments: Those of ``OpenAIRealtimeAgentAdapter``.
        timeout_s: How long an answer may take, in seconds, where a call does not say.

    Attributes:
        adapter: The adapter behind it; its coroutines belong to this session's own event loop.

    Raises:
        ConfigurationError: an argument cannot be used; ``param`` names it.
    """

    def __init__(self, *arguments: Any, timeout_s: float = 60.0, **keywords: Any) -> None:
        self.adapter = OpenAIRealtimeAgentAdapter(*arguments, **keywords)
        self.timeout_s = timeout_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.adapter!r})"

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -------------------------------------------------------------------- calls

    def connect(self) -> None:
        """Dial, and configure the session; see ``OpenAIRealtimeAgentAdapter.connect`` for what it raises."""
        self._begin()
        try:
            self._run(self.adapter.connect())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hang up and end the session's thread; harmless when that was done. Takes about a second at most."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        try:
            self._run(self.adapter.disconnect())
        finally:
            self._loop = self._thread = None
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def ask(self, said: str | AudioChunk, timeout_s: float | None = None) -> AgentTurn:
        """Say something, in text or aloud, and return the whole answer.

        Args:
            said: Text, or PCM16, mono, 24 kHz.
            timeout_s: How long the answer may take, in seconds.

        Raises:
            RealtimeError: as ``OpenAIRealtimeAgentAdapter.receive_turn``.
        """
        if isinstance(said, str):
            self.send_text(said)
        else:
            self.send_audio(said)
        return self.receive_turn(timeout_s)

    def send_text(self, text: str) -> None:
        """Send a message of the user and ask for an answer."""
        self._run(self.adapter.send_text(text))

    def send_audio(self, chunk: AudioChunk) -> None:
        """Add audio to the input buffer; the next call that receives asks for the answer."""
        self._run(self.adapter.send_audio(chunk))

    def receive_turn(self, timeout_s: float | None = None) -> AgentTurn:
        """Return the answer once it is finished."""
        return self._run(self.adapter.receive_turn(self._bound(timeout_s)))

    def slices(self, timeout_s: float | None = None) -> Iterator[AudioChunk]:
        """Give the answer slice by slice, as it comes, until it is over."""
        while (chunk := self._run(self.adapter.recv_audio(self._bound(timeout_s)))).data:
            yield chunk

    def interrupt(self) -> None:
        """Cancel the response that was asked for or is in progress."""
        self._run(self.adapter.interrupt())

    def wait_for_user_transcript(self, timeout_s: float | None = None) -> str:
        """Return what the user said in the audio committed last."""
        return self._run(self.adapter.wait_for_user_transcript(self._bound(timeout_s)))

    # -------------------------------------------------------------------- facts

    @property
    def connected(self) -> bool:
        """Whether the session is configured and the connection has not ended."""
        return self.adapter.connected

    @property
    def last_user_transcript(self) -> str | None:
        """What the user said in the audio committed last; None until the server has written it down."""
        return self.adapter.last_user_transcript

    @property
    def last_agent_transcript(self) -> str | None:
        """What the model said in the response asked for last, as far as it has come; None for nothing."""
        return self.adapter.last_agent_transcript

    @property
    def usage(self) -> SessionUsage:
        """What the server says it has used on this connection, or on the last one."""
        return self.adapter.usage

    # ------------------------------------------------------------------- thread

    def _bound(self, timeout_s: float | None) -> float:
        return self.timeout_s if timeout_s is None else timeout_s

    def _begin(self) -> None:
        if self._thread is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=_serve, args=(self._loop,), name="realtime-session", daemon=True
            )
            self._thread.start()

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the session's loop and wait for it; an interrupt at the keyboard cancels it."""
        loop = self._loop
        if loop is None:
            coroutine.close()
            raise LocalProtocolError("The session is closed.", remedy="Call connect() first.")
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise LocalProtocolError(
                "A call of the session was made on its own thread, which would wait for itself.",
                remedy="Await the adapter's own calls there.",
            )
        future: Future[T] = asyncio.run_coroutine_threadsafe(coroutine, loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
