"""Right click → Apps → "Acknowledge incident"."""

from __future__ import annotations

import discord
import pytest
from simcord.backend import serializers
from simcord.enums import InteractionType
from simcord.results import InteractionResult

from opsbot.draw.payload import Embed, Payload
from tests.cogs.stage import Stage, over, refused, said

MENU = "Acknowledge incident"
NO_INCIDENT = "This message tells of no incident"


async def test_on_an_incidents_message_it_asks_as_the_button_does(up: Stage) -> None:
    message = await up.alarm()
    asked = await up.world.otto.context_menu(up.world.ops, MENU, message)
    assert asked.modal is not None
    assert asked.modal["custom_id"] == "opsbot:ack-why:7"
    result = await up.world.otto.submit_modal(asked, {"why": "seen"})
    assert "Incident #7 is yours" in said(result)
    assert result.ephemeral
    assert up.operations.asked("acknowledge")[0].detail == "seen"


async def test_what_somebody_has_or_what_is_over_is_refused_with_a_sentence(up: Stage) -> None:
    message = await up.alarm()
    asked = await up.world.olga.context_menu(up.world.ops, MENU, message)
    await up.world.olga.submit_modal(asked, {})
    result = await up.world.otto.context_menu(up.world.ops, MENU, message)
    assert "already acknowledged by Olga" in said(result)
    up.operations.known[7] = over(7)
    result = await up.world.otto.context_menu(up.world.ops, MENU, message)
    assert "already resolved" in said(result)
    assert len(up.operations.asked("acknowledge")) == 1


async def test_on_any_other_message_it_says_that_there_is_none(up: Stage) -> None:
    await up.alarm()
    chat = await up.world.otto.send(up.world.ops, "Incident #7 · summarybot · it is down")
    own = await up.bot.transport.send(up.world.ops.id, Payload(embeds=(Embed("Hello", "nothing"),)))
    mine = next(m for m in up.sim.messages(up.world.ops) if m.id == own)
    for message in (chat, mine):
        result = await up.world.otto.context_menu(up.world.ops, MENU, message)
        assert NO_INCIDENT in said(result)
        assert result.ephemeral
        assert result.modal is None


async def test_a_footer_that_somebody_else_wrote_counts_for_nothing(up: Stage) -> None:
    await up.alarm()
    embed = discord.Embed(description="x").set_footer(text="Incident #7 · summarybot · 2026-01-05")
    robot = up.sim.backend.create_webhook(up.world.ops.id, "forger", up.sim.backend.bot_user.id)
    hook = discord.Webhook.partial(robot.id, str(robot.token), client=up.bot)
    await hook.send(embed=embed)
    forged = await up.sim.wait_for_message(up.world.ops, lambda m: m.webhook_id is not None)
    result = await up.world.otto.context_menu(up.world.ops, MENU, forged)
    assert NO_INCIDENT in said(result)
    assert result.modal is None


async def test_whoever_may_only_look_gets_nothing_and_it_is_recorded(up: Stage) -> None:
    message = await up.alarm()
    up.operations.calls.clear()
    assert refused(await up.world.vera.context_menu(up.world.ops, MENU, message))
    assert refused(await up.world.bob.context_menu(up.world.ops, MENU, message))
    assert [call.verb for call in up.operations.refusals] == [MENU, MENU]
    assert up.operations.calls == []


@pytest.mark.parametrize("told", [True, False], ids=["shown along", "to be fetched"])
async def test_in_a_thread_the_message_at_its_top_stands_for_the_incident(up: Stage, told: bool) -> None:
    message = await up.alarm()
    asked = await at_the_top(up, message, told=told)
    assert asked.modal is not None
    assert asked.modal["custom_id"] == "opsbot:ack-why:7"


async def test_in_a_thread_whose_message_is_gone_it_says_that_there_is_none(up: Stage) -> None:
    message = await up.alarm()
    up.sim.backend.delete_message(up.world.ops.id, message.id)
    assert NO_INCIDENT in said(await at_the_top(up, message, told=False))


async def at_the_top(up: Stage, message: discord.Message, *, told: bool) -> InteractionResult:
    """The menu's command on what Discord shows at the top of a thread: a message that stands for another."""
    world, top = up.world, "77"
    reference = {"message_id": str(message.id), "channel_id": str(world.ops.id), "type": 0}
    body = {
        "id": top,
        "channel_id": str(world.ops.id),
        "type": 21,
        "content": "",
        "message_reference": reference,
    }
    stored = up.sim.backend.messages[world.ops.id].get(message.id)
    if stored is not None:
        shown = dict(serializers.message_payload(up.sim.backend, stored))
        body = (
            shown | body | {"embeds": [], "components": []} | ({"referenced_message": shown} if told else {})
        )
    else:
        author = serializers.user_payload(up.sim.backend.bot_user)
        body |= {"author": author, "embeds": [], "attachments": [], "mentions": [], "pinned": False}
        body |= {"mention_everyone": False, "tts": False, "timestamp": "2026-01-05T15:00:00+00:00"}
        body |= {"edited_timestamp": None, "mention_roles": [], "components": []}
    data = {"id": "1", "name": MENU, "type": 3, "target_id": top, "resolved": {"messages": {top: body}}}
    return await world.otto._dispatch_interaction(InteractionType.APPLICATION_COMMAND, world.ops, data)
