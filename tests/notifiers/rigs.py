"""Every notifier with a real receiver at its other end, behind one face: what the contract is checked on."""

from __future__ import annotations

import resource
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from opsbot import registry
from opsbot.clock import Clock
from opsbot.errors import DeliveryError
from opsbot.notifiers._transport import PORT, DiscordTransport
from opsbot.notifiers.base import Notifier, NotifierContext
from opsbot.testing import VirtualClock
from opsbot.testing.notifier import FakeDiscord, RecordingNotifier
from tests.notifiers.receivers import TRANSIENT, Fault, mail_receiver, web_receiver

SECRET = "hush-7f3a"


def build(
    kind: str,
    options: dict[str, Any],
    transport: DiscordTransport | None = None,
    clock: Clock | None = None,
    **context_of: Any,
) -> Notifier:
    """A notifier as the composition root makes it. `context_of`: more of its context."""
    module = registry.load("opsbot.notifiers", kind)
    ports = {} if transport is None else {PORT: transport}
    context = NotifierContext("ops", clock or VirtualClock(), ports, **context_of)
    notifier: Notifier = module.build(module.Options(**options), context)
    return notifier


@dataclass(frozen=True, slots=True)
class Rig:
    """`arrived`: how many deliveries reached the receiver; `fail`: what it does to the next one."""

    notifier: Notifier
    arrived: Callable[[], int]
    fail: Callable[[Fault], object]
    leave: Callable[[], object] = field(default=lambda: None)


def error(fault: Fault) -> DeliveryError:
    """What a `DiscordTransport` makes of a fault."""
    wish = 7.0 if fault is Fault.BUSY else None
    place = fault is Fault.GONE
    return DeliveryError(fault.value, permanent=fault not in TRANSIENT, place=place, retry_after=wish)


@asynccontextmanager
async def _discord(folder: Path, timeout: float) -> AsyncIterator[Rig]:
    discord = FakeDiscord()
    notifier = build("discord", {"channel_id": 5}, discord)
    yield Rig(notifier, lambda: len(discord.messages), lambda fault: discord.fails.append(error(fault)))


@asynccontextmanager
async def _recording(folder: Path, timeout: float) -> AsyncIterator[Rig]:
    notifier = RecordingNotifier("ops")
    yield Rig(notifier, lambda: len(notifier.told), lambda fault: notifier.fails.append(error(fault)))


@asynccontextmanager
async def _log(folder: Path, timeout: float) -> AsyncIterator[Rig]:
    path = folder / "logs" / "alerts.log"
    notifier = build("log", {"file_path": str(path)})

    def fail(fault: Fault) -> None:
        path.mkdir(parents=True)

    def arrived() -> int:
        return len(path.read_bytes().splitlines()) if path.is_file() else 0

    def leave() -> None:
        if path.is_dir():
            path.rmdir()

    yield Rig(notifier, arrived, fail, leave)


@asynccontextmanager
async def _email(folder: Path, timeout: float) -> AsyncIterator[Rig]:
    async with mail_receiver() as mail:
        options = {
            "smtp_host": "127.0.0.1",
            "smtp_port": mail.port,
            "from_address": "alerts@summarybot.local",
            "to_addresses": ["admin@example.com"],
            "tls": "never",
            "timeout_seconds": timeout,
        }
        yield Rig(build("email", options), lambda: len(mail.mails), mail.plan.append)


OpenRig = Callable[[Path, float], AbstractAsyncContextManager[Rig]]
"""Makes a rig in a folder, with the notifier's timeout in seconds."""


def _over_http(kind: str, options: dict[str, Any], address: str) -> OpenRig:
    @asynccontextmanager
    async def rig(folder: Path, timeout: float) -> AsyncIterator[Rig]:
        async with web_receiver() as receiver:
            receiver.usual = '{"id": "4711"}'
            url = receiver.url + ("" if address == "base_url" else f"/{SECRET}")
            where = [url.replace("http", "json", 1)] if address == "urls" else url
            notifier = build(kind, {**options, address: where, "timeout_seconds": timeout})
            yield Rig(notifier, lambda: len(receiver.requests), receiver.plan.append)

    return rig


RIGS: dict[str, OpenRig] = {
    "recording": _recording,
    "discord": _discord,
    "discord_webhook": _over_http("discord_webhook", {}, "webhook_url"),
    "slack": _over_http("slack", {}, "webhook_url"),
    "pagerduty": _over_http("pagerduty", {"routing_key": SECRET}, "base_url"),
    "webhook": _over_http("webhook", {"secret": SECRET}, "url"),
    "apprise": _over_http("apprise", {}, "urls"),
    "email": _email,
    "log": _log,
}

FAULTS = [(kind, fault) for kind in RIGS for fault in Fault if kind != "log" or fault is Fault.GONE]

UNHEARD_WISHES = ("log", "email", "apprise")
"""Whose receivers say no time to come back at, or not so that it can be heard."""


def answer(status: int, body: str) -> web.Response:
    """An answer in JSON."""
    return web.Response(status=status, text=body, content_type="application/json")


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """As on a full disk, for every file this process writes meanwhile (setrlimit(2))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
