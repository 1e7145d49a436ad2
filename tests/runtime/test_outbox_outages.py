"""A notifier that does not deliver for a while: what waits, what is asked how often, what comes of it."""

from __future__ import annotations

import tracemalloc

import pytest

from opsbot.domain.moment import Moment
from opsbot.domain.notice import Notice, Receipt, Telling
from opsbot.engine.waiting import Waiting
from opsbot.errors import DeliveryError
from opsbot.runtime.desk import Desk, Manners
from opsbot.runtime.outbox import EXPIRES
from opsbot.testing.notifier import RecordingNotifier
from tests.runtime.outbox_bench import CHANGED, ESCALATED, OPENED, RESOLVED, Bench, Breaking, Hanging, kinds


async def test_after_an_outage_all_are_told_once_in_order() -> None:
    """What is over by then comes after all of which people must be alarmed."""
    out = DeliveryError("connection refused", permanent=False, place=True)
    ops = Breaking([out] * 70)
    bench = Bench({"ops": ops})
    async with bench.working():
        for incident in range(1, 31):
            bench.tell(incident, OPENED)
            await bench.clock.advance(60.0)
        bench.tell(7, RESOLVED)
        ops.errors.clear()
        await bench.clock.advance(180.0)
    assert [telling.incident.id for telling in ops.told] == [n for n in range(1, 31) if n != 7] + [7]
    assert not ops.told[-1].incident.live
    assert all(telling.late for telling in ops.told[:20])


async def test_an_outage_is_asked_after_ever_more_rarely_however_much_waits() -> None:
    out = DeliveryError("503", permanent=False)
    ops = Breaking([out] * 10_000)
    bench = Bench({"ops": ops})
    for incident in range(1, 201):
        bench.tell(incident, OPENED)
    async with bench.working():
        await bench.clock.advance(600.0)
    assert 10_000 - len(ops.errors) <= 20


async def test_one_message_that_always_fails_holds_up_no_other() -> None:
    class Sick(Hanging):
        async def deliver(self, telling: Telling) -> Receipt | None:
            if telling.incident.id in self.stuck:
                raise DeliveryError("500", permanent=False)
            return await super().deliver(telling)

    ops = Sick({1, 2, 3})
    bench = Bench({"ops": ops})
    for incident in range(1, 11):
        bench.tell(incident, OPENED)
    async with bench.working():
        await bench.clock.advance(20.0)
        assert {telling.incident.id for telling in ops.told} == set(range(4, 11))


async def test_never_more_messages_in_a_minute_than_allowed_and_none_is_lost() -> None:
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops}, manners={"ops": Manners(per_minute=40)})
    times: list[float] = []
    async with bench.working():
        for incident in range(1, 201):
            bench.tell(incident, OPENED)
        for _ in range(900):
            before = len(ops.told)
            await bench.clock.advance(0.5)
            times += [bench.clock.now().mono] * (len(ops.told) - before)
    assert [telling.incident.id for telling in ops.told] == list(range(1, 201))
    assert max(sum(1 for t in times if at <= t < at + 60.0) for at in times) <= 40


async def test_a_place_that_refuses_everything_keeps_its_rows_and_is_told_of_at_once() -> None:
    gone = DeliveryError("there is no channel 5", permanent=True, place=True)
    ops = Breaking([gone] * 3)
    bench = Bench({"ops": ops})
    async with bench.working():
        for incident in (1, 2, 3):
            bench.tell(incident, OPENED)
        await bench.clock.advance(50.0)
        assert bench.stuck == ["there is no channel 5"]
        assert len(ops.errors) == 2
        await bench.clock.advance(1000.0)
    assert [telling.incident.id for telling in ops.told] == [1, 2, 3]
    assert bench.dead == []
    assert bench.stuck == ["there is no channel 5"]


async def test_a_place_that_is_gone_for_good_is_never_tried_again() -> None:
    ops = Breaking([DeliveryError("webhook 404", permanent=True, gone=True)])
    bench = Bench({"ops": ops})
    async with bench.working():
        for incident in (1, 2, 3):
            bench.tell(incident, OPENED)
            await bench.clock.advance(3600.0)
    assert ops.told == []
    assert bench.dead == ["webhook 404"] * 3


