"""The Acknowledge button."""

from __future__ import annotations

import asyncio

from tests.cogs.stage import Stage, refused, said

ACK = "opsbot:ack:7"


async def test_pressing_it_takes_the_incident_and_tells_only_the_presser(up: Stage) -> None:
    message = await up.alarm()
    result = await up.world.otto.click(message, custom_id=ACK)
    assert "Incident #7 is yours" in said(result)
    assert result.ephemeral
    call = up.operations.asked("acknowledge")[0]
    assert call.actor is not None
    assert (call.about, call.actor.id) == ("7", str(up.world.otto.id))


async def test_the_message_is_left_to_whoever_tells_of_the_change(up: Stage) -> None:
    message = await up.alarm()
    await up.world.otto.click(message, custom_id=ACK)
    assert up.sim.requests.of("PATCH", f"/channels/*/messages/{message.id}") == []


async def test_two_who_press_at_once_make_one_owner(up: Stage) -> None:
    message = await up.alarm()
    results = await asyncio.gather(
        up.world.otto.click(message, custom_id=ACK), up.world.olga.click(message, custom_id=ACK)
    )
    texts = sorted(said(result) for result in results)
    assert sum("is yours" in text for text in texts) == 1
    assert sum("already acknowledged by" in text for text in texts) == 1


async def test_an_old_button_works_after_opsbot_was_restarted(stage: Stage) -> None:
    async with stage.running():
        message = await stage.alarm()
    async with stage.running():
        result = await stage.world.otto.click(message, custom_id=ACK)
        assert "Incident #7 is yours" in said(result)
        assert refused(await stage.world.bob.click(message, custom_id=ACK))


async def test_a_press_during_a_dropped_connection_is_answered_after_the_resume(up: Stage) -> None:
    message = await up.alarm()
    up.sim.gateway.drop()
    result = await up.world.otto.click(message, custom_id=ACK)
    assert "Incident #7 is yours" in said(result)
    assert up.sim.gateway.identifies == 1
    await up.sim.wait_for(lambda: len(up.usable) == 3)


async def test_nothing_is_taken_when_discord_did_not_hear_the_answer(up: Stage) -> None:
    message = await up.alarm()
    up.sim.faults.error("POST", "/interactions/*/callback", status=404, code=10062, times=None)
    with up.sim.env.in_a_hurry():
        up.sim.env.ack_deadline = 0.2
        result = await up.world.otto.click(message, custom_id=ACK)
    assert not result.acknowledged
    assert up.operations.asked("acknowledge") == []


async def test_a_mistake_of_opsbot_is_told_to_the_presser(up: Stage) -> None:
    message = await up.alarm()
    up.operations.fails["acknowledge"] = RuntimeError("secret")
    result = await up.world.otto.click(message, custom_id=ACK)
    assert "error id" in said(result)
    assert "secret" not in said(result)
