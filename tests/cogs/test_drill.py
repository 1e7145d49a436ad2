"""`/drill`: a test of the notifiers, shown while it goes."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

import pytest

from cogs._ui.answer import think
from cogs._ui.host import Asked
from opsbot.domain.drill import DrillLine, DrillState
from opsbot.engine.access import REFUSAL
from opsbot.errors import UsageError
from tests.cogs.stage import Stage, refused, said

LINES = (
    DrillLine("ops_channel", "discord", DrillState.ARRIVED, 0.132),
    DrillLine("email", "email", DrillState.FAILED, 20.0, "mail.example.com: no answer in time", True),
)


async def test_an_admin_sees_what_arrived_where_and_so_does_everybody(up: Stage) -> None:
    up.operations.outcome = LINES
    result = await up.world.olga.slash(up.world.ops, "drill")
    assert not (result.response or result.followups[0]).ephemeral
    await up.sim.wait_for(lambda: "DRILL over: 1 failed" in said(result))
    assert "132 ms" in said(result)
    assert "no answer in time (trying again may help)" in said(result)
    assert [call.detail for call in up.operations.asked("drill")] == [""]


async def test_it_is_shown_while_it_runs(up: Stage) -> None:
    gate = up.operations.held["drill"] = asyncio.Event()
    with up.sim.env.in_a_hurry():
        result = await up.world.olga.slash(up.world.ops, "drill", notifier="ops_channel", ping=True)
    await up.sim.wait_for(lambda: "a test is being sent" in said(result))
    assert "sending" in said(result)
    gate.set()
    await up.sim.wait_for(lambda: "it arrived everywhere" in said(result))
    assert [(c.about, c.detail) for c in up.operations.asked("drill")] == [("ops_channel", "ping")]


async def test_a_misspelt_notifier_is_one_private_sentence(up: Stage) -> None:
    up.operations.fails["drill"] = UsageError("There is no notifier `emial`: did you mean `email`?")
    result = await up.world.olga.slash(up.world.ops, "drill", notifier="emial")
    assert "did you mean" in said(result)
    assert result.followups[-1].ephemeral


async def test_notifiers_are_suggested_to_admins(up: Stage) -> None:
    up.operations.outcome = LINES
    offered = await up.world.olga.autocomplete(up.world.ops, "drill", "notifier", "MAI")
    assert [choice["value"] for choice in offered] == ["email"]


async def test_operators_and_viewers_may_not(up: Stage) -> None:
    for person in (up.world.otto, up.world.vera, up.world.bob):
        assert refused(await person.forge_slash(up.world.ops, "drill", ping=True))
    assert up.operations.calls == []


async def test_who_is_no_admin_any_more_when_it_begins_is_refused(
    up: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def think_and_lose(asked: Asked, *, private: bool) -> None:
        await think(asked, private=private)
        up.bot.access = replace(up.rules(), admins=frozenset())

    monkeypatch.setattr(sys.modules["cogs.drill"], "think", think_and_lose)  # discord.py's own copy of it
    result = await up.world.olga.slash(up.world.ops, "drill")
    assert REFUSAL in said(result)
    assert up.operations.asked("drill") == []
    assert up.operations.refusals[0].verb == "drill"
