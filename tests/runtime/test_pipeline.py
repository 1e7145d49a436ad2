"""The single writer: decide, commit, apply, tell; and nothing that breaks there stops it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from opsbot.domain.audit import AuditEntry
from opsbot.domain.levels import Outcome
from opsbot.domain.rule import ActionKind
from opsbot.engine.inputs import Acknowledge, ActionAsked, Input, PauseAsked, ProcessFound, SampleSeen
from opsbot.engine.state import State
from opsbot.engine.step import step
from opsbot.errors import Refused, Stopping, StoreUnavailable
from opsbot.runtime import pipeline as pipelines
from opsbot.runtime.pipeline import BOUND
from opsbot.testing.supervisor import FakeHost
from tests.engine.drive import target
from tests.runtime.pipeline_bench import Bench
from tests.runtime.rig import NAME, OLGA, sample


async def test_memory_changes_only_after_the_commit_and_effects_run_after_memory() -> None:
    bench = Bench(seconds=5.0)
    seen: list[int] = []
    bench.pipeline.listen(lambda *_: seen.append(len(bench.state.incidents)))
    async with bench.working():
        await bench.down()
        await bench.clock.advance(4.9)
        assert (bench.state.incidents, bench.told) == ({}, [])
        await bench.clock.advance(0.2)
        assert bench.store.incidents_meanwhile == [0]
        assert seen == [1]


async def test_a_slow_store_delays_effects_and_loses_none_of_them_nor_their_order() -> None:
    bench = Bench(seconds=1.0)
    async with bench.working():
        asked = [
            asyncio.create_task(bench.pipeline.ask(PauseAsked(NAME, 60.0 + n, OLGA, f"reason {n}")))
            for n in range(20)
        ]
        await bench.clock.advance(25.0)
        await asyncio.gather(*asked)
    reasons = [e.reason for changes, _ in bench.told for e in changes if isinstance(e, AuditEntry)]
    assert reasons == [f"reason {n}" for n in range(20)]
    stored = [e.reason for e in await bench.store.audit(100)]
    assert stored == reasons


async def test_ten_thousand_samples_at_once_are_all_taken_and_whoever_posts_more_waits() -> None:
    bench = Bench()
    count = BOUND + 500
    given = sample("health", Outcome.OK, bench.clock, health_response_seconds=0.1)

    async def post() -> None:
        for _ in range(count):
            await bench.pipeline.post(SampleSeen(given))

    posting = asyncio.create_task(post())
    await bench.clock.settle()
    assert not posting.done()
    taken: list[Input] = []

    def counting(state: State, one: Input, now: object) -> object:
        taken.append(one)
        return step(state, one, now)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipelines, "step", counting)
        async with bench.working():
            await posting
            await bench.pipeline.caught_up()
    assert len(taken) == count


async def test_others_have_their_turn_while_a_flood_is_taken() -> None:
    bench = Bench()
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with bench.working():
        watching = asyncio.create_task(other())
        for _ in range(2000):
            await bench.pipeline.post(SampleSeen(sample("health", Outcome.OK, bench.clock)))
        await bench.pipeline.caught_up()
        watching.cancel()
    assert turns >= 2000 / pipelines.TURN / 2


async def test_what_is_due_is_not_held_up_by_a_flood() -> None:
    bench = Bench()
    async with bench.working():
        await bench.pipeline.ask(PauseAsked(NAME, 10.0, OLGA, "deploy"))
        paused_during = []

        async def flood() -> None:
            for _ in range(3000):
                await bench.pipeline.post(SampleSeen(sample("health", Outcome.OK, bench.clock)))
                paused_during.append(NAME in bench.state.pauses)
                if len(paused_during) % 10 == 0:
                    await asyncio.sleep(0)

        flooding = asyncio.create_task(flood())
        await asyncio.sleep(0)
        bench.clock._move_to(bench.clock.now().mono + 11.0)
        await flooding
        assert not paused_during[-1]


async def test_a_refused_wish_says_why_and_is_audited() -> None:
    bench = Bench()
    async with bench.working():
        await bench.pipeline.ask(ActionAsked(NAME, ActionKind.RESTART, OLGA, "first"))
        with pytest.raises(Refused, match="in progress"):
            await bench.pipeline.ask(ActionAsked(NAME, ActionKind.RESTART, OLGA, "second"))
        with pytest.raises(Refused, match="no incident #9"):
            await bench.pipeline.ask(Acknowledge(9, OLGA, ""))
    outcomes = [(e.verb, e.outcome) for e in await bench.store.audit(10)]
    assert outcomes == [("restart", "allowed"), ("restart", "refused"), ("acknowledge", "refused")]


async def test_a_pause_ends_at_its_moment_without_any_sample() -> None:
    bench = Bench()
    async with bench.working():
        await bench.pipeline.ask(PauseAsked(NAME, 600.0, OLGA, "deploy"))
        await bench.clock.advance(599.0)
        assert NAME in bench.state.pauses
        await bench.clock.advance(1.1)
        assert NAME not in bench.state.pauses


async def test_a_restart_held_by_a_pause_begins_at_its_end_without_any_sample() -> None:
    bench = Bench()
    async with bench.working():
        await bench.pipeline.ask(PauseAsked(NAME, 600.0, OLGA, "deploy"))
        await bench.down()
        await bench.clock.advance(599.0)
        assert bench.actions == []
        await bench.clock.advance(1.1)
        assert len(bench.actions) == 1


@pytest.mark.parametrize("years", [10, -10])
async def test_a_step_of_the_wall_clock_changes_nothing(years: int) -> None:
    bench = Bench()
    async with bench.working():
        await bench.see("process", Outcome.OK)
        await bench.see("health", Outcome.OK)
        await bench.pipeline.ask(PauseAsked(NAME, 600.0, OLGA, "deploy"))
        told = len(bench.told)
        bench.clock.step_wall(years * 365 * 86_400.0)
        await bench.see("process", Outcome.OK)
        await bench.see("health", Outcome.OK)
        await bench.clock.advance(599.0)
        assert NAME in bench.state.pauses
        assert len(bench.told) == told
        await bench.clock.advance(1.1)
        assert NAME not in bench.state.pauses
        assert bench.state.incidents == {}


async def test_a_store_that_refuses_is_tried_again_until_it_takes_what_was_decided() -> None:
    bench = Bench()
    bench.store.broken = [StoreUnavailable("the disk is full")] * 4
    async with bench.working():
        await bench.down()
        assert bench.state.incidents == {}
        await bench.clock.advance(60.0)
        assert len(bench.state.incidents) == 1
        assert len(bench.actions) == 1


async def test_a_decision_that_cannot_be_stored_at_all_costs_that_one_only() -> None:
    bench = Bench()
    async with bench.working():
        bench.store.broken = [ZeroDivisionError("a bug")]
        with pytest.raises(ZeroDivisionError):
            await bench.pipeline.ask(PauseAsked(NAME, 60.0, OLGA, "first"))
        assert bench.state.pauses == {}
        await bench.pipeline.ask(PauseAsked(NAME, 60.0, OLGA, "second"))
        assert bench.state.pauses[NAME].reason == "second"


async def test_an_input_that_breaks_the_engine_costs_that_one_only(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    async with bench.working():
        running = FakeHost(bench.clock).launch()
        await bench.pipeline.post(ProcessFound("nobody", running))
        with pytest.raises(KeyError):
            await bench.pipeline.ask(ProcessFound("nobody", running))
        await bench.down()
        assert len(bench.state.incidents) == 1


async def test_a_listener_that_breaks_keeps_nothing_from_the_others() -> None:
    bench = Bench()

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    bench.pipeline._listeners.insert(0, broken)
    async with bench.working():
        decided = await bench.pipeline.ask(PauseAsked(NAME, 60.0, OLGA, "deploy"))
        assert decided.refusal is None
        assert len(bench.told) == 1


async def test_whoever_still_waits_when_it_ends_is_told_so() -> None:
    bench = Bench(seconds=1000.0)
    async with bench.working():
        asked = [
            asyncio.create_task(bench.pipeline.ask(PauseAsked(NAME, 60.0, OLGA, str(n)))) for n in range(3)
        ]
        await bench.clock.advance(1.0)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Stopping] * 3
    with pytest.raises(Stopping):
        await bench.pipeline.ask(PauseAsked(NAME, 60.0, OLGA, "late"))


async def test_whoever_waits_for_room_when_it_ends_goes_home() -> None:
    bench = Bench()
    given = SampleSeen(sample("health", Outcome.OK, bench.clock))
    for _ in range(BOUND):
        await bench.pipeline.post(given)
    waiting = asyncio.create_task(bench.pipeline.post(given))
    await bench.clock.settle()
    assert not waiting.done()
    bench.store.seconds = 1000.0
    async with bench.working():
        pass
    await asyncio.wait_for(waiting, 5)


async def test_somebody_who_asks_and_leaves_is_decided_all_the_same() -> None:
    bench = Bench(seconds=1.0)
    async with bench.working():
        asking = asyncio.create_task(bench.pipeline.ask(PauseAsked(NAME, 60.0, OLGA, "bye")))
        await bench.clock.settle()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await bench.clock.advance(2.0)
        assert NAME in bench.state.pauses


async def test_something_due_that_never_passes_does_not_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    ticks = 0

    def counting(*given: object) -> object:
        nonlocal ticks
        ticks += 1
        return step(*given)  # type: ignore[arg-type]

    async with bench.working():
        monkeypatch.setattr(pipelines, "step", counting)
        monkeypatch.setattr(pipelines, "next_due", lambda *_: bench.clock.now())
        await bench.see("health", Outcome.OK)
        await bench.pipeline.ask(PauseAsked(NAME, 60.0, OLGA, "x"))
        await bench.clock.advance(1.0)
        assert ticks < 100


async def test_a_muted_rule_that_would_be_ripe_costs_no_time() -> None:
    """It must not make time due for ever: a person stopped the target, and the old alert has aged."""
    bench = Bench()
    bench.state.known[NAME].target = replace(target(), rules=target().rules)
    async with bench.working():
        await bench.down()
        await bench.see("process", Outcome.OK)
        before = len(bench.told)
        for _ in range(3):
            await bench.clock.advance(1000.0)
        assert len(bench.told) - before <= 2
