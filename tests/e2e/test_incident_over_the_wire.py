"""An incident over the wire: opsbot is killed (-9) between the ping and the acknowledgement, and once more
before the recovery; at the end everything stands in Discord once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import discord

from opsbot.clock import SystemClock
from opsbot.demo.scene import TARGET
from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState
from opsbot.draw.postmortem import PREFIX
from opsbot.draw.thread import timeline_line
from opsbot.stores.attachments import FOLDER
from opsbot.stores.sqlite_state import STATE_NAME, SqliteState
from tests import nursery
from tests.bound import BOUND
from tests.e2e import launcher
from tests.e2e.reading import text_of
from tests.e2e.stage import Stage
from tests.notifiers.receivers import WebReceiver, web_receiver
from tests.sim import sends

DEADLINE = 0.15
"""Minutes in which somebody should acknowledge; the pager is told after two of these."""


def with_deadlines(stage: Stage, receiver: WebReceiver) -> None:
    address = stage.folder / "pager"
    address.touch(0o600)
    address.write_text(f"{receiver.url}/alerts")
    stage.file.write_text(
        stage.file.read_text()
        + f"""
incidents: {{respond_minutes: {{P1: {DEADLINE}}}}}
notifications:
  pager: {{type: webhook, url_file: "{address}"}}
  escalation: [{{after_minutes: {2 * DEADLINE}, notifiers: pager}}]
"""
    )


@asynccontextmanager
async def process_of(stage: Stage) -> AsyncIterator[nursery.Child]:
    """`opsbot run` as a process of its own, logged in; killed (-9) at the end."""
    addresses = {launcher.REST: stage.sim.rest_url, launcher.GATEWAY: stage.sim.gateway_url}
    environ = {**os.environ, **stage.environ, **addresses}
    argv = (launcher.__name__, "run", "-c", str(stage.file))
    with (stage.folder / "opsbot.log").open("ab") as output:
        process = await asyncio.to_thread(
            nursery.born, argv, *launcher.READY, env=environ, stdout=output.fileno(), stderr=nursery.STDOUT
        )
        try:
            await stage.sim.wait_until_connected(BOUND)
            yield process
        finally:
            process.kill()
            await asyncio.to_thread(process.wait)
    await stage.until(lambda: stage.sim.gateway.connected == 0)


async def stored(stage: Stage) -> tuple[Incident, list[str]]:
    """The one incident that the file has, and its timeline as a thread shows it."""
    store = SqliteState(stage.state / STATE_NAME, SystemClock(), read_only=True)
    (incident,) = await store.incidents(10)
    lines = [timeline_line(entry) for entry in await store.timeline(incident.id)]
    await store.close()
    return incident, lines


def threads(stage: Stage) -> list[int]:
    return [channel.id for channel in stage.sim.backend.channels.values() if channel.is_thread]


def posts(stage: Stage) -> list[discord.Message]:
    """What stands in the incident's thread."""
    (thread,) = threads(stage)
    return [message for message in stage.sim.messages(thread) if "\n-# line" in message.content]


def files(stage: Stage) -> list[str]:
    return [file.filename for post in posts(stage) for file in post.attachments]


def written(stage: Stage) -> Iterator[str]:
    """The lines in the thread."""
    for post in posts(stage):
        yield from (line for line in post.content.split("\n") if not line.startswith("-# "))


async def taken_on(stage: Stage, message: discord.Message) -> None:
    await sends(stage.world.otto, message, "opsbot:ack:1", "I look")
    await stage.message(1, lambda m: "Acknowledged by: Otto" in text_of(m))


async def test_killed_twice_in_the_midst_of_it_everything_stands_there_once(stage: Stage) -> None:
    async with web_receiver() as receiver:
        with_deadlines(stage, receiver)
        async with process_of(stage):
            await stage.until(stage.pids)
            old = await stage.paused_and_down()
            await stage.message()
        async with process_of(stage):
            await stage.until(lambda: len(stage.alarms()) == 2)
            await stage.until(lambda: receiver.requests)
            await taken_on(stage, stage.alarms()[-1])
        async with process_of(stage):
            await stage.world.otto.slash(stage.world.ops, "resume")
            await stage.restarted(old)
            message = await stage.resolved()
            await stage.until(lambda: files(stage))
    await check_end(stage, message)
    loud = [r.data for r in receiver.requests if r.data["incident"]["state"] == "open"]
    assert len(loud) == 1, "it was called in once"


async def check_end(stage: Stage, message: discord.Message) -> None:
    incident, lines = await stored(stage)
    assert incident.target == TARGET
    assert incident.state is IncidentState.RESOLVED
    assert list(written(stage)) == [part for line in lines for part in line.split("\n")]
    for once in ("people are told again", "pager told as well", "acknowledged: I look", "Postmortem"):
        assert sum(once.lower() in line.lower() for line in lines) == 1, once
    (file,) = files(stage)
    assert file.startswith(PREFIX)
    assert [path.name for path in (stage.state / FOLDER).iterdir()] == [file]
    first, second = stage.alarms()
    assert second.id == message.id
    assert "This goes on in the newer message below" in text_of(
        next(m for m in stage.sim.messages(stage.world.ops) if m.id == first.id)
    )
    assert len(stage.replies(message)) == 1
    assert stage.sim.message_pings(stage.replies(message)[0]).silent
