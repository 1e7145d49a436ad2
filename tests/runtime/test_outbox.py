"""Who is told what, when: order, collapse, retry, and nobody held up by somebody else's trouble."""

from __future__ import annotations

import asyncio

import pytest

from opsbot.domain.notice import Notice
from opsbot.errors import DeliveryError
from opsbot.runtime.desk import BACKOFF_MAX, EDIT_EVERY, Desk, Manners
from opsbot.runtime.outbox import DELIVERY_TIMEOUT
from opsbot.testing.notifier import RecordingNotifier
from tests.runtime.outbox_bench import CHANGED, ESCALATED, OPENED, RESOLVED, Bench, Breaking, Hanging, kinds


async def test_an_incident_is_told_at_once_and_its_row_leaves() -> None:
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops})
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.settle()
        assert kinds(ops.told) == [OPENED]
        assert bench.state.notices == {}
        assert ("ops", 1) in bench.state.receipts


async def test_what_waited_together_is_told_once_in_its_final_state() -> None:
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops})
    bench.tell(1, OPENED)
    bench.tell(1, CHANGED)
    bench.tell(1, RESOLVED)
    async with bench.working():
        await bench.clock.advance(10.0)
    assert len(ops.told) == 1
    assert not ops.told[0].incident.live
    assert ops.told[0].notice.kind is OPENED
    assert bench.state.notices == {}


async def test_the_tellings_of_an_incident_keep_their_order() -> None:
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops})
    async with bench.working():
        for kind in (OPENED, CHANGED, ESCALATED, CHANGED, RESOLVED):
            bench.tell(1, kind)
            await bench.clock.advance(2.0)
    assert kinds(ops.told) == [OPENED, CHANGED, ESCALATED, CHANGED, RESOLVED]
    versions = [telling.incident.version for telling in ops.told]
    assert versions == sorted(versions)


async def test_counters_are_edited_at_most_every_five_seconds_at_one_place_and_end_exact() -> None:
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops})
    async with bench.working():
        for incident in (1, 2, 3):
            bench.tell(incident, OPENED)
        for _ in range(100):
            for incident in (1, 2, 3):
                bench.tell(incident, CHANGED)
            await bench.clock.advance(0.5)
        await bench.clock.advance(4 * EDIT_EVERY)
    edits = [telling for telling in ops.told if telling.notice.kind is CHANGED]
    assert len(edits) <= 70.0 / EDIT_EVERY + 1
    last = {telling.incident.id: telling.incident.version for telling in edits}
    assert last == {1: 101, 2: 101, 3: 101}


async def test_a_change_of_what_is_being_done_is_shown_at_once() -> None:
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops})
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.settle()
        for doing in ("Restarting it", "Restarted, verifying", "Restart failed"):
            bench.tell(1, CHANGED, doing=doing)
            await bench.clock.settle()
            assert ops.told[-1].incident.doing == doing


async def test_a_loud_notice_never_waits_for_the_pace_of_edits() -> None:
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops})
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.settle()
        for _ in range(3):
            bench.tell(1, CHANGED)
            await bench.clock.settle()
        assert kinds(ops.told) == [OPENED, CHANGED]
        bench.tell(1, ESCALATED)
        await bench.clock.settle()
        assert kinds(ops.told) == [OPENED, CHANGED, ESCALATED]


async def test_a_new_alert_does_not_queue_behind_edits() -> None:
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops})
    for incident in range(1, 9):
        bench.tell(incident, CHANGED)
    await bench.clock.advance(1.0)
    bench.tell(9, OPENED)
    async with bench.working():
        assert ops.told[0].incident.id == 9
        await bench.clock.advance(20.0)
    assert len(ops.told) == 9


async def test_a_passing_trouble_is_tried_again_ever_more_slowly() -> None:
    trouble = DeliveryError("503", permanent=False)
    ops = Breaking([trouble] * 10)
    bench = Bench({"ops": ops})
    tries: list[float] = []
    async with bench.working():
        bench.tell(1, OPENED)
        began = bench.clock.now()
        await bench.clock.settle()
        while ops.errors:
            left = len(ops.errors)
            await bench.clock.advance(0.5)
            if len(ops.errors) < left:
                tries.append(bench.clock.now().since(began))
        await bench.clock.advance(BACKOFF_MAX + 1)
    waits = [b - a for a, b in zip([0.0, *tries], tries, strict=False)]
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    assert kinds(ops.told) == [OPENED]


async def test_the_receivers_own_wish_to_wait_is_honoured() -> None:
    ops = RecordingNotifier("ops")
    ops.fails.append(DeliveryError("429", permanent=False, retry_after=120.0))
    bench = Bench({"ops": ops})
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.advance(119.0)
        assert ops.told == []
        await bench.clock.advance(1.5)
        assert kinds(ops.told) == [OPENED]
    assert ops.told[0].late >= 120.0


