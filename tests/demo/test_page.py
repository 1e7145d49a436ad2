"""The live page in a real Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest

from opsbot.demo.discord_sim import SimulatedDiscord
from tests.bound import BOUND
from tests.demo.bots import ack_view, bot_with_commands, ops
from tests.demo.browser import browser_page
from tests.sim import running

CLICKS = 10


@asynccontextmanager
async def alerts(channel: discord.TextChannel) -> AsyncIterator[None]:
    """Messages with a button, as fast as Discord takes them."""

    async def send() -> None:
        number = 1
        while True:
            number += 1
            await channel.send(f"service down, alert {number}", view=ack_view(number))

    sending = asyncio.create_task(send())
    try:
        yield
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def click(page: Any, sim: SimulatedDiscord, button: Any) -> None:
    """Click, and wait until the bot's answer has come."""
    answered = sum(i.responded for i in sim.backend.interactions.values())
    await button.click(timeout=1000 * BOUND)
    await sim.wait_for(lambda: sum(i.responded for i in sim.backend.interactions.values()) > answered)


@pytest.mark.browser
async def test_every_click_succeeds_while_alerts_arrive(sim: SimulatedDiscord) -> None:
    world = sim.world
    async with running(bot_with_commands(world.guild.id)) as bot:
        await ops(bot, sim).send("service down, alert 1", view=ack_view(1))
        async with (
            sim.page(world.ops, [world.olga, world.bob]) as served,
            browser_page(served.url) as page,
            alerts(ops(bot, sim)),
        ):
            for _ in range(CLICKS):
                await click(page, sim, page.get_by_role("button", name="Acknowledge", exact=True).first)
    answers = [m.content for m in sim.messages(world.ops, seen_by=world.olga) if m.flags.ephemeral]
    assert answers == ["olga acknowledged 1 (guild)"] * CLICKS


@pytest.mark.browser
async def test_the_page_shows_a_new_message_and_acts_as_the_chosen_person(
    sim: SimulatedDiscord,
) -> None:
    world = sim.world
    async with (
        running(bot_with_commands(world.guild.id)) as bot,
        sim.page(world.ops, [world.olga, world.bob]) as served,
        browser_page(served.url) as page,
    ):
        await ops(bot, sim).send("the late one", view=ack_view(5))
        await page.get_by_label("Viewing as").select_option(label="Bob")
        await click(page, sim, page.get_by_role("button", name="Acknowledge", exact=True))
        await page.get_by_text("bob acknowledged 5 (guild)").first.wait_for(timeout=1000 * BOUND)


async def test_without_the_capability_the_page_shows_nothing(sim: SimulatedDiscord) -> None:
    async with (
        sim.page(sim.world.ops, [sim.world.olga]) as served,
        aiohttp.ClientSession() as http,
        http.post(served.url.split("#")[0] + "api/pages", json={}) as answer,
    ):
        assert answer.status == 401
