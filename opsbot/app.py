"""The composition root: the only place (with the demo) that names concrete classes; see also `assembly`.

`opened` builds a runtime from settings, under the lock of the state directory; what it opens is closed in the
reverse order. `serve` is `opsbot run`: the runtime (one after another, when the configuration changes), the
control socket, the web endpoint and the bot. `answer_alone` is a command without a running opsbot.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import structlog

from opsbot.bot.alone import LoneLine
from opsbot.clock import Clock, SystemClock
from opsbot.config.settings import Settings
from opsbot.control.server import VERBS, serving, user_name
from opsbot.domain.actor import Actor, ActorKind
from opsbot.errors import OpsbotError
from opsbot.notifiers._transport import PORT
from opsbot.probes.base import Probe
from opsbot.reloading.assembly import supervisor_of
from opsbot.reloading.generations import Generations, first
from opsbot.reloading.house import House, Probes, housed
from opsbot.reloading.reloader import Reloader
from opsbot.runtime.core import Runtime
from opsbot.runtime.relay import Relay
from opsbot.session import Session
from opsbot.web.endpoint import Endpoint

log = structlog.get_logger("opsbot.app")


@asynccontextmanager
async def opened(
    settings: Settings,
    clock: Clock,
    ports: Mapping[str, Any] | None = None,
    probes: Sequence[Probe] = (),
) -> AsyncIterator[Runtime]:
    """A runtime with all adapters, state loaded, not running yet. `probes`: of opsbot's own way to Discord.

    Raises:
        UsageError: the state directory is held or cannot be used, or an adapter cannot be built.
    """
    async with founded(settings, clock, ports or {}, lambda _: probes) as house:
        yield house.runtime


@asynccontextmanager
async def founded(
    settings: Settings, clock: Clock, ports: Mapping[str, Any], probes: Probes
) -> AsyncIterator[House]:
    """The house with that runtime in it."""
    async with housed(settings.state_dir, clock, ports, probes) as house:
        house.hide(settings)
        await first(house, settings)
        yield house


async def serve(
    settings: Settings,
    *,
    clock: Clock | None = None,
    started: asyncio.Event | None = None,
    session: Session | None = None,
    hangups: asyncio.Event | None = None,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Watches, alerts and repairs until cancelled. `started` is set when the runtime works; the bot logs in
    beside it, and whatever becomes of that, the rest goes on. `hangups`: set by whoever wants the
    configuration read anew; `environ`: with which it is read, the process' own when not given."""
    clock = clock or SystemClock()
    session = session or Session(settings, clock)
    async with founded(settings, clock, session.ports, session.probes) as house:
        relay = Relay(house.runtime.ops)
        endpoint = Endpoint(lambda: house.runtime, clock, settings.web)

        def joined(runtime: Runtime, now: Settings) -> None:
            session.join(runtime, now)
            endpoint.follow(now.web)

        generations = Generations(house, settings, relay, joined)
        reloader = Reloader(generations, session.announce, clock, hangups, environ)
        relay.reloads = reloader.reload
        session.operations = relay
        async with serving(relay, settings.state_dir), asyncio.TaskGroup() as group:
            log.info("watching", targets=[t.name for t in settings.targets], state=str(settings.state_dir))
            group.create_task(generations.run(started), name="runtime")
            group.create_task(session.run(house.runtime), name="discord")
            group.create_task(reloader.run(), name="reloader")
            group.create_task(endpoint.run(), name="web")


async def answer_alone(
    settings: Settings, request: dict[str, Any], show: Callable[[dict[str, Any]], None]
) -> None:
    """Answers one request of the command line while no opsbot runs: this process takes the lock, is opsbot
    for as long as it takes, and leaves the target running. `show` gets each line as it comes.

    Raises:
        StateLocked: one does run after all.
    """
    started = asyncio.Event()
    async with (
        aclosing(_lone_line(settings)) as discord,
        opened(settings, SystemClock(), {PORT: discord}) as runtime,
    ):
        running = asyncio.create_task(runtime.run_for_a_person(started))
        try:
            await started.wait()
            verb = VERBS[str(request["verb"])]
            async for line in verb(runtime.ops, request, _me()):
                show(line)
        except OpsbotError as refusal:
            show({"error": str(refusal), "exit": getattr(refusal, "exit_code", 1)})
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _lone_line(settings: Settings) -> LoneLine:
    discord = settings.discord
    token = discord.token.get_secret_value() if discord and discord.token else None
    return LoneLine(token, frozenset(discord.mention_role_ids if discord else ()))


def _me() -> Actor:
    uid = os.getuid()
    return Actor(ActorKind.CLI, str(uid), user_name(uid))


async def stop_targets(settings: Settings, clock: Clock, grace: float = 2.0) -> None:
    """Ends every supervised target that runs. opsbot itself leaves them running when it ends; the demo, the
    tests and the benches must not."""
    for target in settings.targets:
        if target.supervisor is None:
            continue
        supervisor = supervisor_of(settings, target, clock)
        look = await supervisor.find()
        if look.running is not None:
            await supervisor.stop(look.running, grace)
        await supervisor.close()
