"""Assign to me, Resolve and Silence, on an incident's message."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import discord
import pytest

from opsbot.domain.levels import IncidentState
from tests.cogs.stage import Stage, over, refused, said
from tests.sim import sends

ASSIGN, RESOLVE, SILENCE = "opsbot:assign:7", "opsbot:resolve:7", "opsbot:silence:7"
ALL = (ASSIGN, RESOLVE, SILENCE)


async def test_every_button_of_an_alert_is_one_that_the_bot_knows(up: Stage) -> None:
    message = await up.alarm()
    ids = [
        str(child.custom_id)
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for child in row.children
    ]
    assert {ASSIGN, RESOLVE, SILENCE, "opsbot:ack:7"} <= set(ids)
    templates = [button.__discord_ui_compiled_template__ for button in up.bot.buttons]
    assert [i for i in ids if not any(template.fullmatch(i) for template in templates)] == []


async def test_assign_to_me_gives_it_to_whoever_presses_also_when_somebody_has_it(up: Stage) -> None:
    await up.alarm()
    message = await up.with_buttons(*ALL)
    result = await up.world.otto.click(message, custom_id=ASSIGN)
    assert "Incident #7 is assigned to you" in said(result)
    assert result.ephemeral
    assert up.operations.known[7].state is IncidentState.ACKNOWLEDGED
    await up.world.olga.click(message, custom_id=ASSIGN)
    assert [call.detail for call in up.operations.asked("assign")] == ["Otto (operator)", "Olga (admin)"]
    owner = up.operations.known[7].assigned_to
    assert owner is not None
    assert owner.id == str(up.world.olga.id)


async def test_resolve_asks_what_it_was_and_ends_the_incident(up: Stage) -> None:
    await up.alarm()
    message = await up.with_buttons(*ALL)
    asked = await up.world.otto.click(message, custom_id=RESOLVE)
    assert asked.modal is not None
    assert (asked.modal["title"], asked.modal["custom_id"]) == ("Resolve incident #7", "opsbot:resolve-why:7")
    assert up.operations.asked("resolve") == []
    result = await up.world.otto.submit_modal(asked, {"why": "a bad disk"})
    assert "Incident #7 is resolved" in said(result)
    assert "a bad disk" in said(result)
    assert result.ephemeral
    assert up.operations.asked("resolve")[0].detail == "a bad disk"


async def test_of_two_who_resolve_at_once_one_learns_that_it_is_over(up: Stage) -> None:
    await up.alarm()
    message = await up.with_buttons(*ALL)
    results = await asyncio.gather(
        sends(up.world.otto, message, RESOLVE), sends(up.world.olga, message, RESOLVE)
    )
    texts = [said(result) for result in results]
    assert sum("Incident #7 is resolved" in text for text in texts) == 1
    assert sum("already resolved" in text for text in texts) == 1


@pytest.mark.parametrize(("label", "asked"), [("15 min", "900.0"), ("1 h", "3600.0"), ("4 h", "14400.0")])
async def test_silence_asks_for_how_long_and_says_how_to_end_it(up: Stage, label: str, asked: str) -> None:
    await up.alarm()
    question = await up.world.otto.click(await up.with_buttons(*ALL), custom_id=SILENCE)
    assert question.ephemeral
    assert up.operations.asked("silence_incident") == []
    result = await up.world.otto.click(shown(question), label=label)
    call = up.operations.asked("silence_incident")[0]
    assert (call.about, call.detail) == ("7", asked)
    assert "/silence end 1" in text_of(up, question)
    assert buttons(question) == []
    assert result.followups == []


async def test_silence_until_it_is_over_ends_with_the_incident(up: Stage) -> None:
    await up.alarm()
    question = await up.world.otto.click(await up.with_buttons(*ALL), custom_id=SILENCE)
    await up.world.otto.click(shown(question), custom_id="opsbot:silenced:7:over")
    assert up.operations.asked("silence_incident")[0].detail == "None"
    assert "Until incident #7 is over" in text_of(up, question)


async def test_a_choice_after_the_incidents_end_changes_nothing(up: Stage) -> None:
    await up.alarm()
    question = await up.world.otto.click(await up.with_buttons(*ALL), custom_id=SILENCE)
    up.operations.known[7] = over(7)
    result = await up.world.otto.click(shown(question), label="1 h")
    assert "already resolved" in said(result)
    assert up.operations.asked("silence_incident") == []


@pytest.mark.parametrize("button", ALL)
async def test_a_resolved_incidents_button_is_refused_with_a_sentence(up: Stage, button: str) -> None:
    message = await up.with_buttons(*ALL)
    up.operations.known[7] = over(7)
    result = await up.world.otto.click(message, custom_id=button)
    assert result.modal is None
    assert "Incident #7 is already resolved" in said(result)
    assert result.ephemeral
    assert changed(up) == []


@pytest.mark.parametrize("button", ALL)
async def test_an_old_incident_that_only_the_file_knows_is_refused_with_a_sentence_too(
    up: Stage, button: str
) -> None:
    message = await up.with_buttons(*ALL)
    up.operations.people.known = {7: over(7)}
    assert "already resolved" in said(await up.world.otto.click(message, custom_id=button))


@pytest.mark.parametrize("button", ALL)
async def test_whoever_may_only_look_gets_nothing_and_it_is_recorded(up: Stage, button: str) -> None:
    await up.alarm()
    message = await up.with_buttons(*ALL)
    up.operations.calls.clear()
    assert refused(await up.world.vera.click(message, custom_id=button))
    assert [call.about for call in up.operations.refusals] == ["incident 7"]
    assert up.operations.calls == []


@pytest.mark.parametrize("button", ALL)
async def test_old_buttons_work_after_a_restart_of_opsbot(stage: Stage, button: str) -> None:
    async with stage.running():
        await stage.alarm()
        message = await stage.with_buttons(*ALL)
    async with stage.running():
        result = await stage.world.otto.click(message, custom_id=button)
        assert result.acknowledged
        assert result.modal is not None or "7" in said(result)


async def test_a_choice_works_after_a_restart_and_not_without_the_role(stage: Stage) -> None:
    async with stage.running():
        await stage.alarm()
        question = await stage.world.otto.click(await stage.with_buttons(*ALL), custom_id=SILENCE)
    async with stage.running():
        stage.bot.access = replace(stage.bot.access, operators=frozenset())
        assert refused(await stage.world.otto.click(shown(question), label="1 h"))
        stage.bot.access = stage.rules()
        await stage.world.otto.click(shown(question), label="1 h")
        assert len(stage.operations.asked("silence_incident")) == 1


async def test_whoever_lost_the_role_while_typing_resolves_nothing(up: Stage) -> None:
    await up.alarm()
    asked = await up.world.otto.click(await up.with_buttons(*ALL), custom_id=RESOLVE)
    up.bot.access = replace(up.bot.access, operators=frozenset())
    assert refused(await up.world.otto.submit_modal(asked, {"why": "x"}))
    assert [call.verb for call in up.operations.refusals] == ["resolve"]
    assert changed(up) == []


def shown(result: Any) -> Any:
    """The answer's message, for pressing its buttons."""
    assert result.response is not None
    return result.response


def changed(up: Stage) -> list[str]:
    """What was done to incidents."""
    verbs = ("assign", "resolve", "silence_incident", "acknowledge")
    return [call.verb for call in up.operations.calls if call.verb in verbs]


def text_of(up: Stage, question: Any) -> str:
    """What a private answer says now."""
    message = next(
        m for m in up.sim.messages(up.world.ops, seen_by=up.world.otto) if m.id == shown(question).id
    )
    return "\n".join(f"{embed.title} {embed.description}" for embed in message.embeds)


def buttons(question: Any) -> list[Any]:
    """The rows that a private answer has now."""
    return list(shown(question).components)
