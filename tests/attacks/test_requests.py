"""opsbot's own requests go where they were meant to, and their secrets nowhere else."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from opsbot.checks._fetch import Failure, Fetcher, Request, Response
from opsbot.checks._fetch_aiohttp import AiohttpFetcher
from opsbot.checks._fetch_stdlib import StdlibFetcher
from opsbot.checks._request import RequestOptions
from opsbot.clock import SystemClock
from opsbot.errors import DeliveryError
from opsbot.notifiers._http import Http
from tests.bound import BOUND
from tests.checks import servers
from tests.checks.servers import serve
from tests.notifiers.conftest import certificate

__all__ = ["certificate"]

SECRET = "q1w2e3r4t5y6"


@pytest.fixture(params=[AiohttpFetcher, StdlibFetcher], ids=["aiohttp", "stdlib"])
async def fetcher(request: pytest.FixtureRequest) -> AsyncIterator[Fetcher]:
    made: Fetcher = request.param(SystemClock())
    yield made
    await made.close()


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254.",
        "169.254.43518",
        "0xA9.0xFE.0xA9.0xFE",
        "①⑥⑨.②⑤④.①⑥⑨.②⑤④",
        "[::ffff:a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "[fe80::1%25lo]",
        "[fd20:ce::254]",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "metadata.example",
    ],
)
async def test_nothing_is_connected_that_leads_to_a_machines_credentials(
    fetcher: Fetcher, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, dialled = socket.getaddrinfo, []

    def resolve(name: Any, *more: Any, **others: Any) -> Any:
        return real("169.254.169.254" if name == "metadata.example" else name, *more, **others)

    def connect(_: socket.socket, address: Any) -> None:
        dialled.append(address)
        raise ConnectionRefusedError

    async def dial(_: Any, __: socket.socket, address: Any) -> None:
        dialled.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", dial)
    answer = await fetcher.fetch(Request(f"http://{host}/latest/meta-data", timeout=5))
    assert isinstance(answer, Failure)
    assert dialled == []


async def test_a_proxy_of_the_environment_sees_nothing(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    stolen: list[tuple[str, bytes]] = []
    async with serve(servers.recording(stolen)) as proxy, serve(servers.answer({"id": "1"})) as target:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        answer = await fetcher.fetch(Request(target.url))
        notifier = Http(5.0, SystemClock())
        told = await notifier.send("POST", target.url, {"x": 1})
        await notifier.close()
    assert isinstance(answer, Response)
    assert (answer.body, told.data) == (b'{"id": "1"}', {"id": "1"})
    assert stolen == []


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        (f"http://[::1/x?key={SECRET}", {}),
        (f"http://a..b/x?key={SECRET}", {}),
        ("{target}", {"Authorization": f"Bearer {SECRET}\r\nX-Other: y"}),
        ("{target}", {"Authorization": f"Bearer {SECRET}\n"}),
        ("{target}", {f"X\r\n{SECRET}": "y"}),
    ],
)
async def test_a_request_that_cannot_be_made_does_not_say_what_is_secret_in_it(
    fetcher: Fetcher, url: str, headers: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        answer = await fetcher.fetch(Request(url.replace("{target}", target), headers=headers))
        await fetcher.close()
        assert isinstance(answer, Failure)
        assert SECRET not in repr(answer)
        assert sent_to(listener) == b""


def sent_to(listener: socket.socket) -> bytes:
    """What arrived on the one connection that waits, if any does; its other end is closed."""
    listener.setblocking(False)
    try:
        connection = listener.accept()[0]
    except BlockingIOError:
        return b""
    with connection:
        connection.settimeout(BOUND)
        return connection.recv(10_000)


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"Authorization": f"Bearer {SECRET}\nX-Other: y"}},
        {"headers": {"Authorization": f"{SECRET}…"}},
        {"headers": {f"{SECRET}:": "y"}},
        {"url": f"http://bob:{SECRET}@host:1/"},
        {"url": f"http://host:{SECRET}/"},
        {"url": f"http://[{SECRET}/"},
        {"url": f"file:///etc/{SECRET}"},
        {"url": f"http://host/\r\nX: {SECRET}"},
    ],
)
def test_a_request_that_is_refused_at_load_says_why_without_its_secret(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        RequestOptions.model_validate({"url": "http://localhost/", **given})
    said = [error["msg"] for error in refused.value.errors(include_input=False)]
    assert said
    assert SECRET not in repr(said)


async def test_a_server_with_a_certificate_of_its_own_making_is_told_nothing(
    fetcher: Fetcher, certificate: Path
) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(BOUND)
        impostor = threading.Thread(target=listen, args=(listener, certificate, heard), daemon=True)
        impostor.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        answer = await fetcher.fetch(Request(url, headers={"Authorization": SECRET}))
        notifier = Http(5.0, SystemClock())
        with pytest.raises(DeliveryError):
            await notifier.send("POST", url, {"key": SECRET})
        await notifier.close()
        await asyncio.to_thread(impostor.join, 20)
    assert isinstance(answer, Failure)
    assert "certificate" in answer.reason.lower()
    assert heard == []


def listen(listener: socket.socket, certificate: Path, heard: list[bytes]) -> None:
    """Answers two connections with a certificate that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    for _ in range(2):
        with listener.accept()[0] as plain:
            plain.settimeout(BOUND)
            try:
                with context.wrap_socket(plain, server_side=True) as secure:
                    heard.append(secure.recv(1000))
            except OSError:
                continue
