"""A gateway in front of the endpoint: it sells client secrets for a key of its own, and keeps the books.

The secrets are the endpoint's, bought with the endpoint's key, as a gateway does; what it answers and when is
the scenario's.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

KEY = "vk-of-the-gateway-alone"
MINT = "/v1/realtime/client_secrets"
_TIMEOUT_S = 5.0


@dataclass
class Gateway:
    """What it does, and what it saw.

    Attributes:
        endpoint: The HTTP base of the endpoint behind it.
        endpoint_key: The key with which it buys there.
        mint_status: The status with which it answers who asks for a secret.
        mint_body: What it answers instead of the endpoint's answer, or None; ``{secret}`` in it is a secret.
        report_status: The status with which it answers who reports what was used.
        stalls: The paths it never answers on.
        counts: Whether it names the session, as a gateway that keeps count does.
        asked: The bodies of the requests for a secret, in order.
        reports: Session and usage as they were reported, in order.
        sold: The secrets it gave out.
        strangers: How many requests came with another key than its own.
    """

    endpoint: str
    endpoint_key: str = field(repr=False)
    mint_status: int = 200
    mint_body: str | None = None
    report_status: int = 204
    stalls: tuple[str, ...] = ()
    counts: bool = True
    asked: list[Any] = field(default_factory=list)
    reports: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    sold: list[str] = field(default_factory=list, repr=False)
    strangers: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Its HTTP base, as ``OPENAI_BASE_URL`` names one."""
        if self._server is None:
            raise RuntimeError("the gateway has no address before start()")
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def start(self) -> None:
        """Serve on a free port of 127.0.0.1."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"gateway": self}))
        self._server.daemon_threads = True
        serve = partial(self._server.serve_forever, poll_interval=0.01)
        threading.Thread(target=serve, name="gateway", daemon=True).start()

    def stop(self) -> None:
        """End, whatever still stalls. May be called twice."""
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def answer(self, path: str, key: str, body: Any) -> tuple[int, Mapping[str, str], str]:
        """Return status, headers and body of the answer to a request."""
        self.strangers += key != KEY
        if any(path.endswith(stalled) for stalled in self.stalls):
            self._stopping.wait()
        if path == MINT:
            self.asked.append(body)
            return self._mint(body)
        session_id = unquote(path.removeprefix("/v1/realtime/sessions/").removesuffix("/usage"))
        self.reports.append((session_id, body["usage"]))
        return self.report_status, {}, ""

    def _mint(self, body: Any) -> tuple[int, Mapping[str, str], str]:
        if self.mint_status != 200:
            return self.mint_status, {}, self.mint_body or '{"error": {"message": "not for you"}}'
        given = self._buy(body)
        self.sold.append(given["value"])
        text = self.mint_body or json.dumps(given)
        name = {"X-LangWatch-Session-Id": f"vs {len(self.asked)}/a"} if self.counts else {}
        return 200, name, text.replace("{secret}", given["value"])

    def _buy(self, body: Any) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the embedded endpoint
            f"{self.endpoint}/realtime/client_secrets",
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.endpoint_key}", "Content-Type": "application/json"},
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=_TIMEOUT_S) as answer:
            return json.load(answer)


class _Handler(BaseHTTPRequestHandler):
    gateway: Gateway

    def do_POST(self) -> None:
        """Answer one request."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        status, headers, text = self.gateway.answer(self.path, key, body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode())))
        with suppress(ConnectionError):  # a client that has given up is what some scenarios are about
            self.end_headers()
            self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Keep quiet: the scenario's log is the client's."""
