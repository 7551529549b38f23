"""One exchange for a reader who knows the product: when, who, what, and the fields that matter."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice
from typing import Any

from realtime_server.rules import RULES
from realtime_server.transcript import Frame, Sender
from support.cost import TELLS_COST, cost_of
from support.page import document
from support.pcm import audio_in, described, pcm_of
from support.rules_page import linked

Event = dict[str, Any]

CLOSE_CODES = {
    1000: "normal closure (RFC 6455)",
    1001: "going away (RFC 6455)",
    1002: "protocol error (RFC 6455)",
    1003: "unsupported data (RFC 6455)",
    1005: "no code was given (RFC 6455)",
    1006: "the connection was lost without a close (RFC 6455)",
    1007: "invalid payload (RFC 6455)",
    1008: "policy violation (RFC 6455)",
    1009: "message too big (RFC 6455)",
    1010: "an extension is missing (RFC 6455)",
    1011: "internal error of the endpoint (RFC 6455)",
    1012: "the service restarts (registered with IANA)",
    1013: "try again later (registered with IANA)",
    1015: "TLS handshake failed (RFC 6455)",
    3000: "the key is missing or wrong (as the vendor uses it)",
    4000: "the endpoint refuses the shape of the request (as the vendor uses it)",
    4004: "the model is not available to this key (as the vendor uses it)",
}
"""What a close code means; those up to 2999 as RFC 6455 section 7.4 assigns them."""

_SESSION = (
    "session.type",
    "session.model",
    "session.output_modalities",
    "session.audio.input.format.type",
    "session.audio.input.format.rate",
    "session.audio.input.turn_detection",
    "session.audio.input.turn_detection.type",
    "session.audio.input.transcription.model",
    "session.audio.output.format.type",
    "session.audio.output.format.rate",
    "session.audio.output.voice",
)
_MATTERS = {
    "session.created": _SESSION,
    "session.updated": _SESSION,
    "error": ("error.code", "error.param", "error.message"),
    "response.created": ("response.status", "response.output_modalities"),
    "response.done": (
        "response.status",
        "response.status_details.reason",
        "response.status_details.error.code",
        "response.status_details.error.message",
        "response.usage.total_tokens",
    ),
}
_ABSENT = object()
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode  # made once: there are thousands of values
_LINES = ",\n"
_BOOKKEEPING = re.compile(r"type|obfuscation|(?:.*\.)?(?:\w+_)?(?:id|index)")
_SHOWN_FIELDS = 14
_SHOWN_CHARACTERS = 120
_DRAWN = 40  # rows in the picture; a longer exchange goes on in the list
_LEFT, _RIGHT, _TOP, _STEP = 80, 640, 26, 30  # of the picture, in its own units

STYLE = """
ol { list-style: none; margin: 0; padding: 0 }
li { display: grid; gap: 0 .8rem; padding: .3rem .5rem; border-top: 1px solid var(--line);
  grid-template-columns: 4rem 5.3rem minmax(8rem, 17rem) 1fr }
li > * { min-width: 0 }
.at { text-align: right; white-space: nowrap; color: var(--quiet); font-variant-numeric: tabular-nums }
.who { white-space: nowrap } .client .who { color: var(--client) } .server .who { color: var(--server) }
.event { font-family: ui-monospace, monospace; font-size: .9rem; overflow-wrap: anywhere }
.fields { overflow-wrap: anywhere; font-size: .9rem } .fields b { font-weight: 600; color: var(--quiet) }
@media (max-width: 36rem) { body { padding: .5rem } .fields { grid-column: 1 / -1 }
  li { grid-template-columns: auto auto 1fr; padding: .3rem 0 } }
.refused { background: color-mix(in srgb, var(--bad) 12%, transparent) }
.why { color: var(--bad); font-weight: 600 } .quiet { color: var(--quiet); font-size: .85rem }
h3 { font-size: 1rem; margin: 1.1rem 0 .3rem }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; padding: .5rem;
  background: var(--tint) }
