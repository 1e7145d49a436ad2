"""`/diagnostics` and `/profile`: for admins, for their eyes alone, and never more than was asked."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

import pytest

from cogs._ui.answer import think
from cogs._ui.host import Asked
from opsbot.engine.access import REFUSAL
from opsbot.errors import Refused, UsageError
from opsbot.testing.asked.bundles import FILE
from tests.cogs.stage import Stage, refused, said


async def test_an_admin_gets_the_file_alone_with_what_is_in_it(up: Stage) -> None:
    result = await up.world.olga.slash(up.world.ops, "diagnostics")
    await up.sim.wait_for(lambda: bool(result.response and result.response.attachments))
    assert result.response is not None
    assert result.response.ephemeral
    (file,) = result.response.attachments
    assert file.filename == "diagnostics_20260105_150400.tar.gz"
    assert up.sim.content_of(file) == FILE
    text = said(result)
    assert "3 secrets hidden" in text
    assert "`stacks.txt`" in text
    assert "looking into targets is off" in text
    assert [call.about for call in up.operations.asked("diagnostics")] == ["summarybot"]


async def test_the_button_of_an_incident_collects_those_of_its_target_for_who_pressed(up: Stage) -> None:
    await up.alarm()
    message = await up.with_buttons("opsbot:diagnose:7")
    assert refused(await up.world.otto.click(message, custom_id="opsbot:diagnose:7"))
    assert up.operations.asked("diagnostics") == []
    result = await up.world.olga.click(message, custom_id="opsbot:diagnose:7")
    await up.sim.wait_for(lambda: bool(result.response and result.response.attachments))
    assert result.response is not None
    assert result.response.ephemeral
    assert [call.about for call in up.operations.asked("diagnostics")] == ["summarybot"]


async def test_it_is_shown_while_it_is_made(up: Stage) -> None:
    gate = up.operations.bundles.held = asyncio.Event()
    with up.sim.env.in_a_hurry():
        result = await up.world.olga.slash(up.world.ops, "diagnostics", target="summarybot")
    await up.sim.wait_for(lambda: "⏳ `health.txt`" in said(result))
    assert "Collecting diagnostics of summarybot" in said(result)
    gate.set()
    await up.sim.wait_for(lambda: bool(result.response and result.response.attachments))


async def test_a_bundle_that_could_not_be_made_is_a_sentence_without_a_file(up: Stage) -> None:
    up.operations.bundles.error = "the disk is full <@&1> **now**"
    result = await up.world.olga.slash(up.world.ops, "diagnostics")
    await up.sim.wait_for(lambda: "No diagnostics of summarybot" in said(result))
    assert result.response is not None
    assert not result.response.attachments
    assert "**now**" not in said(result)
    assert up.operations.asked("take") == []


async def test_a_file_that_discord_would_not_take_is_not_sent(
    up: Stage,
) -> None:
    up.operations.bundles.file = bytes(26 * 2**20)
    result = await up.world.olga.slash(up.world.ops, "diagnostics")
    await up.sim.wait_for(lambda: "opsbot diagnostics summarybot" in said(result))
    assert "Discord takes no such file here" in said(result)
    assert result.response is not None
    assert not result.response.attachments


async def test_one_that_is_being_made_refuses_another_privately(up: Stage) -> None:
    up.operations.fails["diagnostics"] = Refused("A bundle of summarybot is being made, asked by Olga.")
    result = await up.world.olga.slash(up.world.ops, "diagnostics")
    assert "is being made, asked by Olga" in said(result)


async def test_a_profile_is_a_short_table_for_the_asker_alone(up: Stage) -> None:
    result = await up.world.olga.slash(up.world.ops, "profile", seconds=5)
    await up.sim.wait_for(lambda: "work (bot.py:3)" in said(result))
    assert "  70%    99%" in said(result)
    assert result.response is not None
    assert result.response.ephemeral
    assert [call.detail for call in up.operations.asked("profile")] == ["5"]


async def test_what_a_profile_lacks_is_one_sentence(up: Stage) -> None:
    up.operations.fails["profile"] = Refused(
        "Not now: py-spy is not installed: pip install 'opsbot[profile]'."
    )
    result = await up.world.olga.slash(up.world.ops, "profile")
    await up.sim.wait_for(lambda: "py-spy is not installed" in said(result))


async def test_a_misspelt_target_is_answered_with_the_nearest(up: Stage) -> None:
    up.operations.fails["diagnostics"] = UsageError("unused")
    result = await up.world.olga.slash(up.world.ops, "diagnostics", target="sumarybot")
    assert "did you mean summarybot" in said(result)
    assert up.operations.asked("diagnostics") == []


@pytest.mark.parametrize("command", ["diagnostics", "profile"])
async def test_operators_viewers_and_strangers_may_not(up: Stage, command: str) -> None:
    for person in (up.world.otto, up.world.vera, up.world.bob):
        assert refused(await person.forge_slash(up.world.ops, command))
    assert up.operations.calls == []


@pytest.mark.parametrize("command", ["diagnostics", "profile"])
async def test_who_is_no_admin_any_more_when_it_begins_is_refused(
    up: Stage, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    async def think_and_lose(asked: Asked, *, private: bool) -> None:
        await think(asked, private=private)
        up.bot.access = replace(up.rules(), admins=frozenset())

    monkeypatch.setattr(sys.modules["cogs.diagnostics"], "think", think_and_lose)
    result = await up.world.olga.slash(up.world.ops, command)
    assert REFUSAL in said(result)
    assert up.operations.asked(command) == []


async def test_who_loses_the_role_while_it_is_made_gets_no_file(up: Stage) -> None:
    gate = up.operations.bundles.held = asyncio.Event()
    with up.sim.env.in_a_hurry():
        result = await up.world.olga.slash(up.world.ops, "diagnostics")
    await up.sim.wait_for(lambda: "⏳" in said(result))
    up.bot.access = replace(up.rules(), admins=frozenset())
    gate.set()
    await up.sim.wait_for(lambda: REFUSAL in said(result))
    assert up.operations.asked("take") == []
    assert result.response is not None
    assert not result.response.attachments
