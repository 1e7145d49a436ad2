"""`/report` and `/audit`: what is over, for whom it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbot.domain.actor import AUTO, Actor, ActorKind
from opsbot.domain.audit import AuditEntry
from opsbot.domain.report import Figures, Uptime
from opsbot.draw.audit import FILE, NOTHING
from opsbot.draw.report import PICTURE, QUIET, UNSEEN
from opsbot.errors import UsageError
from tests.cogs.charting import Painter
from tests.cogs.stage import CLOCK, Stage, refused, said

OLGA = Actor(ActorKind.DISCORD, "4242", "Olga [x](http://y)")


def act(verb: str = "restart", actor: Actor = OLGA, **changed: str) -> AuditEntry:
    made = AuditEntry(CLOCK.now(), actor, verb, "summarybot", "allowed", "it hangs")
    return replace(made, **changed)  # type: ignore[arg-type]


def figures(down: float = 0.0) -> Figures:
    now = CLOCK.now().wall
    return Figures(now - 7 * 86_400.0, now, (Uptime("summarybot", "Summary Bot NG", 7 * 86_400.0, down),))


@pytest.mark.parametrize(("options", "asked"), [({}, "week"), ({"period": "day"}, "day")])
async def test_a_report_is_of_a_week_unless_asked_otherwise(
    up: Stage, options: dict[str, str], asked: str
) -> None:
    up.operations.memory.figures = figures(60.0)
    result = await up.world.vera.slash(up.world.ops, "report", **options)
    assert not result.ephemeral
    assert "Summary Bot NG" in said(result)
    assert "down 1 min" in said(result)
    assert [call.about for call in up.operations.asked("report")] == [asked]


async def test_a_quiet_week_and_one_that_nobody_saw_are_told_in_words(up: Stage) -> None:
    up.operations.memory.figures = figures()
    assert QUIET in said(await up.world.vera.slash(up.world.ops, "report"))
    up.operations.memory.figures = None
    assert UNSEEN in said(await up.world.vera.slash(up.world.ops, "report"))


async def test_a_report_has_its_picture(painted: tuple[Stage, Painter]) -> None:
    up, _ = painted
    up.operations.memory.figures = figures(60.0)
    result = await up.world.vera.slash(up.world.ops, "report")
    (answer,) = [r for r in (result.response, *result.followups) if r is not None and r.embeds]
    assert [file.filename for file in answer.attachments] == [PICTURE]


async def test_a_history_that_cannot_be_read_is_one_sentence(up: Stage) -> None:
    up.operations.fails["report"] = UsageError("It cannot be read now: state.db is locked.")
    assert "state.db is locked" in said(await up.world.vera.slash(up.world.ops, "report"))


async def test_the_audit_is_for_admins_alone_and_for_their_eyes_only(up: Stage) -> None:
    up.operations.memory.acts = [act(), act("reload", AUTO)]
    for person in (up.world.vera, up.world.otto, up.world.bob):
        assert refused(await person.forge_slash(up.world.ops, "audit"))
    assert up.operations.asked("audit") == []
    result = await up.world.olga.slash(up.world.ops, "audit")
    assert result.ephemeral
    text = said(result)
    assert text.index("reload") < text.index("restart"), "newest first"
    assert "[x](http" not in text.replace("\\[x](http:\\//y)", ""), text


async def test_looking_into_the_audit_is_an_act_too(up: Stage) -> None:
    await up.world.olga.slash(up.world.ops, "audit", target="summarybot", who="Otto")
    (call,) = up.operations.asked("record")
    assert call.actor is not None
    assert call.actor.name.startswith("Olga")
    assert call.detail == "audit the newest 25 Otto summarybot"


async def test_the_audit_is_searched_by_a_mention(up: Stage) -> None:
    up.operations.memory.acts = [act(), act("pause", Actor(ActorKind.DISCORD, "7", "Otto"))]
    text = said(await up.world.olga.slash(up.world.ops, "audit", who="<@7>"))
    assert "pause" in text
    assert "restart" not in text
    assert NOTHING in said(await up.world.olga.slash(up.world.ops, "audit", who="nobody"))


async def test_what_a_message_cannot_hold_comes_as_a_file(up: Stage) -> None:
    up.operations.memory.acts = [act(f"restart{n}") for n in range(60)]
    result = await up.world.olga.slash(up.world.ops, "audit", count=60)
    (answer,) = [r for r in (result.response, *result.followups) if r is not None and r.embeds]
    (file,) = answer.attachments
    assert file.filename == FILE
    lines = (up.sim.content_of(file) or b"").decode().splitlines()
    assert len(lines) == 60
    assert "Olga [x](http://y) (Discord, 4242)  restart59 summarybot, allowed: it hangs" in lines[0]
    assert "… and 35 more in audit.txt" in said(result)
