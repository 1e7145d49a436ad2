"""The demo's watched service: a process that behaves like Summary Bot NG.

Run as `python -m opsbot.demo.service --port 5000 --log FILE`. It logs in Summary Bot NG's format, serves
`/health` and `/api/v1/summarize`, reports a gateway session and calls an "upstream"; `faults.send_fault`
makes it misbehave. Standard library only, and little of that: it is restarted before a watcher's eyes.
"""

import logging
import os
import queue
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from enum import Enum, auto

from opsbot.demo import service_effects as effects
from opsbot.demo.faults import GATEWAY_LOST, Fault
from opsbot.demo.service_api import VERSION, Api, ApiTimes
from opsbot.demo.service_board import Activation, FaultBoard
from opsbot.demo.service_gateway import GatewaySession
from opsbot.demo.service_http import HttpServer
from opsbot.demo.service_options import Options, keep_log, open_log, parse
from opsbot.demo.service_upstream import Upstream, run_traffic

_log = logging.getLogger("src.main")
_server_log = logging.getLogger("src.webhook_service.server")


class Order(Enum):
    """What the main thread waits for."""

    TERMINATE = auto()
    EXIT_CLEAN = auto()
    CRASH = auto()
    IGNORED = auto()


class Service:
    """The parts and the main thread's loop. The main thread is the one that crashes and shuts down."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._board = FaultBoard()
        self._upstream = Upstream(self._board, self._rng("upstream"))
        self._gateway = GatewaySession(self._rng("gateway"), options.gateway)
        self._effects: dict[Fault, Callable[[Activation], None]] = {
            Fault.LEAK: effects.leak,
            Fault.BURN: effects.burn,
            Fault.ERRORS: effects.spit_errors,
            Fault.GATEWAY_INVALIDATED: self._gateway.play,
            **dict.fromkeys(GATEWAY_LOST, self._gateway.play),
        }
        self._endings: dict[Fault, Callable[[], None]] = {
            Fault.CRASH: lambda: self._orders.put(Order.CRASH),
            Fault.EXIT_CLEAN: lambda: self._orders.put(Order.EXIT_CLEAN),
            Fault.KILL: lambda: os.kill(os.getpid(), signal.SIGKILL),
        }

    def run(self) -> int:
        """Serve until a signal or an order ends it; return the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        _log.info("Starting Summary Bot NG v%s (pid %d)", VERSION, os.getpid())
        try:
            self._start_and_wait()
        except OSError as error:
            _log.error("Cannot serve on port %d: %s", self._options.port, error)
            return 1
        except Exception:
            keep_log()
            _log.critical("Unhandled exception, the bot is going down", exc_info=True)
            return 1
        self._stopping.set()
        keep_log()
        _log.info("Shutdown complete")
        return 0

    def _start_and_wait(self) -> None:
        if self._next_order(within=self._options.start_delay) is not None:
            return
        times = ApiTimes(self._options.slow_seconds, self._options.summarize_seconds)
        api = Api(self._board, self._upstream, times, self._obey)
        server = HttpServer(self._options.host, self._options.port, api)
        server.start()
        _server_log.info("Webhook API listening on %s:%d", self._options.host, server.port)
        self._gateway.start()
        self._start_traffic()
        if self._next_order() is Order.CRASH:
            _restore_cache({"guild": "Summaries"})
        _log.info("Shutting down")
        server.close()

    def _next_order(self, within: float | None = None) -> Order | None:
        """The next order, or None when there is none within that many seconds."""
        until = None if within is None else time.monotonic() + within
        while True:
            left = None if until is None else max(0.0, until - time.monotonic())
            try:
                order = self._orders.get(timeout=left)
            except queue.Empty:
                return None
            if order is not Order.IGNORED:
                return order
            _log.warning("SIGTERM ignored")

    def _start_traffic(self) -> None:
        every, middle = self._options.upstream_every, self._options.summarize_seconds
        args = (self._upstream, every, middle, self._stopping)
        threading.Thread(target=run_traffic, args=args, name="traffic", daemon=True).start()

    def _on_signal(self, number: int, _: object) -> None:
        # Only the queue: a handler that logs could wait for a lock that its own thread holds.
        ignored = number == signal.SIGTERM and self._options.ignore_sigterm
        self._orders.put(Order.IGNORED if ignored else Order.TERMINATE)

    def _obey(self, activation: Activation) -> Callable[[], None] | None:
        fault = activation.fault
        if fault is Fault.OK:
            self._board.end(Fault)
        elif fault is Fault.GATEWAY_RECOVER:
            self._board.end(GATEWAY_LOST)
        elif fault not in self._endings:
            self._begin(activation)
        return self._endings.get(fault)

    def _begin(self, activation: Activation) -> None:
        if activation.fault is not Fault.GATEWAY_INVALIDATED:  # an event, not a state
            self._board.start(activation)
        effect = self._effects.get(activation.fault)
        if effect is not None:
            name = f"fault-{activation.fault}"
            threading.Thread(target=effect, args=[activation], name=name, daemon=True).start()

    def _rng(self, part: str) -> random.Random:
        # One source a part: the order in which threads draw must not matter for a seed.
        seed = self._options.seed
        return random.Random() if seed is None else random.Random(f"{seed}:{part}")


def _restore_cache(entry: dict[str, str]) -> None:
    """The bug behind the crash: an entry without its channel."""
    _log.info("Restoring the summary cache of channel %s", entry["channel_id"])


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stand-in; return its exit status."""
    options = parse(argv)
    try:
        open_log(options)
    except OSError as error:
        reason = f"Cannot write the log {options.log}: {error.strerror}. Give another --log FILE."
        sys.stderr.write(reason + "\n")
        return 1
    status = Service(options).run()
    logging.shutdown()
    return status


if __name__ == "__main__":
    # Not sys.exit: threads in the middle of a fault could otherwise delay the end, or write after it.
    os._exit(main())
