"""The history kept small, in virtual time."""

from __future__ import annotations

from structlog.testing import capture_logs

from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Sample
from opsbot.domain.series import DAY, Keep
from opsbot.errors import StoreUnavailable
from opsbot.runtime.history import History
from opsbot.runtime.tidying import PRUNE_EVERY, TIDY_EVERY
from opsbot.testing.clock import VirtualClock
from opsbot.testing.metrics import VALUE_BYTES, MemoryMetrics
from tests.runtime.at_work import at_work


class Store(MemoryMetrics):
    """Has `pieces` to pack."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces = 0

    async def pack(self, now: float) -> bool:
        await super().pack(now)
        self.pieces -= 1
        return self.pieces > 0


class Bench:
    def __init__(self, most_values: int = 1_000_000) -> None:
        self.clock, self.store = VirtualClock(), Store()
        self.history = History(self.store, self.clock, Keep(most_bytes=most_values * VALUE_BYTES))

    async def hours(self, count: float) -> None:
        """Each with a sample a minute."""
        for _ in range(round(count * 60)):
            at = self.clock.now()
            self.history.add(Sample("bot", "c", at, Outcome.OK, metrics={"threads": 1.0}))
            await self.clock.advance(60.0)


async def test_what_is_over_is_packed_within_minutes_piece_by_piece() -> None:
    bench = Bench()
    bench.store.pieces = 20
    async with at_work(bench.history, bench.clock):
        await bench.clock.advance(TIDY_EVERY + 30.0)
    assert bench.store.pieces == 0


async def test_a_history_that_is_full_loses_its_oldest_values_and_says_so_once() -> None:
    bench = Bench(most_values=300)
    with capture_logs() as logs:
        async with at_work(bench.history, bench.clock):
            await bench.hours(4)
            before = bench.history.remarks
            await bench.hours(6)
            after = bench.history.remarks
    assert before == ()
    assert [remark.count("2026-01-05") for remark in after] == [1]
    assert [line["event"] for line in logs].count(
        "the history has reached its size: the oldest values go first"
    ) == 1
    points = await bench.store.series("bot", "threads", 0, bench.clock.now().wall)
    assert 200 < len(points) <= 301


async def test_when_values_of_their_time_are_all_there_again_nothing_is_said_any_more() -> None:
    bench = Bench(most_values=300)
    async with at_work(bench.history, bench.clock):
        await bench.hours(7)
        assert bench.history.remarks
        await bench.clock.advance(DAY + 2 * PRUNE_EVERY)
        assert bench.history.remarks == ()


async def test_a_store_that_cannot_be_tidied_is_said_once_and_tidied_later() -> None:
    bench = Bench()
    bench.store.failure = StoreUnavailable("full")
    with capture_logs() as logs:
        async with at_work(bench.history, bench.clock):
            await bench.clock.advance(10 * TIDY_EVERY)
            bench.store.failure, bench.store.pieces = None, 5
            await bench.clock.advance(2 * TIDY_EVERY)
            assert bench.store.pieces <= 0
    assert [line["event"] for line in logs].count("metrics could not be packed") == 1
