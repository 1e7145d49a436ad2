"""What people type is words: no second line of a record, no name of a file, no command, no flood."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opsbot.config.targets import good_name
from opsbot.control.server import serving
from opsbot.domain.audit import AuditEntry
from opsbot.runtime.ops import REASON
from opsbot.stores.base import Batch
from tests.config.kit import problems
from tests.control.wire import answer, time_passing
from tests.runtime.rig import NAME, World, build
from tests.runtime.rig import running as at_work

FORGED = "deploy\n2026-01-01 Olga (admin) restart allowed\r\n\x1b[2K" + "x" * 60_000


@pytest.mark.parametrize("verb", ["pause", "restart"])
async def test_a_reason_is_one_bounded_line_of_the_audit(tmp_path: Path, verb: str) -> None:
    world = World()
    world.host.launch()
    request: dict[str, Any] = {"verb": verb, "target": NAME, "minutes": 5, "reason": FORGED}
    async with (
        at_work(await build(world)) as rig,
        serving(rig.runtime.ops, tmp_path),
        time_passing(rig.clock),
    ):
        lines = await answer(tmp_path, request)
    assert lines[-1]["exit"] == 0
    written = [batch.changes for batch in world.disk.log if isinstance(batch, Batch)]
    acts = [change for changes in written for change in changes if isinstance(change, AuditEntry)]
    assert acts
    for act in acts:
        assert len(act.reason) <= REASON
        assert act.reason.isprintable()


@pytest.mark.parametrize(
    "name",
    ["../x", "..", "a/b", "/etc", "a\n", "-rf", "--user", "; rm -rf /", "$(id)", "a b", "ä", "", "x" * 51],
)
def test_no_target_is_called_so_that_its_folder_lies_elsewhere(name: str) -> None:
    assert not good_name(name)
    quoted = name.replace("\n", "\\n")
    found = problems(f'targets: {{"{quoted}": {{checks: {{process: {{}}}}}}}}')
    assert any("is no name" in problem.message for problem in found)


@pytest.mark.parametrize("name", ["../summarybot", "summarybot\n", "; id", "x" * 60_000, 7, {"a": 1}, ["x"]])
async def test_a_target_that_is_not_known_is_one_short_sentence(tmp_path: Path, name: object) -> None:
    async with at_work(await build(World())) as rig, serving(rig.runtime.ops, tmp_path):
        for verb in ("health", "pause", "restart", "resume"):
            (line,) = await answer(tmp_path, {"verb": verb, "target": name, "minutes": 5})
            assert line["exit"] == 2
            assert line["error"].startswith("There is no target")
            assert len(line["error"]) < 250
