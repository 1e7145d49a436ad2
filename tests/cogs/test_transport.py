"""How notices reach the channel, and what each of Discord's failures means for them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import discord
import pytest

from opsbot.draw.incident import OVER, incident_alarm, incident_message, marker, resolved_reply
from opsbot.draw.payload import Payload
from opsbot.errors import DeliveryError
from opsbot.notifiers._transport import Page
from tests.cogs.stage import Stage, incident

SEND = ("POST", "/channels/*/messages")
EDIT = ("PATCH", "/channels/*/messages/*")


async def send(up: Stage, payload: Payload | None = None) -> int:
    return await up.bot.transport.send(up.world.ops.id, payload or Payload(content="down"))


async def failed(up: Stage) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await send(up)
    return caught.value


def contents(up: Stage) -> list[str]:
    return [message.content for message in up.sim.messages(up.world.ops)]


async def test_an_alarm_arrives_with_its_buttons_and_pings_the_configured_role_alone(up: Stage) -> None:
    roles = (up.world.operator.id, up.world.admin.id)
    number = await send(up, incident_alarm(incident(7), roles))
    message = up.sim.messages(up.world.ops)[0]
    assert message.id == number
    buttons = [b.custom_id for row in message.components for b in row.children]  # type: ignore[union-attr]
    words = ("ack", "assign", "silence", "resolve", "restart", "diagnose", "runbook")
    assert buttons == [f"opsbot:{word}:7" for word in words]
    assert up.sim.message_pings(number).roles == {up.world.operator.id}


async def test_a_silent_reply_disturbs_nobody(up: Stage) -> None:
    first = await send(up)
    number = await send(up, resolved_reply(incident(7), reply_to=first))
    message = up.sim.messages(up.world.ops)[1]
    assert message.reference is not None
    assert message.reference.message_id == first
    assert up.sim.message_pings(number).silent


async def test_an_edit_shows_the_new_state_and_keeps_the_line_that_pinged(up: Stage) -> None:
    number = await send(up, incident_alarm(incident(7), (up.world.operator.id,)))
    before = contents(up)
    await up.bot.transport.edit(up.world.ops.id, number, incident_message(replace(incident(7), title="New")))
    assert contents(up) == before
    assert "New" in (up.sim.messages(up.world.ops)[0].embeds[0].description or "")


async def test_after_a_lost_answer_the_repetition_finds_the_first_message(up: Stage) -> None:
    up.sim.faults.lose_answer(*SEND)
    payload = Payload(content="down", nonce="opsbot-1")
    with pytest.raises(DeliveryError) as caught:
        await send(up, payload)
    assert not caught.value.permanent
    number = await send(up, payload)
    assert [m.id for m in up.sim.messages(up.world.ops)] == [number]


async def test_a_short_rate_limit_is_waited_out(up: Stage) -> None:
    up.sim.faults.rate_limit(*SEND, retry_after=0.05, times=2)
    await send(up)
    assert contents(up) == ["down"]


@pytest.mark.parametrize(
    "limit", [{"retry_after": 45.0}, {"retry_after": 45.0, "via": False}], ids=["discord", "cloudflare"]
)
async def test_a_long_rate_limit_is_left_to_the_outbox(up: Stage, limit: dict[str, Any]) -> None:
    up.sim.faults.rate_limit(*SEND, **limit)
    error = await failed(up)
    assert (error.permanent, error.retry_after) == (False, 45.0)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (404, 10003, "discord.ops_channel"),
        (404, 10004, "discord.ops_channel"),
        (403, 50001, "View Channel"),
        (403, 50013, "Send Messages"),
        (400, 50008, "to a text channel"),
        (400, 50083, "archived and locked"),
        (403, 20001, "refused the message"),
        (404, 0, "refused the message"),
    ],
)
async def test_a_place_that_refuses_everything_is_told_apart_and_said_how_to_mend(
    up: Stage, status: int, code: int, said: str
) -> None:
    up.sim.faults.error(*SEND, status=status, code=code)
    error = await failed(up)
    assert (error.permanent, error.place, error.forgotten, error.gone) == (True, True, False, False)
    assert said in str(error)


@pytest.mark.parametrize(("status", "code"), [(400, 50035), (400, 50006), (413, 40005), (403, 200000)])
async def test_a_message_that_is_refused_for_what_it_holds_says_nothing_of_the_place(
    up: Stage, status: int, code: int
) -> None:
    up.sim.faults.error(*SEND, status=status, code=code)
    error = await failed(up)
    assert (error.permanent, error.place, error.forgotten) == (True, False, False)
    assert "refused the message" in str(error)


async def test_a_token_that_was_revoked_is_seldom_tried_and_loses_nothing(up: Stage) -> None:
    up.sim.faults.error(*SEND, status=401)
    error = await failed(up)
    assert error.place
    assert (error.retry_after or 0) >= 60
    assert "OPSBOT_DISCORD_TOKEN" in str(error)


@pytest.mark.parametrize(("status", "code"), [(503, 0), (403, 40333), (408, 0)])
async def test_what_passes_by_itself_is_transient(up: Stage, status: int, code: int) -> None:
    up.sim.faults.error(*SEND, status=status, code=code)
    assert not (await failed(up)).permanent
    await send(up)
    assert contents(up) == ["down"]


@pytest.mark.parametrize(("status", "code"), [(404, 10008), (400, 30046), (400, 50083)])
async def test_a_message_that_cannot_be_edited_any_more_is_forgotten(
    up: Stage, status: int, code: int
) -> None:
    number = await send(up)
    up.sim.faults.error(*EDIT, status=status, code=code)
    with pytest.raises(DeliveryError) as caught:
        await up.bot.transport.edit(up.world.ops.id, number, Payload(content="x"))
    assert caught.value.permanent
    assert caught.value.forgotten


async def test_a_channel_that_does_not_exist_is_named(up: Stage) -> None:
    with pytest.raises(DeliveryError, match="there is no channel 1234") as caught:
        await up.bot.transport.send(1234, Payload(content="x"))
    assert caught.value.place


async def test_the_bots_own_messages_are_read_as_they_stand_and_nobody_elses(up: Stage) -> None:
    about = incident(7)
    before = await send(up, Payload(content="before"))
    await up.world.otto.send(up.world.ops, "what is this?")
    alarm = await send(up, incident_alarm(about))
    reply = await send(up, resolved_reply(about, reply_to=alarm))
    page = await up.bot.transport.read(up.world.ops.id, before)
    assert [m.id for m in page.messages] == [alarm, reply]
    assert page.messages[0].footer == marker(about)
    assert page.messages[1].reply_to == alarm
    assert page.messages[1].content.startswith(OVER)
    assert (page.count, page.last) == (3, reply)
    assert await up.bot.transport.read(up.world.ops.id, reply) == Page((), reply, 0)


async def test_a_long_history_is_read_a_page_at_a_time_from_the_moment_asked_for(up: Stage) -> None:
    up.sim.rate_limits.enabled = False
    began = up.sim.backend.snowflake()
    numbers = [await send(up, Payload(content=str(number))) for number in range(102)]
    first = await up.bot.transport.read(up.world.ops.id, began)
    rest = await up.bot.transport.read(up.world.ops.id, first.last)
    assert [m.id for m in (*first.messages, *rest.messages)] == numbers
    assert (first.count, rest.count) == (100, 2)


async def test_answers_to_commands_are_no_alerts(up: Stage) -> None:
    await up.world.vera.slash(up.world.ops, "incidents list")
    page = await up.bot.transport.read(up.world.ops.id, 0)
    assert page.messages == ()


async def test_without_the_permission_the_history_is_empty(up: Stage) -> None:
    await send(up)
    deny = discord.PermissionOverwrite(read_message_history=False)
    dark = up.world.guild.create_text_channel("dark", overwrites={up.world.guild.default_role: deny})
    await up.bot.transport.send(dark.id, Payload(content="down"))
    assert (await up.bot.transport.read(dark.id, 0)).count == 0
    up.sim.faults.error("GET", "/channels/*/messages", status=403, code=50013)
    assert (await up.bot.transport.read(up.world.ops.id, 0)).count == 0


async def test_a_history_that_is_not_given_now_is_transient(up: Stage) -> None:
    up.sim.faults.error("GET", "/channels/*/messages", status=503)
    with pytest.raises(DeliveryError) as caught:
        await up.bot.transport.read(up.world.ops.id, 0)
    assert not caught.value.permanent


async def test_a_reset_connection_is_transient(up: Stage) -> None:
    up.sim.faults.reset(*SEND)
    assert not (await failed(up)).permanent


async def test_a_refused_connection_is_transient(up: Stage) -> None:
    await up.sim.refuse_connections()
    assert not (await failed(up)).permanent
    await up.sim.accept_connections()


async def test_no_answer_in_time_is_transient(up: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsbot.bot.transport.TRY_SECONDS", 0.1)
    up.sim.faults.hang(*SEND)
    error = await failed(up)
    assert not error.permanent
    assert "in time" in str(error)


async def test_giving_up_during_a_global_rate_limit_does_not_silence_the_bot(up: Stage) -> None:
    limit = up.sim.faults.rate_limit(*SEND, retry_after=0.2, is_global=True)
    sending = asyncio.create_task(send(up))
    await up.sim.wait_for(lambda: limit.hits == 1 and up.sim.requests[-1].status == 429)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await send(up, Payload(content="later"))
    assert "later" in contents(up)


async def test_it_sends_while_the_gateway_is_down(up: Stage) -> None:
    up.sim.gateway.refusals = 1_000
    up.sim.gateway.drop()
    await up.sim.wait_for(lambda: "refused" in up.sim.gateway.log)
    await send(up)
    assert contents(up) == ["down"]


async def test_it_sends_after_the_login_before_the_gateway_is_there(stage: Stage) -> None:
    async with stage.make() as bot:
        await bot.login(stage.sim.token)
        assert stage.usable == ["now"]
        await send(stage)
    assert contents(stage) == ["down"]
    assert stage.sim.gateway.identifies == 0


async def test_before_the_login_and_after_the_end_a_send_fails_for_the_moment(stage: Stage) -> None:
    async with stage.make() as bot:
        assert not (await failed(stage)).permanent
        await bot.login(stage.sim.token)
    assert not (await failed(stage)).permanent


async def test_a_send_under_way_when_the_bot_closes_fails_for_the_moment(up: Stage) -> None:
    hanging = up.sim.faults.hang(*SEND)
    sending = asyncio.create_task(failed(up))
    await up.sim.wait_for(lambda: hanging.hits == 1)
    await up.bot.close()
    assert not (await sending).permanent