summary { cursor: pointer; color: var(--quiet); font-size: .85rem }
.sequence { width: 100%; max-width: 46rem; display: block } .sequence path { stroke: var(--line); fill: none }
.sequence text { fill: var(--ink); font: 12px ui-monospace, monospace; text-anchor: middle }
.sequence .quiet { fill: var(--quiet); font-size: 10px }
.sequence .client path { stroke: var(--client) } .sequence .server path { stroke: var(--server) }
.sequence .bad path { stroke: var(--bad); stroke-width: 2 }
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame, read once for everything that is made of it.

    Attributes:
        frame: The frame.
        event: The JSON object in it, or None.
        pcm: The audio in the event; PCM16 little-endian, mono, 24 kHz. None when it is none about audio.
    """

    frame: Frame
    event: Event | None
    pcm: bytes | None

    @classmethod
    def of(cls, frame: Frame) -> Seen:
        """Read a frame."""
        event = frame.event
        return cls(frame, event, pcm_of(event) if event and audio_in(event) else None)


@dataclass(frozen=True)
class Row:
    """One line of the page: a frame, or several deltas folded into one.

    Attributes:
        frame: The frame, or the first of those folded.
        count: How many frames it stands for.
        event: What is named: the event, the handshake, the close.
        fields: What matters of it, by name.
        whole: All of it, long texts shortened; empty when the fields say it all.
    """

    frame: Frame
    count: int
    event: str
    fields: Mapping[str, str]
    whole: str = ""


@dataclass(frozen=True)
class Section:
    """What one step put on the wire, drawn once for the page of the step and for that of the exchange.

    Attributes:
        heading: The step.
        rows: Its rows.
        lines: The rows as HTML, to stand in a list.
    """

    heading: str
    rows: Sequence[Row]
    lines: str

    @classmethod
    def of(cls, heading: str, frames: Iterable[Seen]) -> Section:
        """Draw the frames of a step."""
        drawn = list(rows(frames))
        return cls(heading, drawn, "".join(map(_line, drawn)))


def wire_page(title: str, frames: Sequence[Seen], sections: Sequence[Section]) -> str:
    """Return the page of one exchange: in figures, as a picture, and step by step.

    Args:
        title: Which exchange it is.
        frames: All of its frames.
        sections: The same frames, by the step they belong to.
    """
    last = f"{len(frames)} frames in {frames[-1].frame.at_ms:,.0f} ms" if frames else "no frames"
    said = escape(". ".join([last, *tokens(frames), *_cost(frames)]))
    drawn = sequence([row for section in sections for row in section.rows])
    picture = f"<details><summary>The exchange as a picture</summary>{drawn}</details>"
    return document(title, f"<p>{said}.</p>{picture}{listed(sections)}", STYLE)


def listed(sections: Iterable[Section]) -> str:
    """Return the frames of ``sections`` one by one, as HTML to stand on a page with ``STYLE``."""
    return "".join(
        f"{f'<h3>{escape(section.heading)}</h3>' if section.heading else ''}<ol>{section.lines}</ol>"
        for section in sections
    )


def tokens(frames: Iterable[Seen]) -> Iterator[str]:
    """Yield how many tokens the responses used, as the endpoint counted them; nothing when it did not."""
    used: Counter[str] = Counter()
    for event in (seen.event for seen in frames):
        usage = (
            (event.get("response") or {}).get("usage")
            if event and event.get("type") == "response.done"
            else None
        )
        for path, value in _leaves(usage or {}):
            used[path] += int(value) if value.isdigit() else 0
    for side in ("input", "output"):
        if used[f"{side}_tokens"]:
            kinds = {
                kind: used[f"{side}_token_details.{kind}_tokens"] for kind in ("audio", "text", "cached")
            }
            parts = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items() if count)
            yield f"{used[f'{side}_tokens']:,} tokens of {side}{f' ({parts})' if parts else ''}"


def _cost(frames: Iterable[Seen]) -> Iterator[str]:
    """Yield what the tokens cost at list prices; nothing when none were used."""
    cost = cost_of(seen.frame for seen in frames if seen.event and seen.event.get("type") in TELLS_COST)
    if cost.tokens:
        yield f"At list prices: {str(cost).partition(', ')[2]}"


def sequence(lines: Sequence[Row]) -> str:
    """Return ``lines`` as a sequence diagram: client left, endpoint right, time downwards."""
    drawn = lines[:_DRAWN]
    height = _TOP + _STEP * len(drawn) + 20
    arrows = "".join(_arrow(number, row) for number, row in enumerate(drawn, 1))
    lives = "".join(
        f'<text x="{x}" y="18" class="{side}">{name}</text><path d="M{x} 26V{height}"/>'
        for x, side, name in ((_LEFT, "client", "client"), (_RIGHT, "server", "endpoint"))
    )
    more = f"<p>… and {len(lines) - _DRAWN} more, below.</p>" if len(lines) > _DRAWN else ""
    return (
        f'<svg class="sequence" viewBox="0 0 {_LEFT + _RIGHT} {height}" role="img" '
        f'aria-label="Sequence of {len(lines)} messages between client and endpoint">'
        f"{lives}{arrows}</svg>{more}"
    )


def _arrow(number: int, row: Row) -> str:
    y = _TOP + _STEP * number
    outward = row.frame.sender == Sender.CLIENT
    tip, back = (_RIGHT - 3, -9) if outward else (_LEFT + 3, 9)
    label = f"{row.count} \N{MULTIPLICATION SIGN} {row.event}" if row.count > 1 else row.event
    spoken = row.fields.get("audio") or (
        str(row.frame.code or "without a code") if row.event == "close" else ""
    )
    told = _short(": ".join(filter(None, (label, spoken))), 78)
    side = "bad" if row.frame.rule else row.frame.sender.value
    return (
        f'<g class="{side}"><path d="M{_LEFT} {y}H{_RIGHT}M{tip} {y}l{back} -5M{tip} {y}l{back} 5"/>'
        f'<text x="{(_LEFT + _RIGHT) // 2}" y="{y - 6}">{escape(told)}'
        f'</text><text x="{_LEFT - 34}" y="{y + 4}" class="quiet">{row.frame.at_ms:,.0f} ms</text></g>'
    )


def rows(frames: Iterable[Seen]) -> Iterator[Row]:
    """Yield the rows for ``frames``: deltas that follow one another are folded, one row for each kind."""
    waiting: list[Seen] = []
    for seen in frames:
        folds = seen.event is not None and seen.frame.rule is None and _is_slice(seen.event)
        if waiting and (seen.frame.sender != waiting[0].frame.sender or not folds):
            yield from _folded(waiting)
            waiting = []
        if folds:
            waiting.append(seen)
        else:
            yield _row(seen)
    yield from _folded(waiting)


def meaning(code: int | None) -> str:
    """Return what a close code means."""
    if code is None:
        return "closed without a code"
    return f"{code}, {CLOSE_CODES.get(code, 'a code of the application' if code >= 3000 else 'not assigned')}"


def _is_slice(event: Event) -> bool:
    name = str(event.get("type"))
    return name.endswith(".delta") or name == "input_audio_buffer.append"


def _folded(slices: Sequence[Seen]) -> Iterator[Row]:
    by_name: dict[str, list[Seen]] = {}
    for seen in slices:
        by_name.setdefault(str((seen.event or {})["type"]), []).append(seen)
    for name, same in by_name.items():
        if same[0].pcm is not None:
            fields = {"audio": described(sum(len(seen.pcm or b"") for seen in same))}
        else:
            fields = {"delta": _short("".join(str((seen.event or {}).get("delta", "")) for seen in same))}
        yield Row(same[0].frame, len(same), name, fields)


def _row(seen: Seen) -> Row:
    frame, event = seen.frame, seen.event
    if frame.kind == "close":
        return Row(frame, 1, "close", {"code": meaning(frame.code), "reason": frame.payload or "none given"})
    if frame.kind in ("request", "upgrade"):
        answer = f"handshake: answer {frame.code or ''}".strip()
        name = "handshake: request" if frame.kind == "request" else answer
        return Row(frame, 1, name, {"": frame.payload.partition("\n")[0].strip()}, frame.payload)
    if event is None:
        return Row(frame, 1, f"{frame.kind} frame", {"": _short(frame.payload)})
    field = audio_in(event)
    if field and seen.pcm is not None:
        event = {**event, field: f"[{described(len(seen.pcm))}]"}
    name = str(event.get("type") or "event without a type")
    wanted = _MATTERS.get(name)
    if wanted:
        found = {path: _at(event, path) for path in wanted}
        shown = {path: _text(value) for path, value in found.items() if value is not _ABSENT}
    else:
        plain = ((path, value) for path, value in _leaves(event) if _is_for_readers(path, value))
        shown = dict(islice(plain, _SHOWN_FIELDS))
    return Row(frame, 1, name, shown, _indented(event))


def _is_for_readers(path: str, value: str) -> bool:
    """Leave ids and positions to the whole event; null says something only among settings."""
    return not _BOOKKEEPING.fullmatch(path) and (value != "null" or path.startswith("session."))


def _at(event: Any, path: str) -> Any:
    """Return what stands at a dotted path of an event, null included; ``_ABSENT`` when nothing does."""
    for name in path.split("."):
        if not isinstance(event, Mapping) or name not in event:
            return _ABSENT
        event = event[name]
    return _ABSENT if isinstance(event, Mapping) and event else event


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield path, _text(value)


def _text(value: Any) -> str:
    return _short(value if isinstance(value, str) else _ENCODE(value))


def _indented(value: Any, margin: str = "") -> str:
    """Return JSON for readers, long texts shortened; json's own indenting costs three times as much."""
    inner = f"{margin}  "
    if isinstance(value, Mapping) and value:
        lines = [f"{inner}{_ENCODE(str(name))}: {_indented(each, inner)}" for name, each in value.items()]
        return f"{{\n{_LINES.join(lines)}\n{margin}}}"
    if isinstance(value, list) and value:
        lines = [f"{inner}{_indented(each, inner)}" for each in value]
        return f"[\n{_LINES.join(lines)}\n{margin}]"
    return _ENCODE(_short(value, 4 * _SHOWN_CHARACTERS) if isinstance(value, str) else value)


