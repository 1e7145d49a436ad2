"""What a service manager is told of opsbot: that it is ready, that it lives, that it ends (sd_notify(3)).

systemd and podman understand it; anywhere else nothing is said.
"""

from __future__ import annotations

import socket
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import dataclass

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"

MICRO = 1e6


@dataclass(frozen=True, slots=True)
class Lifeline:
    """`address`: of the manager's socket, empty when nobody listens. `watchdog`: seconds within which it
    wants a sign of life, 0 when it wants none."""

    address: str = ""
    watchdog: float = 0.0

    def say(self, word: str) -> None:
        """Tells the manager. It may be gone, or have its hands full: nothing of opsbot's waits for it."""
        if not self.address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.setblocking(False)
            link.sendto(word.encode(), self.address)


def lifeline(environ: MutableMapping[str, str], pid: int) -> Lifeline:
    """What the environment says, which is taken out of it: no target is to speak in opsbot's name. `pid`:
    this process'; a watchdog that is meant for another is not fed."""
    address = environ.pop("NOTIFY_SOCKET", "")
    span, meant = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
    if address.startswith("@"):  # Linux' abstract addresses
        address = f"\0{address[1:]}"
    elif not address.startswith("/"):  # vsock: and other ways that are not for a process on this machine
        address = ""
    wanted = span.isdecimal() and meant in ("", str(pid))
    return Lifeline(address, int(span) / MICRO if wanted else 0.0)
