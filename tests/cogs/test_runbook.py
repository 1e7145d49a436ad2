"""`/runbook`, the Runbook button of an incident, and the buttons of a walk."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import discord
import pytest

from opsbot.domain.runbook import Listed
from opsbot.domain.walk import Mark
from opsbot.errors import UsageError
from opsbot.runtime.port import TargetInfo
from opsbot.testing.asked.walks import RUNBOOK
from tests.cogs.stage import Stage, refused, said

ID = "AAAAAAAAAAAAAAAA"
DONE, NOT, SKIP = (f"opsbot:walk:{ID}:2:{word}" for word in ("done", "not", "skip"))
AGAIN, END = f"opsbot:walk_again:{ID}", f"opsbot:walk_end:{ID}"
OPEN = "opsbot:runbook:7"


async def begun(up: Stage) -> discord.Message:
    """A walk that waits for step 2."""
    result = await up.world.otto.slash(up.world.ops, "runbook", name=RUNBOOK.name)
    assert not result.ephemeral
    return await up.sim.wait_for_message(up.world.ops, lambda m: DONE in ids(m))


def ids(message: Any) -> list[str]:
    """What can be pressed."""
    return [item.custom_id for row in message.components for item in row.children]


def text(message: Any) -> str:
    return "\n".join(embed.description or "" for embed in message.embeds)


async def now(up: Stage, message: discord.Message, holds: str) -> str:
    """The message's text once it holds something."""
    found = await up.sim.wait_for_message(up.world.ops, lambda m: m.id == message.id and holds in text(m))
    return text(found)


async def with_button(up: Stage, custom_id: str) -> discord.Message:
    """A message of the bot with one button."""
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="x", custom_id=custom_id))
    return await up.bot.get_partial_messageable(up.world.ops.id).send("x", view=view)


async def test_opsbot_looks_and_then_asks_people(up: Stage) -> None:
    up.operations.walks.saw["check process"] = (Mark.WRONG, "Process: not *running*")
    message = await begun(up)
    assert text(message).splitlines() == [
        "Target **summarybot**, walked by **Otto (operator)**.",
        "",
        r"✗ 1. Is it online? – Process: not \*running\*",
        "▶️ **2. Ask who changed something**",
        "> In the ops channel.",
        "▫️ 3. Does it answer now?",
    ]
    assert ids(message) == [DONE, NOT, SKIP, AGAIN, END]
    (call,) = up.operations.asked("begin")
    assert (call.about, call.detail, call.actor and call.actor.id) == (
        "summarybot",
        RUNBOOK.name,
        str(up.world.otto.id),
    )


async def test_while_opsbot_looks_the_message_says_so(up: Stage) -> None:
    up.operations.walks.held = asyncio.Event()
    asked = asyncio.create_task(up.world.otto.slash(up.world.ops, "runbook", name=RUNBOOK.name))
    message = await up.sim.wait_for_message(up.world.ops, lambda m: AGAIN in ids(m))
    assert "⏳ **1. Is it online?**" in text(message)
    up.operations.walks.held.set()
    assert "✓ 1. Is it online? – running" in await now(up, message, "▶️ **2.")
    await asked


@pytest.mark.parametrize(
    ("custom_id", "shown"),
    [
        (DONE, "✓ 2. Ask who changed something – done by Olga"),
        (NOT, "✗ 2. Ask who changed something – no, says Olga"),
        (SKIP, "➖ 2. Ask who changed something – skipped by Olga"),
    ],
)
async def test_anybody_who_may_answers_a_step_and_opsbot_goes_on(
    up: Stage, custom_id: str, shown: str
) -> None:
    message = await begun(up)
    await up.world.olga.click(message, custom_id=custom_id)
    over = await now(up, message, "✓ 3. Does it answer now?")
    assert shown in over
    done = await up.sim.wait_for_message(up.world.ops, lambda m: m.id == message.id and not m.components)
    assert ids(done) == []


