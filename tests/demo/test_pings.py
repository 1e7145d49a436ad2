"""Who is notified: the role in the content, and nobody else."""

from __future__ import annotations

import discord

from opsbot.demo.discord_sim import SimulatedDiscord
from tests.demo.bots import ops
from tests.sim import plain_bot, running

NONE = discord.AllowedMentions.none()


async def test_exactly_the_allowed_role_is_pinged(sim: SimulatedDiscord) -> None:
    world = sim.world
    async with running(plain_bot()) as bot:
        text = f"{world.operator.mention} {world.admin.mention} {world.bob.mention} @everyone"
        allowed = discord.AllowedMentions(
            everyone=False, users=False, roles=[discord.Object(world.operator.id)]
        )
        message = await ops(bot, sim).send(text, allowed_mentions=allowed)
        pings = sim.message_pings(message)
        assert pings.roles == {world.operator.id}
        assert (pings.users, pings.everyone) == (frozenset(), False)


async def test_without_allowed_mentions_everything_in_the_content_pings(
    sim: SimulatedDiscord,
) -> None:
    async with running(plain_bot()) as bot:
        message = await ops(bot, sim).send(f"@everyone {sim.world.bob.mention}")
        pings = sim.message_pings(message)
        assert pings.everyone
        assert pings.users == {sim.world.bob.id}


async def test_embeds_edits_and_silent_messages_ping_nobody(sim: SimulatedDiscord) -> None:
    mention = sim.world.operator.mention
    async with running(plain_bot()) as bot:
        in_embed = await ops(bot, sim).send(embed=discord.Embed(description=mention))
        silent = await ops(bot, sim).send(mention, silent=True)
        edited = await ops(bot, sim).send("quiet", allowed_mentions=NONE)
        await edited.edit(content=mention, allowed_mentions=discord.AllowedMentions.all())
        assert all(sim.message_pings(m).nobody for m in (in_embed, silent, edited))
        assert sim.message_pings(silent).silent
        assert len(sim.pings) == 3


async def test_a_reply_pings_its_author_only_when_told_to(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        asked = await sim.world.bob.send(sim.world.ops, "is it down?")
        quiet = await ops(bot, sim).send("no", reference=asked,
                                         mention_author=False)  # fmt: skip
        loud = await ops(bot, sim).send("no", reference=asked, mention_author=True)
        assert sim.message_pings(quiet).nobody
        assert sim.message_pings(loud).users == {sim.world.bob.id}
        assert quiet.reference is not None
        assert quiet.reference.message_id == asked.id
