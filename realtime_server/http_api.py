"""What the service offers over plain HTTP on the port of the WebSocket: client secrets and the models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from realtime_server import models, rules
from realtime_server.client_secrets import PREFIX, ClientSecrets
from realtime_server.handshake import Credential, read
from realtime_server.near_miss import near_miss
from realtime_server.rules import Refused
from realtime_server.validation import check_secret_request

_MODELS = "/v1/models"
_SECRETS = "/v1/realtime/client_secrets"
_BETA = frozenset({"/v1/realtime/sessions", "/v1/realtime/transcription_sessions"})
_ELSEWHERE = ("/v1/realtime/calls", "/v1/realtime/translations")


@dataclass(frozen=True)
class HttpRequest:
    """A request that is no WebSocket handshake.

    Attributes:
        method: In capitals.
        target: Path and query.
        headers: As sent, in order.
        body: The whole body.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class HttpAnswer:
    """Its answer.

    Attributes:
        status: HTTP status.
        body: JSON object.
        rule: Id of the rule by which it was refused, or None.
        note: What the refused request looks like, for the log.
    """

    status: HTTPStatus
    body: Mapping[str, Any]
    rule: str | None = None
    note: str = ""


def serves(method: str, path: str) -> bool:
    """Tell whether a request is answered here rather than taken for a WebSocket handshake."""
    return method != "GET" or path == _MODELS or path.startswith(f"{_MODELS}/")


def answer(request: HttpRequest, secrets: ClientSecrets) -> HttpAnswer:
    """Return the answer to ``request``; a refusal is an answer too."""
    try:
        return HttpAnswer(HTTPStatus.OK, _answer(request, secrets))
    except Refused as verdict:
        return refused(verdict)


def refused(verdict: Refused) -> HttpAnswer:
    """Return the answer to a request that breaks a rule."""
    rule = verdict.rule
    body = {"message": verdict.message, "type": rule.error_type, "param": verdict.param, "code": rule.code}
    status = HTTPStatus(rule.http_status or HTTPStatus.BAD_REQUEST)
    return HttpAnswer(status, {"error": body}, rule.id, near_miss(verdict, None))


def _answer(request: HttpRequest, secrets: ClientSecrets) -> Mapping[str, Any]:
    _, credential = read(request.target, request.headers, secrets)
    path = urlsplit(request.target).path
    _check_key(credential)
    if request.method == "GET" and path == _MODELS:
        return {"object": "list", "data": [models.wire(name) for name in models.offered()]}
    if request.method == "GET" and path.startswith(f"{_MODELS}/"):
        name = path.removeprefix(f"{_MODELS}/")
        if name not in models.offered():
            raise rules.NO_SUCH_MODEL.refuse(model=name)
        return models.wire(name)
    if request.method != "POST":
        raise rules.HTTP_UNKNOWN.refuse(method=request.method, path=path)
    return _post(path, request.body, secrets)


def _post(path: str, body: bytes, secrets: ClientSecrets) -> Mapping[str, Any]:
    if path == "/v1/realtime":
        raise rules.BETA_SDP.refuse()
    if path in _BETA:
        raise rules.BETA_SECRETS.refuse()
    if path.startswith(_ELSEWHERE):
        raise rules.NO_CALLS.refuse(path=path)
    if path != _SECRETS:
        raise rules.HTTP_UNKNOWN.refuse(method="POST", path=path)
    request = _json(body)
    check_secret_request(request)
    return secrets.make(request)


def _check_key(credential: Credential) -> None:
    refused = credential.refusal("")
    if refused is None and not credential.is_secret:
        return
    if refused is not None and refused.rule is rules.NO_KEY:
        raise rules.HTTP_NO_KEY.refuse()
    if credential.is_secret or (refused is not None and refused.rule is rules.WRONG_KEY):
        raise rules.HTTP_WRONG_KEY.refuse(key=f"{PREFIX}***" if credential.is_secret else credential.masked)


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise rules.HTTP_NOT_JSON.refuse()
    return parsed