def _short(text: str, limit: int = _SHOWN_CHARACTERS) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"


def _line(row: Row) -> str:
    frame = row.frame
    who = "client →" if frame.sender == Sender.CLIENT else "← endpoint"
    times = f"{row.count} \N{MULTIPLICATION SIGN} " if row.count > 1 else ""
    fields = "<br>".join(
        f"{f'<b>{escape(name)}</b> ' if name else ''}{escape(text)}" for name, text in row.fields.items()
    )
    why = _why(frame)
    whole = (
        f"<details><summary>{'the whole head' if frame.kind in ('request', 'upgrade') else 'all of it'}"
        f"</summary><pre>{escape(row.whole)}</pre></details>"
        if row.whole
        else ""
    )
    side = f"{frame.sender.value} refused" if why else frame.sender.value
    return (
        f'<li class="{side}"><span class="at">{frame.at_ms:,.1f} ms</span><span class="who">{who}</span>'
        f'<span class="event">{times}{escape(row.event)}</span>'
        f'<div class="fields">{fields}{why}{whole}</div></li>'
    )


def _why(frame: Frame) -> str:
    """Return why a frame is a refusal: the rule, the near miss, how the rule is known and where from."""
    note = f"<div class=why>{escape(frame.note)}</div>" if frame.note else ""
    rule = RULES.get(frame.rule or "")
    if rule is None:
        return f"<div class=why>refused by rule {escape(frame.rule)}</div>{note}" if frame.rule else note
    return (
        f"<div class=why>Refused by rule {rule.id}: {escape(rule.sentence)}</div>{note}"
        f"<div class=quiet>This rule is {rule.mark}: {linked(rule.source)}</div>"
    )
