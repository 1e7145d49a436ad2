"""Walks through runbooks with a real opsbot: kept over its end, one step at a time, told in the timeline."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from opsbot.domain.incident import AlertLine, Incident
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.walk import Mark
from opsbot.errors import Refused, UsageError
from opsbot.runtime.core import Runtime
from tests.runbooks.books import OLGA, OTTO
from tests.runbooks.opsbot_with import NAME, Service, opsbot, service, walked

CHECK = "Does it answer?\n   `opsbot: check http`"
ASK = "Ask somebody."
LOG = "Is it ready?\n   `opsbot: log ready since=all expect=some`"


@pytest.fixture
async def on(tmp_path: Path) -> AsyncIterator[Service]:
    async with service(tmp_path) as made:
        made.write("test", CHECK, ASK, LOG)
        yield made


def incident(runtime: Runtime, rule: str = "api_health_failure", number: int = 7) -> Incident:
    """A live one, as if it had been opened."""
    now = runtime.ops.clock.now()
    line = AlertLine(rule, Severity.CRITICAL, Priority.P1, True, now, "It does not answer.")
    made = Incident(
        number, NAME, "Down", IncidentState.OPEN, Priority.P1, Severity.CRITICAL, now, alerts=(line,)
    )
    runtime.pipeline.state.apply([made])
    return made


async def test_opsbot_looks_up_to_what_is_for_people_and_goes_on_behind_it(on: Service) -> None:
    async with opsbot(on) as runtime:
        walks = runtime.ops.walks
        walk = await walked(walks)
        assert [step.mark for step in walk.steps] == [Mark.FINE, Mark.WAITING, Mark.WAITING]
        walk = await walks.answer(walk.id, 2, Mark.FINE, OTTO)
        walk = await walks.advance(walk.id)
        assert walk.over
        assert [step.mark for step in walk.steps] == [Mark.FINE] * 3
        assert walk.steps[1].by == OTTO


async def test_a_walk_goes_on_after_opsbot_was_started_anew(on: Service) -> None:
    async with opsbot(on) as runtime:
        begun = await runtime.ops.walks.begin("test", NAME, OLGA)
    async with opsbot(on) as runtime:
        walks = runtime.ops.walks
        walk = await walks.walk(begun.id)
        assert (walk.actor, walk.current) == (OLGA, 1)
        while walk.due:
            walk = await walks.advance(walk.id)
        assert (await walks.answer(walk.id, 2, Mark.SKIPPED, OTTO)).due


async def test_of_two_who_answer_a_step_at_once_one_does(on: Service) -> None:
    async with opsbot(on) as runtime:
        walks = runtime.ops.walks
        walk = await walked(walks)
        ends = await asyncio.gather(
            walks.answer(walk.id, 2, Mark.FINE, OLGA),
            walks.answer(walk.id, 2, Mark.WRONG, OTTO),
            return_exceptions=True,
        )
        (refusal,) = [end for end in ends if isinstance(end, Exception)]
        assert isinstance(refusal, Refused)
        assert "Step 2 was answered by" in str(refusal)


async def test_two_who_go_on_at_once_wait_for_one_look(on: Service) -> None:
    async with opsbot(on) as runtime:
        walks = runtime.ops.walks
        walk = await walks.begin("test", NAME, OLGA)
        one, other = await asyncio.gather(walks.advance(walk.id), walks.advance(walk.id))
        assert one == other
        assert one.current == 2


async def test_two_walks_at_once_know_of_each_other_and_go_on_by_themselves(on: Service) -> None:
    async with opsbot(on) as runtime:
        walks = runtime.ops.walks
        mine = await walks.begin("test", NAME, OLGA)
        theirs = await walks.begin("test", NAME, OTTO)
        assert theirs.remarks == ("Olga walks it too.",)
        assert (await walks.walk(mine.id)).remarks == ("Otto walks it too.",)
        await walks.end(mine.id, OLGA)
        theirs = await walks.advance(theirs.id)
        assert (theirs.remarks, theirs.current) == ((), 2)


async def test_a_runbook_that_changes_under_a_walk_changes_it_not(on: Service) -> None:
    async with opsbot(on) as runtime:
        walks = runtime.ops.walks
        walk = await walks.begin("test", NAME, OLGA)
        on.write("test", LOG, LOG)
        walk = await walks.advance(walk.id)
        assert walk.steps[0].evidence.startswith("Health Endpoint")
        assert walk.remarks == (
            "The runbook has changed since this walk began: it goes on with the steps as they were.",
        )
        (on.folder / "runbooks" / "test.md").unlink()
        assert "is gone" in (await walks.walk(walk.id)).remarks[0]


async def test_a_target_that_was_removed_leaves_people_their_steps(on: Service) -> None:
    async with opsbot(on) as runtime:
        walk = await runtime.ops.walks.begin("test", NAME, OLGA)
    file = on.folder / "opsbot.yml"
    file.write_text(file.read_text().replace("  shop:\n", "  shops:\n"))
    async with opsbot(on) as runtime:
        walks = runtime.ops.walks
        walk = await walks.advance(walk.id)
        assert walk.steps[0].mark is Mark.UNSURE
        assert walk.steps[0].evidence == "There is no target `shop`: did you mean `shops`?"
        assert walk.remarks[0].startswith("opsbot cannot look any more. There is no target `shop`")
        walk = await walks.answer(walk.id, 2, Mark.FINE, OTTO)
        assert (await walks.advance(walk.id)).over


async def test_looking_again_sees_what_is_so_now(on: Service) -> None:
    async with opsbot(on) as runtime:
        walks = runtime.ops.walks
        on.status = 500
        walk = await walked(walks)
        assert walk.steps[0].mark is Mark.WRONG
        on.status = 200
        walk = await walks.again(walk.id, OTTO)
        assert (await walks.advance(walk.id)).steps[0].mark is Mark.FINE


async def test_a_walk_that_is_not_kept_any_more_says_so(on: Service) -> None:
    async with opsbot(on) as runtime:
        walk = await walked(runtime.ops.walks)
        (on.walks_folder / f"{walk.id}.json").unlink()
        for asked in (
            runtime.ops.walks.answer(walk.id, 2, Mark.FINE, OTTO),
            runtime.ops.walks.advance(walk.id),
            runtime.ops.walks.end(walk.id, OTTO),
        ):
            with pytest.raises(UsageError, match="not kept any more"):
                await asked


async def test_what_is_not_there_is_answered_with_the_nearest_right_name(on: Service) -> None:
    async with opsbot(on) as runtime:
        with pytest.raises(UsageError, match="no runbook `high-cpv`: did you mean `high-cpu`"):
            await runtime.ops.walks.begin("high-cpv", NAME, OLGA)
        with pytest.raises(UsageError, match="no target `shopp`: did you mean `shop`"):
            await runtime.ops.walks.begin("test", "shopp", OLGA)


async def test_a_mistake_in_a_runbook_stops_only_that_one(on: Service) -> None:
    on.write("broken", "x\n   `opsbot: chek http`")
    async with opsbot(on) as runtime:
        walks = runtime.ops.walks
        with pytest.raises(UsageError, match=r"broken.md:8: opsbot cannot `chek`: did you mean `check`"):
            await walks.begin("broken", NAME, OLGA)
        assert [mistake.split(": ")[0] for mistake in await walks.mistakes()] == [
            f"{on.folder}/runbooks/broken.md:8"
        ]
        listed = {one.name: one.mistake for one in await walks.runbooks()}
        assert listed["broken"]
        assert not listed["test"]


async def test_runbooks_about_the_live_incident_come_first(on: Service) -> None:
    async with opsbot(on) as runtime:
        walks = runtime.ops.walks
        assert not any(one.fits for one in await walks.runbooks())
        incident(runtime, "elevated_memory_usage")
        first, *others = await walks.runbooks(incident=7)
        assert (first.name, first.fits) == ("high-memory", 1)
        assert not any(one.fits for one in others)
        assert (await walks.runbooks())[0].name == (await walks.runbooks(NAME))[0].name == "high-memory"
        assert not any(one.fits for one in await walks.runbooks("another"))


async def test_the_timeline_of_the_live_incident_tells_of_the_walk_in_few_lines(on: Service) -> None:
    on.write("test", CHECK, LOG, "Is it quiet?\n   `opsbot: log ready since=all`", ASK)
    async with opsbot(on) as runtime:
        walks = runtime.ops.walks
        incident(runtime)
        walk = await walked(walks)
        assert walk.incident == 7
        await walks.answer(walk.id, 4, Mark.WRONG, OTTO)
        told = runtime.pipeline.state.incidents[7].timeline
    assert [entry.actor.name if entry.actor else "" for entry in told] == ["Olga", "opsbot", "Otto", "opsbot"]
    began, looked, said, over = (entry.text for entry in told)
    assert began == "began the runbook “Test”"
    assert looked.startswith("Runbook “Test”: ✓ 1, 2 · ✗ 3 Is it quiet?: 1 line in all that is kept")
    assert said == "Runbook “Test”, step 4 “Ask somebody.”: no"
    assert over == "Runbook “Test” is over: 2 fine, 2 wrong"


async def test_looking_again_adds_to_the_timeline_only_what_has_changed(on: Service) -> None:
    on.write("test", CHECK, LOG, ASK)
    async with opsbot(on) as runtime:
        walks = runtime.ops.walks
        incident(runtime)
        walk = await walked(walks)
        for status in (200, 200, 500, 500):
            on.status = status
            walk = await walks.again(walk.id, OTTO)
            while walk.due:
                walk = await walks.advance(walk.id)
        told = [entry.text for entry in runtime.pipeline.state.incidents[7].timeline[1:]]
    assert len(told) == 2
    assert told[0] == "Runbook “Test”: ✓ 1, 2"
    assert told[1].startswith("Runbook “Test”: ✗ 1 Does it answer?: ")


async def test_a_walk_without_an_incident_is_just_a_walk(on: Service) -> None:
    async with opsbot(on) as runtime:
        made = incident(runtime)
        runtime.pipeline.state.apply([replace(made, state=IncidentState.RESOLVED, resolved_at=made.opened)])
        walk = await walked(runtime.ops.walks)
        assert walk.incident is None
        assert runtime.pipeline.state.incidents[7].timeline == ()


async def test_an_incident_that_is_forgotten_holds_no_walk_up(on: Service) -> None:
    async with opsbot(on) as runtime:
        incident(runtime)
        walk = await walked(runtime.ops.walks)
        runtime.pipeline.state.incidents.clear()
        walk = await runtime.ops.walks.answer(walk.id, 2, Mark.FINE, OTTO)
        assert (await runtime.ops.walks.advance(walk.id)).over
