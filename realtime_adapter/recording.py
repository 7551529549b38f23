"""A conversation as a WAV file of two channels: the user on the left, the agent on the right.

What was said and what was heard lies where it was in time. Speech that arrives faster than it can be played
lies back to back, and an answer begins no sooner than what it answers has ended.
"""

from __future__ import annotations

import logging
import time
import wave
from collections.abc import Callable
from os import PathLike, fspath
from types import TracebackType
from typing import IO, Self

from realtime_adapter.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ

logger = logging.getLogger("realtime_adapter")

_USER, _AGENT = 0, 1


class Recording:
    """A WAV file that a client records itself into; PCM16, two channels, 24 kHz.

    It is a whole WAV file at any moment, and what waits to be written is never more than one channel is ahead
    of the other.

    Example:
        >>> with Recording("call.wav") as recording:
        ...     async with OpenAIRealtimeAgentAdapter(recording=recording) as adapter:
        ...         ...

    Args:
        target: A path, or a binary file open for writing that can seek.
        clock: Tells the time in seconds; a clock that stands still leaves every pause out.

    Raises:
        OSError: ``target`` cannot be written.
    """

    def __init__(
        self, target: str | PathLike[str] | IO[bytes], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._file = wave.open(fspath(target) if isinstance(target, PathLike) else target, "wb")  # noqa: SIM115
        self._file.setnchannels(2)
        self._file.setsampwidth(SAMPLE_BYTES)
        self._file.setframerate(SAMPLE_RATE_HZ)
        self._file.writeframes(b"")
        self._clock = clock
        self._began_at_s = clock()
        self._written = 0  # samples of each channel that stand in the file
        self._waiting = (bytearray(), bytearray())  # what follows them, of each channel
        self._open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def user(self, pcm: bytes) -> None:
        """Record what the user said; PCM16, mono, 24 kHz."""
        self._say(_USER, pcm)

    def agent(self, pcm: bytes) -> None:
        """Record what was heard of the agent; PCM16, mono, 24 kHz."""
        self._say(_AGENT, pcm)

    def answer(self) -> None:
        """Say that what the agent says next answers all that the user has said so far."""
        user_end, agent_end = self._ends()
        self._waiting[_AGENT].extend(bytes(SAMPLE_BYTES * max(0, user_end - agent_end)))

    def turn(self) -> None:
        """Say that what comes next, on either channel, follows all that there is so far."""
        self._pad_to(max(self._ends()))
        self._write(max(self._ends()))

    def close(self) -> None:
        """Write what is left and close the file; harmless when that was done."""
        if self._open:
            self.turn()
            self._open = False
            self._file.close()

    def _say(self, channel: int, pcm: bytes) -> None:
        if not self._open or not pcm:
            return
        now = round((self._clock() - self._began_at_s) * SAMPLE_RATE_HZ)
        self._pad_to(now)  # a channel that is silent now has been so until now
        self._waiting[channel].extend(pcm)
        self._write(min(self._ends()))

    def _ends(self) -> list[int]:
        """Return where each channel ends, in samples since the beginning."""
        return [self._written + len(waiting) // SAMPLE_BYTES for waiting in self._waiting]

    def _pad_to(self, end: int) -> None:
        for waiting, own_end in zip(self._waiting, self._ends(), strict=True):
            waiting.extend(bytes(SAMPLE_BYTES * max(0, end - own_end)))

    def _write(self, end: int) -> None:
        size = SAMPLE_BYTES * (end - self._written)
        if size > 0:
            import numpy as np  # noqa: PLC0415 - whoever records nothing does without it

            channels = [np.frombuffer(bytes(waiting[:size]), dtype="<i2") for waiting in self._waiting]
            try:
                self._file.writeframes(np.stack(channels, axis=1).tobytes())
            except OSError as error:
                self._open = False  # a full disk is no reason to end the conversation
                logger.error("the recording ends here: %s", error)  # noqa: TRY400 - the sentence says it all
            for waiting in self._waiting:
                del waiting[:size]
            self._written = end
