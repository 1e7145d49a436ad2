"""`opsbot notify test`: over the socket of a running opsbot, and by itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from opsbot.app import answer_alone
from opsbot.config.load import load
from opsbot.control.server import serving
from opsbot.demo.discord_sim import SimulatedDiscord
from opsbot.domain.drill import DrillLine, DrillState
from opsbot.testing.clock import VirtualClock
from opsbot.testing.operations import FakeOperations
from tests.cli.commands import opsbot, sentence
from tests.control.wire import Lines, answer
from tests.sim import simulated_discord

FAILED = DrillLine("email", "email", DrillState.FAILED, 20.0, "no answer in time", True)


@pytest.fixture
def operations() -> FakeOperations:
    return FakeOperations(VirtualClock())


async def test_the_table_comes_last_and_how_far_it_is_before(
    operations: FakeOperations, tmp_path: Path
) -> None:
    async with serving(operations, tmp_path):
        *progress, last = await answer(tmp_path, {"verb": "drill", "notifier": None, "ping": False})
    assert progress[0] == {"progress": "waiting for ops_channel"}
    assert last["exit"] == 0
    assert last["text"].splitlines()[1] == "✓ ops_channel  discord  132 ms"
    assert last["data"]["notifiers"][0]["seconds"] == 0.132


async def test_one_that_failed_is_the_exit_code(operations: FakeOperations, tmp_path: Path) -> None:
    operations.outcome = (*operations.outcome, FAILED)
    async with serving(operations, tmp_path):
        last = (await answer(tmp_path, {"verb": "drill", "notifier": "email", "ping": True}))[-1]
    assert last["exit"] == 1
    assert "no answer in time (trying again may help)" in last["text"]
    assert [(c.about, c.detail) for c in operations.asked("drill")] == [("email", "ping")]


WITHOUT = """
state_dir: {folder}/state
targets: {{bot: {{checks: {{health: {{type: disk, path: /}}}}}}}}
notifications:
  log: {{file_path: {folder}/alerts.log}}
  slack: {{enabled: false}}
"""
WITH = (
    WITHOUT
    + """
discord:
  guild: {guild}
  ops_channel: {channel}
  roles: {{viewer: [{role}], operator: [{role}], admin: [{role}]}}
"""
)


def written(folder: Path, text: str, **values: Any) -> Path:
    file = folder / "opsbot.yml"
    file.write_text(text.format(folder=folder, **values))
    return file


@pytest.fixture
async def sim() -> AsyncIterator[SimulatedDiscord]:
    async with simulated_discord() as sim:
        yield sim


async def alone(file: Path, token: str | None, name: str | None = None) -> Lines:
    lines: Lines = []
    environ = {} if token is None else {"OPSBOT_DISCORD_TOKEN": token}
    request = {"verb": "drill", "notifier": name, "ping": False}
    await answer_alone(load(file, environ), request, lines.append)
    return lines


async def test_alone_the_bots_own_channel_is_reached_by_rest(sim: SimulatedDiscord, tmp_path: Path) -> None:
    world = sim.world
    file = written(tmp_path, WITH, guild=world.guild.id, channel=world.ops.id, role=world.admin.id)
    last = (await alone(file, "token"))[-1]
    assert last["exit"] == 0, last
    message = await sim.wait_for_message(world.ops, lambda m: bool(m.embeds))
    assert "DRILL" in repr(message.embeds[0].to_dict())
    assert "Test over" in repr(message.embeds[0].to_dict())
    assert message.role_mentions == []


async def test_alone_a_bot_without_a_token_is_one_failure_and_the_others_go_out(tmp_path: Path) -> None:
    file = written(tmp_path, WITH, guild=1, channel=2, role=3)
    last = (await alone(file, None))[-1]
    found = {line["name"]: line for line in last["data"]["notifiers"]}
    assert "OPSBOT_DISCORD_TOKEN" in found["ops_channel"]["error"]
    assert not found["ops_channel"]["retry_may_help"]
    assert (found["log"]["result"], found["slack"]["result"]) == ("arrived", "off")
    assert last["exit"] == 1
    lines = [json.loads(line) for line in (tmp_path / "alerts.log").read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["opened", "resolved"]
    assert all(line["incident"]["drill"] for line in lines)


def test_the_command_prints_a_table_or_json_and_its_exit_code_says_what_came_of_it(tmp_path: Path) -> None:
    file = written(tmp_path, WITHOUT)
    done = opsbot("notify", "test", "-c", file, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].startswith("✓ log       log    ")
    done = opsbot("notify", "test", "log", "--json", "-c", file, cwd=tmp_path)
    assert json.loads(done.stdout)["passed"] is True
    done = opsbot("notify", "test", "slakc", "-c", file, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence(done) == "opsbot: There is no notifier `slakc`: did you mean `slack`?"
    (tmp_path / "alerts.log").unlink()
    (tmp_path / "alerts.log").mkdir()
    done = opsbot("notify", "test", "-c", file, cwd=tmp_path)
    assert done.returncode == 1
    assert "trying again cannot help" in done.stdout
