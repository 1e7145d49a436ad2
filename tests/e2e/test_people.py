"""What people press and type, over the wire, and what comes of it in the channel."""

from __future__ import annotations

import re
from typing import Any

from opsbot.engine.access import REFUSAL
from tests.bound import BOUND
from tests.e2e.reading import buttons, custom_id, said, shown, text_of
from tests.e2e.stage import Stage
from tests.sim import sends

SECTIONS = ("Process", "API", "Gateway", "Log", "Ports", "External")
"""The guide's six, by a word of each title."""

STARTED = "Starting Summary Bot NG"
"""What the service logs once a start."""


def refused(result: Any) -> bool:
    """Whether the answer is the refusal, for the asker's eyes only, and nothing else."""
    answers = [r for r in (result.response, *result.followups) if r is not None]
    return [a.ephemeral for a in answers] == [True] and said(result).endswith(REFUSAL)


async def test_an_incident_is_taken_on_by_who_may_and_shows_their_name(stage: Stage) -> None:
    world = stage.world
    stage.nothing_reopens()
    async with stage.opsbot() as running:
        for number, person in enumerate((world.otto, world.olga), 1):
            old = await stage.paused_and_down()
            message = await stage.message(number, lambda m: "paused by Otto" in text_of(m))
            for outsider in (world.vera, world.bob):
                assert refused(await outsider.click(message, custom_id=f"opsbot:ack:{number}"))
                assert refused(await outsider.click(message, custom_id=f"opsbot:restart:{number}"))
            taken = await sends(person, message, f"opsbot:ack:{number}", "looking at it")
            assert shown(taken).ephemeral
            redrawn = await stage.message(number, lambda m: "acknowledged" in text_of(m))
            assert f"Acknowledged by: {person.name.title()} (" in text_of(redrawn)
            assert not buttons(redrawn)["Acknowledged"]
            assert buttons(redrawn)["Restart"]
            assert stage.pids() == []
            await world.otto.slash(world.ops, "resume")
            await stage.restarted(old)
            assert (await stage.resolved(number)).id == message.id
            await stage.until_well(running)


async def test_health_shows_the_six_sections_and_what_is_wrong_in_them(stage: Stage) -> None:
    world = stage.world
    async with stage.opsbot():
        report = said(await world.vera.slash(world.ops, "health"))
        titles = re.findall(r"\*\*\d\. (.+)\*\*", report)
        assert [word for word, title in zip(SECTIONS, titles, strict=False) if word not in title] == []
        assert len(titles) >= len(SECTIONS)
        assert report.startswith("✓ Summary Bot NG: all is well")
        assert "✗" not in report
        numbers = said(await world.vera.slash(world.ops, "metrics", window="15m"))
        assert "rss" in numbers.lower()
        await stage.paused_and_down()
        await stage.message()
        broken = said(await world.vera.slash(world.ops, "health"))
        assert broken.startswith("✗ Summary Bot NG")
        assert "✗ Process" in broken
        assert "Automation paused by Otto" in broken
        assert refused(await world.bob.forge_slash(world.ops, "health"))


async def test_a_pause_holds_the_restart_until_it_is_ended(stage: Stage) -> None:
    async with stage.opsbot():
        old = await stage.paused_and_down()
        held = await stage.message(1, lambda m: "automation is paused by Otto" in text_of(m))
        assert stage.sim.message_pings(held).roles == {stage.world.operator.id}
        assert stage.pids() == []
        await stage.world.olga.slash(stage.world.ops, "resume")
        await stage.restarted(old)
        await stage.resolved()
    assert stage.log.read_text().count(STARTED) == 2


async def test_the_admin_restarts_in_six_steps_and_once(stage: Stage) -> None:
    world = stage.world
    async with stage.opsbot() as running:
        old = stage.pid()
        assert refused(await world.otto.forge_slash(world.ops, "restart", reason="me too"))
        asked = await world.olga.slash(world.ops, "restart", reason="new version")
        assert stage.pids() == [old]
        question = shown(asked)
        confirm = custom_id(question, "Confirm")
        await world.olga.click(question, custom_id=confirm)
        told = await stage.sim.wait_for_message(
            world.ops, lambda m: "summarybot: restarted" in text_of(m), timeout=BOUND
        )
        steps = re.findall(r"(\d)\. ", text_of(told))
        assert steps == ["1", "2", "3", "4", "5", "6"], text_of(told)
        assert "Olga (admin)" in text_of(told)
        assert "new version" in text_of(told)
        await stage.restarted(old)
        await stage.until_well(running)
    assert stage.log.read_text().count(STARTED) == 2
    assert stage.of(1) == []
    assert stage.alarms() == []


async def test_the_button_of_an_incident_restarts_after_a_confirmation(stage: Stage) -> None:
    world = stage.world
    async with stage.opsbot():
        old = await stage.paused_and_down()
        message = await stage.message()
        asked = await world.olga.click(message, custom_id="opsbot:restart:1")
        question = shown(asked)
        confirm = custom_id(question, "Confirm")
        assert refused(await world.otto.forge_click(question, confirm))
        await world.olga.click(question, custom_id=confirm)
        await stage.restarted(old)
        over = await stage.resolved()
        assert over.id == message.id
        assert "Olga" in text_of(over)
