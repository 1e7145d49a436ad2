"""The REST API: faults, authorisation, rate limits, the judge, then simcord's world."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from simcord.backend import Backend
from simcord.backend.errors import BackendError
from simcord.http import RouteNotImplemented, UnsupportedField, router
from simcord.http import routes as _routes  # noqa: F401  (importing registers simcord's routes)

from opsbot.demo.discord_sim.bodies import Body, read_body
from opsbot.demo.discord_sim.cdn import Cdn
from opsbot.demo.discord_sim.faults import Fault, FaultKind, Faults
from opsbot.demo.discord_sim.gateway import Gateway
from opsbot.demo.discord_sim.history import history
from opsbot.demo.discord_sim.nonces import Nonces
from opsbot.demo.discord_sim.ratelimits import RateLimits, Verdict
from opsbot.demo.discord_sim.requests import Request, RequestLog
from opsbot.demo.discord_sim.rules import Rules
from opsbot.demo.discord_sim.sockets import cut

API_PREFIX = "/api/v10"
# 10,000 answers of 401, 403 or 429 in 10 minutes ban the address.
INVALID_REQUEST_LIMIT = 10_000
INVALID_STATUSES = (401, 403, 429)

_SEND = re.compile(r"/channels/(\d+)/messages")
_WEBHOOK = re.compile(r"/webhooks/\d+/([^/]+)")
# The token is in the path: interaction answers, and webhooks with their token.
_NO_TOKEN_NEEDED = re.compile(r"/interactions/.*|/webhooks/\d+/[^/]+.*|/gateway")

_TRUE = ("true", "1")

Json = dict[str, Any]


class Rest:
    """Answers every request under `/api/v10`.

    `unimplemented` collects what got a 501 and `failures` what broke in the simulation itself: a
    test that caused either must fail. `invalid_requests` counts answers of 401, 403 and 429.
    """

    def __init__(self, backend: Backend, cdn: Cdn, gateway: Gateway, log: RequestLog, rules: Rules) -> None:
        self.faults = Faults()
        self.rate_limits = RateLimits()
        self.nonces = Nonces()
        self.unimplemented: list[str] = []
        self.failures: list[Exception] = []
        self.invalid_requests = 0
        self._backend = backend
        self._cdn = cdn
        self._gateway = gateway
        self._log = log
        self._rules = rules

    async def serve(self, request: web.Request) -> web.StreamResponse:
        entry = self._log.arrived(request.method, request.rel_url.raw_path.removeprefix(API_PREFIX))
        status = 0
        try:
            fault = self.faults.take(entry.method, entry.path)
            response = await self._meet(fault, request, entry)
            if response is None:
                cut(request, reset=fault is not None and fault.kind is FaultKind.RESET)
                return web.Response(status=500)  # reaches nobody: the connection is gone
            status = response.status
            self.invalid_requests += status in INVALID_STATUSES
            return response
        finally:
            self._log.finished(entry, status)

    async def _meet(self, fault: Fault | None, request: web.Request, entry: Request) -> web.Response | None:
        """The answer, or None where the connection is to be cut instead."""
        if fault is None:
            return await self._answer(request, entry)
        if fault.kind is FaultKind.ANSWER:
            await self._read(request, entry)
            return self._reply(dict(fault.body), fault.status, fault.headers)
        if fault.kind is FaultKind.HANG:
            await fault.released.wait()
        elif fault.kind is FaultKind.LOSE_ANSWER:
            await self._answer(request, entry)
        elif fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
            return await self._answer(request, entry)
        return None

    async def _answer(self, request: web.Request, entry: Request) -> web.Response:
        tokenless = _NO_TOKEN_NEEDED.fullmatch(entry.path) is not None
        if not tokenless and request.headers.get("Authorization") != f"Bot {self._gateway.token}":
            return self._reply({"message": "401: Unauthorized", "code": 0}, 401, {})
        verdict = self.rate_limits.take(entry.method, entry.path, counts_globally=not tokenless)
        if not verdict.allowed:
            return self._limited(verdict)
        try:
            body = await self._read(request, entry)
            hidden = self._hidden_limit(entry)
            if not hidden.allowed:
                return self._limited(hidden)
            self._rules.judge(entry.method, entry.path, body.json, body.sizes)
            answer = self._perform(request, entry, body)
        except BackendError as error:
            return self._refuse(error, verdict.headers)
        except Exception as error:
            self.failures.append(error)
            return self._reply({"message": f"500: {error!r}", "code": 0}, 500, verdict.headers)
        return self._reply(answer, 204 if answer is None else 200, verdict.headers)

    async def _read(self, request: web.Request, entry: Request) -> Body:
        try:
            body = await read_body(request, self._cdn)
        except ValueError:
            raise BackendError(400, 50109, "The request body contains invalid JSON.") from None
        entry.body = body.json
        if isinstance(body.json, Mapping) and body.json.get("nonce") is not None:
            entry.nonce = str(body.json["nonce"])
        return body

    def _hidden_limit(self, entry: Request) -> Verdict:
        renames = re.fullmatch(r"/channels/\d+", entry.path) and entry.method == "PATCH"
        if renames and isinstance(entry.body, Mapping) and {"name", "topic"} & entry.body.keys():
            return self.rate_limits.take_rename(entry.path)
        return Verdict(True, {})

    # -------------------------------------------------------------- the world

    def _perform(self, request: web.Request, entry: Request, body: Body) -> Any:
        if entry.path == "/gateway":
            return {"url": self._gateway.url}
        if entry.path == "/gateway/bot":
            return self._gateway.bot_info()
        sent = _SEND.fullmatch(entry.path) if entry.method == "POST" else None
        if sent is not None:
            return self._send(request, entry, body, int(sent[1]))
        if entry.method == "GET" and _SEND.fullmatch(entry.path):
            return history(request.query, lambda params: self._dispatch(request, entry, body, params))
        answer = self._dispatch(request, entry, body)
        return answer if self._is_told(request, entry) else None

    def _is_told(self, request: web.Request, entry: Request) -> bool:
        """Callbacks and webhooks answer 204 unless asked for more."""
        webhook = _WEBHOOK.fullmatch(entry.path) if entry.method == "POST" else None
        if entry.path.endswith("/callback"):
            return request.query.get("with_response", "").lower() in _TRUE
        if webhook is not None and webhook[1] not in self._backend.interaction_tokens:
            return request.query.get("wait", "").lower() in _TRUE
        return True

    def _send(self, request: web.Request, entry: Request, body: Body, channel_id: int) -> Any:
        asked = body.json or {}
        earlier = self.nonces.made(channel_id, asked)
        if earlier is None:
            answer = self._dispatch(request, entry, body)
            self.nonces.remember(channel_id, asked, int(answer["id"]))
        else:
            path = f"/channels/{channel_id}/messages/{earlier}"
            answer = router.dispatch(self._backend, "GET", path)
        return answer | {"nonce": asked["nonce"]} if "nonce" in asked else answer

    def _dispatch(self, request: web.Request, entry: Request, body: Body, params: Json | None = None) -> Any:
        return router.dispatch(
            self._backend,
            entry.method,
            entry.path,
            json=body.json,
            params=dict(request.query) if params is None else params,
            files=list(body.files),
            reason=request.headers.get("X-Audit-Log-Reason"),
            message_content_access="message_content" in self._gateway.privileged,
        )

    # ---------------------------------------------------------------- answers

    def _refuse(self, error: BackendError, headers: Mapping[str, str]) -> web.Response:
        if isinstance(error, RouteNotImplemented | UnsupportedField):
            self.unimplemented.append(str(error))
        return self._reply(error.to_json(), error.status, headers)

    def _limited(self, verdict: Verdict) -> web.Response:
        return self._reply(verdict.body, 429, verdict.headers | {"Via": "1.1 google"})

    def _reply(self, body: Any, status: int, headers: Mapping[str, str]) -> web.Response:
        if body is None:
            return web.Response(status=status, headers=headers)
        text = self._cdn.outgoing(json.dumps(body, default=str))
        # discord.py compares the type with exactly this text: no charset may follow.
        told = {"Content-Type": "application/json", **headers}
        return web.Response(body=text.encode(), status=status, headers=told)
