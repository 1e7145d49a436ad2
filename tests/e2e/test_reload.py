"""The configuration is changed while opsbot, the service and Discord go on."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import discord
import pytest

from opsbot.control.client import ask, running
from opsbot.demo.scene import TARGET
from opsbot.reloading import assembly, generations
from opsbot.reloading.reloader import ANNOUNCED
from opsbot.runtime import succession
from tests.e2e.processes import eventually, eventually_asked, lives
from tests.e2e.reading import said, text_of
from tests.e2e.stage import Stage

RENAMED = "newsbot"


async def asked(stage: Stage, *, dry: bool = False) -> dict[str, Any]:
    """What `opsbot reload` prints, as data with its exit code."""
    link = await asyncio.to_thread(running, stage.state)
    assert link is not None
    (answer,) = await asyncio.to_thread(lambda: list(ask(link, {"verb": "reload", "dry": dry})))
    return answer


async def announced(stage: Stage, holds: str) -> discord.Message:
    """The message in the ops channel that tells of a reload."""

    def look() -> discord.Message | None:
        told = [m for m in stage.sim.messages(stage.world.ops) if holds in text_of(m)]
        return next((m for m in told if "The configuration is in effect" in text_of(m)), None)

    found = await stage.sim.changes.wait_for(look, 20, explain=stage.transcript)
    assert found is not None
    return found


def manual(stage: Stage) -> None:
    """The file is read only when somebody asks."""
    stage.edit('version: "1.0"\n', 'version: "1.0"\nreload: manual\n')


def identified(stage: Stage) -> int:
    return stage.sim.gateway.log.count("identify")


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


async def test_what_means_the_same_changes_nothing_and_only_who_asks_is_told(stage: Stage) -> None:
    async with stage.opsbot() as opsbot:
        runtime, before = opsbot.runtime, len(stage.sim.messages(stage.world.ops))
        stage.edit("targets:\n", "# what we watch\ntargets:\n")
        answer = await asked(stage)
        assert (answer["exit"], answer["data"]["outcome"]) == (0, "same")
        assert opsbot.runtime is runtime
        assert len(stage.sim.messages(stage.world.ops)) == before


async def test_a_renamed_target_keeps_its_process_its_incident_and_its_history(stage: Stage) -> None:
    manual(stage)
    async with stage.opsbot() as opsbot:
        await stage.paused_and_down()
        await stage.message(1)
        stage.edit(f"  {TARGET}:\n", f"  {RENAMED}:\n")
        answer = await asked(stage)
        assert answer["data"]["outcome"] == "applied", answer
        assert f"{TARGET} is called {RENAMED} now" in answer["text"]
        known = opsbot.runtime.pipeline.state
        assert list(known.known) == [RENAMED]
        assert [i.target for i in opsbot.runtime.ops.incidents()] == [RENAMED]
        assert known.pauses[RENAMED].actor.name == "Otto (operator)"
        await stage.message(1, lambda m: f"is called {RENAMED} now" in text_of(m))
        await stage.world.otto.slash(stage.world.ops, "resume")
        await stage.resolved(1)
        pid = stage.pid()
        stage.edit(f"  {RENAMED}:\n", f"  {TARGET}:\n")
        answer = await asked(stage)
        assert f"its process (pid {pid}) runs on" in answer["text"]
        await stage.until_well(opsbot)
        assert stage.pids() == [pid]
        running_now = opsbot.runtime.processes.running(TARGET)
        assert running_now is not None
        assert running_now.keeper_pid, "its own keeper keeps it still"
        report = await opsbot.runtime.ops.metrics(TARGET, 3600)
        assert max(len([p for p in m.points if p is not None]) for m in report.metrics) > 0
        old = await stage.kill()
        assert "killed by SIGKILL" in text_of(await stage.message(2)), "its end is known as ever"
        await stage.restarted(old)


async def test_a_removed_target_lives_on_and_is_adopted_when_it_is_put_back(stage: Stage) -> None:
    manual(stage)
    async with stage.opsbot() as opsbot:
        pid, text = stage.pid(), stage.file.read_text()
        head, _, rest = text.partition(f"  {TARGET}:\n")
        _, _, rules = rest.partition("builtin_rules:")
        disk = f"  machine:\n    checks: {{disk: {{type: disk, path: {stage.folder}}}}}\nbuiltin_rules:"
        rules, _, _ = rules.partition("\nrules:")
        stage.file.write_text(f"{head}{disk}{rules}\n")
        answer = await asked(stage)
        assert answer["data"]["outcome"] == "applied", answer
        assert f"its process (pid {pid}) runs on and is not touched" in answer["text"]
        assert list(opsbot.runtime.pipeline.state.known) == ["machine"]
        assert lives(pid)
        stage.file.write_text(text)
        answer = await asked(stage)
        assert answer["data"]["outcome"] == "applied", answer
        await stage.until_well(opsbot)
        assert stage.pids() == [pid]
        await stage.kill()
        assert "killed by SIGKILL" in text_of(await stage.message(1))
        await stage.restarted(pid)
        await stage.resolved(1)


async def test_the_open_incident_of_a_removed_target_ends_with_that_reason(stage: Stage) -> None:
    manual(stage)
    async with stage.opsbot():
        await stage.paused_and_down()
        await stage.message(1)
        text = stage.file.read_text()
        stage.edit(f"  {TARGET}:\n", "  other:\n")
        stage.edit("--restart-delay", "--restart-delay=0', '--restart-delay")  # so it is no mere rename
        answer = await asked(stage)
        assert f"{TARGET} is no longer watched; it does not run" in answer["text"]
        over = await stage.resolved(1)
        assert "it does not run" in text_of(over)
        stage.file.write_text(text)


async def test_a_changed_command_takes_effect_at_the_next_restart(stage: Stage) -> None:
    manual(stage)
    world = stage.world
    async with stage.opsbot() as opsbot:
        pid, before = stage.pid(), stage.command
        stage.edit("'--restart-delay', '0'", "'--restart-delay', '0.01'")
        answer = await asked(stage)
        assert f"pid {pid} runs on as it was started" in answer["text"]
        report = said(await world.vera.slash(world.ops, "health"))
        assert "takes effect at its next restart" in report
        assert stage.pids() == [pid]
        link = await asyncio.to_thread(running, stage.state)
        assert link is not None
        lines = await asyncio.to_thread(
            lambda: list(ask(link, {"verb": "restart", "target": TARGET, "reason": "new command"}))
        )
        assert lines[-1]["exit"] == 0, lines
        new = await stage.restarted(pid)
        assert stage.command != before
        argv = Path(f"/proc/{new}/cmdline").read_text().split("\0")
        assert "0.01" in argv
        await stage.until_well(opsbot)
        assert "next restart" not in said(await world.vera.slash(world.ops, "health"))


IDLE_UNIT = """\
#!/bin/sh
for word; do
  case $word in
    show) printf '%s\\n' Id=shop.service LoadState=loaded Type=simple ActiveState=inactive; exit;;
  esac
