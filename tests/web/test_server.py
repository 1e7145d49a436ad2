"""Who may ask what, and what rude guests cost."""

from __future__ import annotations

import asyncio
import logging

import pytest
from pydantic import SecretStr

from opsbot.config.settings import WebSettings
from opsbot.web import metrics, server
from opsbot.web.snapshot import Snapshot
from tests.bound import BOUND
from tests.runtime.rig import World, build
from tests.web.desk import ANY_PORT, Desk, desk

TOKEN = "correct-horse-battery-staple"
GUARDED = WebSettings("127.0.0.1:0", SecretStr(TOKEN))
PAGES = ("/metrics", "/healthz")


async def said(at: Desk, sent: bytes) -> bytes:
    """What comes back for bytes as they are, until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", at.endpoint.port)
    try:
        writer.write(sent)
        async with asyncio.timeout(BOUND):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_there_are_two_pages_and_no_others() -> None:
    async with desk(await build(World())) as at:
        for page in PAGES:
            assert (await at.get(page)).status == 200
        for other in ("/", "/metrics/", "/metrics/x", "/favicon.ico", "/%2e%2e/etc/passwd"):
            assert (await at.get(other)).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_nothing_can_be_done_but_read(method: str) -> None:
    async with desk(await build(World())) as at:
        for page in PAGES:
            found = await at.get(page, method)
            assert found.status == 405
            assert set(found.headers["Allow"].split(",")) == {"GET", "HEAD"}
            head = await at.get(page, "HEAD")
            assert (head.status, head.text) == (200, "")


async def test_with_a_token_nobody_learns_anything_without_it() -> None:
    async with desk(await build(World()), GUARDED) as at:
        for page in (*PAGES, "/other"):
            for given in ("", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ", "Bearer \udcff"):
                found = await at.get(page, **{"Authorization": given} if given else {})
                assert found.status == 401
                assert found.headers["WWW-Authenticate"] == "Bearer"
                assert "opsbot_" not in found.text
        for page in PAGES:
            assert (await at.get(page, Authorization=f"Bearer {TOKEN}")).status == 200


async def test_a_page_in_a_browser_cannot_read_it_under_another_name() -> None:
    async with desk(await build(World())) as at:
        for host in ("evil.example", "evil.example:9464", "127.0.0.1.evil.example", "[", "10.0.0.1"):
            assert (await at.get(Host=host)).status == 403
        for host in ("localhost", "localhost:9464", "127.0.0.1", "[::1]:9464", "127.9.9.9"):
            assert (await at.get(Host=host)).status == 200
        assert b" 403 " in await said(at, b"GET /metrics HTTP/1.0\r\n\r\n")


async def test_an_answer_says_little_of_who_gives_it_and_is_kept_by_nobody() -> None:
    async with desk(await build(World())) as at:
        for page in (*PAGES, "/other"):
            headers = (await at.get(page)).headers
            assert headers["Server"] == "opsbot"
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Connection"] == "close"


async def test_whoever_says_nothing_or_not_enough_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PATIENCE", 0.2)
    async with desk(await build(World())) as at:
        for begun in (b"", b"GET /metrics HT", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: "):
            assert await said(at, begun) == b""
        assert (await at.get()).status == 200


async def test_there_are_only_so_many_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS", 3)
    async with desk(await build(World())) as at:
        held = [await asyncio.open_connection("127.0.0.1", at.endpoint.port) for _ in range(3)]
        assert await said(at, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") == b""
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(BOUND):
            while b" 200 " not in await said(at, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"):
                pass  # the server has not heard of their end yet


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
        + b"".join(b"X%d: a\r\n" % n for n in range(999))
        + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /metrics HTTP/9.9\r\n\r\n",
        b"\r\n\r\n\r\n",
    ],
    ids=["long path", "long header", "many headers", "TLS", "HTTP/9.9", "nothing"],
)
async def test_nonsense_is_refused_and_does_no_harm(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PATIENCE", 2.0)
    async with desk(await build(World())) as at:
        found = await said(at, sent)
        assert found == b"" or found.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
        assert (await at.get()).status == 200


async def test_no_request_is_logged(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with desk(await build(World()), GUARDED) as at:
        await at.get("/metrics?token=in-the-address", Authorization=f"Bearer {TOKEN}x")
        await at.get("/metrics", Authorization=f"Bearer {TOKEN}")
        await said(at, b"GET /metrics HTTP/1.1\r\nAuthorization Bearer in-a-bad-header\r\n\r\n")
        await said(at, b"BAD\x00in-a-bad-request HTTP/1.1\r\n\r\n")
    output = capsys.readouterr()
    everything = caplog.text + output.out + output.err
    for secret in (TOKEN, "in-the-address", "in-a-bad-header", "in-a-bad-request"):
        assert secret not in everything


async def test_who_asks_at_once_gets_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[object] = []
    render = metrics.render

    def counted(seen: Snapshot) -> bytes:
        rendered.append(seen)
        return render(seen)

    monkeypatch.setattr(server, "render", counted)
    async with desk(await build(World()), ANY_PORT) as at:
        await at.rig.clock.advance(2.0)
        ask = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
        answers = await asyncio.gather(*(said(at, ask) for _ in range(10)))
        assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
        assert len(rendered) == 1
        await at.get()
        assert len(rendered) == 2


async def test_a_page_that_breaks_says_so_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> bytes:
        raise ZeroDivisionError("a secret thing")

    monkeypatch.setattr(server, "render", broken)
    async with desk(await build(World())) as at:
        found = await at.get()
        assert found.status == 500
        assert "secret" not in found.text
        assert (await at.get("/healthz")).status == 200
