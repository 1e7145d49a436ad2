"""Pointing an unmodified discord.py at another Discord; loads nothing of the simulated one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route


@contextmanager
def point_discord_py_at(rest_url: str, gateway_url: str) -> Iterator[None]:
    """Every discord.py client of this process speaks to these addresses; put back at the end.

    `rest_url` is the API's base (`http://127.0.0.1:1234/api/v10`), `gateway_url` the socket's
    (`ws://127.0.0.1:1234/gateway`).
    """
    saved = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = rest_url, yarl.URL(gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = saved