async def test_a_second_press_is_told_who_was_first(up: Stage) -> None:
    book = replace(RUNBOOK, steps=(*RUNBOOK.steps, RUNBOOK.steps[1]))
    up.operations.walks.books = {book.name: book}
    message = await begun(up)
    results = await asyncio.gather(
        up.world.otto.click(message, custom_id=DONE), up.world.olga.click(message, custom_id=NOT)
    )
    refusals = [said(result) for result in results if "answered by" in said(result)]
    assert len(refusals) == 1
    walk = up.operations.walks.walks[ID]
    assert walk.steps[1].by is not None
    assert f"Step 2 was answered by {walk.steps[1].by.name} already" in refusals[0]
    assert "▶️ **4." in await now(up, message, "✓ 3.")


async def test_old_buttons_work_after_opsbot_was_restarted(stage: Stage) -> None:
    async with stage.running():
        message = await begun(stage)
    async with stage.running():
        await stage.world.olga.click(message, custom_id=DONE)
        assert "done by Olga" in await now(stage, message, "✓ 3.")


async def test_the_button_of_a_walk_that_is_over_says_who_ended_it(up: Stage) -> None:
    message = await begun(up)
    other = await with_button(up, DONE)
    await up.world.otto.click(message, custom_id=END)
    assert "Ended by **Otto (operator)**." in await now(up, message, "Ended by")
    result = await up.world.olga.click(other, custom_id=DONE)
    assert "This walk is over: Otto (operator) ended it." in said(result)


async def test_the_button_of_a_walk_that_is_not_kept_any_more_says_so(up: Stage) -> None:
    for custom_id in (DONE, AGAIN, END):
        result = await up.world.otto.click(await with_button(up, custom_id), custom_id=custom_id)
        assert "not kept any more" in said(result)


async def test_looking_again_looks_at_what_was_looked_at(up: Stage) -> None:
    up.operations.walks.saw["check process"] = (Mark.WRONG, "down")
    message = await begun(up)
    up.operations.walks.saw["check process"] = (Mark.FINE, "up again")
    await up.world.otto.click(message, custom_id=AGAIN)
    assert "✓ 1. Is it online? – up again" in await now(up, message, "up again")


async def test_a_look_that_was_cut_off_goes_on_by_the_same_button(stage: Stage) -> None:
    stage.operations.walks.held = asyncio.Event()
    async with stage.running():
        asked = asyncio.create_task(stage.world.otto.slash(stage.world.ops, "runbook", name=RUNBOOK.name))
        message = await stage.sim.wait_for_message(stage.world.ops, lambda m: AGAIN in ids(m))
    await asyncio.gather(asked, return_exceptions=True)
    stage.operations.walks.held = None
    async with stage.running():
        await stage.world.otto.click(message, custom_id=AGAIN)
        assert "✓ 1. Is it online?" in await now(stage, message, "▶️ **2.")
        assert stage.operations.asked("again") == []


async def test_remarks_stand_above_the_steps(up: Stage) -> None:
    up.operations.walks.remarks = ("The runbook has changed since this walk began.",)
    assert "⚠ The runbook has changed since this walk began." in text(await begun(up))


async def test_what_is_wrong_with_a_runbook_only_the_asker_sees(up: Stage) -> None:
    up.operations.fails["begin"] = UsageError("This runbook cannot be walked. x.md:8: opsbot cannot `chek`.")
    result = await up.world.otto.slash(up.world.ops, "runbook", name="x")
    assert "x.md:8: opsbot cannot" in said(result)
    assert all(answer.ephemeral for answer in result.followups)


async def test_an_unknown_target_is_answered_with_the_nearest(up: Stage) -> None:
    result = await up.world.otto.slash(up.world.ops, "runbook", name=RUNBOOK.name, target="sumarybot")
    assert "did you mean summarybot?" in said(result)


async def test_runbooks_that_fit_are_suggested_first_and_marked(up: Stage) -> None:
    up.operations.walks.listed = (
        Listed("high-cpu", "High CPU usage", fits=2),
        Listed("high-memory", "High memory usage"),
        Listed("broken", "broken", mistake="broken.md:3: no"),
    )
    offered = await up.world.otto.autocomplete(up.world.ops, "runbook", "name", "")
    assert [(o["name"], o["value"]) for o in offered] == [
        ("● High CPU usage (fits now)", "high-cpu"),
        ("High memory usage", "high-memory"),
        ("⚠ broken (has a mistake)", "broken"),
    ]
    (memory,) = await up.world.otto.autocomplete(up.world.ops, "runbook", "name", "MEMORY")
    assert memory["value"] == "high-memory"


