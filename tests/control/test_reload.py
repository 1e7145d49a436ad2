"""`opsbot reload` over a real Unix socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsbot.control.server import serving
from opsbot.domain.reload import Outcome, Reloaded
from opsbot.testing.clock import VirtualClock
from opsbot.testing.operations import FakeOperations
from tests.control.wire import answer
from tests.runtime.rig import World, build
from tests.runtime.rig import running as at_work


@pytest.fixture
def operations() -> FakeOperations:
    return FakeOperations(VirtualClock())


@pytest.mark.parametrize(
    ("report", "code", "said"),
    [
        (
            Reloaded(Outcome.APPLIED, ("title: `A` → `B`",), ("web runs on",), ("state_dir: later",)),
            0,
            "in effect",
        ),
        (Reloaded(Outcome.SAME), 0, "nothing is changed"),
        (
            Reloaded(Outcome.INVALID, problems=("opsbot.yml:3:1: x: is not a known key",)),
            78,
            "opsbot.yml:3:1",
        ),
        (Reloaded(Outcome.FAILED, ("title",), problems=("out of luck",)), 1, "out of luck"),
    ],
)
async def test_a_reload_is_answered_with_all_of_it_and_the_exit_code_of_check_config(
    tmp_path: Path, operations: FakeOperations, report: Reloaded, code: int, said: str
) -> None:
    operations.reloaded = report
    async with serving(operations, tmp_path):
        (line,) = await answer(tmp_path, {"verb": "reload"})
        assert line["exit"] == code
        for text in (said, *report.changes, *report.effects, *report.later, *report.problems):
            assert text in line["text"]
        (dry,) = await answer(tmp_path, {"verb": "reload", "dry": True})
        assert "This would change" in dry["text"]
    assert [call.detail for call in operations.asked("reload")] == ["", "dry"]


async def test_without_a_running_opsbot_there_is_nothing_to_reload(tmp_path: Path) -> None:
    async with at_work(await build(World())) as rig, serving(rig.runtime.ops, tmp_path):
        (line,) = await answer(tmp_path, {"verb": "reload"})
    assert line["exit"] == 2
    assert "check-config" in line["error"]
