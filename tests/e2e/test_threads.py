"""The thread of an incident, with the real opsbot: the whole timeline once, whatever happens to it."""

from __future__ import annotations

import re

import pytest

from opsbot.engine.inputs import NoteAsked
from tests.e2e.processes import eventually_asked
from tests.e2e.stage import Running, Stage
from tests.e2e.test_opsbot_killed import dies, doomed
from tests.engine.drive import OLGA

MAKE = ("POST", "/channels/*/messages/*/threads")
POST = ("POST", "/channels/*/messages")
MARKER = re.compile(r"-# lines? (\d+)(?:–(\d+))?")


def posts(stage: Stage, thread: int) -> list[str]:
    """What opsbot has posted there."""
    bot = stage.sim.backend.bot_user.id
    return [m.content for m in stage.sim.messages(thread) if m.author.id == bot and MARKER.search(m.content)]


def numbers(stage: Stage, thread: int) -> list[int]:
    """The lines that stand in a thread."""
    found: list[int] = []
    for content in posts(stage, thread):
        marker = MARKER.fullmatch(content.splitlines()[-1])
        assert marker, content
        found += range(int(marker[1]), int(marker[2] or marker[1]) + 1)
    return found


async def all_told(stage: Stage, running: Running, thread: int, number: int = 1) -> None:
    """Waits until the whole timeline stands in the thread, once and in order, and nothing is to be told."""

    async def told() -> bool:
        lines = len((await running.runtime.ops.people.find(number)).timeline)
        waits = running.runtime.pipeline.state.notices
        return not waits and numbers(stage, thread) == list(range(1, lines + 1))

    await eventually_asked(told, explain=lambda: f"{numbers(stage, thread)}\n{stage.transcript()}")


async def test_a_crash_from_its_beginning_to_its_end_is_told_in_one_thread(stage: Stage) -> None:
    async with stage.opsbot() as running:
        await stage.restarted(await stage.kill())
        message = await stage.resolved()
        await all_told(stage, running, message.id)
        text = "\n".join(posts(stage, message.id))
        assert "bot_process_down" in text
        assert "estart" in text
        assert "Resolved: " in text
    channel = stage.sim.backend.get_channel(message.id)
    assert (channel.name or "").startswith("#1 · ")
    assert set(channel.thread_members) == {stage.sim.backend.bot_user.id}
    for post in stage.sim.messages(message.id):
        assert stage.sim.message_pings(post).nobody
    assert len(stage.of(1)) == len(stage.alarms()) == 1


async def test_lost_answers_double_neither_the_thread_nor_a_line(stage: Stage) -> None:
    stage.sim.rest.nonces.remembered = 0.0
    async with stage.opsbot() as running:
        stage.sim.faults.lose_answer(*MAKE)
        old = await stage.paused_and_down()
        message = await stage.message()
        thread = f"/channels/{message.id}/messages"
        stage.sim.faults.lose_answer("POST", thread)
        await stage.until(lambda: posts(stage, message.id))
        await stage.world.otto.slash(stage.world.ops, "resume")
        await stage.restarted(old)
        await stage.resolved()
        await all_told(stage, running, message.id)


@pytest.mark.parametrize("point", ["thread 1 before", "thread 1 after", "send 2 before", "send 2 after"])
async def test_an_opsbot_that_is_killed_on_the_way_leaves_each_line_once(stage: Stage, point: str) -> None:
    stage.sim.rest.nonces.remembered = 0.0
    async with doomed(stage, point) as process:
        old = await stage.paused_and_down()
        await dies(process)
    async with stage.opsbot(well=False) as running:
        await stage.world.otto.slash(stage.world.ops, "resume")
        await stage.restarted(old)
        message = await stage.resolved()
        await all_told(stage, running, message.id)
    assert len(stage.of(1)) == len(stage.alarms()) == 1


async def test_without_the_permission_the_message_serves_and_nothing_waits(stage: Stage) -> None:
    stage.sim.faults.error(*MAKE, status=403, code=50013, times=None)
    async with stage.opsbot() as running:
        await stage.restarted(await stage.kill())
        message = await stage.resolved()
        await stage.until(lambda: not running.runtime.pipeline.state.notices)
    assert any(field.name == "What happened" for field in message.embeds[0].fields)
    assert message.id not in stage.sim.backend.channels


async def test_a_file_that_belongs_to_a_line_is_in_the_thread(stage: Stage) -> None:
    async with stage.opsbot() as running:
        old = await stage.paused_and_down()
        message = await stage.message()
        folder = stage.state / "attachments"
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "bundle.zip").write_bytes(b"zipped")
        await running.runtime.pipeline.ask(NoteAsked(1, OLGA, "the bundle", "bundle.zip"))
        found = await stage.until(lambda: [m for m in stage.sim.messages(message.id) if m.attachments])
        assert "the bundle" in found[0].content
        assert stage.sim.content_of(found[0].attachments[0]) == b"zipped"
        await stage.world.otto.slash(stage.world.ops, "resume")
        await stage.restarted(old)
