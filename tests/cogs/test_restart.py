"""A restart: asked, confirmed by whoever asked, shown step by step."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import discord
import pytest

from cogs._ui.confirm import OVER, Questions
from opsbot.domain.action import ActionState, StepState
from opsbot.domain.levels import IncidentState
from opsbot.domain.rule import ActionKind
from opsbot.errors import UsageError
from opsbot.testing import VirtualClock
from tests.cogs.stage import Stage, incident, refused, said


async def question(up: Stage, reason: str = "stuck") -> Any:
    """Olga asks for a restart and sees the question."""
    return await up.world.olga.slash(up.world.ops, "restart", reason=reason)


def answers(asked: Any) -> dict[str, str]:
    """The question's buttons: custom_id by label."""
    rows = asked.response.components
    return {button["label"]: button["custom_id"] for row in rows for button in row["components"]}


async def press(who: Any, asked: Any, label: str) -> Any:
    return await who.click(asked.response, custom_id=answers(asked)[label])


async def pressed(up: Stage, asked: Any) -> Any:
    """Olga confirms; the restart runs on."""
    with up.sim.env.in_a_hurry():
        result = await press(up.world.olga, asked, "Confirm")
    await up.sim.wait_for(lambda: up.operations.asked("follow"))
    return result


def private(up: Stage, text: str) -> bool:
    """Whether Olga sees `text` in the channel."""
    return any(text in shown(m) for m in up.sim.messages(up.world.ops, seen_by=up.world.olga))


def public(up: Stage, text: str) -> bool:
    """Whether everybody does."""
    return any(text in shown(m) for m in up.sim.messages(up.world.ops))


def shown(message: discord.Message) -> str:
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.title or "", embed.description or "", *(f.value or "" for f in embed.fields)]
    return "\n".join(parts)


async def test_a_restart_is_not_begun_before_it_is_confirmed(up: Stage) -> None:
    asked = await question(up)
    assert asked.ephemeral
    assert "Restart summarybot?" in said(asked)
    assert set(answers(asked)) == {"Confirm", "Cancel"}
    assert up.operations.asked("restart") == []


async def test_a_confirmed_restart_shows_its_steps_and_the_channel_who_asked(up: Stage) -> None:
    await pressed(up, await question(up, "it is stuck"))
    await up.operations.step(1, 0, StepState.DONE, 0.25)
    await up.sim.wait_for(lambda: private(up, "✅ 1. Back up the log (250 ms)"))
    await up.sim.wait_for(lambda: public(up, "Olga (admin)"))
    assert public(up, "it is stuck")
    for number in range(1, 6):
        await up.operations.step(1, number, StepState.DONE, 0.1)
    await up.operations.end(1)
    await up.sim.wait_for(lambda: private(up, "summarybot: restarted"))
    await up.sim.wait_for(lambda: public(up, "6. Verify process, port and health (100 ms)"))
    assert up.operations.asked("restart")[0].detail == "it is stuck"
    assert all(ping.nobody for ping in up.sim.pings)


async def test_many_steps_at_once_cost_few_edits(up: Stage) -> None:
    up.bot.edit_every = 0.3
    await pressed(up, await question(up))
    edits = ("PATCH", "/webhooks/*/messages/@original")
    for number in range(6):
        await up.operations.step(1, number, StepState.RUNNING)
        await up.operations.step(1, number, StepState.DONE, 0.01)
    await up.operations.end(1)
    await up.sim.wait_for(lambda: private(up, "summarybot: restarted"))
    assert len(up.sim.requests.of(*edits)) <= 3


async def test_a_failed_restart_says_so(up: Stage) -> None:
    await pressed(up, await question(up))
    await up.operations.step(1, 3, StepState.FAILED, 0.1)
    await up.operations.end(1, ActionState.FAILED, "port 5000 is held by nginx (pid 4)")
    await up.sim.wait_for(lambda: private(up, "Restart of summarybot failed"))
    await up.sim.wait_for(lambda: public(up, "port 5000 is held by nginx"))


async def test_the_end_is_shown_although_discord_fails_for_a_while(up: Stage) -> None:
    await pressed(up, await question(up))
    up.sim.faults.error("PATCH", "/webhooks/*/messages/@original", status=503, times=1)
    up.sim.faults.error("PATCH", "/channels/*/messages/*", status=503, times=1)
    await up.operations.end(1)
    await up.sim.wait_for(lambda: private(up, "summarybot: restarted"))
    await up.sim.wait_for(lambda: public(up, "summarybot: restarted"))


