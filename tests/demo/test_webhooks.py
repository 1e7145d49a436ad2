"""Incoming webhooks, posted to without any bot."""

from __future__ import annotations

import aiohttp

from opsbot.demo.discord_sim import SimulatedDiscord


async def test_a_webhook_posts_without_a_token_and_answers_204(sim: SimulatedDiscord) -> None:
    url = sim.create_webhook(sim.world.ops, "alerts")
    async with aiohttp.ClientSession() as http:
        async with http.post(url, json={"content": "down"}) as silent:
            assert silent.status == 204
        async with http.post(url, params={"wait": "true"}, json={"content": "again"}) as told:
            assert (await told.json())["content"] == "again"
    assert [m.content for m in sim.messages(sim.world.ops)] == ["down", "again"]


async def test_a_webhook_that_is_gone_answers_404(sim: SimulatedDiscord) -> None:
    url = sim.create_webhook(sim.world.ops) + "x"
    async with aiohttp.ClientSession() as http, http.post(url, json={"content": "x"}) as answer:
        assert answer.status == 404
        assert (await answer.json())["code"] == 10015


async def test_too_much_for_a_message_is_too_much_for_a_webhook(sim: SimulatedDiscord) -> None:
    url = sim.create_webhook(sim.world.ops)
    body = {"content": "x" * 2001}
    async with aiohttp.ClientSession() as http, http.post(url, json=body) as answer:
        assert answer.status == 400
