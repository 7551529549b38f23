"""Steps of the log of the wire."""

from behave import given, then
from behave.runner import Context
from hamcrest import assert_that, contains_string, equal_to, not_

from realtime_adapter import WireLog
from support import gateway, wire_lines
from support.phrases import world
from support.world import UNIT_KEY


@given("a client that logs the wire")
async def a_client_that_logs(context: Context) -> None:
    await world(context).connect(on_frame=WireLog(world(context).wire_log))


@then("the log's lines are numbered without a gap")
def the_lines_are_numbered(context: Context) -> None:
    frames = [line["frame"] for line in wire_lines.read(world(context).wire_log)]
    assert_that(frames, equal_to(list(range(1, len(frames) + 1))))


@then("the log says, a run of lines alike named once")
def the_log_says(context: Context) -> None:
    told = wire_lines.named_once(wire_lines.read(world(context).wire_log))
    expected = [tuple(row.cells) for row in context.table]
    assert_that(told[: len(expected)], equal_to(expected))


@then("the log ends with the close {code:d} of both sides")
def the_log_ends_with_the_close(context: Context, code: int) -> None:
    last = wire_lines.read(world(context).wire_log)[-2:]
    told = [(line["direction"], line["kind"], line["code"]) for line in last]
    assert_that(told, equal_to([("client", "close", code), ("server", "close", code)]))


@then("the log holds {count:d} connections, each numbered from 1")
def the_log_holds_connections(context: Context, count: int) -> None:
    firsts = [line for line in wire_lines.read(world(context).wire_log) if line["kind"] == "request"]
    numbers = [(line["connection"], line["frame"]) for line in firsts]
    assert_that(numbers, equal_to([(number, 1) for number in range(1, count + 1)]))


@then("nothing in the log is a key, a client secret or audio")
async def nothing_in_the_log_is_secret(context: Context) -> None:
    await world(context).closed_transcript()
    hidden = [
        UNIT_KEY,
        gateway.KEY,
        *world(context).gateway.sold,
        *wire_lines.audio(world(context).transcript),
    ]
    text = world(context).wire_log.getvalue()
    assert_that([one[:12] for one in hidden if one in text], equal_to([]))


@then('"{words}" is nowhere in the log')
def is_nowhere_in_the_log(context: Context, words: str) -> None:
    assert_that(world(context).wire_log.getvalue(), not_(contains_string(words)))
