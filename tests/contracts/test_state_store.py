"""What every `StateStore` does, in memory and on SQLite."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbot.domain.action import ActionState, Wanted
from opsbot.domain.change import Change, NoticeDone, PauseEnded
from opsbot.domain.diagnostics import APART
from opsbot.domain.incident import TIMELINE_SHOWN
from opsbot.domain.levels import AlertState
from opsbot.domain.moment import Moment
from opsbot.domain.notice import NoticeKind, Receipt
from opsbot.domain.rule import ActionKind
from opsbot.stores.base import Batch, Persisted, StateStore
from opsbot.testing import VirtualClock
from tests.contracts.conftest import Opener
from tests.stores import examples as ex

DAY = 86_400.0


async def test_a_new_store_is_empty_and_counts_from_one(store: StateStore) -> None:
    assert await store.load() == Persisted()
    assert store.quarantined is None


async def test_everything_is_there_after_a_restart(
    opener: Opener, store: StateStore, clock: VirtualClock
) -> None:
    now = clock.now()
    changes: list[Change] = [ex.alert(now), ex.incident(1, now), ex.action(1, now), ex.desired(now)]
    await store.commit(
        [*changes, ex.mark(now), ex.pause(now, 60), ex.notice(1, now), ex.said(1, now), ex.act(now)]
    )
    loaded = await opener(clock).load()
    assert loaded == Persisted(
        alerts=[ex.alert(now)],
        incidents=[replace(ex.incident(1, now), timeline=(ex.said(1, now).entry,))],
        actions=[ex.action(1, now)],
        desired=[ex.desired(now)],
        pauses=[ex.pause(now, 60)],
        restarts=[ex.mark(now)],
        notices=[ex.notice(1, now)],
        next_incident=2,
        next_action=2,
        next_notice=2,
    )


async def test_the_newer_value_replaces_the_older(store: StateStore, clock: VirtualClock) -> None:
    now = clock.now()
    await store.commit([ex.desired(now, 1), ex.alert(now), ex.notice(1, now)])
    alert, notice = replace(ex.alert(now), value=9.0), ex.notice(1, now, kind=NoticeKind.ESCALATED)
    newer: list[Change] = [ex.desired(now, 2, Wanted.STOPPED), alert, notice]
    await store.commit(newer)
    loaded = await store.load()
    assert [loaded.desired, loaded.alerts, loaded.notices] == [[each] for each in newer]


async def test_an_inactive_alert_and_an_ended_pause_are_gone(store: StateStore, clock: VirtualClock) -> None:
    now = clock.now()
    await store.commit([ex.alert(now), ex.pause(now, 60), ex.alert(now, "cpu_high", AlertState.PENDING)])
    await store.commit([ex.alert(now, state=AlertState.INACTIVE), PauseEnded("bot")])
    loaded = await store.load()
    assert [alert.rule for alert in loaded.alerts] == ["cpu_high"]
    assert loaded.pauses == []


async def test_only_running_actions_are_loaded_and_their_ids_are_not_given_again(
    store: StateStore, clock: VirtualClock
) -> None:
    now = clock.now()
    await store.commit([ex.action(4, now), ex.action(9, now), ex.action(9, now, ActionState.DONE)])
    loaded = await store.load()
    assert [action.id for action in loaded.actions] == [4]
    assert loaded.next_action == 10


async def test_what_looked_into_a_target_is_known_for_ten_minutes(
    store: StateStore, clock: VirtualClock
) -> None:
    now = clock.now()
    look = replace(ex.action(4, now, ActionState.DONE), kind=ActionKind.INVESTIGATE)
    old = replace(look, id=3, asked=now.after(-900.0), ended=now.after(-APART - 1.0))
    await store.commit([old, look, ex.action(5, now, ActionState.DONE)])
    assert [action.id for action in (await store.load()).looks] == [4]


async def test_a_delivered_notice_leaves_its_receipt_and_is_not_loaded(
    store: StateStore, clock: VirtualClock
) -> None:
    now = clock.now()
    await store.commit([ex.incident(1, now), ex.notice(1, now), ex.notice(2, now), ex.notice(3, now)])
    await store.commit([ex.delivered(1), NoticeDone(3, dead="channel deleted")])
    loaded = await store.load()
    assert [notice.id for notice in loaded.notices] == [2]
    assert loaded.receipts == [Receipt("discord", 1, "7/70")]
    assert loaded.next_notice == 4


async def test_a_done_notice_does_not_come_back(store: StateStore, clock: VirtualClock) -> None:
    now = clock.now()
    await store.commit([ex.incident(1, now), ex.notice(1, now)])
    await store.commit([ex.delivered(1)])
    await store.commit([ex.notice(1, now, kind=NoticeKind.CHANGED)])
    assert (await store.load()).notices == []


async def test_an_incident_resolved_long_ago_is_found_but_not_loaded(
    store: StateStore, clock: VirtualClock
) -> None:
    then = clock.now()
    await store.commit([ex.incident(1, then, resolved=then), ex.said(1, then)])
    await clock.advance(DAY + 1)
    loaded = await store.load()
    assert loaded.incidents == []
    assert loaded.next_incident == 2
    assert await store.incident(1) == replace(
        ex.incident(1, then, resolved=then), timeline=(ex.said(1, then).entry,)
    )
    assert await store.incident(2) is None


async def test_an_old_incident_is_loaded_while_a_notice_of_it_waits(
    store: StateStore, clock: VirtualClock
) -> None:
    then = clock.now()
    await store.commit([ex.incident(1, then, resolved=then), ex.notice(1, then), ex.notice(2, then)])
    await store.commit([ex.delivered(1)])
    await clock.advance(10 * DAY)
    loaded = await store.load()
    assert [incident.id for incident in loaded.incidents] == [1]
    assert loaded.receipts == [Receipt("discord", 1, "7/70")]


async def test_the_timeline_is_kept_whole_and_an_incident_shows_its_end(
    store: StateStore, clock: VirtualClock
) -> None:
    now = clock.now()
    lines = [ex.said(1, now, f"line {number}") for number in range(TIMELINE_SHOWN + 5)]
    await store.commit([ex.incident(1, now), *lines])
    entries = [line.entry for line in lines]
    assert await store.timeline(1) == entries
    assert await store.incident(1) == replace(ex.incident(1, now), timeline=tuple(entries[5:]))


async def test_restarts_older_than_an_hour_do_not_count(store: StateStore, clock: VirtualClock) -> None:
    old = clock.now()
    await store.commit([ex.mark(old)])
    await clock.advance(3000)
    new = clock.now()
    await store.commit([ex.mark(new), ex.mark(new)])
    await clock.advance(700)
    assert (await store.load()).restarts == [ex.mark(new)]


async def test_after_a_reboot_the_past_is_as_long_ago_as_it_is(opener: Opener, clock: VirtualClock) -> None:
    store, then = opener(clock), clock.now()
    await store.commit([ex.alert(then), ex.pause(then, 600)])
    rebooted = VirtualClock(mono=40.0, wall=then.wall + 100, boot_id="boot-2")
    loaded = await opener(rebooted).load()
    assert loaded.alerts[0].since == Moment(-60.0, then.wall)
    assert loaded.pauses[0].until.mono == 40.0 + 500  # 600 s were wanted, 100 s have passed
    assert rebooted.now().since(loaded.alerts[0].since) == 100.0


async def test_a_wall_clock_set_back_over_a_reboot_puts_nothing_into_the_future(
    opener: Opener, clock: VirtualClock
) -> None:
    then = clock.now()
    await opener(clock).commit([ex.alert(then), ex.pause(then, 600)])
    rebooted = VirtualClock(mono=40.0, wall=then.wall - 10 * 365 * DAY, boot_id="boot-2")
    loaded = await opener(rebooted).load()
    assert loaded.alerts[0].since.mono == 40.0
    assert loaded.pauses[0].until.mono == 640.0


async def test_a_step_of_the_wall_clock_within_a_boot_changes_nothing(
    store: StateStore, clock: VirtualClock
) -> None:
    then = clock.now()
    await store.commit([ex.mark(then), ex.incident(1, then, resolved=then)])
    clock.step_wall(10 * 365 * DAY)
    loaded = await store.load()
    assert loaded.restarts == [ex.mark(then)]
    assert [incident.id for incident in loaded.incidents] == [1]


async def test_a_batch_is_written_once_however_often_it_is_replayed(
    store: StateStore, clock: VirtualClock
) -> None:
    now = clock.now()
    batches = [Batch("run-1", n, clock.boot_id, now, (ex.said(1, now, f"{n}"), ex.act(now))) for n in (1, 2)]
    await store.write([batches[0]])
    await store.write(batches)
    await store.write(batches)
    assert [entry.text for entry in await store.timeline(1)] == ["1", "2"]
    assert len(await store.audit(10)) == 2


async def test_a_batch_of_an_earlier_boot_keeps_its_clock(opener: Opener, clock: VirtualClock) -> None:
    then = clock.now()
    rebooted = VirtualClock(mono=40.0, wall=then.wall + 100, boot_id="boot-2")
    store = opener(rebooted)
    await store.write([Batch("run-1", 1, clock.boot_id, then, (ex.alert(then),))])
    await store.commit([ex.alert(rebooted.now(), "cpu_high")])
    alerts = (await store.load()).alerts
    assert {alert.rule: alert.since.mono for alert in alerts} == {"process_not_running": -60, "cpu_high": 40}


async def test_the_audit_is_read_newest_last(store: StateStore, clock: VirtualClock) -> None:
    acts = [ex.act(clock.now(), verb) for verb in ("pause", "restart", "resume")]
    await store.commit(acts)
    assert await store.audit(2) == acts[1:]
    assert (await store.verify_audit()).broken is None


async def test_pruning_removes_what_ended_long_ago_and_keeps_its_numbers(
    store: StateStore, clock: VirtualClock
) -> None:
    then = clock.now()
    old: list[Change] = [ex.incident(1, then, resolved=then), ex.said(1, then), ex.act(then)]
    await store.commit(
        [
            *old,
            ex.notice(1, then),
            ex.action(1, then),
            ex.action(2, then, ActionState.FAILED),
            ex.incident(2, then),
        ]
    )
    await store.commit([ex.delivered(1)])
    await clock.advance(31 * DAY)
    recent = clock.now()
    await store.commit([ex.incident(3, then, resolved=recent), ex.said(3, then)])
    assert await store.prune(30 * DAY) == 1
    assert (await store.incident(1), await store.timeline(1)) == (None, [])
    loaded = await store.load()
    assert [incident.id for incident in loaded.incidents] == [2, 3]
    assert [action.id for action in loaded.actions] == [1]
    assert (loaded.next_incident, loaded.next_action, loaded.next_notice) == (4, 3, 2)
    assert len(await store.audit(10)) == 1
    assert await store.prune(30 * DAY) == 0


async def test_an_incident_of_which_a_notice_waits_is_not_pruned(
    store: StateStore, clock: VirtualClock
) -> None:
    then = clock.now()
    await store.commit([ex.incident(1, then, resolved=then), ex.notice(1, then)])
    await clock.advance(100 * DAY)
    assert await store.prune(30 * DAY) == 0


async def test_text_of_any_kind_comes_back_as_it_was(store: StateStore, clock: VirtualClock) -> None:
    now = clock.now()
    wild = "\x00 \ud800 ❤ \u202e '; DROP TABLE alerts; -- \n\r\x1b[31m"
    await store.commit([replace(ex.alert(now), text=wild), ex.incident(1, now), ex.said(1, now, wild)])
    await store.commit([ex.act(now, reason=wild), ex.notice(1, now), NoticeDone(1, dead=wild)])
    assert (await store.load()).alerts[0].text == wild
    assert (await store.timeline(1))[0].text == wild
    assert (await store.audit(1))[0].reason == wild


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 1e308, 0.1, None])
async def test_numbers_come_back_exactly(store: StateStore, clock: VirtualClock, value: float | None) -> None:
    await store.commit([replace(ex.alert(clock.now()), value=value)])
    assert (await store.load()).alerts[0].value == value


async def test_the_newest_incidents_are_given_oldest_first_however_old_they_are(
    store: StateStore, clock: VirtualClock
) -> None:
    assert await store.incidents(5) == []
    then = clock.now()
    for number in (1, 2, 3):
        await store.commit([ex.incident(number, then, resolved=then), ex.said(number, then)])
    await clock.advance(DAY + 1)
    await store.commit([ex.incident(4, clock.now())])
    found = await store.incidents(3)
    assert [incident.id for incident in found] == [2, 3, 4]
    assert found[0] == ex.incident(2, then, resolved=then), "without its timeline"
    assert await store.incidents(0) == []
