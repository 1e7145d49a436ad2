"""The resolver: whether a name is resolved."""

from __future__ import annotations

import asyncio
import socket
import threading

from opsbot.domain.reach import Answer, Via
from opsbot.probes.base import SHOWN

PATIENCE = 4.0
"""Seconds for an answer, less than the prober has."""


class NamesProbe:
    """Looks a name up, as every program of this machine would.

    One that was never resolved says nothing: where it may not be, it is not lost. A resolver that hangs
    cannot be cancelled: one look-up at a time, in a thread that keeps nobody from ending, and a later round
    waits for the same one.
    """

    via = Via.NAMES

    def __init__(self, host: str) -> None:
        self._host = host
        self.name = f"the name {host}"
        self._asking: asyncio.Future[str] | None = None
        self._ever = False

    async def ask(self) -> Answer:
        """Resolves."""
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_future()
            threading.Thread(target=self._resolve, args=(self._asking,), name="names", daemon=True).start()
        done, _ = await asyncio.wait({self._asking}, timeout=PATIENCE)
        wrong = "".join(one.result() for one in done) if done else f"no answer within {PATIENCE:g} s"
        self._ever |= not wrong
        return Answer(self.via, self.name, (not wrong) if self._ever else None, wrong)

    def _resolve(self, asking: asyncio.Future[str]) -> None:
        wrong = ""
        try:
            socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            wrong = (getattr(error, "strerror", None) or str(error))[:SHOWN]
        try:
            asking.get_loop().call_soon_threadsafe(self._resolved, asking, wrong)
        except RuntimeError:
            return  # opsbot has ended meanwhile

    def _resolved(self, asking: asyncio.Future[str], wrong: str) -> None:
        self._asking = None
        if not asking.done():
            asking.set_result(wrong)
