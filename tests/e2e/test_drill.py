"""A drill in the real opsbot: what people see of it, and that it leaves nothing behind."""

from __future__ import annotations

import json
from typing import Any

import discord

from tests.e2e.reading import said, text_of
from tests.e2e.stage import Stage


def drills(stage: Stage) -> list[discord.Message]:
    """The messages in which the test arrived, oldest first."""
    return [m for m in stage.sim.messages(stage.world.ops) if "nothing is wrong" in text_of(m) and m.embeds]


async def drilled(stage: Stage, **options: Any) -> Any:
    """The answer to a drill that is over and arrived."""
    asked = await stage.world.olga.slash(stage.world.ops, "drill", **options)
    await stage.until(lambda: "it arrived everywhere" in said(asked))
    return asked


async def test_a_drill_reaches_every_notifier_pings_nobody_and_is_over(stage: Stage) -> None:
    alerts = stage.folder / "alerts.log"
    stage.edit(
        "discord:\n",
        f"notifications:\n  log: {{file_path: {alerts}}}\n  slack: {{enabled: false}}\ndiscord:\n",
    )
    async with stage.opsbot() as running:
        for _ in range(2):
            asked = await drilled(stage)
            assert "✅ ops_channel (discord)" in said(asked).replace("*", "")
            assert "✅ log:" in said(asked).replace("*", "")
            assert "⚪ slack: off" in said(asked).replace("*", "")
        told = [m for m in drills(stage) if "Drill" in (m.embeds[0].footer.text or "")]
        assert len(told) == 2
        assert all("Test over" in text_of(message) and not message.components for message in told)
        assert stage.alarms() == []
        state = running.runtime.pipeline.state
        assert (state.incidents, state.notices, state.receipts) == ({}, {}, {})
        (last, _) = await running.runtime._parts.store.audit(2)
        assert (last.verb, last.actor.name, last.outcome) == ("drill", "Olga (admin)", "allowed")
    kinds = [json.loads(line)["kind"] for line in alerts.read_text().splitlines()]
    assert kinds == ["opened", "resolved"] * 2


async def test_a_drill_that_is_to_ping_pings_the_configured_role(stage: Stage) -> None:
    async with stage.opsbot():
        await drilled(stage, notifier="ops_channel", ping=True)
        (alarm,) = stage.alarms()
        assert stage.sim.message_pings(alarm).roles == {stage.world.operator.id}
        assert "DRILL" in text_of(alarm)
