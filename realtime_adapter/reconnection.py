"""When a connection that was lost is opened again, and how often it is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from realtime_adapter.errors import ConfigurationError, ConnectionFailed, ConnectionLost, RealtimeError
from realtime_adapter.explanations import of_close

_MAY_PASS = frozenset(
    {429, 500, 502, 503, 504}
)  # HTTP answers to the upgrade that the next attempt may not get


@dataclass(frozen=True)
class Reconnect:
    """A policy for ``OpenAIRealtimeAgentAdapter(reconnect=)``.

    A connection is opened again by the next call that says something after its loss was told, and by
    ``connect``. Only what can recover is tried again: close codes 1001, 1005, 1006, 1011, 1012, 1013 and
    1015, and a network that does not answer; never a refusal such as 3000 or 4000.

    Attributes:
        pauses_s: How long to wait before each attempt, in seconds; there are as many attempts as pauses.
        replay: Whether the new session is given the conversation so far: what was written and said, as text.
            What had been said and not committed is lost.

    Raises:
        ConfigurationError: a pause is no number of seconds.
    """

    pauses_s: Sequence[float] = (0.5, 2.0, 8.0)
    replay: bool = True

    def __post_init__(self) -> None:
        for pause_s in self.pauses_s:
            if isinstance(pause_s, bool) or not isinstance(pause_s, int | float) or pause_s < 0:
                raise ConfigurationError(
                    f"pauses_s holds {pause_s!r}, not a number of seconds.",
                    remedy="Give 0 or more for each attempt.",
                    param="pauses_s",
                )


def may_recover(error: RealtimeError) -> bool:
    """Tell whether the connection that ended with ``error`` may be had by dialling once more."""
    match error:
        case ConnectionLost(close_code=int(code)):
            return of_close(code).again
        case ConnectionFailed(http_status=status):
            return status is None or status in _MAY_PASS
        case _:
            return False
