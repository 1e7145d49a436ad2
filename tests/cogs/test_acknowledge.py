"""The Acknowledge button and the question behind it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.cogs.stage import Stage, over, refused, said
from tests.sim import sends

ACK = "opsbot:ack:7"
WHY = "opsbot:ack-why:7"


async def test_pressing_it_asks_what_is_known_and_sending_it_takes_the_incident(up: Stage) -> None:
    message = await up.alarm()
    asked = await up.world.otto.click(message, custom_id=ACK)
    assert asked.modal is not None
    assert (asked.modal["title"], asked.modal["custom_id"]) == ("Acknowledge incident #7", WHY)
    (label,) = asked.modal["components"]
    assert label["label"] == "What do you know already? (optional)"
    assert (label["component"]["required"], label["component"]["max_length"]) == (False, 300)
    assert up.operations.asked("acknowledge") == []
    result = await up.world.otto.submit_modal(asked, {"why": "the disk was full"})
    assert "Incident #7 is yours" in said(result)
    assert "the disk was full" in said(result)
    assert result.ephemeral
    call = up.operations.asked("acknowledge")[0]
    assert call.actor is not None
    assert (call.about, call.actor.id, call.detail) == ("7", str(up.world.otto.id), "the disk was full")


async def test_nothing_need_be_typed(up: Stage) -> None:
    message = await up.alarm()
    assert "is yours" in said(await sends(up.world.otto, message, ACK))
    assert up.operations.asked("acknowledge")[0].detail == ""


async def test_what_is_typed_is_one_line_and_does_nothing_in_the_answer(up: Stage) -> None:
    message = await up.alarm()
    result = await sends(up.world.otto, message, ACK, "a\nb @everyone [x](https://evil.example)")
    assert up.operations.asked("acknowledge")[0].detail == "a b @everyone [x](https://evil.example)"
    assert "@everyone" not in said(result)
    assert all(ping.nobody for ping in up.sim.pings)


async def test_the_message_is_left_to_whoever_tells_of_the_change(up: Stage) -> None:
    message = await up.alarm()
    await sends(up.world.otto, message, ACK)
    assert up.sim.requests.of("PATCH", f"/channels/*/messages/{message.id}") == []


async def test_of_two_who_were_asked_at_once_one_gets_it_and_the_other_learns_who(up: Stage) -> None:
    message = await up.alarm()
    results = await asyncio.gather(sends(up.world.otto, message, ACK), sends(up.world.olga, message, ACK))
    texts = sorted(said(result) for result in results)
    assert sum("is yours" in text for text in texts) == 1
    assert sum("already acknowledged by" in text for text in texts) == 1


async def test_the_same_answer_sent_twice_takes_it_once(up: Stage) -> None:
    message = await up.alarm()
    await sends(up.world.otto, message, ACK, "first")
    again = await up.world.otto.forge_modal(up.world.ops, WHY, {"why": "second"})
    assert "already acknowledged by Otto" in said(again)
    assert up.operations.known[7].acknowledged_by is not None


async def test_who_presses_what_somebody_has_is_told_who_and_asked_nothing(up: Stage) -> None:
    message = await up.alarm()
    await sends(up.world.olga, message, ACK)
    result = await up.world.otto.click(message, custom_id=ACK)
    assert result.modal is None
    assert "Incident #7 is already acknowledged by Olga" in said(result)
    assert result.ephemeral


async def test_who_presses_when_it_is_over_is_told_so(up: Stage) -> None:
    message = await up.alarm()
    up.operations.known[7] = over(7)
    result = await up.world.otto.click(message, custom_id=ACK)
    assert result.modal is None
    assert "already resolved" in said(result)


async def test_an_answer_after_the_incidents_end_changes_nothing(up: Stage) -> None:
    message = await up.alarm()
    asked = await up.world.otto.click(message, custom_id=ACK)
    up.operations.known[7] = over(7)
    result = await up.world.otto.submit_modal(asked, {"why": "late"})
    assert "already resolved" in said(result)
    assert result.ephemeral
    assert up.operations.asked("acknowledge") == []


async def test_whoever_lost_the_role_while_typing_is_refused(up: Stage) -> None:
    message = await up.alarm()
    asked = await up.world.otto.click(message, custom_id=ACK)
    up.bot.access = replace(up.bot.access, operators=frozenset())
    assert refused(await up.world.otto.submit_modal(asked, {"why": "x"}))
    assert [call.verb for call in up.operations.refusals] == ["acknowledge"]
    assert up.operations.refusals[0].about == "incident 7"
    assert up.operations.asked("acknowledge") == []


async def test_a_role_taken_away_in_discord_counts_when_the_answer_comes(up: Stage) -> None:
    message = await up.alarm()
    asked = await up.world.otto.click(message, custom_id=ACK)
    up.sim.backend.get_guild(up.world.guild.id).members[up.world.otto.id].role_ids.clear()
    assert refused(await up.world.otto.submit_modal(asked, {"why": "x"}))
    assert up.operations.asked("acknowledge") == []


async def test_an_answer_of_an_incident_that_does_not_exist_is_refused_like_an_outsider(up: Stage) -> None:
    assert refused(await up.world.olga.forge_modal(up.world.ops, "opsbot:ack-why:999", {"why": "x"}))
    assert "no such incident" in up.operations.refusals[0].detail
    assert up.operations.asked("acknowledge") == []


async def test_an_answer_without_the_text_is_one_with_nothing_typed(up: Stage) -> None:
    await up.alarm()
    result = await up.world.otto.forge_modal(up.world.ops, WHY, {"other": "x"})
    assert "is yours" in said(result)
    assert up.operations.asked("acknowledge")[0].detail == ""


async def test_an_old_button_works_after_opsbot_was_restarted(stage: Stage) -> None:
    async with stage.running():
        message = await stage.alarm()
    async with stage.running():
        assert refused(await stage.world.bob.click(message, custom_id=ACK))
        assert "Incident #7 is yours" in said(await sends(stage.world.otto, message, ACK))


async def test_what_was_asked_before_opsbot_was_restarted_can_be_answered_after_it(stage: Stage) -> None:
    async with stage.running():
        asked = await stage.world.otto.click(await stage.alarm(), custom_id=ACK)
    async with stage.running():
        result = await stage.world.otto.submit_modal(asked, {"why": "I was slow"})
        assert "Incident #7 is yours" in said(result)
        assert stage.operations.asked("acknowledge")[0].detail == "I was slow"


async def test_a_press_during_a_dropped_connection_is_answered_after_the_resume(up: Stage) -> None:
    message = await up.alarm()
    up.sim.gateway.drop()
    assert "Incident #7 is yours" in said(await sends(up.world.otto, message, ACK))
    assert up.sim.gateway.identifies == 1
    await up.sim.wait_for(lambda: len(up.usable) == 3)


async def test_nothing_is_taken_when_discord_did_not_hear_the_answer(up: Stage) -> None:
    message = await up.alarm()
    asked = await up.world.otto.click(message, custom_id=ACK)
    up.sim.faults.error("POST", "/interactions/*/callback", status=404, code=10062, times=None)
    with up.sim.env.in_a_hurry():
        up.sim.env.ack_deadline = 0.2
        result = await up.world.otto.submit_modal(asked, {})
    assert not result.acknowledged
    assert up.operations.asked("acknowledge") == []


async def test_a_mistake_of_opsbot_is_told_to_the_presser(up: Stage) -> None:
    message = await up.alarm()
    up.operations.fails["acknowledge"] = RuntimeError("secret")
    result = await sends(up.world.otto, message, ACK)
    assert "error id" in said(result)
    assert "secret" not in said(result)
