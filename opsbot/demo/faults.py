"""What the stand-in service can be told to do wrong, and how to tell it.

The orders go to `POST /_demo/fault` on the service's own port: a path that the modelled service does
not have, so nothing that watches it can mistake an order for its behaviour.
"""

import json
from enum import StrEnum

FAULT_PATH = "/_demo/fault"
DEFAULT_TIMEOUT_SECONDS = 5.0


class Fault(StrEnum):
    """The names are what `--scenario` and the control endpoint take."""

    CRASH = "crash"
    """An unhandled exception: its traceback in the log, exit status 1."""
    KILL = "kill"
    """SIGKILL to itself: nothing in the log, no exit status of its own."""
    EXIT_CLEAN = "exit-clean"
    """A shutdown line and exit status 0, as after a deploy."""
    HANG = "hang"
    """The API accepts connections and never answers; the process lives and logs."""
    LEAK = "leak"
    """RSS grows by about 5 MB/s (to a ceiling); given back when the fault ends."""
    BURN = "burn"
    """One core is busy; the API still answers."""
    ERRORS = "errors"
    """ERROR lines, `rate` per second."""
    GATEWAY_DROP = "gateway-drop"
    """The gateway session is gone and, as in discord.py, nothing at INFO says so."""
    GATEWAY_BLOCKED = "gateway-blocked"
    """The same with discord.py's "heartbeat blocked" warnings."""
    GATEWAY_RECONNECTING = "gateway-reconnecting"
    """The gateway cannot be reached: discord.py's "Attempting a reconnect" errors."""
    GATEWAY_INVALIDATED = "gateway-invalidated"
    """The session is invalidated and a new one identified, at once."""
    GATEWAY_RECOVER = "gateway-recover"
    """Ends the gateway faults: the session is resumed."""
    DEGRADED = "degraded"
    """`/health`: 200, status degraded, claude_api false."""
    UNHEALTHY = "unhealthy"
    """`/health`: 503, status unhealthy."""
    SLOW = "slow"
    """`/health` answers after 3 s."""
    UPSTREAM_DOWN = "upstream-down"
    """OpenRouter answers 502 and 429; `/health` stays healthy."""
    OK = "ok"
    """Ends every fault that is going on."""


ENDING = frozenset({Fault.CRASH, Fault.KILL, Fault.EXIT_CLEAN})
"""Faults that end the process."""

GATEWAY_LOST = frozenset({Fault.GATEWAY_DROP, Fault.GATEWAY_BLOCKED, Fault.GATEWAY_RECONNECTING})
"""Faults without a gateway session for as long as they last. Only one of them at a time."""


class FaultRefusedError(Exception):
    """The service answered, but did not take the order; the message is its reason."""


def send_fault(
    port: int,
    name: str,
    seconds: float | None = None,
    *,
    rate: float | None = None,
    host: str = "127.0.0.1",
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
) -> None:
    """Tell the stand-in on `port` to misbehave; return when it has taken the order.

    `seconds` is how long the fault lasts (None: until `ok`); the faults that end the process ignore it.
    `rate` is lines per second, for `errors`. Blocks for at most about `timeout` seconds.

    Raises ValueError for an unknown name, OSError when nobody answers, FaultRefusedError when the order
    is not taken.
    """
    order = {"fault": Fault(name).value, "seconds": seconds, "rate": rate}
    status, body = _post(host, port, json.dumps(order), timeout)
    if status != 202:
        raise FaultRefusedError(f"The service on port {port} refused {name!r} ({status}): {body}")


def _post(host: str, port: int, body: str, timeout: float) -> tuple[int, str]:
    # Imported late: the service imports this module for the names, and http.client is half of the
    # time it would need to start.
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("POST", FAULT_PATH, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except HTTPException as error:
        raise ConnectionError(f"No HTTP service answers on port {port}: {error!r}") from error
    finally:
        connection.close()