async def test_a_cancelled_restart_is_none(up: Stage) -> None:
    asked = await question(up)
    result = await press(up.world.olga, asked, "Cancel")
    assert "You cancelled the restart of summarybot." in said(result)
    assert answers(asked) == {}
    assert up.operations.asked("restart") == []


@pytest.mark.parametrize("action", ["stop", "start"])
async def test_a_stop_or_start_is_asked_confirmed_and_shown_in_its_own_words(up: Stage, action: str) -> None:
    asked = await up.world.olga.slash(up.world.ops, "restart", reason="maintenance", action=action)
    assert f"{action.capitalize()} summarybot?" in said(asked)
    await pressed(up, asked)
    assert up.operations.asked(action)[0].detail == "maintenance"
    assert up.operations.asked("restart") == []
    await up.operations.end(1)
    words = {"stop": "summarybot: stopped", "start": "summarybot: started"}
    await up.sim.wait_for(lambda: public(up, words[action]))


async def test_a_question_is_answered_once(up: Stage) -> None:
    asked = await question(up)
    confirm = answers(asked)["Confirm"]
    up.operations.held["restart"] = asyncio.Event()
    with up.sim.env.in_a_hurry():
        await asyncio.gather(
            *(up.world.olga.forge_click(asked.response, confirm) for _ in range(2)), return_exceptions=True
        )
    up.operations.held["restart"].set()
    await up.sim.wait_for(lambda: up.operations.asked("restart"))
    assert len(up.operations.asked("restart")) == 1


async def test_two_people_who_restart_at_once_make_one_restart(up: Stage) -> None:
    anna = up.world.add_person("anna", up.world.admin)
    mine, hers = await question(up), await anna.slash(up.world.ops, "restart", reason="me too")
    await pressed(up, mine)
    result = await press(anna, hers, "Confirm")
    assert "in progress, asked by Olga (admin)" in said(result)
    assert list(up.operations.actions) == [1]
    await up.operations.end(1)


async def test_only_who_was_asked_may_confirm_or_cancel(up: Stage) -> None:
    anna = up.world.add_person("anna", up.world.admin)
    asked = await question(up)
    for label in ("Confirm", "Cancel"):
        assert refused(await anna.forge_click(asked.response, answers(asked)[label]))
    assert "somebody else" in up.operations.refusals[0].detail
    assert up.operations.asked("restart") == []
    await press(up.world.olga, asked, "Cancel")


async def test_a_role_taken_away_after_the_question_stops_the_restart(up: Stage) -> None:
    asked = await question(up)
    world = up.world
    up.sim.backend.remove_member_role(world.guild.id, world.olga.id, world.admin.id)
    assert refused(await press(up.world.olga, asked, "Confirm"))
    assert up.operations.asked("restart") == []


async def test_a_question_from_before_a_restart_of_opsbot_is_over(stage: Stage) -> None:
    async with stage.running():
        asked = await question(stage)
    async with stage.running():
        result = await press(stage.world.olga, asked, "Confirm")
    assert OVER in said(result)
    assert stage.operations.asked("restart") == []


async def test_a_question_waits_a_minute_and_no_longer() -> None:
    clock = VirtualClock()
    questions = Questions(clock)
    early, late = (questions.ask(1, ActionKind.STOP, name, "x") for name in "ab")
    await clock.advance(59)
    assert questions.take(early).target == "a"
    await clock.advance(2)
    with pytest.raises(UsageError, match="over"):
        questions.take(late)


async def test_the_button_of_an_incident_restarts_its_target_after_a_confirmation(up: Stage) -> None:
    message = await up.alarm(7)
    asked = await up.world.olga.click(message, custom_id="opsbot:restart:7")
    assert "asked from incident #7" in said(asked)
    await pressed(up, asked)
    assert up.operations.actions[1].incident == 7
    await up.operations.end(1)


async def test_the_button_of_a_resolved_incident_restarts_nothing(up: Stage) -> None:
    message = await up.alarm(7)

    up.operations.known[7] = replace(incident(7), state=IncidentState.RESOLVED)
    result = await up.world.olga.click(message, custom_id="opsbot:restart:7")
    assert "#7 is resolved" in said(result)


async def test_closing_the_bot_ends_what_it_shows_and_not_the_restart(stage: Stage) -> None:
    async with stage.running():
        await pressed(stage, await question(stage))
    assert stage.operations.actions[1].state is ActionState.RUNNING
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in others if "dynamic-item" in task.get_name()]
