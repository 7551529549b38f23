"""Which failures are the infrastructure's: a rate limit, a server error, a lost connection.

Those alone earn a live scenario its one second attempt. A wrong answer, a refusal or a deadline does not: a
retry would turn a defect that shows now and then into green.
"""

from __future__ import annotations

from collections.abc import Iterable

from behave.model import Scenario

from realtime_adapter import ConnectionFailed, ConnectionLost, ResponseFailed, ServerError

_CODES = frozenset(
    {"rate_limit_exceeded", "inference_rate_limit_exceeded", "server_error", "service_unavailable"}
)
# After these the vendor's own client connects again; 1006 is a connection that was simply lost.
_CLOSES = frozenset({1001, 1005, 1006, 1011, 1012, 1013, 1015})


def outage(error: BaseException | None) -> str:
    """Return what the infrastructure did, in a few words; empty when the failure is not its doing."""
    match error:
        case ConnectionFailed(http_status=429):
            return "rate limit (HTTP 429)"
        case ConnectionFailed(http_status=int(status)) if status >= 500:
            return f"server error (HTTP {status})"
        case ConnectionFailed(http_status=None):
            return "no connection came about"
        case ConnectionLost(close_code=code) if code in _CLOSES:
            return f"lost connection ({code})"
        case ResponseFailed(code=code) | ServerError(code=code) if code in _CODES:
            return f"server error ({code})" if "server" in str(code) else f"rate limit ({code})"
    return ""


def outage_of(scenario: Scenario, others: Iterable[BaseException | None] = ()) -> str:
    """Return what the infrastructure did to a scenario that failed; empty when something else failed too.

    Args:
        scenario: The scenario, after its last step.
        others: What failed in it and was kept for a step to look at.
    """
    errors = [step.exception for step in scenario.all_steps if step.status.has_failed()]
    return next((found for each in (*errors, *others) if (found := outage(each))), "")
