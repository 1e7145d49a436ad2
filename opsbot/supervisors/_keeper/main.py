"""Orders in, one answer out, then keeping."""

from __future__ import annotations

import os

from opsbot.supervisors._keeper.channel import Refusal, answer, read_orders
from opsbot.supervisors._keeper.keeper import Keeper
from opsbot.supervisors._keeper.relief import Relief
from opsbot.supervisors._keeper.signals import become_subreaper, wake_on_signals


def main() -> None:
    try:
        os.setsid()
    except PermissionError:  # it leads a session already
        pass
    os.chdir("/")
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # what opsbot itself inherited is nothing to a target
    wake = wake_on_signals()
    become_subreaper()
    orders = read_orders()
    if orders is None:
        return
    keeper = Relief(orders, wake) if orders["drain"] else Keeper(orders, wake)
    try:
        keeper.start()
    except Refusal as refusal:
        answer({"stage": refusal.stage, "errno": refusal.number})
    except OSError as error:
        answer({"stage": "keeper", "errno": error.errno or 0})
    else:
        answer({"pid": keeper.pid, "start_ticks": keeper.ticks, "keeper_pid": os.getpid()})
        keeper.keep()
