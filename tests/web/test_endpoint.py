"""The endpoint opens, moves and closes with the settings; what stands in its way is told."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr

from opsbot.config.settings import WebSettings
from opsbot.domain.levels import Priority
from opsbot.web import endpoint
from opsbot.web.endpoint import TRY_AGAIN, Endpoint
from tests.bound import BOUND
from tests.runtime.rig import Rig, World, build, running
from tests.web.desk import desk

OFF = WebSettings()


@contextmanager
def taken() -> Iterator[tuple[socket.socket, WebSettings]]:
    """A port that another program has."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other, WebSettings(f"127.0.0.1:{other.getsockname()[1]}")


async def until(rig: Rig, true: Callable[[], bool]) -> None:
    """What happens in threads and sockets is waited for beside the virtual clock."""
    async with asyncio.timeout(BOUND):
        while not true():
            await rig.clock.settle()
            await asyncio.sleep(0.002)


async def answers(port: int | None, token: str = "") -> bytes:
    """The first line of what comes from there; nothing when nobody listens."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return b""
    line = f"Authorization: Bearer {token}\r\n" if token else ""
    writer.write(f"GET /metrics HTTP/1.1\r\nHost: localhost\r\n{line}\r\n".encode())
    async with asyncio.timeout(BOUND):
        first = (await reader.read()).split(b"\r\n")[0]
    writer.close()
    return first


async def test_without_a_section_nothing_listens() -> None:
    rig = await build(World())
    made = Endpoint(lambda: rig.runtime, rig.clock, OFF)
    async with running(rig):
        serving = asyncio.create_task(made.run())
        await rig.clock.advance(60.0)
        assert made.port is None
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def test_opsbot_without_it_imports_none_of_it() -> None:
    code = (
        "import sys, opsbot.app\n"
        "print({'prometheus_client', 'opsbot.web.server', 'opsbot.web.metrics'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stdout + done.stderr


async def test_a_port_that_is_taken_is_told_and_taken_over_when_it_is_free(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rig = await build(World())
    with taken() as (other, settings):
        made = Endpoint(lambda: rig.runtime, rig.clock, settings)
        async with running(rig):
            serving = asyncio.create_task(made.run())
            await until(rig, lambda: rig.state.live("opsbot") is not None)
            incident = rig.state.live("opsbot")
            assert incident is not None
            assert incident.priority is Priority.P3
            sentence = (
                f"The web endpoint cannot listen on {settings.listen}: another program has that port. "
                f"End it, or give `web.listen` another one."
            )
            assert incident.alerts[0].text == sentence
            await rig.clock.advance(TRY_AGAIN * 3)
            await until(rig, lambda: True)
            assert capsys.readouterr().out.count("another program has that port") == 1
            assert rig.state.known["summarybot"].view.newest, "the rest goes on"
            other.close()
            await rig.clock.advance(TRY_AGAIN * 2)
            async with asyncio.timeout(BOUND):
                await made.listening.wait()
            await until(rig, lambda: rig.state.live("opsbot") is None)
            assert await answers(made.port) == b"HTTP/1.1 200 OK"
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def test_it_moves_with_the_settings_and_closes_with_them() -> None:
    async with desk(await build(World())) as at:
        first = at.endpoint.port
        with taken() as (other, settings):
            other.close()
            at.endpoint.follow(settings)
            await until(at.rig, lambda: at.endpoint.port not in (None, first))
            assert at.endpoint.port == settings.port
            assert await answers(first) == b""
            assert await answers(at.endpoint.port) == b"HTTP/1.1 200 OK"
        at.endpoint.follow(OFF)
        await until(at.rig, lambda: at.endpoint.port is None)
        assert await answers(settings.port) == b""


async def test_another_token_counts_at_once_and_keeps_the_port() -> None:
    async with desk(await build(World())) as at:
        port = at.endpoint.port
        for token in ("first-token-of-them", "second-token-of-them"):
            at.endpoint.follow(WebSettings("127.0.0.1:0", SecretStr(token)))
            await at.rig.clock.settle()
            assert at.endpoint.port == port
            assert await answers(port, token) == b"HTTP/1.1 200 OK"
            assert await answers(port) == b"HTTP/1.1 401 Unauthorized"
        assert await answers(port, "first-token-of-them") == b"HTTP/1.1 401 Unauthorized"


async def test_moving_to_a_port_that_is_taken_is_told_and_moving_back_ends_that() -> None:
    async with desk(await build(World())) as at:
        with taken() as (_, settings):
            at.endpoint.follow(settings)
            await until(at.rig, lambda: at.rig.state.live("opsbot") is not None)
            assert at.endpoint.port is None
            at.endpoint.follow(WebSettings("127.0.0.1:0"))
            await until(at.rig, lambda: at.rig.state.live("opsbot") is None)
            assert await answers(at.endpoint.port) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    ("listen", "words"),
    [("192.0.2.1:9464", "has no such address"), ("no-such-name.invalid:9464", "has no such address")],
)
async def test_an_address_that_is_not_this_machines_is_one_sentence(listen: str, words: str) -> None:
    rig = await build(World())
    made = Endpoint(lambda: rig.runtime, rig.clock, WebSettings(listen))
    async with running(rig):
        serving = asyncio.create_task(made.run())
        await until(rig, lambda: rig.state.live("opsbot") is not None)
        incident = rig.state.live("opsbot")
        assert incident is not None
        assert words in incident.alerts[0].text
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_whatever_breaks_in_it_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ImportError("no module named prometheus_client")

    monkeypatch.setattr(endpoint, "_imported", broken)
    rig = await build(World())
    made = Endpoint(lambda: rig.runtime, rig.clock, WebSettings("127.0.0.1:0"))
    async with running(rig):
        serving = asyncio.create_task(made.run())
        await until(rig, lambda: rig.state.live("opsbot") is not None)
        assert not serving.done()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
