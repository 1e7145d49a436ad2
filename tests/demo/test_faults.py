"""Each fault does to an unmodified discord.py what the real one would."""

from __future__ import annotations

import asyncio

import aiohttp
import discord
import pytest

from opsbot.demo.discord_sim import SimulatedDiscord
from opsbot.demo.discord_sim.faults import Fault
from tests.bound import BOUND
from tests.demo.bots import ops
from tests.sim import plain_bot, running

SEND = ("POST", "/channels/*/messages")


def contents(sim: SimulatedDiscord) -> list[str]:
    return [message.content for message in sim.messages(sim.world.ops)]


async def test_two_429s_are_waited_out_and_the_message_arrives_once(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        fault = sim.faults.rate_limit(*SEND, retry_after=0.05, times=2)
        await ops(bot, sim).send("down")
        assert [request.status for request in sim.requests.of(*SEND)] == [429, 429, 200]
        assert fault.hits == 2
        assert contents(sim) == ["down"]


async def test_a_429_without_via_is_not_retried(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        sim.faults.rate_limit(*SEND, via=False)
        with pytest.raises(discord.HTTPException) as caught:
            await ops(bot, sim).send("down")
        assert caught.value.status == 429
        assert contents(sim) == []


async def test_a_global_429_holds_other_routes_too(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        fault = sim.faults.rate_limit(*SEND, retry_after=0.2, is_global=True)
        general = bot.get_channel(sim.world.general.id)
        assert isinstance(general, discord.TextChannel)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ops(bot, sim).send("held"))
            await sim.wait_for(lambda: fault.hits == 1)
            async with asyncio.timeout(BOUND):  # discord.py tells nobody that it has read the answer
                while bot.http._global_over.is_set():  # noqa: ASYNC110
                    await asyncio.sleep(0)
            tasks.create_task(general.send("waits as well"))
        first, *later = sim.requests.of(*SEND)
        assert all(request.at - first.at >= 0.2 for request in later)


async def test_a_503_raises_and_the_message_is_not_there(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        sim.faults.error(*SEND, status=503)
        with pytest.raises(discord.DiscordServerError):
            await ops(bot, sim).send("down")
        assert contents(sim) == []


async def test_any_of_discords_error_codes_can_be_given(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        message = await ops(bot, sim).send("old")
        sim.faults.error("PATCH", "/channels/*/messages/*", status=400, code=30046)
        with pytest.raises(discord.HTTPException) as caught:
            await message.edit(content="new")
        assert caught.value.code == 30046


async def test_a_reset_connection_raises(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        sim.faults.reset(*SEND)
        with pytest.raises(aiohttp.ClientError):
            await ops(bot, sim).send("down")
        assert contents(sim) == []
        assert sim.requests.of(*SEND)[0].status == 0


async def test_after_a_lost_answer_the_nonce_keeps_it_at_one_message(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        sim.faults.lose_answer(*SEND)
        with pytest.raises(aiohttp.ClientError):
            await ops(bot, sim).send("down", nonce="n1")
        again = await ops(bot, sim).send("down", nonce="n1")
        assert contents(sim) == ["down"]
        assert again.id == sim.messages(sim.world.ops)[0].id
        assert [request.nonce for request in sim.requests.of(*SEND)] == ["n1", "n1"]


async def test_another_nonce_or_none_makes_another_message(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        for nonce in ("n1", "n2"):
            await ops(bot, sim).send("down", nonce=nonce)
        await ops(bot, sim).send("down")
        assert contents(sim) == ["down"] * 3


async def test_a_forgotten_nonce_makes_a_second_message(sim: SimulatedDiscord) -> None:
    sim.rest.nonces.remembered = 0.0
    async with running(plain_bot()) as bot:
        for _ in range(2):
            await ops(bot, sim).send("down", nonce="n1")
        assert contents(sim) == ["down"] * 2


async def test_a_hanging_request_hangs_until_it_is_released(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        fault: Fault = sim.faults.hang(*SEND)
        sending = asyncio.create_task(ops(bot, sim).send("down"))
        await sim.wait_for(lambda: fault.hits == 1)
        assert not sending.done()
        fault.cancel()
        with pytest.raises(aiohttp.ClientError):
            await sending


async def test_refused_connections_are_refused_and_accepted_again_on_the_same_port(
    sim: SimulatedDiscord,
) -> None:
    async with aiohttp.ClientSession() as http:
        address = f"{sim.rest_url}/gateway"
        await sim.refuse_connections()
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(address)
        await sim.accept_connections()
        async with http.get(address) as answer:
            assert answer.status == 200


async def test_a_fault_strikes_only_what_it_matches_and_so_often_as_told(
    sim: SimulatedDiscord,
) -> None:
    async with running(plain_bot()) as bot:
        sim.faults.error("PATCH", "/channels/*/messages/*", status=500, times=None)
        await ops(bot, sim).send("another method")
        sim.faults.clear()
        message = await ops(bot, sim).send("old")
        await message.edit(content="new")
        assert contents(sim) == ["another method", "new"]


async def test_an_unimplemented_route_is_answered_501_and_remembered(
    sim: SimulatedDiscord,
) -> None:
    headers = {"Authorization": f"Bot {sim.token}"}
    address = f"{sim.rest_url}/no/such/thing"
    async with aiohttp.ClientSession(headers=headers) as http, http.get(address) as answer:
        assert answer.status == 501
    assert "GET /no/such/thing" in sim.problems()[0]
    sim.rest.unimplemented.clear()
