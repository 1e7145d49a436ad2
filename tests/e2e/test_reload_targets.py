"""Targets that are renamed, removed or changed in the configuration while they run."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from opsbot.control.client import ask, running
from opsbot.demo.scene import TARGET
from opsbot.domain.metrics import Window
from opsbot.reloading import assembly, generations
from opsbot.runtime import succession
from tests.e2e.processes import eventually, lives
from tests.e2e.reading import said, text_of
from tests.e2e.reloads import RENAMED, asked, manual
from tests.e2e.stage import Stage

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
        report = await opsbot.runtime.ops.metrics(TARGET, Window(3600.0))
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


async def test_what_may_be_a_renamed_target_is_asked_and_taken_on_an_admins_word(stage: Stage) -> None:
    manual(stage)
    async with stage.opsbot() as opsbot:
        pid = stage.pid()
        stage.edit(f"  {TARGET}:\n", f"  {RENAMED}:\n")
        stage.edit("'--restart-delay', '0'", "'--restart-delay', '0', '--quiet'")
        answer = await asked(stage)
        assert f"/adopt {RENAMED}" in answer["text"]
        told = await stage.message(1, lambda m: "adopt" in text_of(m))
        assert f"pid {pid}" in text_of(told)
        assert stage.pids() == [pid]
        done = said(await stage.world.olga.slash(stage.world.ops, "adopt", target=RENAMED, pid=pid))
        assert f"pid {pid} is now {RENAMED}" in done
        await stage.resolved(1)
        assert opsbot.runtime.processes.running(RENAMED) is not None
        assert stage.pids() == [pid]


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
