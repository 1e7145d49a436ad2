"""A close watch: every second for its time, beside the usual looks, told in one line."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from opsbot.domain.action import Action, ActionState
from opsbot.domain.expr import Compare, Op, Reading
from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.rule import ActionKind, Rule
from opsbot.domain.sample import Observation
from opsbot.domain.target import CheckSpec, Target
from opsbot.runtime.close_watch import Looks
from tests.runtime.rig import NAME, Rig, World, build, running, sample

SLOW = Rule(
    "slow_response_time",
    Compare(Reading("health_response_seconds", name="response_time", unit="s"), Op.GT, 5.0),
    Severity.WARNING,
    Priority.P3,
    "It is slow",
    action=ActionKind.MONITOR,
    reads=frozenset({"health"}),
)


@dataclass
class Closely:
    """A check of the close watch: `says` one after the other, the last one for ever."""

    says: list[Observation]
    looks: int = 0
    closed: bool = False

    async def look(self) -> Observation:
        self.looks += 1
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]

    async def close(self) -> None:
        self.closed = True


@dataclass
class Bench:
    """A rig whose target is watched for 60 s when a rule asks for it."""

    world: World = field(default_factory=World)
    made: list[dict[str, Closely]] = field(default_factory=list)
    health: tuple[Observation, ...] = (Observation(Outcome.OK, "HTTP 200", {"health_response_seconds": 0.2}),)

    def close_up(self, target: str) -> Looks:
        process = Observation(
            Outcome.OK, "up", {"process_pid": 7.0, "cpu_percent": 40.0, "log_errors_total": 5.0}
        )
        checks = {"process": Closely([process]), "health": Closely(list(self.health))}
        self.made.append(checks)
        return [(CheckSpec(name, name, 1.0, 10.0, None), check) for name, check in checks.items()]

    async def opsbot(self) -> Rig:
        def adapt(bot: Target) -> Target:
            return replace(bot, rules=(*bot.rules, SLOW), close_watch=60.0)

        self.world.host.launch()
        return await build(self.world, adapt=adapt, close_up=self.close_up)


async def fires(rig: Rig) -> None:
    """One slow answer; the usual looks, which see none, are paused."""
    await rig.clock.advance(2.0)
    for loop in ("health", "performance"):
        rig.runtime.scheduler.pause_loop(loop)
    await rig.runtime._sampled(sample("health", Outcome.OK, rig.clock, health_response_seconds=6.0))
    await rig.clock.settle()


def watches(rig: Rig) -> list[Action]:
    return [a for a in rig.state.actions.values() if a.kind is ActionKind.MONITOR]


async def test_it_looks_every_second_for_its_time_and_tells_what_it_saw_in_one_line() -> None:
    bench = Bench()
    async with running(await bench.opsbot()) as rig:
        await fires(rig)
        assert [a.state for a in watches(rig)] == [ActionState.RUNNING]
        await rig.clock.advance(61.0)
        (checks,) = bench.made
        assert checks["health"].looks == 60
        assert all(check.closed for check in checks.values())
        assert watches(rig) == []
        text = rig.incident.timeline[-1].text
    assert text.startswith("Watched for 1 min, 60 looks: nothing failed; CPU 40%; ")
    assert "health answered in 200 ms" in text
    assert "0 errors in the log" in text
    assert text.endswith("; still firing: slow_response_time")


async def test_failures_that_it_sees_are_counted_and_restart_nothing() -> None:
    """Three failing looks in a row restart the target, but three seconds are not three looks."""
    bad = Observation(Outcome.FAIL, "HTTP 503")
    good = Observation(Outcome.OK, "HTTP 200", {"health_response_seconds": 0.2})
    bench = Bench(health=(bad, bad, bad, bad, good))
    async with running(await bench.opsbot()) as rig:
        await fires(rig)
        await rig.clock.advance(61.0)
        assert "health failed 4 times (HTTP 503)" in rig.incident.timeline[-1].text
        assert [line.rule for line in rig.incident.alerts] == ["slow_response_time"]
        assert rig.state.restarts == {}


async def test_a_new_opsbot_goes_on_for_the_rest_of_the_time_and_says_that_it_was_interrupted() -> None:
    bench = Bench()
    async with running(await bench.opsbot()) as rig:
        await fires(rig)
        await rig.clock.advance(20.0)
    async with running(await bench.opsbot()) as rig:
        await rig.clock.advance(39.0)
        assert len(watches(rig)) == 1
        await rig.clock.advance(2.0)
        assert watches(rig) == []
        lines = [entry.text for entry in rig.incident.timeline if entry.text.startswith("Watched for")]
        assert len(lines) == 1
        assert "(opsbot was interrupted: not the whole 1 min)" in lines[0]
    assert len(bench.made) == 2


async def test_a_new_opsbot_that_comes_too_late_says_that_nothing_was_watched() -> None:
    bench = Bench()
    async with running(await bench.opsbot()) as rig:
        await fires(rig)
    await bench.world.clock.advance(600.0)
    async with running(await bench.opsbot()) as rig:
        await rig.clock.advance(1.0)
        said = [entry.text for entry in rig.incident.timeline if "could not be watched" in entry.text]
        assert len(said) == 1
        assert rig.state.actions == {}


async def test_new_settings_do_not_wait_for_it() -> None:
    bench = Bench()
    async with running(await bench.opsbot()) as rig:
        await fires(rig)
        before = rig.clock.now()
        await rig.runtime.settle(30.0)
        assert rig.clock.now() == before
        assert NAME in {a.target for a in watches(rig)}
