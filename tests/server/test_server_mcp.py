"""Tools of MCP servers: listed with the session, approved by the client, run by the service."""

from __future__ import annotations

import pytest

from realtime_server import Answer, McpCall, rules

SHOP = {"type": "mcp", "server_label": "shop", "server_url": "https://shop.example"}
TRUSTED = {**SHOP, "require_approval": "never"}
FIND = McpCall("shop", "find", '{"what": "tea"}', output="three kinds")
CALLED = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
    "response.mcp_call.in_progress",
    "response.mcp_call.completed",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
    "rate_limits.updated",
]


def types(events) -> list[str]:
    """Event types with runs of the same delta folded into one."""
    names = [e["type"] for e in events]
    return [n for i, n in enumerate(names) if i == 0 or n != names[i - 1] or not n.endswith("delta")]


def of(events, event_type):
    (found,) = [event for event in events if event["type"] == event_type]
    return found


@pytest.fixture(autouse=True)
def shop(server):
    server.script.mcp_servers = {"shop": ["find", "buy"]}


@pytest.fixture
def session(open_client, play):
    """Configure a session with tools, then run what else happens in it."""

    def run(*tools, then=None, **fields):
        async def scene():
            async with open_client() as client:
                assert (await client.update(tools=list(tools), **fields))["type"] == "session.updated"
                listing = [e for _ in tools for e in await listed(client)]
                return listing, await then(client) if then else None

        return play(scene())

    return run


async def listed(client):
    events = [await client.receive()]
    while not events[-1]["type"].endswith((".completed", ".failed")):
        events.append(await client.receive())
    return events


async def respond(client):
    await client.respond()
    return await client.until("rate_limits.updated")


@pytest.mark.shows(rules.MCP_LISTED)
def test_the_tools_of_a_server_are_listed_in_an_item(session):
    events, _ = session(SHOP)
    assert types(events) == [
        "mcp_list_tools.in_progress",
        "conversation.item.added",
        "conversation.item.done",
        "mcp_list_tools.completed",
    ]
    item = events[2]["item"]
    assert {event["item_id"] for event in (events[0], events[3])} == {item["id"]}
    assert (item["type"], item["server_label"]) == ("mcp_list_tools", "shop")
    assert [tool["name"] for tool in item["tools"]] == ["find", "buy"]


def test_a_server_that_cannot_be_reached_fails_to_be_listed(session):
    events, _ = session({**SHOP, "server_label": "nowhere"})
    assert events[-1]["type"] == "mcp_list_tools.failed"
    assert events[2]["item"]["tools"] == []


def test_a_server_is_listed_once_and_a_new_one_when_it_is_added(session):
    async def again(client):
        await client.update(tools=[SHOP, {**SHOP, "server_label": "other"}])
        return await listed(client) + await client.nothing_more()

    _, events = session(SHOP, then=again)
    assert [e["item"]["server_label"] for e in events if "item" in e] == ["other", "other"]


def test_a_secret_made_with_a_server_lists_it_when_the_session_begins(ask, open_client, play):
    made = ask(
        "POST",
        "/v1/realtime/client_secrets",
        {"session": {"type": "realtime", "model": "gpt-realtime", "tools": [SHOP]}},
    )[1]

    async def scene():
        async with open_client("", key=made["value"]) as client:
            return await listed(client)

    assert play(scene())[-1]["type"] == "mcp_list_tools.completed"


@pytest.mark.shows(rules.MCP_CALL)
def test_a_trusted_tool_is_run_inside_the_response(server, session):
    server.script.answers = [Answer.calling(FIND)]
    _, events = session(TRUSTED, then=respond)
    assert types(events) == CALLED
    arguments = "".join(e["delta"] for e in events if e["type"] == "response.mcp_call_arguments.delta")
    assert arguments == of(events, "response.mcp_call_arguments.done")["arguments"] == FIND.arguments
    item = of(events, "response.output_item.done")["item"]
    assert item == {
        "id": of(events, "response.mcp_call.completed")["item_id"],
        "type": "mcp_call",
        "server_label": "shop",
        "name": "find",
        "arguments": FIND.arguments,
        "approval_request_id": None,
        "output": "three kinds",
        "error": None,
    }
    assert of(events, "response.done")["response"]["output"] == [item]


def test_a_tool_may_fail(server, session):
    error = {"type": "tool_execution_error", "message": "out of stock"}
    server.script.answers = [Answer.calling(McpCall("shop", "buy", error=error))]
    _, events = session(TRUSTED, then=respond)
    assert of(events, "response.mcp_call.failed")["output_index"] == 0
    item = of(events, "response.output_item.done")["item"]
    assert (item["output"], item["error"]) == (None, error)


