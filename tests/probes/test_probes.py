"""Each probe over real sockets, among them those that mean ill."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from opsbot.domain.reach import Answer, Discord, Via
from opsbot.outside import outside
from opsbot.probes._web import BODY_LIMIT
from opsbot.probes.address import AddressProbe, PageProbe
from opsbot.probes.names import NamesProbe
from opsbot.probes.status import StatusProbe
from tests.bound import BOUND
from tests.checks import servers
from tests.checks.servers import Handler, Reader, Writer, serve

Summary = dict[str, object]


def summary(api: str = "operational", gateway: str = "operational", *more: object) -> Summary:
    """Discord's page, in short."""
    named = [("API", api), ("Gateway", gateway)]
    return {
        "page": {"name": "Discord", "updated_at": "2026-01-05T15:00:00.000Z"},
        "components": [*({"name": n, "status": s} for n, s in named), *more],
        "incidents": [],
    }


async def read(handler: Handler) -> Answer:
    """What the status probe makes of a server."""
    async with serve(handler) as served:
        return await StatusProbe(served.url).ask()


def nobodys_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def listening() -> AsyncIterator[int]:
    """Somebody who accepts and says nothing; the port."""
    async with serve(servers.silence) as served:
        yield served.port


# ---------------------------------------------------------------- control addresses


async def test_an_address_is_reached_when_somebody_accepts() -> None:
    async with listening() as port:
        answer = await AddressProbe("127.0.0.1", port).ask()
    assert (answer.reached, answer.name) == (True, f"127.0.0.1:{port}")


async def test_an_address_where_nobody_listens_is_not_reached_and_says_why() -> None:
    answer = await AddressProbe("127.0.0.1", nobodys_port()).ask()
    assert (answer.reached, answer.text) == (False, "connection refused")


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Oops"])
async def test_a_page_is_reached_whatever_it_says(status: str) -> None:
    async with serve(servers.answer({}, status)) as served:
        assert (await PageProbe(served.url).ask()).reached is True


@pytest.mark.parametrize("status", ["302 Found", "511 Network Authentication Required"])
async def test_a_login_page_of_a_hotel_is_no_connection(status: str) -> None:
    async with serve(servers.http(b"log in", status, Location="http://127.0.0.1:9/")) as served:
        answer = await PageProbe(served.url).ask()
    assert answer.reached is False
    assert "login page" in answer.text


async def test_a_page_behind_which_there_is_no_http_is_not_reached() -> None:
    async with serve(servers.raw(b"SSH-2.0-OpenSSH_9.6\r\n")) as served:
        assert (await PageProbe(served.url).ask()).reached is False
    assert (await PageProbe(f"http://127.0.0.1:{nobodys_port()}/").ask()).text == "connection refused"


# ---------------------------------------------------------------- names


def refuse(*_: object, **__: object) -> None:
    """As the resolver does without a line."""
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


async def test_a_name_is_resolved_and_no_longer_without_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = NamesProbe("localhost")
    assert (await probe.ask()).reached is True
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    answer = await probe.ask()
    assert (answer.reached, answer.text) == (False, "Temporary failure in name resolution")


async def test_a_name_that_was_never_resolved_is_not_lost() -> None:
    answer = await NamesProbe("no such name").ask()  # refused by the resolver itself: nobody is asked
    assert answer.reached is None
    assert answer.text


async def test_a_resolver_that_hangs_is_asked_once_however_often_rounds_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    go_on, asked = threading.Event(), []

    def hang(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        assert go_on.wait(BOUND)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    probe = NamesProbe("discord.com")
    rounds = [asyncio.ensure_future(probe.ask()) for _ in range(5)]
    for one in rounds[:4]:
        one.cancel()
    await asyncio.wait(rounds[:4])
    go_on.set()
    assert (await rounds[4]).reached is True
    assert asked == ["discord.com"]


# ---------------------------------------------------------------- the status page


async def test_a_status_page_where_all_is_well_says_nothing_of_discord() -> None:
    answer = await read(servers.answer(summary()))
    assert (answer.reached, answer.discord) == (True, None)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (summary(api="major_outage"), "a major outage of its API"),
        (summary(gateway="partial_outage"), "a partial outage of its Gateway"),
        (summary("partial_outage", "major_outage"), "a partial outage of its API and a major outage of"),
    ],
)
async def test_a_status_page_that_reports_an_outage_is_believed(page: Summary, words: str) -> None:
    answer = await read(servers.answer(page))
    assert answer.discord is Discord.DOWN
    assert words in answer.text


@pytest.mark.parametrize(
    "page",
    [
        summary(api="degraded_performance"),
        summary(gateway="under_maintenance"),
        summary("operational", "operational", {"name": "Media Proxy", "status": "major_outage"}),
    ],
)
async def test_what_bots_do_not_live_by_is_no_outage(page: Summary) -> None:
    assert (await read(servers.answer(page))).discord is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"components": {"API": "major_outage"}}',
        b'{"components": [1, null, {"name": "API"}, {"name": "API", "status": 7}]}',
        b'{"components": [{"name": ["API"], "status": "major_outage"}]}',
    ],
    ids=range(9),
)
async def test_garbage_says_nothing(body: bytes) -> None:
    answer = await read(servers.http(body))
    assert (answer.reached, answer.discord) == (True, None)


async def test_an_endless_body_is_cut_and_says_nothing() -> None:
    answer = await read(servers.endless)
    assert (answer.reached, answer.discord) == (True, None)


async def test_a_body_that_is_cut_says_nothing_even_where_it_begins_well() -> None:
    page = json.dumps(summary(api="major_outage")).encode() + b" " * BODY_LIMIT
    assert (await read(servers.http(page))).discord is None


async def test_a_packed_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    answer = await read(servers.http(bomb, Content_Encoding="gzip"))
    assert (answer.reached, answer.discord) == (True, None)


async def test_a_redirect_is_not_followed() -> None:
    asked = False

    async def elsewhere(reader: Reader, writer: Writer) -> None:
        nonlocal asked
        asked = True
        await servers.answer(summary(api="major_outage"))(reader, writer)

    async with serve(elsewhere) as other:
        answer = await read(servers.http(b"", "302 Found", Location=other.url))
    assert answer.discord is None
    assert not asked


@pytest.mark.parametrize("age", ["301", "999999999999999999999", "soon", "-1"])
async def test_what_lay_in_a_cache_for_long_says_nothing(age: str) -> None:
    page = json.dumps(summary(api="major_outage")).encode()
    assert (await read(servers.http(page, Age=age))).discord is None
    assert (await read(servers.http(page, Age="300"))).discord is Discord.DOWN


@pytest.mark.parametrize("handler", [servers.reset, servers.reset_in_body])
async def test_a_connection_that_breaks_is_not_reached(handler: Handler) -> None:
    assert (await read(handler)).reached is False


# ---------------------------------------------------------------- from the configuration


def test_the_configuration_names_them_and_what_is_empty_is_not_asked() -> None:
    found = outside(["1.1.1.1:443", "[::1]:53", "https://example.org/up"], "discord.com", "https://s.test/x")
    assert [(probe.via, probe.name) for probe in found] == [
        (Via.CONTROL, "1.1.1.1:443"),
        (Via.CONTROL, "[::1]:53"),
        (Via.CONTROL, "https://example.org/up"),
        (Via.NAMES, "the name discord.com"),
        (Via.STATUS, "https://s.test/x"),
    ]
    assert outside([], "", "") == []