async def test_a_senseless_wish_to_wait_costs_no_storm_of_tries() -> None:
    for wish in (0.0, -5.0, float("nan")):
        ops = Breaking([DeliveryError("429", permanent=False, retry_after=wish) for _ in range(1000)])
        bench = Bench({"ops": ops})
        async with bench.working():
            bench.tell(1, OPENED)
            await bench.clock.advance(1.0)
            assert 1000 - len(ops.errors) <= 11


async def test_what_can_never_be_delivered_is_recorded_as_such_and_the_rest_goes_on() -> None:
    ops = RecordingNotifier("ops")
    ops.fails.append(DeliveryError("channel gone", permanent=True))
    bench = Bench({"ops": ops})
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.settle()
        bench.tell(2, OPENED)
        await bench.clock.advance(1.0)
    assert bench.dead == ["channel gone"]
    assert [telling.incident.id for telling in ops.told] == [2]
    assert bench.state.notices == {}


async def test_a_notifier_that_breaks_stops_neither_itself_nor_the_others() -> None:
    broken = Breaking([ZeroDivisionError("a bug"), asyncio.CancelledError(), KeyError("x")])
    ops = RecordingNotifier("ops")
    bench = Bench({"broken": broken, "ops": ops})
    async with bench.working():
        bench.tell(1, OPENED, to="broken")
        bench.tell(2, OPENED, to="ops")
        await bench.clock.settle()
        assert kinds(ops.told) == [OPENED]
        await bench.clock.advance(10.0)
        assert kinds(broken.told) == [OPENED]


async def test_one_that_hangs_is_given_up_after_its_time_and_tried_again() -> None:
    ops = Hanging({1})
    bench = Bench({"ops": ops})
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.advance(DELIVERY_TIMEOUT + 0.5)
        ops.stuck.clear()
        await bench.clock.advance(1.0)
        assert kinds(ops.told) == [OPENED]


async def test_one_stuck_incident_holds_up_the_others_for_one_try_at_most() -> None:
    ops = Hanging({1})
    bench = Bench({"ops": ops})
    bench.tell(1, OPENED)
    for incident in range(2, 7):
        bench.tell(incident, OPENED)
    async with bench.working():
        await bench.clock.advance(DELIVERY_TIMEOUT + 1.5)
        assert {telling.incident.id for telling in ops.told} == {2, 3, 4, 5, 6}


async def test_a_notifier_that_works_again_is_used_at_once() -> None:
    ops = RecordingNotifier("ops")
    ops.fails.append(DeliveryError("not connected", permanent=False, retry_after=3600.0))
    bench = Bench({"ops": ops})
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.advance(5.0)
        bench.outbox.retry_now("somebody else")
        await bench.clock.settle()
        assert ops.told == []
        bench.outbox.retry_now("ops")
        await bench.clock.settle()
        assert kinds(ops.told) == [OPENED]


async def test_a_delivery_that_could_not_be_recorded_is_repeated_under_the_same_row() -> None:
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops}, unrecorded=1)
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.advance(0.5)
        assert len(bench.state.notices) == 1
        await bench.clock.advance(1.0)
    assert [telling.notice.id for telling in ops.told] == [1, 1]
    assert bench.state.notices == {}


async def test_a_notice_of_an_incident_that_is_stored_no_more_is_given_up() -> None:
    bench = Bench({"ops": RecordingNotifier("ops")})
    bench.tell(1, OPENED)
    del bench.state.incidents[1]
    async with bench.working():
        assert bench.dead == ["the incident is not stored any more"]
        assert bench.state.notices == {}


async def test_nothing_is_remembered_of_incidents_that_are_over() -> None:
    ops = RecordingNotifier("ops")
    ops.fails.extend([DeliveryError("gone", permanent=True), DeliveryError("503", permanent=False)])
    bench = Bench({"ops": ops}, manners={"ops": Manners(per_minute=0)})
    async with bench.working():
        for incident in range(1, 50):
            bench.tell(incident, OPENED)
            await bench.clock.advance(0.1)
            bench.tell(incident, RESOLVED)
            await bench.clock.advance(0.1)
        await bench.clock.advance(10.0)
        assert bench.outbox.desk("ops").lanes == {}


async def test_a_change_during_a_delivery_is_told_after_it() -> None:
    ops = Hanging({1})
    bench = Bench({"ops": ops})
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.advance(1.0)
        bench.tell(1, CHANGED)
        ops.stuck.clear()
        await bench.clock.advance(DELIVERY_TIMEOUT + 3.0)
    assert bench.state.notices == {}
    assert ops.told[-1].incident.version == 2


async def test_ten_thousand_notices_cost_no_search_through_all_of_them() -> None:
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops}, manners={"ops": Manners(per_minute=0)})
    for incident in range(1, 2001):
        for kind in (OPENED, CHANGED, ESCALATED, CHANGED, RESOLVED):
            bench.tell(incident, kind)
    looked = 0
    rows = Desk.rows

    def counted(desk: Desk, incident: int) -> list[Notice]:
        nonlocal looked
        looked += 1
        return rows(desk, incident)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Desk, "rows", counted)
        async with bench.working():
            await bench.clock.advance(1.0)
    assert len(ops.told) == 2000
    assert looked < 2000 * 10
