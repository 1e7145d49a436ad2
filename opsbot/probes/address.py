"""Control addresses: something that answers whenever opsbot's own connection works."""

from __future__ import annotations

import asyncio

from opsbot.domain.reach import Answer, Via
from opsbot.probes._web import NotReached, get, words
from opsbot.probes.base import SHOWN

_OF_A_PORTAL = frozenset({*range(300, 400), 511})


class AddressProbe:
    """A TCP connection to a host and port, closed at once."""

    via = Via.CONTROL

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def ask(self) -> Answer:
        """Connects."""
        try:
            _, writer = await asyncio.open_connection(self._host, self._port)
        except OSError as error:
            return Answer(self.via, self.name, False, words(error))
        writer.transport.abort()
        return Answer(self.via, self.name, True)


class PageProbe:
    """A page. Over https any answer will do; over http a hotel's login page answers for everything, so one
    that redirects, or says so (511), does not count."""

    via = Via.CONTROL

    def __init__(self, url: str) -> None:
        self._url = url
        self.name = url[:SHOWN]

    async def ask(self) -> Answer:
        """Asks for it."""
        try:
            page = await get(self._url, limit=0)
        except NotReached as no:
            return Answer(self.via, self.name, False, str(no))
        if self._url.startswith("http:") and page.status in _OF_A_PORTAL:
            return Answer(self.via, self.name, False, f"HTTP {page.status}, as a login page of the network")
        return Answer(self.via, self.name, True)
