"""`/silence` and `/maintenance`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opsbot.domain.incident import AlertLine
from opsbot.domain.levels import Priority, Severity
from opsbot.domain.maintenance import Once, Planned, Window
from opsbot.domain.silence import Matcher
from opsbot.runtime.port import TargetInfo
from tests.cogs.stage import CLOCK, Stage, incident, refused, said

TWO = (TargetInfo("summarybot", "Summary Bot NG", running=True), TargetInfo("web", "Web site", running=True))
CHANGES: dict[str, dict[str, Any]] = {
    "silence add": {"duration": "1h"},
    "silence end": {"number": 1},
    "maintenance start": {"duration": "1h", "reason": "disks"},
    "maintenance end": {},
}


async def test_a_silence_of_the_only_target_says_what_until_when_and_how_to_end_it(up: Stage) -> None:
    result = await up.world.otto.slash(up.world.ops, "silence add", duration="30m", reason="noisy disk")
    text = said(result)
    assert "Silence: summarybot" in text
    assert "noisy disk (Otto" in text
    assert "`/silence end 1`" in text
    assert not result.ephemeral
    held = up.operations.mutes.held[1]
    assert held.matcher == Matcher(("summarybot",))
    assert round(held.until.since(held.at)) == 1800
    assert not held.maintenance


async def test_targets_rules_and_priority_narrow_it(up: Stage) -> None:
    up.operations.infos = TWO
    result = await up.world.otto.slash(
        up.world.ops, "silence add", duration="2h", target="web, summary*", rule="disk_*", priority="P2"
    )
    assert "web, summary\\*, rule disk\\_\\*, P2 and less urgent" in said(result)
    assert up.operations.mutes.held[1].matcher == Matcher(("web", "summary*"), ("disk_*",), Priority.P2)


async def test_all_targets_are_meant_only_when_somebody_says_so(up: Stage) -> None:
    up.operations.infos = TWO
    result = await up.world.otto.slash(up.world.ops, "silence add", duration="1h")
    assert "Say which" in said(result)
    assert result.ephemeral
    assert up.operations.asked("silence") == []
    for options in ({"target": " , "}, {"rule": ","}):
        assert "Say which" in said(
            await up.world.otto.slash(up.world.ops, "silence add", duration="1h", **options)
        )
    assert up.operations.asked("silence") == []
    await up.world.otto.slash(up.world.ops, "silence add", duration="1h", target="*")
    await up.world.otto.slash(up.world.ops, "silence add", duration="1h", priority="P4")
    assert [held.matcher for held in up.operations.mutes.held.values()] == [
        Matcher(),
        Matcher(least=Priority.P4),
    ]


@pytest.mark.parametrize("command", ["silence add", "maintenance start"])
async def test_a_mistyped_target_or_duration_is_answered_with_the_remedy(up: Stage, command: str) -> None:
    options = CHANGES[command] | {"target": "sumarybot"}
    result = await up.world.otto.slash(up.world.ops, command, **options)
    assert "did you mean summarybot?" in said(result)
    for duration in ("soon", "5s", "90d"):
        result = await up.world.otto.slash(up.world.ops, command, **CHANGES[command] | {"duration": duration})
        assert f"such as 15m, 1h or 24h; not “{duration}”" in said(result)
        assert result.ephemeral
    assert up.operations.mutes.held == {}


async def test_the_list_of_silences_and_that_it_is_empty(up: Stage) -> None:
    assert "Nothing is silenced" in said(await up.world.vera.slash(up.world.ops, "silence list"))
    await up.world.otto.slash(up.world.ops, "silence add", duration="1h", reason="noisy")
    await up.world.otto.slash(up.world.ops, "maintenance start", duration="2h", reason="new disks")
    result = await up.world.vera.slash(up.world.ops, "silence list")
    assert "🔕 **#1** summarybot" in said(result)
    assert "🛠️ **#2** summarybot" in said(result)
    assert "Otto (operator): noisy" in said(result)
    assert result.ephemeral


async def test_ending_a_silence_and_one_that_is_not_there(up: Stage) -> None:
    await up.world.otto.slash(up.world.ops, "silence add", duration="1h")
    result = await up.world.olga.slash(up.world.ops, "silence end", number=1)
    assert "The silence #1 is over" in said(result)
    assert not result.ephemeral
    result = await up.world.olga.slash(up.world.ops, "silence end", number=1)
    assert "There is no silence 1 in force" in said(result)
    assert all(answer.ephemeral for answer in result.followups)


async def test_maintenance_says_that_nothing_is_done_and_is_ended_without_its_number(up: Stage) -> None:
    result = await up.world.otto.slash(up.world.ops, "maintenance start", duration="1h", reason="new disks")
    assert "Maintenance of summarybot" in said(result)
    assert "opsbot does nothing about it by itself" in said(result)
    assert up.operations.mutes.held[1].maintenance
    result = await up.world.otto.slash(up.world.ops, "maintenance end")
    assert "The maintenance #1 is over" in said(result)
    result = await up.world.otto.slash(up.world.ops, "maintenance end")
    assert "No maintenance is in force" in said(result)


async def test_with_several_the_number_must_be_said_and_a_silence_is_none_of_them(up: Stage) -> None:
    for _ in range(2):
        await up.world.otto.slash(up.world.ops, "maintenance start", duration="1h", reason="x")
    await up.world.otto.slash(up.world.ops, "silence add", duration="1h")
    for options in ({}, {"number": 3}):
        result = await up.world.otto.slash(up.world.ops, "maintenance end", **options)
        assert "Say which maintenance is meant: #1, #2." in said(result)
    assert len(up.operations.mutes.held) == 3
    await up.world.otto.slash(up.world.ops, "maintenance end", number=2)
    assert sorted(up.operations.mutes.held) == [1, 3]


async def test_the_list_of_maintenance_has_the_windows_of_the_configuration_too(up: Stage) -> None:
    assert "No maintenance" in said(await up.world.vera.slash(up.world.ops, "maintenance list"))
    await up.world.otto.slash(up.world.ops, "maintenance start", duration="2h", reason="new disks")
    now = CLOCK.now()
    window = Window("backup", Once(0, 0), ("web",), "nightly copy", "every day 03:00 for 1 h")
    later = replace(window, name="yearly", targets=())
    up.operations.mutes.planned = (Planned(window, ends=now.after(60)), Planned(later, begins=now.after(600)))
    result = await up.world.vera.slash(up.world.ops, "maintenance list")
    text = said(result)
    assert "**#1** summarybot" in text
    assert "**backup** web, every day 03:00 for 1 h · goes on until" in text
    assert "**yearly** all targets" in text
    assert "begins <t:" in text
    assert result.ephemeral


@pytest.mark.parametrize("command", CHANGES)
async def test_whoever_may_only_look_changes_nothing_and_it_is_recorded(up: Stage, command: str) -> None:
    assert refused(await up.world.vera.slash(up.world.ops, command, **CHANGES[command]))
    assert [call.verb for call in up.operations.refusals] == [command]
    assert up.operations.calls == []


async def test_durations_targets_rules_and_numbers_are_offered(up: Stage) -> None:
    now = CLOCK.now()
    line = AlertLine("disk_full", Severity.WARNING, Priority.P2, True, now, "Disk is full")
    up.operations.known[7] = replace(incident(7), alerts=(line,))
    await up.world.otto.slash(up.world.ops, "silence add", duration="1h", reason="noisy")
    await up.world.otto.slash(up.world.ops, "maintenance start", duration="1h", reason="disks")

    async def offered(command: str, option: str, typed: str = "") -> list[Any]:
        found = await up.world.otto.autocomplete(up.world.ops, command, option, typed)
        return [choice["value"] for choice in found]

    assert await offered("silence add", "duration", "1") == ["15m", "1h", "1d"]
    assert await offered("silence add", "target") == ["*", "summarybot"]
    assert await offered("silence add", "rule", "disk") == ["disk_full"]
    assert await offered("silence end", "number") == [1, 2]
    assert await offered("maintenance end", "number") == [2]
    found = await up.world.otto.autocomplete(up.world.ops, "silence end", "number", "1")
    assert [choice["name"] for choice in found] == ["#1 · summarybot · by Otto (operator) noisy"]


async def test_what_people_type_does_nothing_in_the_answer(up: Stage) -> None:
    result = await up.world.otto.slash(
        up.world.ops, "silence add", duration="1h", target="*", rule="@everyone", reason="<@1> @here"
    )
    assert "@everyone" not in said(result)
    assert "@here" not in said(result)
    assert all(ping.nobody for ping in up.sim.pings)
