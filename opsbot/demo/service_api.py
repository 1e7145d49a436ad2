"""The stand-in's HTTP API: Summary Bot NG's two endpoints, and the one that takes orders."""

import json
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple, cast

from opsbot.demo.faults import FAULT_PATH, Fault
from opsbot.demo.service_board import Activation, FaultBoard
from opsbot.demo.service_http import Request, Response
from opsbot.demo.service_upstream import MODEL, Upstream, UpstreamError

VERSION = "2.0.0"
HOLD_LOOK_SECONDS = 0.2
"""How often a held connection looks whether its client has given up."""
MAX_ERRORS_PER_SECOND = 10_000.0
MAX_SECONDS = 7 * 86_400.0

Route = Callable[[Request], Response | None]


class ApiTimes(NamedTuple):
    """Seconds: how long a slow `/health` takes, and an ordinary summary in the middle."""

    slow: float
    summarize: float


class OrderError(Exception):
    """The order for a fault can't be read; the message says why."""


class Api:
    """Answers requests; `obey` is called with each order for a fault.

    What `obey` returns, if anything, is to run after the answer has been sent.
    """

    def __init__(
        self,
        board: FaultBoard,
        upstream: Upstream,
        times: ApiTimes,
        obey: Callable[[Activation], Callable[[], None] | None],
    ) -> None:
        self._board = board
        self._upstream = upstream
        self._times = times
        self._obey = obey
        self._routes: dict[tuple[str, str], Route] = {
            ("GET", "/health"): self._modelled(self._health),
            ("POST", "/api/v1/summarize"): self._modelled(self._summarize),
            ("POST", FAULT_PATH): self._order,
        }

    def __call__(self, request: Request) -> Response | None:
        """The answer to `request`; None when the connection is to be closed without one."""
        route = self._routes.get((request.method, request.path))
        if route is not None:
            return route(request)
        if any(path == request.path for _, path in self._routes):
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed")
        return _refusal(HTTPStatus.NOT_FOUND, "Not Found")

    def _modelled(self, route: Route) -> Route:
        def answer(request: Request) -> Response | None:
            hang = self._board.get(Fault.HANG)
            if hang is None:
                return route(request)
            while not hang.ended.wait(HOLD_LOOK_SECONDS) and not request.client_gone():
                pass
            return None

        return answer

    def _health(self, _: Request) -> Response:
        slow = self._board.get(Fault.SLOW)
        if slow is not None:
            slow.ended.wait(self._times.slow)
        if self._board.get(Fault.UNHEALTHY) is not None:
            return Response(HTTPStatus.SERVICE_UNAVAILABLE, _health_body("unhealthy"))
        degraded = self._board.get(Fault.DEGRADED) is not None
        return Response(HTTPStatus.OK, _health_body("degraded" if degraded else "healthy"))

    def _summarize(self, request: Request) -> Response:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            return _refusal(HTTPStatus.UNAUTHORIZED, "Not authenticated")
        messages = _messages(request.body)
        if messages is None:
            return _refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "messages: a list is needed")
        return self._summary(messages)

    def _summary(self, messages: int) -> Response:
        took = self._upstream.random_duration(self._times.summarize)
        time.sleep(took)
        try:
            self._upstream.create_summary(took, messages)
        except UpstreamError as error:
            return _refusal(HTTPStatus.BAD_GATEWAY, f"openrouter.ai answered {error}")
        body = {
            "summary": f"{messages} messages, nothing that cannot wait.",
            "model": MODEL,
            "message_count": messages,
            "response_time": round(took, 2),
        }
        return Response(HTTPStatus.OK, body)

    def _order(self, request: Request) -> Response:
        try:
            activation = _activation(request.body)
        except OrderError as error:
            return _refusal(HTTPStatus.BAD_REQUEST, str(error))
        after = self._obey(activation)
        return Response(HTTPStatus.ACCEPTED, {"fault": activation.fault.value}, after)


def _health_body(status: str) -> dict[str, object]:
    engine = "unhealthy" if status == "unhealthy" else "healthy"
    services = {
        "summarization_engine": engine,
        "claude_api": status == "healthy",
        "cache": True,
    }
    return {"status": status, "version": VERSION, "services": services}


def _refusal(status: HTTPStatus, detail: str) -> Response:
    return Response(status, {"detail": detail})


def _json_object(body: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _messages(body: bytes) -> int | None:
    messages = (_json_object(body) or {}).get("messages")
    return len(messages) if isinstance(messages, list) else None


def _activation(body: bytes) -> Activation:
    order = _json_object(body)
    if order is None:
        raise OrderError('An order is a JSON object such as {"fault": "hang", "seconds": 30}.')
    try:
        fault = Fault(str(order.get("fault")))
    except ValueError:
        names = ", ".join(Fault)
        raise OrderError(f"Unknown fault {order.get('fault')!r}; there are: {names}.") from None
    seconds = _positive(order, "seconds", MAX_SECONDS)
    return Activation(fault, seconds, _positive(order, "rate", MAX_ERRORS_PER_SECOND))


def _positive(order: dict[str, object], key: str, limit: float) -> float | None:
    value = order.get(key)
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and 0 < cast("float", value) <= limit:
        return float(cast("float", value))
    raise OrderError(f"{key} is a number above 0, at most {limit:g}.")
