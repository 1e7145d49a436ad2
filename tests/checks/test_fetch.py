"""The contract of HTTP requests, held by both adapters against hostile servers."""

from __future__ import annotations

import asyncio
import gzip
import threading
import zlib
from collections.abc import AsyncIterator

import pytest

from opsbot.checks._fetch import BODY_LIMIT, Failure, Fetcher, Request, Response
from opsbot.checks._fetch_aiohttp import AiohttpFetcher
from opsbot.checks._fetch_stdlib import StdlibFetcher
from opsbot.clock import SystemClock
from tests.bound import BOUND
from tests.checks import servers
from tests.checks.servers import Handler, serve
from tests.checks.support import until


@pytest.fixture(params=[AiohttpFetcher, StdlibFetcher], ids=["aiohttp", "stdlib"])
async def fetcher(request: pytest.FixtureRequest) -> AsyncIterator[Fetcher]:
    made: Fetcher = request.param(SystemClock())
    yield made
    await made.close()
    await until(lambda: not any(t.name == "opsbot-http" for t in threading.enumerate()))


async def ask(fetcher: Fetcher, handler: Handler, timeout: float = 10.0) -> Response | Failure:
    async with serve(handler) as served:
        return await fetcher.fetch(Request(served.url, timeout=timeout))


async def answered(fetcher: Fetcher, handler: Handler) -> Response:
    answer = await ask(fetcher, handler)
    assert isinstance(answer, Response), answer
    return answer


async def failed(fetcher: Fetcher, handler: Handler) -> Failure:
    answer = await ask(fetcher, handler)
    assert isinstance(answer, Failure), answer
    return answer


async def test_an_answer_is_handed_over(fetcher: Fetcher) -> None:
    answer = await answered(fetcher, servers.http(b"hello", "418 Teapot", "text/plain", X_Own="1"))
    assert (answer.status, answer.body, answer.cut, answer.flaw) == (418, b"hello", False, "")
    assert (answer.headers["content-type"], answer.headers["x-own"]) == ("text/plain", "1")
    assert 0 < answer.seconds < 10


async def test_method_headers_and_body_are_sent(fetcher: Fetcher) -> None:
    got: list[tuple[str, bytes]] = []
    async with serve(servers.recording(got)) as served:
        url = f"{served.url}?q=1"
        await fetcher.fetch(Request(url, "POST", {"Authorization": "Bearer x"}, b'{"a": 1}'))
    ((head, body),) = got
    assert head.startswith("POST /health?q=1 HTTP/1.1\r\n")
    lower = head.lower()
    assert "authorization: bearer x\r\n" in lower
    assert "accept-encoding: identity\r\n" in lower
    assert "user-agent: opsbot\r\n" in lower
    assert f"host: 127.0.0.1:{served.port}\r\n" in lower
    assert body == b'{"a": 1}'


@pytest.mark.parametrize("handler", [servers.silence, servers.drip], ids=["silence", "drip"])
async def test_the_total_timeout_holds(fetcher: Fetcher, handler: Handler) -> None:
    answer = await ask(fetcher, handler, timeout=0.3)
    assert answer == Failure("no answer within 0.3 s", timeout=True, seconds=0.3)


async def test_a_look_that_is_cancelled_ends_at_once(fetcher: Fetcher) -> None:
    asked = asyncio.Event()

    async def handle(reader: servers.Reader, writer: servers.Writer) -> None:
        await servers.request_of(reader)
        asked.set()
        await servers.silence(reader, writer)

    async with serve(handle) as served:
        task = asyncio.ensure_future(fetcher.fetch(Request(served.url, timeout=600)))
        await asyncio.wait_for(asked.wait(), BOUND)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, BOUND)


async def test_an_endless_body_is_cut(fetcher: Fetcher) -> None:
    answer = await answered(fetcher, servers.endless)
    assert (len(answer.body), answer.cut) == (BODY_LIMIT, True)


async def test_a_gzip_bomb_is_not_unpacked_beyond_the_limit(fetcher: Fetcher) -> None:
    answer = await answered(fetcher, servers.gzip_bomb())
    assert (len(answer.body), answer.cut) == (BODY_LIMIT, True)


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_packed_answer_is_understood(fetcher: Fetcher, encoding: str, pack: object) -> None:
    assert callable(pack)
    answer = await answered(fetcher, servers.http(pack(b"{}"), Content_Encoding=encoding))
    assert (answer.body, answer.cut) == (b"{}", False)


@pytest.mark.parametrize("encoding", ["gzip", "br"])
async def test_an_answer_packed_wrongly_has_a_flaw(fetcher: Fetcher, encoding: str) -> None:
    answer = await answered(fetcher, servers.http(b"junk", Content_Encoding=encoding))
    assert encoding in answer.flaw


async def test_a_redirect_is_not_followed(fetcher: Fetcher) -> None:
    async with serve(servers.http(b"secret")) as other:
        answer = await answered(fetcher, servers.http(b"", "302 Found", Location=other.url))
    assert (answer.status, answer.headers["location"]) == (302, other.url)


async def test_cookies_are_not_kept(fetcher: Fetcher) -> None:
    got: list[tuple[str, bytes]] = []

    async def handle(reader: servers.Reader, writer: servers.Writer) -> None:
        got.append(await servers.request_of(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    async with serve(handle) as served:
        for _ in range(2):
            await fetcher.fetch(Request(served.url.replace("127.0.0.1", "localhost")))
    assert len(got) == 2
    assert not any("cookie" in head.lower() for head, _ in got)


async def test_a_reset_and_a_close_are_failures_with_a_reason(fetcher: Fetcher) -> None:
    assert "connection" in (await failed(fetcher, servers.reset)).reason
    assert "middle of the answer" in (await failed(fetcher, servers.reset_in_body)).reason
    assert "not HTTP" in (await failed(fetcher, servers.raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"))).reason


async def test_a_refused_connection_is_a_failure(fetcher: Fetcher) -> None:
    async with serve(servers.silence) as served:
        url = served.url
    answer = await fetcher.fetch(Request(url))
    assert isinstance(answer, Failure)
    assert answer.reason == "connection refused"
    assert not answer.timeout


async def test_a_name_that_does_not_exist_is_a_failure(fetcher: Fetcher) -> None:
    answer = await fetcher.fetch(Request("http://does-not-exist.invalid/"))
    assert isinstance(answer, Failure)
    assert answer.reason


async def test_headers_without_end_are_a_failure(fetcher: Fetcher) -> None:
    flood = b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n"
    assert (await failed(fetcher, servers.raw(flood))).reason


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "[::ffff:169.254.169.254]",
        "[fe80::1]",
        "[64:ff9b::a9fe:a9fe]",
        "[::a9fe:a9fe]",
        "[fd00:ec2::254]",
    ],
)
async def test_a_metadata_address_is_refused_in_every_spelling(fetcher: Fetcher, host: str) -> None:
    answer = await fetcher.fetch(Request(f"http://{host}/latest/meta-data", timeout=5))
    assert isinstance(answer, Failure)
    assert "address" in answer.reason  # of aiohttp for some: it refuses unusual spellings itself
