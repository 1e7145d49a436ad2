"""Checks that see without waiting, and many of them."""

from __future__ import annotations

from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Observation
from opsbot.testing.check import FakeCheck
from tests.runtime.test_scheduler import Bench


class Glancing(FakeCheck):
    """Sees what it shows without waiting, while `known`."""

    known: bool = True
    glances: int = 0

    def glance(self) -> Observation | None:
        """See `Check`."""
        self.glances += 1
        if self.broken is not None:
            raise self.broken
        return self.shows if self.known else None


async def test_a_check_that_sees_at_once_is_not_waited_for() -> None:
    bench, check = Bench(), Glancing()
    bench.add("quick", interval=1.0, check=check)
    async with bench.working():
        await bench.clock.advance(10.0)
        assert len(bench.of("quick")) == 10
        assert check.looks == 0
        check.known = False
        await bench.clock.advance(10.0)
    assert len(bench.of("quick")) == 20
    assert check.looks == 10


async def test_a_check_that_breaks_at_a_glance_is_data_too() -> None:
    bench, check = Bench(), Glancing(broken=OSError("gone"))
    bench.add("quick", interval=1.0, check=check)
    async with bench.working():
        await bench.clock.advance(1.5)
        assert [sample.outcome for sample in bench.samples] == [Outcome.ERROR] * 2
        assert "gone" in bench.samples[0].detail
        check.broken = None
        await bench.clock.advance(1.0)
    assert bench.samples[-1].outcome is Outcome.OK


async def test_a_thousand_checks_each_look_once_in_their_interval() -> None:
    bench = Bench()
    for number in range(1000):
        bench.add("c", interval=1.0, target=f"t{number}", check=Glancing())
    async with bench.working():
        await bench.clock.advance(3.0)
        bench.scheduler.pause_loop("health")
        await bench.clock.advance(3.0)
        bench.scheduler.resume_loop("health")
        await bench.clock.advance(0.0)
    looks = [sample.target for sample in bench.samples]
    assert all(looks.count(f"t{number}") == 4 for number in range(1000))
