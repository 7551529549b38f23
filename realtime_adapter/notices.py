"""Warnings that nobody overlooks: each goes to the log and to Python's ``warnings``."""

from __future__ import annotations

import logging
import warnings

logger = logging.getLogger("realtime_adapter")


class RealtimeWarning(UserWarning):
    """Something works today and will not always, or works otherwise than was asked for."""


def warn(message: str, stacklevel: int = 2) -> None:
    """Say ``message`` in the log, and as a ``RealtimeWarning``.

    pytest hides the log of a test that passes, and shows its warnings; a service keeps its log, and nobody
    sees its warnings.

    Args:
        message: What is the matter, with the remedy.
        stacklevel: Whose line the warning shows: 1 is the caller's, 2 its caller's.
    """
    logger.warning(message)
    warnings.warn(message, RealtimeWarning, stacklevel=stacklevel + 1)
