"""Attachments served back over HTTP, and their addresses as the bots see them."""

from __future__ import annotations

import mimetypes
from urllib.parse import unquote

from aiohttp import web
from simcord.backend import Backend
from simcord.backend.cdn import CDN_BASE


class Cdn:
    """simcord names files under a host that does not exist; on the wire they live on this server.

    `base_url` is set once the port is known.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.base_url = ""

    def outgoing(self, text: str) -> str:
        """JSON on its way to a bot."""
        return text.replace(CDN_BASE, self.base_url)

    def incoming(self, text: str) -> str:
        """JSON on its way from a bot."""
        return text.replace(self.base_url, CDN_BASE) if self.base_url else text

    def content(self, url: str) -> bytes | None:
        """The bytes behind an attachment's address, in either spelling."""
        return self._backend.cdn.get(self.incoming(url))

    async def serve(self, request: web.Request) -> web.Response:
        name = unquote(request.match_info["name"])
        content = self._backend.cdn.get(f"{CDN_BASE}/{name}")
        if content is None:
            return web.Response(status=404, text="")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return web.Response(body=content, content_type=kind)
