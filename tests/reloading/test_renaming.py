"""A target is called otherwise in the configuration: what people are in the midst of goes on."""

from __future__ import annotations

from pathlib import Path

from opsbot.clock import SystemClock
from opsbot.engine.state import State
from opsbot.reloading.generations import _rename
from opsbot.reloading.house import housed
from opsbot.runbooks.kept import FOLDER, KeptWalks
from tests.runbooks.books import ID, walk


async def test_the_buttons_of_a_running_walk_act_on_the_target_under_its_new_name(tmp_path: Path) -> None:
    async with housed(tmp_path, SystemClock(), {}, lambda _: ()) as house:
        kept = KeptWalks(tmp_path / FOLDER)
        kept.write(walk())
        await _rename(house, State.of([], {}), {walk().target: "store"})
        found = kept.read(ID)
    assert found is not None
    assert found.target == "store"
