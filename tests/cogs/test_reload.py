"""`/reload`: what everybody sees of it, and what only who asked does."""

from __future__ import annotations

from opsbot.domain.reload import Outcome, Reloaded
from opsbot.errors import UsageError
from tests.cogs.stage import Stage, said


async def test_what_was_changed_is_there_for_everybody(up: Stage) -> None:
    up.operations.reloaded = Reloaded(
        Outcome.APPLIED, ("title: `A` → `B`",), ("pid 7 runs on",), ("state_dir: later",)
    )
    done = await up.world.olga.slash(up.world.ops, "reload")
    assert not done.ephemeral
    text = said(done)
    assert "read anew by Olga" in text
    for part in ("• title:", "⚠ pid 7 runs on", "⏳ state"):
        assert part in text
    (call,) = up.operations.asked("reload")
    assert call.actor is not None
    assert call.actor.name.startswith("Olga")


async def test_what_would_change_and_what_is_wrong_is_for_who_asked(up: Stage) -> None:
    dry = await up.world.olga.slash(up.world.ops, "reload", dry_run=True)
    assert dry.ephemeral
    assert "This would change" in said(dry)
    up.operations.reloaded = Reloaded(Outcome.INVALID, problems=("opsbot.yml:3:1: x: @everyone is no key",))
    wrong = await up.world.olga.slash(up.world.ops, "reload")
    assert "the settings of before go on" in said(wrong)
    assert "opsbot.yml:3:1" in said(wrong).replace("\\", "")
    assert up.sim.messages(up.world.ops) == []


async def test_a_list_that_is_too_long_says_how_much_is_left_out(up: Stage) -> None:
    up.operations.reloaded = Reloaded(Outcome.APPLIED, tuple(f"rule {n}: " + "x" * 200 for n in range(100)))
    text = said(await up.world.olga.slash(up.world.ops, "reload"))
    assert "rule 0" in text
    assert "more" in text
    assert len(text) < 4500


async def test_without_a_file_it_says_so(up: Stage) -> None:
    up.operations.fails["reload"] = UsageError("opsbot was started without a configuration file.")
    assert "without a configuration file" in said(await up.world.olga.slash(up.world.ops, "reload"))
