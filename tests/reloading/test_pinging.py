"""The ping itself, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from opsbot.clock import SystemClock
from opsbot.reloading import pinging
from opsbot.reloading.pinging import HttpPing


@asynccontextmanager
async def elsewhere(status: int = 200, **headers: str) -> AsyncIterator[tuple[str, list[str]]]:
    """Its address, and what it was asked."""
    asked: list[str] = []

    async def page(request: web.Request) -> web.Response:
        asked.append(f"{request.method} {request.path_qs}")
        return web.Response(status=status, headers=headers, text="OK")

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}", asked
    finally:
        await runner.cleanup()


async def pinged(url: str, *, well: bool = True) -> str:
    ping = HttpPing(url, SystemClock())
    try:
        return await ping.ping(well=well)
    finally:
        await ping.close()


async def test_any_2xx_will_do_and_a_failure_is_said_at_the_end_of_the_path() -> None:
    async with elsewhere(204) as (url, asked):
        assert await pinged(f"{url}/ping/uuid") == ""
        assert await pinged(f"{url}/api/push/kuma?status=up&msg=OK") == ""
        assert await pinged(f"{url}/ping/uuid", well=False) == ""
        assert await pinged(f"{url}/ping/uuid/?a=b", well=False) == ""
    assert asked == [
        "GET /ping/uuid",
        "GET /api/push/kuma?status=up&msg=OK",
        "GET /ping/uuid/fail",
        "GET /ping/uuid/fail?a=b",
    ]


async def test_no_redirect_is_followed_and_the_place_it_names_not_quoted() -> None:
    async with elsewhere() as (other, asked), elsewhere(302, Location=f"{other}/stolen") as (url, _):
        found = await pinged(f"{url}/ping/uuid")
    assert found == "HTTP 302, it redirects, which is not followed"
    assert asked == []


async def test_what_is_refused_or_not_there_is_said_without_the_address() -> None:
    async with elsewhere(404) as (url, _):
        assert await pinged(f"{url}/ping/uuid") == "HTTP 404"
    assert await pinged(f"{url}/ping/uuid") == "connection refused"
    for refused in ("http://169.254.169.254/ping/uuid", "http://[::ffff:169.254.169.254]/ping/uuid"):
        found = await pinged(refused)
        assert "metadata address" in found
        assert "uuid" not in found


async def test_a_place_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinging, "TIMEOUT", 0.2)
    held: list[asyncio.StreamWriter] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await pinged(f"http://127.0.0.1:{port}/ping/uuid") == "no answer within 0.2 s"
    for writer in held:
        writer.close()