def test_a_call_that_is_cut_short_is_not_run(server, session):
    server.script.answers = [Answer.calling(FIND, hold_after=1)]

    async def cancelled(client):
        await client.respond()
        await client.until("response.mcp_call_arguments.delta")
        await client.send({"type": "response.cancel"})
        return await client.until("response.done")

    _, events = session(TRUSTED, then=cancelled)
    assert events[-1]["response"]["status"] == "cancelled"
    assert not [e for e in events if e["type"].startswith("response.mcp_call.")]


def answer_request(request_id, *, approve):
    item = {
        "type": "mcp_approval_response",
        "id": "yes_1",
        "approval_request_id": request_id,
        "approve": approve,
    }
    return {"type": "conversation.item.create", "item": item}


@pytest.mark.shows(rules.MCP_APPROVAL)
def test_a_tool_is_run_when_the_client_approves(server, session):
    server.script.answers = [Answer.calling(FIND)]

    async def approved(client):
        asked = await respond(client)
        request = of(asked, "response.output_item.done")["item"]
        await client.send(answer_request(request["id"], approve=True))
        return asked, request, await client.until("rate_limits.updated")

    _, (asked, request, events) = session(SHOP, then=approved)
    assert not [e for e in asked if "mcp_call" in e["type"]]
    assert request == {
        "id": request["id"],
        "type": "mcp_approval_request",
        "server_label": "shop",
        "name": "find",
        "arguments": FIND.arguments,
    }
    assert types(events) == ["conversation.item.added", "conversation.item.done", *CALLED]
    assert of(events, "response.output_item.done")["item"]["approval_request_id"] == request["id"]


@pytest.mark.parametrize("times", [1, 2])
def test_a_tool_is_not_run_when_the_client_refuses_nor_twice_when_it_approves_twice(server, session, times):
    server.script.answers = [Answer.calling(FIND)]

    async def answered(client):
        request = of(await respond(client), "response.output_item.done")["item"]
        if times == 1:
            await client.send(answer_request(request["id"], approve=False))
        else:
            await client.send(answer_request(request["id"], approve=True))
            await client.until("rate_limits.updated")
            again = answer_request(request["id"], approve=True)
            again["item"]["id"] = "yes_2"
            await client.send(again)
        return await client.nothing_more()

    _, events = session(SHOP, then=answered)
    assert types(events) == ["conversation.item.added", "conversation.item.done"]


@pytest.mark.parametrize(
    ("wish", "asks"),
    [
        ({}, True),
        ({"require_approval": None}, True),
        ({"require_approval": "always"}, True),
        ({"require_approval": "never"}, False),
        ({"require_approval": {"never": {"tool_names": ["find"]}}}, False),
        ({"require_approval": {"never": {"tool_names": ["buy"]}}}, True),
        ({"require_approval": {"always": {"tool_names": ["find"]}, "never": {"tool_names": ["find"]}}}, True),
    ],
)
def test_who_is_asked_before_a_tool_is_run(server, session, wish, asks):
    server.script.answers = [Answer.calling(FIND)]
    _, events = session({**SHOP, **wish}, then=respond)
    kind = of(events, "response.output_item.done")["item"]["type"]
    assert kind == ("mcp_approval_request" if asks else "mcp_call")


@pytest.mark.parametrize(
    ("tools", "fields"),
    [
        ([{**TRUSTED, "allowed_tools": ["buy"]}], {}),
        ([{**TRUSTED, "allowed_tools": {"tool_names": ["buy"]}}], {}),
        ([TRUSTED], {"tool_choice": "none"}),
        ([TRUSTED], {"tool_choice": {"type": "mcp", "server_label": "shop", "name": "buy"}}),
        ([{**TRUSTED, "server_label": "other"}], {}),
    ],
)
def test_what_the_model_was_not_offered_it_does_not_call(server, session, tools, fields):
    server.script.answers = [Answer.calling(FIND)]
    _, events = session(*tools, then=respond, **fields)
    assert of(events, "response.done")["response"]["output"] == []
    assert any("RT-response-09" in f.note for f in server.connections[0].transcript.frames)


def test_a_tool_choice_of_a_server_lets_its_tools_be_called(server, session):
    server.script.answers = [Answer.calling(FIND)]
    _, events = session(TRUSTED, then=respond, tool_choice={"type": "mcp", "server_label": "shop"})
    assert of(events, "response.output_item.done")["item"]["type"] == "mcp_call"
