"""`/incidents` and its subcommands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from opsbot.demo.discord_sim.people import Person
from opsbot.domain.actor import AUTO
from opsbot.domain.alert import Alert
from opsbot.domain.incident import Entry, EntryKind
from opsbot.domain.levels import AlertState, Priority, Severity
from opsbot.domain.silence import Muted
from opsbot.engine.incidents import acknowledged
from tests.cogs.stage import CLOCK, Stage, incident, over, refused, said

CHANGES: dict[str, dict[str, Any]] = {
    "acknowledge": {},
    "assign": {},
    "resolve": {},
    "note": {"text": "I look at it"},
    "export": {},
}


async def test_the_list_has_the_open_ones_newest_first_with_who_has_them(up: Stage) -> None:
    assert "No open incidents" in said(await up.world.vera.slash(up.world.ops, "incidents list"))
    olga = up.world.olga
    who = replace(AUTO, name=olga.name)
    known = (incident(7), acknowledged(incident(8), who, "", CLOCK.now()), over(9))
    up.operations.known.update({one.id: one for one in known})
    result = await up.world.vera.slash(up.world.ops, "incidents list")
    text = said(result)
    assert "2 open incidents" in text
    assert text.index("#8 P1") < text.index("#7 P1")
    assert f"{olga.name} has it" in text
    assert "#9" not in text
    assert result.ephemeral


async def test_all_lists_those_that_are_over_too_with_how_long_they_lasted(up: Stage) -> None:
    assert "There was no incident yet" in said(
        await up.world.vera.slash(up.world.ops, "incidents list", state="all")
    )
    up.operations.known.update({7: over(7), 8: incident(8)})
    text = said(await up.world.vera.slash(up.world.ops, "incidents list", state="all"))
    assert "All incidents" in text
    assert "#7 P1" in text
    assert "resolved after" in text
    up.operations.known.update({number: over(number) for number in range(10, 60)})
    text = said(await up.world.vera.slash(up.world.ops, "incidents list", state="all"))
    assert "The newest 25 incidents" in text
    assert "#59" in text
    assert "#34 " not in text


async def test_the_list_of_one_target(up: Stage) -> None:
    up.operations.known.update({7: incident(7), 8: replace(incident(8), target="web")})
    text = said(await up.world.vera.slash(up.world.ops, "incidents list", target="web"))
    assert "1 open incident of web" in text
    assert "#7" not in text
    text = said(await up.world.vera.slash(up.world.ops, "incidents list", target="sumarybot"))
    assert "did you mean summarybot?" in text


async def test_show_has_the_incident_and_what_happened(up: Stage) -> None:
    entry = Entry(CLOCK.now(), EntryKind.DONE, "restart failed\nTraceback: secret line", AUTO)
    up.operations.known[7] = replace(incident(7), timeline=(entry,))
    result = await up.world.vera.slash(up.world.ops, "incidents show", number=7)
    text = said(result)
    assert "Bot process is not running" in text
    assert "restart failed" in text
    assert "secret line" not in text
    assert result.ephemeral
    assert "There is no incident #9" in said(
        await up.world.vera.slash(up.world.ops, "incidents show", number=9)
    )


async def test_a_long_timeline_has_pages_that_are_turned_also_after_a_restart(stage: Stage) -> None:
    lines = tuple(Entry(CLOCK.now(), EntryKind.SEEN, f"line {n} {'x' * 200}") for n in range(60))
    stage.operations.known[7] = replace(incident(7), timeline=lines)
    async with stage.running():
        result = await stage.world.vera.slash(stage.world.ops, "incidents show", number=7)
        assert "line 59 " in said(result)
        assert "line 0 " not in said(result)
    async with stage.running():
        turned = shown(stage, result)
        seen = {f"line {n} " for n in range(60) if f"line {n} " in text_of(turned)}
        while "opsbot:timeline" in str(turned.components) and "Earlier" in labels(turned):
            await stage.world.vera.click(result.response, label="Earlier")  # type: ignore[arg-type]
            turned = shown(stage, result)
            seen |= {f"line {n} " for n in range(60) if f"line {n} " in text_of(turned)}
        assert len(seen) == 60
        assert "Later" in labels(turned)
        assert "page 1 of" in text_of(turned)
        assert refused(await stage.world.bob.forge_click(result.response, "opsbot:timeline:7:2"))  # type: ignore[arg-type]


async def test_a_note_goes_into_the_timeline_also_after_the_end(up: Stage) -> None:
    up.operations.known[7] = over(7)
    result = await up.world.otto.slash(up.world.ops, "incidents note", number=7, text="it was *the* disk")
    assert "Noted at incident #7" in said(result)
    assert result.ephemeral
    assert up.operations.known[7].timeline[-1].text == "it was *the* disk"


async def test_assign_gives_it_to_the_asker_or_to_another_operator(up: Stage) -> None:
    up.operations.known[7] = incident(7)
    result = await up.world.otto.slash(up.world.ops, "incidents assign", number=7)
    assert "is assigned to you" in said(result)
    result = await up.world.otto.slash(up.world.ops, "incidents assign", number=7, user=up.world.olga)
    assert "is assigned to Olga" in said(result)
    owner = up.operations.known[7].assigned_to
    assert owner is not None
    assert owner.id == str(up.world.olga.id)


async def test_it_is_not_given_to_a_bot_nor_to_who_could_do_nothing(up: Stage) -> None:
    up.operations.known[7] = incident(7)
    result = await up.world.otto.slash(up.world.ops, "incidents assign", number=7, user=up.world.vera)
    assert "Vera" in said(result)
    assert "has no role of an operator" in said(result)
    robot = up.sim.env.create_user("robot", bot=True)
    up.world.guild.add_member(robot, roles=(up.world.admin,))
    person = Person(up.sim.env, up.world.guild, robot)
    result = await up.world.otto.slash(up.world.ops, "incidents assign", number=7, user=person)
    assert "is a bot" in said(result)
    stranger = up.sim.env.create_user("stranger")
    result = await up.world.otto.slash(up.world.ops, "incidents assign", number=7, user=stranger)
    assert "stranger is no member of this server" in said(result)
    assert up.operations.asked("assign") == []


async def test_acknowledge_with_a_reason_and_who_has_it_already(up: Stage) -> None:
    up.operations.known[7] = incident(7)
    result = await up.world.otto.slash(up.world.ops, "incidents acknowledge", number=7, reason="on it")
    assert "Incident #7 is yours" in said(result)
    assert up.operations.asked("acknowledge")[0].detail == "on it"
    result = await up.world.olga.slash(up.world.ops, "incidents acknowledge", number=7)
    assert "already acknowledged by Otto" in said(result)
    assert result.ephemeral


async def test_resolve_with_a_reason_and_what_is_over_already(up: Stage) -> None:
    up.operations.known[7] = incident(7)
    result = await up.world.otto.slash(up.world.ops, "incidents resolve", number=7, reason="fixed")
    assert "Incident #7 is resolved" in said(result)
    assert not up.operations.known[7].live
    result = await up.world.otto.slash(up.world.ops, "incidents resolve", number=7)
    assert "already resolved" in said(result)


async def test_muted_names_what_mutes_each_alert(up: Stage) -> None:
    assert "No alert is muted" in said(await up.world.vera.slash(up.world.ops, "incidents muted"))
    up.operations.mutes.unheard = (Muted(alert(), "silenced by Olga until 2026-01-05 16:00 UTC"),)
    result = await up.world.vera.slash(up.world.ops, "incidents muted")
    assert "Bot process is not running · silenced by Olga" in said(result)
    assert result.ephemeral


async def test_export_gives_the_postmortem_to_the_asker_alone_and_is_recorded(up: Stage) -> None:
    up.operations.known[7] = over(7)
    result = await up.world.otto.slash(up.world.ops, "incidents export", number=7)
    assert result.ephemeral
    message = shown(up, result, up.world.otto)
    (attached,) = message.attachments
    assert attached.filename.startswith("postmortem_incident-7_")
    content = up.sim.content_of(attached)
    assert content is not None
    assert content.startswith(b"# Incident")
    assert up.operations.asked("record")[0].detail.startswith("export postmortem")
    assert "no incident #9" in said(await up.world.otto.slash(up.world.ops, "incidents export", number=9))


@pytest.mark.parametrize("name", CHANGES)
async def test_whoever_may_only_look_changes_nothing_and_it_is_recorded(up: Stage, name: str) -> None:
    up.operations.known[7] = incident(7)
    options = {"number": 7, **CHANGES[name]}
    assert refused(await up.world.vera.slash(up.world.ops, f"incidents {name}", **options))
    assert [call.verb for call in up.operations.refusals] == [f"incidents {name}"]
    assert up.operations.calls == []


@pytest.mark.parametrize("name", ["show", "note", "export", "assign"])
async def test_numbers_are_offered_live_ones_first_with_target_and_title(up: Stage, name: str) -> None:
    up.operations.known.update({7: incident(7), 8: over(8), 12: over(12)})
    offered = await up.world.otto.autocomplete(up.world.ops, f"incidents {name}", "number", "")
    values = [choice["value"] for choice in offered]
    assert values == ([7] if name == "assign" else [7, 12, 8])
    assert offered[0]["name"] == "#7 · P1 · summarybot: Bot process is not running"
    offered = await up.world.otto.autocomplete(up.world.ops, f"incidents {name}", "number", "12")
    assert [choice["value"] for choice in offered] == ([] if name == "assign" else [12])
    assert await up.world.bob.autocomplete(up.world.ops, f"incidents {name}", "number", "") == []


def alert() -> Alert:
    firing = AlertState.FIRING
    made = Alert("summarybot", "bot_process_down", firing, Severity.CRITICAL, Priority.P1, CLOCK.now())
    return replace(made, text="Bot process is not running")


def shown(stage: Stage, result: Any, person: Any = None) -> Any:
    """A private answer as it is now."""
    seen_by = person or stage.world.vera
    return next(m for m in stage.sim.messages(stage.world.ops, seen_by=seen_by) if m.id == result.response.id)


def text_of(message: Any) -> str:
    return "\n".join(f"{embed.title} {embed.description}" for embed in message.embeds)


def labels(message: Any) -> list[str]:
    return list(_labels(message))


def _labels(message: Any) -> Iterator[str]:
    for row in message.components:
        yield from (button.label for button in row.children)
