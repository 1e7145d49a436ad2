"""How fast a notifier is used, and that an alarm waits for nothing but alarms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.incident import Entry, EntryKind
from opsbot.domain.notice import NoticeKind, Receipt, Telling
from opsbot.runtime.pace import Pace
from opsbot.testing.notifier import FakeDiscord, RecordingNotifier
from tests.notifiers.rigs import build
from tests.notifiers.thread_story import CHANNEL, Story
from tests.runtime.outbox_bench import CHANGED, ESCALATED, OPENED, RESOLVED, Bench

PACES = st.sampled_from([1, 2, 3, 4, 6, 10, 13, 40, 200])
OTHERS = st.lists(st.tuples(st.sampled_from([0.0, 0.3, 2.0, 30.0]), st.integers(1, 9)))


@given(PACES, OTHERS)
def test_an_alarm_waits_for_no_message_that_is_none(per_minute: int, others: list[tuple[float, int]]) -> None:
    """However many of them went, and however much each of them cost."""
    pace, now = Pace(per_minute), 0.0
    for pause, messages in others:
        now = pace.free_at(now + pause, alarm=False)
        pace.spend(now, messages, alarm=False)
        assert pace.free_at(now, alarm=True) == now


def test_five_alarms_go_at_once_beside_whatever_else_goes_and_ten_alone() -> None:
    pace = Pace(40)
    assert _at_once(pace, alarm=True) == 10
    pace = Pace(40)
    assert _at_once(pace, alarm=False) == 5
    assert _at_once(pace, alarm=True) == 5


def _at_once(pace: Pace, *, alarm: bool) -> int:
    gone = 0
    while pace.free_at(0.0, alarm=alarm) == 0.0:
        pace.spend(0.0, 1, alarm=alarm)
        gone += 1
    return gone


@given(PACES, st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.0, 0.5, 7.0, 40.0])), max_size=150))
def test_no_minute_has_more_messages_than_allowed(per_minute: int, ways: list[tuple[bool, float]]) -> None:
    pace, now, times = Pace(per_minute), 0.0, list[float]()
    for alarm, pause in ways:
        now = pace.free_at(now + pause, alarm=alarm)
        pace.spend(now, 1, alarm=alarm)
        times.append(now)
    most = max((sum(at <= t < at + 59.999 for t in times) for at in times), default=0)
    assert most <= per_minute + (1 if per_minute < 8 else 0)


def test_where_there_is_no_pace_nothing_waits() -> None:
    pace = Pace(0)
    for _ in range(100):
        pace.spend(5.0, 2, alarm=False)
    assert pace.free_at(5.0, alarm=False) == pace.free_at(5.0, alarm=True) == 5.0


@pytest.mark.parametrize("kind", [OPENED, ESCALATED])
async def test_an_alarm_does_not_wait_for_edits_and_ends(kind: NoticeKind) -> None:
    """Thirty incidents change and end; what opens or escalates now is told now, and the rest later."""
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops})
    async with bench.working():
        for incident in range(1, 31):
            bench.tell(incident, RESOLVED if incident % 2 else CHANGED)
        await bench.clock.settle()
        for alarm in (101, 102, 103):
            before = bench.clock.now().mono
            bench.tell(alarm, kind)
            await bench.clock.settle()
            assert ops.told[-1].incident.id == alarm
            assert bench.clock.now().mono == before
        assert len(ops.told) < 33
        await bench.clock.advance(120.0)
    assert {telling.incident.id for telling in ops.told} == {*range(1, 31), 101, 102, 103}


async def test_an_alarm_that_is_tried_again_does_not_wait_for_edits() -> None:
    """It is due while others wait for their pace: the outbox wakes for it, not for them."""
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops})
    async with bench.working():
        for incident in range(1, 31):
            bench.tell(incident, CHANGED)
        await bench.clock.settle()
        desk, now = bench.outbox.desk("ops"), bench.clock.now()
        row = next(iter(bench.state.notices.values()))
        late = replace(row, id=900, incident=200, kind=OPENED, due=now.after(0.7))
        bench.tell(200)
        bench.state.apply([late])
        due, _ = desk.next(now.mono)
        assert due == pytest.approx(now.mono + 0.7)
        bench.outbox.wake()
        await bench.clock.advance(0.7)
        assert ops.told[-1].incident.id == 200


async def test_what_is_over_by_then_makes_no_alarm_wait() -> None:
    ops = RecordingNotifier("ops")
    bench = Bench({"ops": ops})
    for incident in range(1, 21):
        bench.tell(incident, OPENED)
        bench.tell(incident, RESOLVED)
    bench.tell(50, OPENED)
    async with bench.working():
        assert ops.told[0].incident.id == 50
        await bench.clock.advance(120.0)
    assert len(ops.told) == 21


async def test_an_alarm_does_not_wait_for_thread_lines() -> None:
    """A thread is a channel of its own: what is posted there costs the ops channel nothing."""
    bench = Bench({})
    discord = FakeDiscord(clock=bench.clock)
    bench = Bench({"ops": build("discord", {"channel_id": CHANNEL}, discord, bench.clock)}, bench.clock)
    async with bench.working():
        bench.tell(1, OPENED)
        await bench.clock.advance(60.0)
        for number in range(5):
            known = bench.state.incidents[1]
            lines = tuple(Entry(bench.clock.now(), EntryKind.SEEN, "x" * 1500) for _ in range(10))
            more = replace(known, timeline=lines, lines=known.lines + 10, doing=f"step {number}")
            bench.state.apply([more])
            bench.tell(1, CHANGED)
            await bench.clock.settle()
        assert sum(map(len, discord.threads.values())) >= 20
        bench.tell(2, OPENED)
        await bench.clock.settle()
        assert ("ops", 2) in bench.state.receipts


async def test_an_alarm_that_comes_while_lines_are_posted_is_told_before_the_rest_of_them() -> None:
    story = Story()
    await story.tell(OPENED)
    story.note(*(f"line {number} {'x' * 1500}" for number in range(10)))
    waits = iter([False, False, False])
    owed = await story.deliver(replace(story.telling(CHANGED), busy=lambda: next(waits, True)))
    assert owed.owes
    assert 1 < len(story.posts()) < 6
    await story.settle()
    assert story.lines() == story.wanted()


@dataclass
class Asking:
    """While it tells of the first incident, what `meanwhile` does happens. `waits`: whether something else
    waits then."""

    meanwhile: Callable[[], object] = bool
    waits: list[bool] = field(default_factory=list)

    async def deliver(self, telling: Telling) -> Receipt | None:
        if telling.incident.id == 1 and not self.waits:
            assert not telling.busy()
            self.meanwhile()
            self.waits.append(telling.busy())
        return Receipt("ops", telling.incident.id, "1/2")

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("incident", "kind", "waits"),
    [(2, OPENED, True), (2, RESOLVED, True), (1, ESCALATED, True), (1, CHANGED, False)],
)
async def test_whoever_delivers_sees_at_once_that_something_else_waits(
    incident: int, kind: NoticeKind, waits: bool
) -> None:
    ops = Asking()
    bench = Bench({"ops": ops})
    ops.meanwhile = lambda: bench.tell(incident, kind)
    bench.tell(1, OPENED)
    async with bench.working():
        await bench.clock.settle()
    assert ops.waits == [waits]
