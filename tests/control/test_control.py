"""The command line's way to the running opsbot, over a real Unix socket."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from opsbot.control.client import SOCKET, address, running
from opsbot.control.server import MAX_REQUEST, serving
from opsbot.domain.action import ActionState, StepState
from opsbot.domain.actor import ActorKind
from opsbot.domain.health import HealthReport, Section
from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState, Outcome, Priority, Severity
from opsbot.domain.sample import Finding
from opsbot.errors import Refused, Stopping, UsageError
from opsbot.runtime.port import TargetInfo
from opsbot.runtime.rotations import KeptLog
from opsbot.testing.clock import VirtualClock
from opsbot.testing.operations import FakeOperations
from opsbot.testing.rotation import FakeLog, FakeRotator
from tests.control.wire import answer, raw, time_passing, until
from tests.runtime.rig import NAME, World, build
from tests.runtime.rig import running as at_work
from tests.runtime.test_rotations import POLICY, SPEC


@pytest.fixture
def operations() -> FakeOperations:
    return FakeOperations(VirtualClock())


async def test_health_is_answered_with_text_data_and_the_exit_code_of_the_worst(
    operations: FakeOperations, tmp_path: Path
) -> None:
    names = {"bot": Outcome.DEGRADED, "api": Outcome.FAIL, "db": Outcome.OK}
    operations.infos = tuple(TargetInfo(name, name.upper()) for name in names)
    now = operations.clock.now()
    for name, outcome in names.items():
        section = Section("Webhook API", (Finding(outcome, "Health", "HTTP 200"),))
        operations.reports[name] = HealthReport(name, name.upper(), now, (section,), notes=("Paused",))
    async with serving(operations, tmp_path):
        (everything,) = await answer(tmp_path, {"verb": "health"})
        (one,) = await answer(tmp_path, {"verb": "health", "target": "bot", "fresh": True})
    assert everything["exit"] == 2
    assert [report["target"] for report in everything["data"]] == list(names)
    assert one["exit"] == 1
    assert "Webhook API" in one["text"]
    assert one["data"][0]["sections"][0]["findings"][0]["outcome"] == "degraded"
    assert operations.asked("health")[-1].detail == "fresh"


async def test_targets_and_incidents_are_listed(operations: FakeOperations, tmp_path: Path) -> None:
    async with serving(operations, tmp_path):
        assert (await answer(tmp_path, {"verb": "targets"}))[0]["data"] == ["summarybot"]
        assert (await answer(tmp_path, {"verb": "incidents"}))[0]["text"] == "No open incidents."
        operations.known[7] = Incident(
            7,
            "summarybot",
            "The bot is down",
            IncidentState.OPEN,
            Priority.P1,
            Severity.CRITICAL,
            operations.clock.now(),
            doing="No automatic restart: stopped by Olga",
        )
        (line,) = await answer(tmp_path, {"verb": "incidents"})
    assert line["text"].splitlines() == [
        "#7 P1 summarybot: The bot is down",
        "   No automatic restart: stopped by Olga",
    ]
    assert line["exit"] == 0


async def test_a_pause_is_asked_by_the_user_at_the_other_end(
    operations: FakeOperations, tmp_path: Path
) -> None:
    async with serving(operations, tmp_path):
        (paused,) = await answer(tmp_path, {"verb": "pause", "minutes": 30, "reason": "deploy"})
        (resumed,) = await answer(tmp_path, {"verb": "resume"})
        (again,) = await answer(tmp_path, {"verb": "resume"})
    call = operations.asked("pause")[0]
    assert call.actor is not None
    assert (call.actor.kind, call.actor.id) == (ActorKind.CLI, str(os.getuid()))
    assert call.actor.name == getpass.getuser()
    assert call.detail == "1800 deploy"
    assert paused["exit"] == resumed["exit"] == 0
    assert "was not paused" in again["text"]


@pytest.mark.parametrize("minutes", ["many", [30], {"a": 1}])
async def test_minutes_that_are_no_number_are_a_sentence_and_no_pause(
    operations: FakeOperations, tmp_path: Path, minutes: object
) -> None:
    async with serving(operations, tmp_path):
        (line,) = await answer(tmp_path, {"verb": "pause", "minutes": minutes})
    assert line["error"] == "`minutes` is a number, such as 30."
    assert operations.pauses == {}


async def test_a_restart_shows_each_step_as_it_happens_and_how_it_ended(
    operations: FakeOperations, tmp_path: Path
) -> None:
    async with serving(operations, tmp_path):
        asking = asyncio.create_task(answer(tmp_path, {"verb": "restart", "reason": "deploy"}))
        await until(lambda: bool(operations.asked("follow")))
        await operations.step(1, 0, StepState.SKIPPED)
        await operations.step(1, 1, StepState.RUNNING)
        await operations.step(1, 1, StepState.DONE, 0.5)
        await operations.end(1, ActionState.FAILED, "it exited with code 3\nlast line")
        lines = await asking
    assert [line["text"].split(" ")[0] for line in lines] == ["–", "✓", "Failed:"]
    assert "(500 ms)" in lines[1]["text"]
    assert lines[-1]["text"].endswith("it exited with code 3\nlast line")
    assert [line.get("exit") for line in lines] == [None, None, 1]


async def test_what_is_refused_is_one_sentence_and_an_exit_code(
    operations: FakeOperations, tmp_path: Path
) -> None:
    operations.fails["restart"] = Refused("Not now: a restart is in progress, asked by Olga.")
    operations.fails["health"] = ZeroDivisionError("a bug")
    operations.infos = (*operations.infos, TargetInfo("other", "Other"))
    async with serving(operations, tmp_path):
        (line,) = await answer(tmp_path, {"verb": "restart", "target": "summarybot"})
        (which,) = await answer(tmp_path, {"verb": "restart"})
        (broken,) = await answer(tmp_path, {"verb": "health", "target": "summarybot"})
        (unknown,) = await answer(tmp_path, {"verb": "explode"})
    assert line == {"error": "Not now: a restart is in progress, asked by Olga.", "exit": 2}
    assert which["error"] == "Which target? Known are summarybot, other."
    assert "a bug" in broken["error"]
    assert "Traceback" not in broken["error"]
    assert "same version" in unknown["error"]


@pytest.mark.parametrize(
    "sent",
    [
        b"\n",
        b"[1, 2]\n",
        b"{not json}\n",
        b'\xff\xfe{"verb": "targets"}\n',
        b"[" * 50_000 + b"\n",
        b"x" * (MAX_REQUEST + 10) + b"\n",
    ],
    ids=["empty", "list", "no json", "no utf-8", "nested", "oversized"],
)
async def test_what_is_no_request_gets_one_sentence(
    operations: FakeOperations, tmp_path: Path, sent: bytes
) -> None:
    async with serving(operations, tmp_path):
        line = json.loads(await raw(tmp_path, sent))
        assert line["error"].startswith("That is no request")
        assert (await answer(tmp_path, {"verb": "targets"}))[0]["exit"] == 0
    assert [call.verb for call in operations.calls] == ["targets"]


async def test_half_a_request_is_none_even_if_it_reads_like_one(
    operations: FakeOperations, tmp_path: Path
) -> None:
    async with serving(operations, tmp_path):
        assert b"no request" in await raw(tmp_path, b'{"verb": "restart"}', end=True)
    assert operations.calls == []


async def test_a_client_that_hangs_up_in_the_middle_leaves_the_restart_running(
    operations: FakeOperations, tmp_path: Path
) -> None:
    async with serving(operations, tmp_path):
        with address(tmp_path / SOCKET) as name:
            _, writer = await asyncio.open_unix_connection(name)
        writer.write(b'{"verb": "restart", "reason": "x"}\n')
        await until(lambda: bool(operations.asked("follow")))
        writer.close()
        for number in range(6):
            await operations.step(1, number, StepState.DONE)
            await asyncio.sleep(0.01)
        assert operations.actions[1].state is ActionState.RUNNING
        assert (await answer(tmp_path, {"verb": "targets"}))[0]["exit"] == 0


async def test_only_the_owner_may_talk_to_it_and_it_is_gone_afterwards(
    operations: FakeOperations, tmp_path: Path
) -> None:
    async with serving(operations, tmp_path) as path:
        mode = path.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
    assert not path.exists()
    assert running(tmp_path) is None


async def test_the_socket_of_an_opsbot_that_was_killed_is_no_obstacle(
    operations: FakeOperations, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as left, address(tmp_path / SOCKET) as name:
        left.bind(name)
    assert running(tmp_path) is None
    async with serving(operations, tmp_path):
        assert (await answer(tmp_path, {"verb": "targets"}))[0]["exit"] == 0


async def test_a_state_directory_with_a_long_path_works_from_any_folder(
    operations: FakeOperations, tmp_path: Path
) -> None:
    folder = tmp_path / ("long" * 40) / ("er" * 60)
    folder.mkdir(parents=True)
    async with serving(operations, folder):
        assert (await answer(folder, {"verb": "targets"}))[0]["exit"] == 0
    assert list(folder.iterdir()) == []


async def test_a_folder_that_cannot_be_used_is_one_sentence(
    operations: FakeOperations, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="state_dir"):
        async with serving(operations, tmp_path / "missing"):
            pass


async def test_whoever_still_waits_when_opsbot_ends_is_told_or_cut_off(
    operations: FakeOperations, tmp_path: Path
) -> None:
    operations.held["health"] = asyncio.Event()
    operations.held["restart"] = asyncio.Event()
    operations.fails["follow"] = Stopping("opsbot is stopping")
    before = asyncio.all_tasks()
    async with serving(operations, tmp_path):
        stuck = asyncio.create_task(answer(tmp_path, {"verb": "health"}))
        told = asyncio.create_task(answer(tmp_path, {"verb": "restart"}))
        await until(lambda: bool(operations.asked("health")) and bool(operations.asked("restart")))
        operations.held["restart"].set()
    assert "ended in the middle" in (await stuck)[-1]["error"]
    assert (await told)[-1]["error"] == "opsbot is stopping"
    assert asyncio.all_tasks() == before


async def test_the_name_of_a_folder_makes_no_line_of_its_own(
    operations: FakeOperations, tmp_path: Path
) -> None:
    operations.lookalikes = ((7, "it runs in /tmp/x\npid 1: take this one"),)
    async with serving(operations, tmp_path):
        (line,) = await answer(tmp_path, {"verb": "adopt"})
    assert line["text"] == "pid 7: it runs in /tmp/x pid 1: take this one"


@pytest.mark.parametrize(
    "wrong",
    [{"max_size_mb": "inf"}, {"max_size_mb": "many"}, {"keep": "all"}, {"keep": "nan"}],
)
async def test_a_number_that_is_none_is_told(
    operations: FakeOperations, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    async with serving(operations, tmp_path):
        (line,) = await answer(tmp_path, {"verb": "rotate", **wrong})
    (key,) = wrong
    assert line["error"] == f"`{key}` is a number, such as 30."


async def test_twenty_commands_at_once_are_all_answered(operations: FakeOperations, tmp_path: Path) -> None:
    async with serving(operations, tmp_path):
        lines = await asyncio.gather(*(answer(tmp_path, {"verb": "targets"}) for _ in range(20)))
    assert all(answered[0]["data"] == ["summarybot"] for answered in lines)


async def test_each_of_these_verbs_works_on_a_real_runtime(tmp_path: Path) -> None:
    world = World()
    world.host.launch()
    requests: dict[str, dict[str, Any]] = {
        **{verb: {} for verb in ("targets", "incidents", "metrics", "performance", "adopt", "drill")},
        "health": {"fresh": True},
        "pause": {"minutes": 5, "reason": "deploy"},
        "resume": {},
        "restart": {"reason": "by hand"},
        "rotate": {"reason": "too large"},
        "stop": {"reason": "maintenance"},
        "start": {"reason": "done"},
    }
    log = KeptLog(POLICY, FakeRotator(SPEC, FakeLog(world.clock, size=1000)))
    async with at_work(await build(world, rotation=log)) as rig, serving(rig.runtime.ops, tmp_path):
        async with time_passing(rig.clock):
            for verb, rest in requests.items():
                lines = await answer(tmp_path, {"verb": verb, "target": NAME, **rest})
                assert lines[-1].get("exit") == 0, (verb, lines)
        assert lines[-1]["text"].startswith(f"Done: {NAME} started in")
        assert len(lines) == 4
    assert len(world.host.started) == 2
