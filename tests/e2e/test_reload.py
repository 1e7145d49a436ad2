"""The configuration is changed while opsbot, the service and Discord go on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import discord
import pytest

from opsbot.demo.scene import TARGET
from opsbot.reloading import reloader
from opsbot.reloading.reloader import ANNOUNCED
from tests.bound import BOUND
from tests.e2e.processes import eventually_asked
from tests.e2e.reading import said, text_of
from tests.e2e.reloads import announced, asked, identified, manual
from tests.e2e.stage import Stage


async def test_a_changed_threshold_takes_effect_and_nothing_else_is_touched(stage: Stage) -> None:
    async with stage.opsbot() as opsbot:
        pid, line = stage.pid(), opsbot.line.bot
        stage.edit("rss > 60MB", "rss > 1MB")
        told = await announced(stage, "rss > 60MB → rss > 1MB")
        assert f"{TARGET}: rule high_memory_usage: condition" in text_of(told)
        assert told.flags.suppress_notifications
        await stage.message(1, lambda m: "more than 1 MB" in text_of(m))
        assert stage.pids() == [pid]
        assert (identified(stage), opsbot.line.bot) == (1, line)


async def test_a_file_that_cannot_be_used_is_told_once_and_the_old_settings_go_on(stage: Stage) -> None:
    async with stage.opsbot() as opsbot:
        pid, good = stage.pid(), stage.file.read_text()
        stage.edit("thresholds:", "tresholds:")
        told = await stage.message(1, lambda m: "tresholds" in text_of(m))
        line = good.splitlines().index("thresholds:") + 1
        assert f"opsbot.yml:{line}:1: tresholds: is not a known key" in text_of(told)
        assert "the settings of before go on" in text_of(told)
        stage.edit("tresholds:", "trasholds:")
        assert (await asked(stage))["exit"] == 78
        stage.edit(good.splitlines()[0], '"')
        assert (await asked(stage))["exit"] == 78
        stage.file.write_text("")
        assert "is empty" in (await asked(stage))["text"]
        stage.file.unlink()
        assert (await asked(stage))["exit"] == 78
        stage.file.write_text(good)
        await stage.resolved(1)
        assert len(stage.of(1)) == 1
        assert not stage.of(2)
        assert stage.pids() == [pid]
        assert await opsbot.is_well()


async def test_a_secret_that_is_made_later_is_noticed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloader, "TRY_AGAIN", 0.2)
    async with stage.opsbot() as opsbot:
        secret = stage.folder / "hook"
        stage.edit(
            "targets:\n", f"notifications: {{hook: {{type: webhook, url_file: {secret}}}}}\ntargets:\n"
        )
        told = await stage.message(1, lambda m: "notifications.hook.url_file" in text_of(m))
        assert "No such file" in text_of(told)
        secret.write_text("http://127.0.0.1:9/secret-word")
        secret.chmod(0o600)
        await stage.resolved(1)
        assert "hook" in opsbot.runtime.ops.notifiers()
        secret.write_text("http://127.0.0.1:9/another-word")
        told = await announced(stage, "notifier hook: url: changed")
        assert "word" not in text_of(told)


async def test_what_means_the_same_changes_nothing_and_only_who_asks_is_told(stage: Stage) -> None:
    async with stage.opsbot() as opsbot:
        runtime, before = opsbot.runtime, len(stage.sim.messages(stage.world.ops))
        stage.edit("targets:\n", "# what we watch\ntargets:\n")
        answer = await asked(stage)
        assert (answer["exit"], answer["data"]["outcome"]) == (0, "same")
        assert opsbot.runtime is runtime
        assert len(stage.sim.messages(stage.world.ops)) == before


ALIAS_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    "content",
    [
        ALIAS_BOMB.encode(),
        b"[" * 100_000,
        b"x: " + b"y" * (2 << 20),
        b"\0\xff\xfe",
        b"!!python/object:os.x {}",
    ],
    ids=["alias bomb", "nesting", "2 MiB", "no text", "python tag"],
)
async def test_a_hostile_file_costs_opsbot_nothing(stage: Stage, content: bytes) -> None:
    async with stage.opsbot() as opsbot:
        pid, good = stage.pid(), stage.file.read_bytes()
        stage.file.write_bytes(content)
        await stage.message(1, lambda m: "the settings of before go on" in text_of(m))
        assert await opsbot.runtime.ops.health(TARGET)
        stage.file.write_bytes(good)
        await stage.resolved(1)
        assert stage.pids() == [pid]


async def test_only_what_would_change_is_said_and_nothing_done(stage: Stage) -> None:
    manual(stage)
    async with stage.opsbot() as opsbot:
        runtime = opsbot.runtime
        stage.edit("title: Summary Bot NG", "title: The Shop")
        answer = await asked(stage, dry=True)
        assert (answer["exit"], answer["data"]["outcome"]) == (0, "would")
        assert "title: `Summary Bot NG` → `The Shop`" in answer["text"]
        stage.edit("thresholds:", "tresholds:")
        assert (await asked(stage, dry=True))["exit"] == 78
        assert opsbot.runtime is runtime
        assert not stage.of(1)
        stage.edit("tresholds:", "thresholds:")


async def test_an_admin_reloads_from_discord_and_a_stranger_does_not(stage: Stage) -> None:
    manual(stage)
    world = stage.world
    async with stage.opsbot() as opsbot:
        everything = discord.Permissions(administrator=True)
        stranger = world.add_person("chief", world.guild.create_role("Chief", permissions=everything))
        stage.edit("title: Summary Bot NG", "title: The Shop")
        refused = said(await stranger.slash(world.ops, "reload"))
        assert "You may not do that here" in refused
        dry = said(await world.olga.slash(world.ops, "reload", dry_run=True))
        assert "This would change" in dry
        assert "`Summary Bot NG` → `The Shop`" in dry.replace("\\", "")
        done = said(await world.olga.slash(world.ops, "reload"))
        assert "The configuration is in effect (read anew by Olga" in done
        assert opsbot.runtime.ops.targets()[0].title == "The Shop"
        assert "The Shop" in said(await world.vera.slash(world.ops, "health"))
        same = said(await world.olga.slash(world.ops, "reload"))
        assert "nothing is changed" in same
        audit = await opsbot.runtime.pipeline._store.audit(10)
        assert [(a.actor.name, a.verb) for a in audit if a.verb == "reload" and a.outcome == "done"] == [
            ("Olga (admin)", "reload")
        ]


async def test_roles_and_the_channel_follow_the_file(stage: Stage) -> None:
    manual(stage)
    world = stage.world
    async with stage.opsbot():
        assert "You may not" in said(await world.vera.slash(world.ops, "pause", minutes=5, reason="x"))
        stage.edit(f"operator: {world.operator.id}", f"operator: {world.viewer.id}")
        assert (await asked(stage))["data"]["outcome"] == "applied"
        assert "paused" in said(await world.vera.slash(world.ops, "pause", minutes=5, reason="x"))
        assert identified(stage) == 1


async def test_what_needs_a_new_start_is_named_and_the_rest_applied(stage: Stage) -> None:
    manual(stage)
    async with stage.opsbot() as opsbot:
        text = stage.file.read_text()
        stage.edit(f"guild: {stage.world.guild.id}", "guild: 42")
        stage.edit("title: Summary Bot NG", "title: The Shop")
        answer = await asked(stage)
        assert answer["data"]["outcome"] == "applied"
        assert "the whole section takes effect when opsbot is started anew" in answer["text"]
        again = await asked(stage)
        assert again["data"]["outcome"] == "same"
        assert "needs a new start of opsbot" in again["text"]
        assert opsbot.runtime.ops.targets()[0].title == "The Shop"
        assert "✓" in said(await stage.world.vera.slash(stage.world.ops, "health"))
        stage.file.write_text(text)


async def test_a_change_that_needs_a_new_start_is_told_once(stage: Stage) -> None:
    async with stage.opsbot():
        text = stage.file.read_text()
        stage.edit(f"guild: {stage.world.guild.id}", "guild: 42")

        def told() -> list[discord.Message]:
            every = stage.sim.messages(stage.world.ops)
            return [m for m in every if "needs a new start of opsbot" in text_of(m)]

        await stage.sim.changes.wait_for(told, BOUND, explain=stage.transcript)
        await asked(stage)
        await asked(stage, dry=True)
        assert len(told()) == 1
        stage.file.write_text(text)
        assert (await asked(stage))["data"]["later"] == []


async def test_many_reloads_leave_nothing_behind(stage: Stage) -> None:
    manual(stage)
    async with stage.opsbot() as opsbot:
        pid, tasks, files = stage.pid(), len(asyncio.all_tasks()), open_files()
        for number in range(20):
            old, new = ("Summary Bot NG", "The Shop")[:: 1 if number % 2 == 0 else -1]
            stage.edit(f"title: {old}", f"title: {new}")
            assert (await asked(stage))["data"]["outcome"] == "applied"
        await stage.until_well(opsbot)
        await eventually_asked(lambda: few(tasks, files))
        assert stage.pids() == [pid]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def few(tasks: int, files: int) -> bool:
    """Whether there are about as many tasks and open files as before: a few messages wait for Discord's rate
    limit."""
    return len(asyncio.all_tasks()) <= tasks + 2 * ANNOUNCED + 4 and open_files() <= files + 4
