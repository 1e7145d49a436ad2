"""A runbook, walked in Discord about a service that is down, by an opsbot that is started anew in between."""

from __future__ import annotations

import discord

from tests.e2e.reading import buttons, said, shown, text_of
from tests.e2e.stage import Stage


def pressing(message: discord.Message, label: str) -> str:
    """The custom_id of a button."""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    found = [c for row in rows for c in row.children if isinstance(c, discord.Button) and c.label == label]
    return str(found[0].custom_id)


async def showing(stage: Stage, *words: str) -> discord.Message:
    """The message that holds all of them."""
    return await stage.sim.wait_for_message(
        stage.world.ops, lambda m: all(word in text_of(m) for word in words)
    )


async def test_it_goes_on_where_it_was_and_the_incident_tells_of_it(stage: Stage) -> None:
    world = stage.world
    async with stage.opsbot():
        await stage.paused_and_down()
        incident = await stage.message()
        first, *_ = await world.otto.autocomplete(world.ops, "runbook", "name", "down")
        assert (first["name"], first["value"]) == ("● The bot's process is down (fits now)", "process-down")
        menu = await world.otto.click(incident, custom_id=pressing(incident, "Runbook"))
        assert "The bot's process is down" in said(menu)
        await world.otto.select(shown(menu), ["process-down"], custom_id="opsbot:runbooks:1")
        walk = await showing(stage, "✗ 1. Does the process exist?", "▶️ **4. Start it")
        assert buttons(walk)["Yes, done (4)"]
    async with stage.opsbot(well=False):
        await world.otto.slash(world.ops, "resume")
        await stage.until(lambda: len(stage.pids()) == 1)
        await world.olga.click(walk, custom_id=pressing(walk, "Yes, done (4)"))
        gone_on = await showing(stage, "4. Start it, unless opsbot has done so. – done by Olga", "▶️ **9.")
        assert gone_on.id == walk.id
        assert "✓ 5. Does it run now? – Process: PID: " in text_of(gone_on)
        await world.olga.click(walk, custom_id=pressing(gone_on, "Skip (9)"))
        over = await stage.sim.wait_for_message(world.ops, lambda m: m.id == walk.id and not m.components)
        assert "9. If it still does not run" in text_of(over)
        told = said(await world.vera.slash(world.ops, "incidents show", number=1))
        assert "began the runbook “The bot's process is down”" in told
        assert "✗ 1 Does the process exist?" in told
        assert "is over: " in told
