"""A channel's history over the wire, a page at a time, as Discord gives it."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from opsbot.demo.discord_sim import SimulatedDiscord


async def page(sim: SimulatedDiscord, status: int = 200, **asked: str) -> Any:
    url = f"{sim.rest_url}/channels/{sim.world.ops.id}/messages"
    headers = {"Authorization": f"Bot {sim.token}"}
    async with aiohttp.ClientSession() as http, http.get(url, params=asked, headers=headers) as answer:
        assert answer.status == status
        return await answer.json()


async def filled(sim: SimulatedDiscord, count: int) -> list[str]:
    """Ids of so many messages, oldest first."""
    for number in range(count):
        await sim.world.otto.send(sim.world.ops, str(number))
    return [str(message.id) for message in sim.messages(sim.world.ops)]


async def test_after_a_message_come_the_next_ones_newest_first(sim: SimulatedDiscord) -> None:
    ids = await filled(sim, 6)
    found = await page(sim, after=ids[1], limit="3")
    assert [message["id"] for message in found] == ids[4:1:-1]


async def test_without_a_moment_come_the_newest(sim: SimulatedDiscord) -> None:
    ids = await filled(sim, 4)
    assert [message["id"] for message in await page(sim, limit="2")] == ids[:1:-1]
    assert [message["id"] for message in await page(sim, before=ids[2], limit="1")] == [ids[1]]


@pytest.mark.parametrize("asked", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"after": "yesterday"}])
async def test_what_discord_does_not_understand_is_refused(
    asked: dict[str, str], sim: SimulatedDiscord
) -> None:
    assert (await page(sim, 400, **asked))["code"] == 50035
