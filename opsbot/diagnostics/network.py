"""The target's network connections, as text."""

from __future__ import annotations

import socket
from collections import Counter
from typing import Any

import psutil

from opsbot.diagnostics.base import NotCollected
from opsbot.diagnostics.process import alive, tree_of
from opsbot.domain.process import ProcessId

MOST = 1000
"""Connections that are told one by one."""


def network_text(pid: int | None, known: ProcessId | None) -> str:
    """What it and its children listen on, and whom they are connected to.

    Raises:
        NotCollected: it does not run, or opsbot may not look.
    """
    lines, states, hidden = [], Counter[str](), 0
    for process in tree_of(alive(pid, known)):
        try:
            found = process.net_connections(kind="inet")
        except (psutil.AccessDenied, PermissionError):
            hidden += 1
            continue
        except psutil.NoSuchProcess:
            continue
        states.update(one.status for one in found)
        lines += [_line(process.pid, one) for one in found]
    if hidden and not lines:
        raise NotCollected("opsbot may not look at another user's connections: run both as the same user")
    counts = ", ".join(f"{state} {count}" for state, count in states.most_common()) or "none"
    text = [f"Connections: {counts}", "", "pid      protocol  state        local → remote", *lines[:MOST]]
    text += [f"… and {len(lines) - MOST:,} more"] if len(lines) > MOST else []
    text += [f"Of {hidden} of its processes opsbot may not see any."] if hidden else []
    return "\n".join(text) + "\n"


def _line(pid: int, one: Any) -> str:
    protocol = "tcp" if one.type == socket.SOCK_STREAM else "udp"
    protocol += "6" if one.family == socket.AF_INET6 else ""
    state = "" if one.status == psutil.CONN_NONE else one.status
    return f"{pid:<8} {protocol:<9} {state:<12} {_address(one.laddr)} → {_address(one.raddr)}"


def _address(address: Any) -> str:
    if not address:
        return "–"
    host = f"[{address.ip}]" if ":" in address.ip else address.ip
    return f"{host}:{address.port}"
