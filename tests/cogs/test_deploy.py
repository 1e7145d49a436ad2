"""`/deploy`."""

from __future__ import annotations

from opsbot.runtime.port import TargetInfo
from tests.cogs.stage import Stage, refused, said


async def test_everybody_sees_who_brings_out_what_and_until_when_nothing_is_restarted(up: Stage) -> None:
    result = await up.world.otto.slash(up.world.ops, "deploy", version="v1.4.2")
    text = said(result)
    assert "`v1.4.2` of summarybot is deployed" in text
    assert "By Otto" in text
    assert "opsbot restarts nothing of it by itself until <t:" in text
    assert "for 10 min" in text
    assert not result.ephemeral
    call = up.operations.asked("deploy")[0]
    assert call.actor is not None
    assert (call.about, call.detail, call.actor.id) == ("summarybot", "v1.4.2 600", str(up.world.otto.id))


async def test_for_no_minutes_it_is_a_mark_alone(up: Stage) -> None:
    result = await up.world.otto.slash(up.world.ops, "deploy", version="abc", target="summarybot", minutes=0)
    assert "opsbot restarts nothing" not in said(result)
    assert up.operations.asked("deploy")[0].detail == "abc 0"


async def test_which_target_must_be_clear(up: Stage) -> None:
    up.operations.infos = (TargetInfo("bot", "Bot"), TargetInfo("web", "Web"))
    result = await up.world.otto.slash(up.world.ops, "deploy", version="v1")
    assert "not exactly one target" in said(result)
    assert result.ephemeral
    result = await up.world.otto.slash(up.world.ops, "deploy", version="v1", target="wep")
    assert "did you mean web?" in said(result)
    assert up.operations.asked("deploy") == []


async def test_whoever_may_only_look_marks_nothing_and_it_is_recorded(up: Stage) -> None:
    assert refused(await up.world.vera.slash(up.world.ops, "deploy", version="v1"))
    assert [call.verb for call in up.operations.refusals] == ["deploy"]
    assert up.operations.calls == []


async def test_what_people_type_does_nothing_in_the_answer(up: Stage) -> None:
    result = await up.world.otto.slash(up.world.ops, "deploy", version="`@everyone` [x](https://evil)")
    assert "@everyone" not in said(result)
    assert all(ping.nobody for ping in up.sim.pings)
