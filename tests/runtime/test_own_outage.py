"""The whole runtime while its own line is gone, in virtual time."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.levels import Outcome
from opsbot.domain.reach import Answer, Via
from opsbot.engine.outage import SETTLE
from opsbot.engine.own import CUT_RULE, OWN
from opsbot.testing.notifier import RecordingNotifier
from tests.runtime.rig import NAME, Rig, World, build, running


@dataclass
class Line:
    """opsbot's connection; what is watched is behind it too."""

    world: World
    via: Via = Via.CONTROL
    name: str = "1.1.1.1:443"
    works: bool = True

    async def ask(self) -> Answer:
        return Answer(self.via, self.name, self.works, "" if self.works else "network not reachable")

    def cut(self) -> None:
        self.works = self.world.healthy = False

    def mend(self) -> None:
        self.works = self.world.healthy = True


def told_of(ops: RecordingNotifier, target: str) -> list[str]:
    """What was told of a target's incidents."""
    return [telling.incident.title for telling in ops.told if telling.incident.target == target]


def firing(rig: Rig, target: str) -> set[str]:
    return {rule for (name, rule), alert in rig.state.alerts.items() if name == target and alert.firing}


async def test_whenever_the_line_is_cut_no_target_is_told_to_be_down() -> None:
    world, ops = World(), RecordingNotifier("ops")
    world.host.launch()
    line = Line(world)
    async with running(await build(world, notifiers={"ops": ops}, probes=[line])) as rig:
        for moment in range(40):  # anywhere between two looks and two rounds
            await rig.clock.advance(97 + moment * 1.7)
            line.cut()
            await rig.clock.advance(60)
            report = await rig.runtime.ops.health(NAME)
            assert report.outcome is Outcome.UNKNOWN
            assert firing(rig, OWN) == {CUT_RULE}
            line.mend()
            await rig.clock.advance(60 + SETTLE)
            assert firing(rig, OWN) == set()
        assert told_of(ops, NAME) == []
        assert rig.state.restarts == {}
        assert len(set(told_of(ops, OWN))) == 40


async def test_a_target_that_fails_alone_is_told_and_restarted_as_ever() -> None:
    world, ops = World(), RecordingNotifier("ops")
    world.host.launch()
    async with running(await build(world, notifiers={"ops": ops}, probes=[Line(world)])) as rig:
        await rig.clock.advance(10)
        world.sick = world.host.running.process if world.host.running else None
        await rig.until(lambda: bool(rig.state.restarts), 10)
        assert told_of(ops, NAME)


async def test_where_nobody_probes_any_more_an_outage_found_before_is_none() -> None:
    world, ops = World(), RecordingNotifier("ops")
    world.host.launch()
    line = Line(world)
    async with running(await build(world, notifiers={"ops": ops}, probes=[line])) as rig:
        await rig.clock.advance(10)
        line.cut()
        await rig.until(lambda: rig.state.reach.cut_off is not None)
        reach = rig.state.reach
    later = await build(world, notifiers={"ops": ops}, probes=[])
    later.state.reach = reach  # as a reload hands it on
    async with running(later) as rig:
        await rig.clock.advance(10)
        assert rig.state.reach.cut_off is None
        assert firing(rig, OWN) == set()
        await rig.until(lambda: bool(rig.state.restarts), SETTLE)