async def test_the_target_that_was_typed_decides_what_fits(up: Stage) -> None:
    up.operations.infos = (TargetInfo("a", "A"), TargetInfo("b", "B"))
    await up.world.otto.autocomplete(up.world.ops, "runbook", "name", "", target="b")
    assert up.operations.asked("runbooks")[-1].about in ("b", "")


# -- the button of an incident


async def incident_message(up: Stage) -> discord.Message:
    await up.alarm()
    return await with_button(up, OPEN)


async def test_the_button_of_an_incident_walks_the_one_that_fits(up: Stage) -> None:
    up.operations.walks.listed = (Listed(RUNBOOK.name, RUNBOOK.title, fits=1), Listed("other", "Other"))
    message = await incident_message(up)
    result = await up.world.otto.click(message, custom_id=OPEN)
    assert not result.ephemeral
    walk = await up.sim.wait_for_message(up.world.ops, lambda m: DONE in ids(m))
    assert "incident #7" in (walk.embeds[0].footer.text or "")


async def test_where_several_fit_only_the_presser_is_asked_which(up: Stage) -> None:
    fits = tuple(Listed(name, f"Runbook {name}", fits=1) for name in (RUNBOOK.name, "other"))
    up.operations.walks.listed = (*fits, Listed("broken", "broken", fits=1, mistake="x"))
    message = await incident_message(up)
    result = await up.world.otto.click(message, custom_id=OPEN)
    assert result.ephemeral
    assert result.response is not None
    menu = result.response.components[0]["components"][0]
    assert [option["value"] for option in menu["options"]] == [RUNBOOK.name, "other"]
    await up.world.otto.select(result.response, custom_id="opsbot:runbooks:7", values=[RUNBOOK.name])
    await up.sim.wait_for_message(up.world.ops, lambda m: DONE in ids(m))
    assert up.operations.walks.walks[ID].incident == 7


async def test_where_none_fits_a_friendly_sentence_says_where_the_others_are(up: Stage) -> None:
    message = await incident_message(up)
    result = await up.world.otto.click(message, custom_id=OPEN)
    assert result.ephemeral
    assert "/runbook has all of them" in said(result)
    assert up.operations.asked("begin") == []


# -- who may


async def test_who_may_only_look_walks_nothing(up: Stage) -> None:
    message = await begun(up)
    up.operations.calls.clear()
    for person in (up.world.vera, up.world.bob):
        assert refused(await person.forge_slash(up.world.ops, "runbook", name=RUNBOOK.name))
        for custom_id in (DONE, NOT, SKIP, AGAIN, END):
            assert refused(await person.click(message, custom_id=custom_id))
        assert refused(await person.click(await with_button(up, OPEN), custom_id=OPEN))
    assert await up.world.bob.autocomplete(up.world.ops, "runbook", "name", "") == []
    assert up.operations.calls == []
    assert up.operations.walks.walks[ID].steps[1].mark is Mark.WAITING


async def test_the_button_of_an_incident_that_is_none_is_refused_like_an_outsider(up: Stage) -> None:
    custom_id = "opsbot:runbook:999"
    assert refused(await up.world.otto.click(await with_button(up, custom_id), custom_id=custom_id))


@pytest.mark.parametrize(
    "custom_id",
    [
        f"opsbot:walk:{ID}:0:done",
        f"opsbot:walk:{ID}:2:yes",
        f"opsbot:walk:{ID}:100:done",
        f"opsbot:walk:{ID}",
        "opsbot:walk_end:../../../etc/pass",
        "opsbot:runbook:0",
    ],
)
async def test_a_forged_button_is_refused_like_an_outsider(up: Stage, custom_id: str) -> None:
    assert refused(await up.world.otto.click(await with_button(up, custom_id), custom_id=custom_id))
