"""`/heartbeat/SECRET`: signs of life that services and jobs send. The secret in the address lets them;
nobody learns by the answer, or by how long it takes, whether another one would do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from aiohttp import web

from opsbot.domain.heartbeat import Signal
from opsbot.runtime.beats import Answer, Beats

PLACE = "/heartbeat/"

BODY = 10 * 1024
"""Bytes of a body at most."""

_SIGNALS = {"": Signal.ALIVE, "/start": Signal.START, "/fail": Signal.FAIL}

_WORDS = {
    Answer.HEARD: (200, "OK\n"),
    Answer.NOBODY: (404, "404: Not Found\n"),
    Answer.TOO_OFTEN: (429, "429: once a second is enough\n"),
}


class HeartbeatPages:
    """`beats`: of the present runtime; None where it hears none."""

    def __init__(self, beats: Callable[[], Beats | None]) -> None:
        self._beats = beats

    def add_to(self, app: web.Application) -> None:
        """GET, HEAD and POST do the same."""
        for end, what in _SIGNALS.items():
            place, page = PLACE + "{secret:[^/]{1,200}}" + end, partial(self._page, what)
            app.router.add_get(place, page)
            app.router.add_post(place, page)

    async def _page(self, what: Signal, request: web.Request) -> web.Response:
        secret = request.match_info["secret"]
        text, fits = await _body(request)
        beats = self._beats()
        if beats is None:
            answer = Answer.NOBODY
        elif fits or what is Signal.FAIL:  # a failure counts also where there are too many words for it
            answer = beats.signal(secret, what, text)
        else:
            return web.Response(status=413, text="413: at most 10 KB\n")
        if beats is not None and answer is Answer.HEARD:
            await beats.kept()
            if not fits:
                return web.Response(status=413, text="413: it counts; of its words only the first 10 KB\n")
        status, words = _WORDS[answer]
        headers = {"Retry-After": "1"} if answer is Answer.TOO_OFTEN else None
        return web.Response(status=status, text=words, headers=headers)


async def _body(request: web.Request) -> tuple[str, bool]:
    """The first `BODY` bytes as text, and whether that is all."""
    raw = b""
    async for part in request.content.iter_any():
        raw += part
        if len(raw) > BODY:
            break
    return raw[:BODY].decode(errors="replace"), len(raw) <= BODY
