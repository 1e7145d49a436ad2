"""The demo's composition: simulated Discord, stand-in service, and the real opsbot between them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from urllib.parse import urlsplit

from simcord import SetupError

from opsbot.app import serve, stop_targets
from opsbot.clock import SystemClock
from opsbot.demo.discord_sim import SimulatedDiscord, point_discord_py_at
from opsbot.demo.scene import RESTART_SECONDS, TARGET, Ids, Scene, scene
from opsbot.demo.story import SCENARIOS, Scenario, play
from opsbot.demo.terminal import Channel
from opsbot.draw.incident import OVER
from opsbot.errors import UsageError
from opsbot.session import Session

CHART_MINUTES = (1, 2, 5)
"""How far back the first chart goes, the second, and all others."""

READY_SECONDS = 30.0
"""Within which the bot must be online and the service up."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for. `port`: of the page, 0 any; `seconds`: None until Ctrl-C;
    `restart_seconds`: how long the service takes to come back."""

    page: bool = True
    seconds: float | None = None
    scenario: str = "crash"
    port: int = 0
    restart_seconds: float = RESTART_SECONDS


async def run_demo(wishes: Wishes, show: Callable[[str], None], opened: Callable[[str], None]) -> None:
    """Runs the demo until its time is over or it is cancelled; the service ends with it.

    `show` prints what happens; `opened` is called with the page's address.

    Raises:
        UsageError: the page's port is taken.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opsbot-demo-")))
        sim = await stack.enter_async_context(SimulatedDiscord())
        stack.enter_context(point_discord_py_at(sim.rest_url, sim.gateway_url))
        scenario = SCENARIOS[wishes.scenario]
        stage = scene(
            folder,
            ids_of(sim),
            sim.token,
            restart_seconds=wishes.restart_seconds,
            reopens=scenario.reopens,
            shared=scenario.shared,
        )
        if wishes.page:
            opened(await _page(stack, sim, wishes.port))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_opsbot(stage, sim, scenario, show))]
            if not wishes.page:
                tasks.append(group.create_task(_print_channel(sim, show)))
            if wishes.seconds is not None:
                await asyncio.sleep(wishes.seconds)
                for task in tasks:
                    task.cancel()


async def _page(stack: AsyncExitStack, sim: SimulatedDiscord, port: int) -> str:
    page = sim.page(sim.world.ops, sim.world.people, port=port)
    try:
        return (await stack.enter_async_context(page)).url
    except SetupError as error:
        raise UsageError(
            f"port {port} is taken: name another one with --port, or none for any that is free."
        ) from error


def ids_of(sim: SimulatedDiscord) -> Ids:
    """What a configuration must know of the simulated Discord."""
    world = sim.world
    port = urlsplit(sim.rest_url).port
    assert port is not None
    return Ids(world.guild.id, world.ops.id, world.viewer.id, world.operator.id, world.admin.id, port)


async def _opsbot(
    stage: Scene, sim: SimulatedDiscord, scenario: Scenario, show: Callable[[str], None]
) -> None:
    session = Session(stage.settings, SystemClock())
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(
                serve(stage.settings, session=session, environ={"OPSBOT_DISCORD_TOKEN": sim.token})
            )
            await sim.wait_until_connected(READY_SECONDS)
            show("opsbot is online and watches Summary Bot NG.")
            group.create_task(_charts(sim, show))
            await play(stage.port, scenario, show)
    finally:
        await stop_targets(stage.settings, SystemClock())  # opsbot would leave it running


async def _charts(sim: SimulatedDiscord, show: Callable[[str], None]) -> None:
    """Whenever it is over, Vera looks at how it was."""
    ops, seen = sim.world.ops, set[int]()

    def over() -> bool:
        resolved = {m.id for m in sim.messages(ops) if m.content.startswith(OVER)}
        new = bool(resolved - seen)
        seen.update(resolved)
        return new

    for minutes in chain(CHART_MINUTES, repeat(CHART_MINUTES[-1])):
        while not over():
            await sim.changes.beyond(sim.changes.count)
        show(f"/metrics window:{minutes}m: Vera looks at how it was")
        with suppress(Exception):  # a chart is no reason to end the demo
            await sim.world.vera.slash(ops, "metrics", target=TARGET, window=f"{minutes}m")


async def _print_channel(sim: SimulatedDiscord, show: Callable[[str], None]) -> None:
    world = sim.world
    roles = {role.id: role.name for role in (world.viewer, world.operator, world.admin)}
    channel = Channel(roles, show)
    while True:
        count = sim.changes.count
        channel.update(sim.messages(world.ops))
        await sim.changes.beyond(count)
