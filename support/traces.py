"""A client's trace and its log of the wire, side by side, for the steps that examine them."""

from __future__ import annotations

import io
from typing import Any

from realtime_adapter.connection import FrameListener
from realtime_adapter.wire_log import WireLog, each
from realtime_server import Sender
from support import wire_lines

SERVER = Sender.SERVER


class Traced:
    """What a client's spans say.

    Args:
        log: The log of the wire that is kept beside them.
    """

    def __init__(self, log: io.StringIO) -> None:
        # Only here: requirements-telemetry.txt has them, and a scenario without them stays unproven.
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415

        from realtime_adapter.telemetry import Telemetry  # noqa: PLC0415

        self._kept = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self._log = log
        self.listener: FrameListener = each(Telemetry(provider), WireLog(log))

    def spans(self) -> list[tuple[str, str, str]]:
        """Return name, name of the one around it, and how it ended, of each span, as they ended."""
        ended = self._kept.get_finished_spans()
        names = {span.context.span_id: span.name for span in ended}
        around = [names[span.parent.span_id] if span.parent else "" for span in ended]
        return [(span.name, outer, _end(span)) for span, outer in zip(ended, around, strict=True)]

    def answer(self) -> dict[str, Any]:
        """Return the attributes of the first answer's span."""
        return dict(self._kept.get_finished_spans()[0].attributes or {})

    def frame_of(self, mark: str) -> int:
        """Return the number of the frame that the first mark of that name tells of."""
        marks = [
            event for span in self._kept.get_finished_spans() for event in span.events if event.name == mark
        ]
        assert marks, f"no mark {mark} in the trace"
        return int(str((marks[0].attributes or {})["realtime.frame"]))

    def led_to(self, mark: str) -> str:
        """Return the event in the frame that a mark leads to."""
        line = wire_lines.read(self._log)[self.frame_of(mark) - 1]
        return str(line.get("event", {}).get("type"))

    def first_frame(self, event: str) -> int:
        """Return the number of the first frame of that event in the log of the wire."""
        lines = wire_lines.read(self._log)
        return next(int(line["frame"]) for line in lines if line.get("event", {}).get("type") == event)

    def text(self) -> str:
        """Return everything that is in the trace."""
        return "\n".join(span.to_json() for span in self._kept.get_finished_spans())


def begin(log: io.StringIO) -> Traced:
    """Return what traces a client."""
    return Traced(log)


def _end(span: Any) -> str:
    return (
        str(span.attributes.get("error.type", "error")) if span.status.status_code.name == "ERROR" else "fine"
    )
