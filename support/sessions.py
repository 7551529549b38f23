"""Sessions without await, used as a script, a notebook or a thread uses them; and several at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from realtime_adapter import AudioChunk, OpenAIRealtimeAgentAdapter, RealtimeSession
from realtime_server.clips import speech

WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
_TIMEOUT_S = 20.0

Options = Mapping[str, Any]


def ask(options: Options, questions: Sequence[str]) -> list[str | None]:
    """Return what a session answers to each question."""
    with RealtimeSession(**options, timeout_s=_TIMEOUT_S) as session:
        return [session.ask(question).transcript for question in questions]


def slices(options: Options) -> list[bytes]:
    """Return the slices of a session's answer to the recorded question."""
    with RealtimeSession(**options, timeout_s=_TIMEOUT_S) as session:
        session.send_audio(AudioChunk(speech("question").pcm))
        return [chunk.data for chunk in session.slices()]


def used_after_its_end(options: Options) -> None:
    """Use a session that was closed."""
    with RealtimeSession(**options) as session:
        pass
    session.send_text("is anybody there?")


async def attempt(action: Callable[..., Any], *arguments: Any) -> None:
    """Do what may fail, for a step that keeps the failure."""
    action(*arguments)


def in_threads(options: Options, words: Sequence[str]) -> list[str | None]:
    """Return what each of several sessions, each in a thread of the caller's, is told; all open at once."""
    together = threading.Barrier(len(words), timeout=_TIMEOUT_S)

    def one(word: str) -> str | None:
        with RealtimeSession(**options, timeout_s=_TIMEOUT_S) as session:
            together.wait()
            return session.ask(word).transcript

    with ThreadPoolExecutor(len(words)) as pool:
        return list(pool.map(one, words))


async def on_one_loop(options: Options, words: Sequence[str]) -> list[str | None]:
    """Return what each of several adapters on one event loop is answered; all are connected at once."""
    adapters = [OpenAIRealtimeAgentAdapter(**options) for _ in words]

    async def one(adapter: OpenAIRealtimeAgentAdapter, word: str) -> str | None:
        await adapter.send_text(word)
        return (await adapter.receive_turn(_TIMEOUT_S)).transcript

    try:
        await asyncio.gather(*(adapter.connect() for adapter in adapters))
        return await asyncio.gather(*map(one, adapters, words))
    finally:
        await asyncio.gather(*(adapter.disconnect() for adapter in adapters))


def threads() -> list[str]:
    """Return the names of the threads of sessions that still run."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("realtime-session")]
