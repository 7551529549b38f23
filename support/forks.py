"""Functions run side by side, each in a process forked off this one, which has everything loaded already."""

from __future__ import annotations

import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar, cast

Name = TypeVar("Name")
T = TypeVar("T")
_FORK = multiprocessing.get_context("fork")


class ForkError(RuntimeError):
    """A function run in a process of its own raised, died or did not end; says which, and how."""


def side_by_side(
    waiting: list[tuple[Name, Callable[[], T]]], jobs: int, timeout_s: float
) -> Iterator[tuple[Name, T]]:
    """Yield the name and the result of each task as it ends.

    Forked off the main thread alone, which holds no lock at that moment.

    Args:
        waiting: What is to be run, in this order; what is added between two results is run as well.
            Results are pickled.
        jobs: How many at a time.
        timeout_s: How long one may take.

    Raises:
        ForkError: one failed; all others are ended.
    """
    running: dict[Connection, tuple[Name, Any, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                name, task = waiting.pop(0)
                ours, theirs = _FORK.Pipe(duplex=False)
                process = _FORK.Process(target=_run, args=(task, theirs), daemon=True)
                process.start()
                theirs.close()
                running[ours] = name, process, time.monotonic() + timeout_s
            soonest = min(until for _, _, until in running.values())
            for pipe in wait(list(running), max(0.0, soonest - time.monotonic())):
                name, process, _ = running.pop(cast("Connection", pipe))
                result = _result(name, cast("Connection", pipe))
                process.join()
                yield name, result
            late = [name for name, _, until in running.values() if until <= time.monotonic()]
            if late:
                raise ForkError(f"{late[0]} had not ended after {timeout_s:g} s")
    finally:
        for _, process, _ in running.values():
            process.kill()


def _result(name: object, pipe: Connection) -> Any:
    try:
        done, result = pipe.recv()
    except EOFError:
        raise ForkError(f"{name} ended without a word") from None
    finally:
        pipe.close()
    if not done:
        raise ForkError(f"{name} failed:\n{result}")
    return result


def _run(task: Callable[[], object], pipe: Connection) -> None:
    try:
        said = (True, task())
    except BaseException:
        said = (False, traceback.format_exc())
    pipe.send(said)
    pipe.close()
    os._exit(0)  # nothing of the parent's is ended here a second time
