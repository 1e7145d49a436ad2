"""Stands in for a killed keeper: reads the output on, so that the target never waits for a reader."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # see signals.py
import os
import select

from opsbot.supervisors._keeper.channel import Orders, Refusal
from opsbot.supervisors._keeper.files import start_ticks
from opsbot.supervisors._keeper.locks import be_the_keeper
from opsbot.supervisors._keeper.output import Output
from opsbot.supervisors._keeper.records import record_identity


class Relief:
    """The target is no child of this one: its exit status cannot be known any more."""

    def __init__(self, orders: Orders, wake: int) -> None:
        self.orders, self.wake = orders, wake
        self.output = Output(orders)
        self.pid: int = orders["pid"]
        self.ticks: int = orders["start_ticks"]
        self.target = -1

    def start(self) -> None:
        """
        Raises:
            Refusal: another keeper reads already (`locked`), or the target has ended (`gone`).
        """
        be_the_keeper(self.orders)
        try:
            self.target = os.pidfd_open(self.pid)
        except ProcessLookupError:
            raise Refusal("gone") from None
        if start_ticks(self.pid) != self.ticks:
            raise Refusal("gone")
        self.output.open()
        record_identity(self.orders, self.pid, self.ticks)

    def keep(self) -> None:
        """Until the target has ended."""
        poll = select.poll()
        for fd in (self.target, self.wake, self.output.fifo):
            poll.register(fd, select.POLLIN)
        while self.target not in (ready := [fd for fd, _ in poll.poll()]):
            if self.wake in ready and signal.SIGHUP in os.read(self.wake, 512):
                self.output.log.reopen()
            if self.output.fifo in ready:
                self.output.pump()
        self.output.finish()
