"""Cutting a connection the hard way, and holding on to a port."""

from __future__ import annotations

import socket
import struct

from aiohttp import web

LOOPBACK = "127.0.0.1"


def cut(request: web.BaseRequest, *, reset: bool) -> None:
    """End the connection a request came on: by RST, or by an orderly FIN without an answer."""
    transport = request.transport
    if transport is None:
        return
    if reset:
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def bound(port: int) -> socket.socket:
    """A socket bound to a loopback port (0: the system chooses) that does not listen yet."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        raw.bind((LOOPBACK, port))
    except OSError:
        raw.close()
        raise
    raw.setblocking(False)
    return raw