async def test_an_outage_that_lasts_is_reported_once() -> None:
    ops = Breaking([DeliveryError("refused", permanent=False, place=True)] * 12)
    bench = Bench({"ops": ops})
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.advance(290.0)
        assert bench.stuck == []
        await bench.clock.advance(1000.0)
    assert bench.stuck == ["refused"]
    assert kinds(ops.told) == [OPENED]


async def test_people_are_not_pinged_twice_about_the_same_within_the_time_they_chose() -> None:
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops}, manners={"ops": Manners(repeat_after=900.0)})
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.advance(10.0)
        bench.tell(1, ESCALATED)
        await bench.clock.advance(600.0)
        assert kinds(ops.told) == [OPENED]
        bench.tell(1, RESOLVED)
        await bench.clock.settle()
        assert not ops.told[-1].incident.live


async def test_what_is_done_about_it_is_shown_at_once_while_another_ping_has_to_wait() -> None:
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops}, manners={"ops": Manners(repeat_after=900.0)})
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.advance(10.0)
        bench.tell(1, ESCALATED)
        bench.tell(1, CHANGED, doing="Restarting it")
        await bench.clock.settle()
        assert kinds(ops.told) == [OPENED, CHANGED]
        assert ops.told[-1].incident.doing == "Restarting it"
        await bench.clock.advance(900.0)
        assert kinds(ops.told) == [OPENED, CHANGED, ESCALATED]
    assert bench.state.notices == {}


@pytest.mark.parametrize("opens", [0.0, 3600.0])
def test_an_incident_that_changes_ten_thousand_times_before_it_is_told_fills_no_memory(opens: float) -> None:
    now = Moment(1000.0, 0.0)
    waiting = Waiting()
    waiting.add(Notice(1, "ops", 1, OPENED, now, now.after(opens / 2)))
    waiting.add(Notice(2, "ops", 2, OPENED, now, now.after(opens)))  # quiet hours, or the place is out
    desk = Desk("ops", waiting, {}, Manners())
    tracemalloc.start()
    try:
        for _ in range(10_000):
            waiting.changed(2)
            desk.next(now.mono)
        assert tracemalloc.get_traced_memory()[0] < 100_000
    finally:
        tracemalloc.stop()


async def test_nothing_is_remembered_of_incidents_that_were_given_up_in_an_outage() -> None:
    ops = Breaking([DeliveryError("refused", permanent=False, place=True)] * 10_000)
    bench = Bench({"ops": ops})
    async with bench.working():
        for incident in (1, 2, 3):
            bench.tell(incident, OPENED)
            await bench.clock.advance(100.0)
            bench.tell(incident, RESOLVED)
        await bench.clock.advance(EXPIRES)
        ops.errors.clear()
        await bench.clock.advance(100.0)
        bench.tell(4, OPENED)
        bench.tell(4, RESOLVED)
        await bench.clock.advance(100.0)
        assert bench.outbox.desk("ops").lanes == {}


async def test_nobody_is_told_of_what_has_been_over_for_a_day() -> None:
    ops = Breaking([DeliveryError("refused", permanent=False, place=True)] * 10_000)
    bench = Bench({"ops": ops})
    async with bench.working():
        bench.tell(1, OPENED)
        bench.tell(2, OPENED)
        bench.tell(1, RESOLVED)
        await bench.clock.advance(EXPIRES)
        ops.errors.clear()
        await bench.clock.advance(200.0)
    assert [telling.incident.id for telling in ops.told] == [2]


async def test_what_stands_somewhere_as_open_is_told_as_over_however_late() -> None:
    refused = DeliveryError("refused", permanent=False, place=True)
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops})
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.settle()
        ops.fails.extend([refused] * 10_000)
        bench.tell(1, RESOLVED)
        await bench.clock.advance(EXPIRES + 60.0)
        ops.fails.clear()
        await bench.clock.advance(200.0)
    assert not ops.told[-1].incident.live
    assert bench.dead == []


async def test_what_was_broken_for_a_day_and_is_over_just_now_is_told() -> None:
    ops = Breaking([DeliveryError("refused", permanent=False, place=True)] * 10_000)
    bench = Bench({"ops": ops})
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.advance(EXPIRES + 60.0)
        bench.tell(1, RESOLVED)
        ops.errors.clear()
        await bench.clock.advance(200.0)
    assert [telling.incident.id for telling in ops.told] == [1]
