"""Which faults are going on in the stand-in service."""

import threading
from collections.abc import Iterable

from opsbot.demo.faults import GATEWAY_LOST, Fault


class Activation:
    """One fault from its order to its end; `ended` is set when it is over.

    `seconds` is how long it lasts (None: until it is ended), `rate` is lines per second for `errors`
    (None: the default).
    """

    def __init__(self, fault: Fault, seconds: float | None = None, rate: float | None = None) -> None:
        self.fault = fault
        self.seconds = seconds
        self.rate = rate
        self.ended = threading.Event()


class FaultBoard:
    """The faults going on now, each at most once. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: dict[Fault, Activation] = {}

    def start(self, activation: Activation) -> None:
        """Begin `activation`; it takes the place of the same fault, or of another gateway fault."""
        self.end(GATEWAY_LOST if activation.fault in GATEWAY_LOST else {activation.fault})
        with self._lock:
            self._active[activation.fault] = activation
        if activation.seconds is not None:
            timer = threading.Timer(activation.seconds, self._expire, [activation])
            timer.daemon = True
            timer.start()

    def get(self, fault: Fault) -> Activation | None:
        """The activation of `fault` that is going on, if any."""
        with self._lock:
            return self._active.get(fault)

    def any_of(self, faults: Iterable[Fault]) -> bool:
        """Whether one of `faults` is going on."""
        with self._lock:
            return any(fault in self._active for fault in faults)

    def end(self, faults: Iterable[Fault]) -> None:
        """End those of `faults` that are going on."""
        with self._lock:
            ended = [self._active.pop(fault) for fault in faults if fault in self._active]
        for activation in ended:
            activation.ended.set()

    def _expire(self, activation: Activation) -> None:
        with self._lock:
            if self._active.get(activation.fault) is activation:
                del self._active[activation.fault]
        activation.ended.set()
