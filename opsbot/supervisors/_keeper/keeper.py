"""Keeps one target from its start to its end."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # see signals.py
import os
import select

from opsbot.supervisors._keeper.channel import Orders, Refusal, hung_up
from opsbot.supervisors._keeper.files import clock, is_zombie, slurp, start_ticks
from opsbot.supervisors._keeper.locks import be_the_keeper, check_unchanged, mark_by_lock
from opsbot.supervisors._keeper.output import Output
from opsbot.supervisors._keeper.records import forget_identity, oom_kills, record_exit, record_identity
from opsbot.supervisors._keeper.target import become_target

DAEMON_SECONDS = 10.0
"""A target that ends with 0 this soon and leaves children has gone to the background: they are followed."""


class Keeper:
    """Starts, then keeps. `pid` and `ticks` are the target's."""

    def __init__(self, orders: Orders, wake: int) -> None:
        self.orders, self.wake = orders, wake
        self.output = Output(orders)
        self.pid = self.ticks = 0
        self.started = clock()
        self.oom = oom_kills()

    def start(self) -> None:
        """The lock, the record, then the target: in this order, so that no moment can have two of them.

        Raises:
            Refusal: it was not started.
        """
        be_the_keeper(self.orders)
        if hung_up():  # who sent us has died, or no longer waits: its successor decides anew
            raise Refusal("orphaned")
        check_unchanged(self.orders)
        self.output.open()
        mark_by_lock(self.orders)
        gate, failed = self.fork()
        self.ticks = start_ticks(self.pid)
        record_identity(self.orders, self.pid, self.ticks)
        try:
            os.write(gate, b"g")
        except BrokenPipeError:  # it has failed already, and says why
            pass
        os.close(gate)
        failure = os.read(failed, 64)  # empty when exec has closed the other end
        os.close(failed)
        if failure:
            forget_identity(self.orders)
            stage, _, number = failure.decode().partition(" ")
            raise Refusal(stage, int(number))

    def fork(self) -> tuple[int, int]:
        """The child waits at the gate (first descriptor) and tells of failure through the second."""
        output = os.open(self.output.path, os.O_RDWR)
        gate, open_gate = os.pipe()
        failed, tell = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(open_gate)
            become_target(self.orders, output, gate, tell)
        for fd in (output, gate, tell):
            os.close(fd)
        return open_gate, failed

    def keep(self) -> None:
        """Moves output to the log until the target has ended."""
        poll = select.poll()
        poll.register(self.wake, select.POLLIN)
        poll.register(self.output.fifo, select.POLLIN)
        while True:
            ready = [fd for fd, _ in poll.poll()]
            if self.wake in ready:
                if signal.SIGHUP in os.read(self.wake, 512):
                    self.output.log.reopen()
                if self.ended():
                    break
            if self.output.fifo in ready:
                self.output.pump()
        self.output.finish()

    def ended(self) -> bool:
        """Reaps; True when the target is gone and was not followed into the background."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if not pid:
                return False
            if pid == self.pid and not self.survives(status):
                return True

    def survives(self, status: int) -> bool:
        """Records the exit; True when the target only went to the background."""
        kills = oom_kills() - self.oom if os.WIFSIGNALED(status) else 0
        record_exit(self.orders, self.pid, self.ticks, status, kills, self.output.log.lost)
        if status or clock() - self.started > DAEMON_SECONDS or self.asked_to_end():
            return False
        return self.follow()

    def asked_to_end(self) -> bool:
        """Whether opsbot has noted that it makes this very process end."""
        try:
            note = slurp(self.orders["directory"] + "/asked")
        except OSError:
            return False
        return f'"pid": {self.pid}, "start_ticks": {self.ticks}}}'.encode() in note

    def follow(self) -> bool:
        """The eldest child that lives is the target from now on."""
        me = os.getpid()
        try:
            left = slurp(f"/proc/{me}/task/{me}/children").split()
        except OSError:
            left = []
        living = [int(pid) for pid in left if not is_zombie(int(pid))]
        eldest = min(((start_ticks(pid), pid) for pid in living), default=None)
        if eldest is None:
            return False
        self.ticks, self.pid = eldest
        record_identity(self.orders, self.pid, self.ticks)
        return True
