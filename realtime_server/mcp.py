"""Tools of MCP servers, as far as a client sees them: listed, approved and run by the service.

No MCP server is contacted. What each offers is :attr:`realtime_server.script.Script.mcp_servers`, what a call
returns is :class:`realtime_server.script.McpCall`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Wire = dict[str, Any]

_ANY_INPUT: Mapping[str, Any] = {"type": "object"}


def labels(tools: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the label of each MCP server among the tools of a session."""
    return (tool["server_label"] for tool in tools if tool["type"] == "mcp")


def listed(names: Sequence[str]) -> list[Wire]:
    """Return the tools of a server as its ``mcp_list_tools`` item shows them."""
    return [{"name": name, "description": None, "input_schema": dict(_ANY_INPUT)} for name in names]


def offered(tools: Iterable[Mapping[str, Any]], label: str, name: str) -> Mapping[str, Any] | None:
    """Return the entry among ``tools`` by which the model may call ``name`` of the server, or None."""
    for tool in tools:
        if tool["type"] == "mcp" and tool["server_label"] == label:
            allowed = tool.get("allowed_tools")
            names = allowed.get("tool_names") if isinstance(allowed, Mapping) else allowed
            if names is None or name in names:
                return tool
    return None


def needs_approval(tool: Mapping[str, Any], name: str) -> bool:
    """Tell whether the client is asked before ``name`` is run: always, unless the session says otherwise."""
    wish = tool.get("require_approval") or "always"
    if isinstance(wish, str):
        return wish == "always"
    never, always = ((wish.get(key) or {}).get("tool_names") or () for key in ("never", "always"))
    return name in always or name not in never
