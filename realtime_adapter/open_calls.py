"""The function calls of the model that nothing was returned to yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from realtime_adapter.errors import LocalProtocolError
from realtime_adapter.tool_calls import ToolCall


class OpenCalls:
    """The calls of one session without an output.

    Attributes:
        at_work: The ids of those that the caller's functions are at work on.
    """

    def __init__(self) -> None:
        self.at_work: set[str] = set()
        self._siblings: dict[str, set[str]] = {}  # open call → all open calls of its response

    def made(self, calls: Sequence[ToolCall], functions: Collection[str]) -> list[ToolCall]:
        """Take in the calls of one response, and return those that a function of the caller serves."""
        siblings = {call.call_id for call in calls}
        self._siblings |= dict.fromkeys(siblings, siblings)
        served = [call for call in calls if call.name in functions]
        self.at_work |= {call.call_id for call in served}
        return served

    def require_open(self, call_id: str) -> None:
        """Check that something can be returned to a call.

        Raises:
            LocalProtocolError: the model has made no such call, or it has its output already.
        """
        if call_id not in self._siblings:
            raise LocalProtocolError(
                f"There is no open call {call_id!r}.",
                remedy="Give the call_id of a tool call of the model, once.",
                param="call_id",
            )

    def answered(self, call_id: str) -> bool:
        """Take in that a call has its output, and tell whether every call of its response has one now."""
        siblings = self._siblings.pop(call_id)
        siblings.discard(call_id)
        self.at_work.discard(call_id)
        return not siblings