done
echo "$@" >>{orders}
"""
"""A `systemctl` of a systemd in which the unit exists and does not run."""


async def test_another_supervisor_starts_no_second_copy(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    manual(stage)
    orders, tools = stage.folder / "orders", stage.folder / "bin"
    tools.mkdir()
    (tools / "systemctl").write_text(IDLE_UNIT.format(orders=orders))
    (tools / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    async with stage.opsbot() as opsbot:
        pid, text = stage.pid(), stage.file.read_text()
        command = next(line for line in text.splitlines() if line.startswith("      command:"))
        changed = text.replace(f"{command}\n      cwd: {stage.folder}\n", "      unit: shop.service\n")
        stage.file.write_text(changed.replace("type: process\n      unit", "type: systemd\n      unit"))
        answer = await asked(stage)
        assert answer["data"]["outcome"] == "applied", answer
        assert f"pid {pid}, which opsbot started, runs on and is not touched" in answer["text"]
        report = said(await stage.world.vera.slash(stage.world.ops, "health"))
        assert f"pid {pid} looks like it" in report
        assert "✓ Process: OK" in report, "it works, whoever keeps it"
        link = await asyncio.to_thread(running, stage.state)
        assert link is not None
        lines = await asyncio.to_thread(lambda: list(ask(link, {"verb": "restart", "target": TARGET})))
        assert (lines[-1]["exit"], "Not started: pid" in lines[-1]["text"]) == (1, True)
        assert stage.pids() == [pid]
        assert not orders.exists()
        assert not stage.alarms()
        stage.file.write_text(text)  # as it was: what runs is the target's own again
        assert (await asked(stage))["data"]["outcome"] == "applied"
        await stage.until_well(opsbot)
        assert stage.pids() == [pid]
        assert "looks like it" not in said(await stage.world.vera.slash(stage.world.ops, "health"))


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


async def test_what_cannot_be_put_into_effect_leaves_everything_as_it_was(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    manual(stage)
    real, broken = assembly.runtime_of, list[str]()

    def runtime_of(house: Any, settings: Any, adapters: Any, state: Any) -> Any:
        if settings.targets[0].name == RENAMED and not broken:
            broken.append(RENAMED)
            raise OSError("out of luck")
        return real(house, settings, adapters, state)

    async with stage.opsbot() as opsbot:
        pid = stage.pid()
        monkeypatch.setattr(generations, "runtime_of", runtime_of)
        stage.edit(f"  {TARGET}:\n", f"  {RENAMED}:\n")
        answer = await asked(stage)
        assert (answer["exit"], answer["data"]["outcome"]) == (1, "failed")
        assert "out of luck" in answer["text"]
        assert list(opsbot.runtime.pipeline.state.known) == [TARGET]
        await stage.message(1, lambda m: "could not be put into effect" in text_of(m))
        assert stage.pids() == [pid]
        assert (await asked(stage))["data"]["outcome"] == "applied", "the second time it works"
        await stage.resolved(1)
        stage.edit(f"  {RENAMED}:\n", f"  {TARGET}:\n")
        assert (await asked(stage))["data"]["outcome"] == "applied"
        await stage.until_well(opsbot)
        old = await stage.kill()
        await stage.restarted(old)


async def test_a_restart_under_way_is_finished_first(stage: Stage) -> None:
    manual(stage)
    stage.edit("'--restart-delay', '0'", "'--restart-delay', '1.5'")
    async with stage.opsbot() as opsbot:
        old = await stage.kill()
        await eventually(lambda: opsbot.runtime.pipeline.state.actions)
        stage.edit("title: Summary Bot NG", "title: The Shop")
        answer = await asked(stage)
        assert answer["data"]["outcome"] == "applied"
        assert not opsbot.runtime.pipeline.state.actions
        await stage.restarted(old)
        over = await stage.resolved(1)
        assert "interrupted" not in text_of(over)


async def test_a_death_during_the_change_is_told_and_repaired(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    manual(stage)
    real = succession.succeed

    def succeed(*given: Any) -> None:
        os.kill(stage.pid(), 9)  # nobody watches now
        real(*given)

    async with stage.opsbot():
        old = stage.pid()
        monkeypatch.setattr(generations, "succeed", succeed)
        stage.edit("title: Summary Bot NG", "title: The Shop")
        assert (await asked(stage))["data"]["outcome"] == "applied"
        monkeypatch.setattr(generations, "succeed", real)
        await stage.message(1, lambda m: "killed by SIGKILL" in text_of(m))
        await stage.restarted(old)
        await stage.resolved(1)


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
        assert (await asked(stage))["data"]["outcome"] == "same"
        assert opsbot.runtime.ops.targets()[0].title == "The Shop"
        assert "✓" in said(await stage.world.vera.slash(stage.world.ops, "health"))
        stage.file.write_text(text)


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
