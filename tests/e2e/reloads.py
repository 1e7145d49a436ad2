"""What the tests of a changed configuration share."""

from __future__ import annotations

import asyncio
from typing import Any

import discord

from opsbot.control.client import ask, running
from tests.bound import BOUND
from tests.e2e.reading import text_of
from tests.e2e.stage import Stage

RENAMED = "newsbot"
"""Another name for the target."""


async def asked(stage: Stage, *, dry: bool = False) -> dict[str, Any]:
    """What `opsbot reload` prints, as data with its exit code."""
    link = await asyncio.to_thread(running, stage.state)
    assert link is not None
    (answer,) = await asyncio.to_thread(lambda: list(ask(link, {"verb": "reload", "dry": dry})))
    return answer


async def announced(stage: Stage, holds: str) -> discord.Message:
    """The message in the ops channel that tells of a reload."""

    def look() -> discord.Message | None:
        told = [m for m in stage.sim.messages(stage.world.ops) if holds in text_of(m)]
        return next((m for m in told if "The configuration is in effect" in text_of(m)), None)

    found = await stage.sim.changes.wait_for(look, BOUND, explain=stage.transcript)
    assert found is not None
    return found


def manual(stage: Stage) -> None:
    """The file is read only when somebody asks."""
    stage.edit('version: "1.0"\n', 'version: "1.0"\nreload: manual\n')


def identified(stage: Stage) -> int:
    return stage.sim.gateway.log.count("identify")
