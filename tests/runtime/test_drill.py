"""A drill: a marked test through every notifier, and what is said of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from opsbot.clock import Clock, SystemClock
from opsbot.domain.drill import Drill, DrillState
from opsbot.domain.levels import IncidentState, Priority
from opsbot.domain.notice import Receipt, Telling
from opsbot.engine.inputs import Input, Recorded
from opsbot.errors import DeliveryError, Refused, Stopping, UsageError
from opsbot.notifiers.base import Notifier
from opsbot.runtime.drill import RANDOM, TIMEOUT, Drills
from opsbot.testing.clock import VirtualClock
from opsbot.testing.notifier import FakeDiscord, RecordingNotifier
from tests.bound import BOUND
from tests.notifiers.receivers import Fault, mail_receiver, web_receiver
from tests.notifiers.rigs import SECRET, build
from tests.runtime.rig import OLGA, OTTO


class Asked:
    """Stands where the pipeline is."""

    def __init__(self) -> None:
        self.inputs: list[Input] = []

    async def __call__(self, given: Input) -> None:
        self.inputs.append(given)


class Hanging:
    """Takes the test and never says so."""

    def __init__(self) -> None:
        self.told: list[Telling] = []

    async def deliver(self, telling: Telling) -> Receipt | None:
        self.told.append(telling)
        await asyncio.Event().wait()
        return None

    async def close(self) -> None:
        pass


def drills(notifiers: Mapping[str, Notifier], clock: Clock | None = None, **more: Any) -> Drills:
    return Drills(notifiers, clock or VirtualClock(), Asked(), dict.fromkeys(notifiers, "recording"), **more)


async def seen(one: Drills, name: str | None = None, *, ping: bool = False) -> list[Drill]:
    async with asyncio.timeout(BOUND):
        return [state async for state in one.run(OLGA, name, ping=ping)]


def failing(*errors: DeliveryError) -> RecordingNotifier:
    notifier = RecordingNotifier()
    notifier.fails.extend(errors)
    return notifier


async def test_each_notifier_is_told_a_marked_test_and_then_that_it_is_over() -> None:
    ops, mail = RecordingNotifier("ops"), RecordingNotifier("mail")
    last = (await seen(drills({"ops": ops, "mail": mail})))[-1]
    assert last.passed
    assert last.over
    for notifier in (ops, mail):
        opened, over = notifier.told
        assert opened.incident.title == "DRILL: this is a test, nothing is wrong"
        assert (opened.incident.state, over.incident.state) == (IncidentState.OPEN, IncidentState.RESOLVED)
        assert "Olga" in opened.incident.doing
        assert over.incident.timeline[-1].text.startswith("Test over")
        assert over.receipt is not None
        assert over.receipt.place == str(opened.notice.id)


async def test_it_is_mild_and_pings_nobody_unless_that_was_asked_for() -> None:
    quiet, loud = RecordingNotifier(), RecordingNotifier()
    await seen(drills({"a": quiet}))
    await seen(drills({"a": loud}), ping=True)
    assert {(t.incident.priority, t.pings) for t in quiet.told} == {(Priority.P4, False)}
    assert {(t.incident.priority, t.pings) for t in loud.told} == {(Priority.P1, True)}


async def test_what_failed_is_said_with_whether_trying_again_could_help() -> None:
    busy = failing(DeliveryError("slack: slow down", permanent=False))
    refused = failing(DeliveryError("the message is refused", permanent=True))
    gone = failing(DeliveryError("the channel is gone", permanent=True, place=True))
    last = (await seen(drills({"busy": busy, "refused": refused, "gone": gone, "ok": RecordingNotifier()})))[
        -1
    ]
    assert not last.passed
    told = {line.notifier: (line.state, line.error, line.retry) for line in last.lines}
    assert told["busy"] == (DrillState.FAILED, "slack: slow down", True)
    assert told["refused"] == (DrillState.FAILED, "the message is refused", False)
    assert told["gone"] == (DrillState.FAILED, "the channel is gone", False)
    assert told["ok"][0] is DrillState.ARRIVED


async def test_a_receiver_that_hangs_holds_up_no_other_and_fails_in_time() -> None:
    clock, ops, hanging = VirtualClock(), RecordingNotifier(), Hanging()
    one = drills({"ops": ops, "slow": hanging}, clock)
    states: list[Drill] = []

    async def follow() -> None:
        states.extend([state async for state in one.run(OLGA, None, ping=False)])

    following = asyncio.create_task(follow())
    await clock.advance(1.0)
    assert len(ops.told) == 2
    await clock.advance(TIMEOUT)
    slow = states[-1].lines[1] if states else one._present.lines[1]  # type: ignore[union-attr]
    assert (slow.state, slow.error, slow.retry) == (DrillState.FAILED, "no answer within 30 s", True)
    assert slow.seconds == TIMEOUT
    await clock.advance(TIMEOUT)
    await asyncio.wait_for(following, BOUND)
    assert [t.incident.state for t in hanging.told] == [IncidentState.OPEN, IncidentState.RESOLVED]


async def test_what_was_refused_is_not_told_of_an_end() -> None:
    refused = failing(DeliveryError("no", permanent=True))
    await seen(drills({"a": refused}))
    assert refused.told == []


async def test_a_notifier_that_breaks_is_one_result_among_others() -> None:
    class Broken(RecordingNotifier):
        async def deliver(self, telling: Telling) -> Receipt:
            raise ZeroDivisionError

    last = (await seen(drills({"broken": Broken(), "ops": RecordingNotifier()})))[-1]
    assert "the notifier broke" in last.lines[0].error
    assert last.lines[1].passed


async def test_one_that_never_hears_that_the_test_is_over_did_not_pass() -> None:
    class Half(RecordingNotifier):
        async def deliver(self, telling: Telling) -> Receipt:
            if telling.incident.live:
                return await RecordingNotifier.deliver(self, telling)
            raise DeliveryError("gone meanwhile", permanent=True)

    last = (await seen(drills({"half": Half()})))[-1]
    assert last.lines[0].state is DrillState.ARRIVED
    assert last.lines[0].end_error == "gone meanwhile"
    assert not last.passed


async def test_one_alone_is_tested_by_its_name_and_one_that_is_off_is_said_to_be() -> None:
    ops, mail = RecordingNotifier(), RecordingNotifier()
    one = drills({"ops": ops, "mail": mail}, off={"pager": "pagerduty"})
    await seen(one, "mail")
    assert (len(ops.told), len(mail.told)) == (0, 2)
    lines = (await seen(one))[-1].lines
    assert [(line.notifier, line.state) for line in lines][-1] == ("pager", DrillState.OFF)
    assert not (await seen(one, "pager"))[-1].passed


async def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    one = drills({"ops_channel": RecordingNotifier(), "email": RecordingNotifier()})
    with pytest.raises(UsageError, match="no notifier `emial`: did you mean `email`"):
        await seen(one, "emial")
    with pytest.raises(UsageError, match="known are ops_channel, email"):
        await seen(one, "zzz")
    with pytest.raises(UsageError, match="no notifier to test"):
        await seen(drills({}))


async def test_the_audit_says_who_asked_and_nothing_else_is_written() -> None:
    one = drills({"ops": RecordingNotifier()})
    await seen(one, ping=True)
    assert isinstance(one.ask, Asked)
    (entry,) = one.ask.inputs
    assert entry == Recorded(OLGA, "drill", "all notifiers", "allowed", "through ops, pinging")


async def test_a_second_drill_meanwhile_is_refused_and_one_that_nobody_watches_goes_on() -> None:
    clock, hanging, ops = VirtualClock(), Hanging(), RecordingNotifier()
    one = drills({"slow": hanging, "ops": ops}, clock)
    first = one.run(OLGA, None, ping=False)
    await anext(first)
    with pytest.raises(Refused, match="in progress, asked by Olga"):
        await anext(one.run(OTTO, None, ping=False))
    await first.aclose()
    await clock.advance(2 * TIMEOUT)
    assert len(hanging.told) == 2
    hanging.told.clear()
    await anext(one.run(OTTO, "ops", ping=False))
    await one.close()


async def test_whoever_watches_when_opsbot_stops_is_told() -> None:
    one = drills({"slow": Hanging()})
    watching = one.run(OLGA, None, ping=False)
    await anext(watching)
    await one.close()
    with pytest.raises(Stopping):
        await anext(watching)


async def test_two_drills_in_a_row_are_two_to_every_receiver_and_no_incident_of_opsbots() -> None:
    discord = FakeDiscord()
    async with web_receiver() as pager, mail_receiver() as mail:
        options = {"smtp_host": "127.0.0.1", "smtp_port": mail.port, "from_address": "a@b.c", "tls": "never"}
        notifiers = {
            "ops": build("discord", {"channel_id": 5, "role_ids": [9], "ping_from": "P4"}, discord),
            "again": build("discord", {"channel_id": 5}, discord),
            "pager": build("pagerduty", {"routing_key": SECRET, "base_url": pager.url}),
            "mail": build("email", {**options, "to_addresses": ["x@y.z"]}),
        }
        one = drills(notifiers, SystemClock())
        numbers = {(await seen(one))[-1].number for _ in range(2)}
        for notifier in notifiers.values():
            await notifier.close()
    assert len(numbers) == 2
    assert all(-RANDOM <= number < 0 for number in numbers)
    nonces = [payload.nonce for payload in discord.posted()]
    assert len(nonces) == len(set(nonces)) == 2 * 2 * 2  # two drills, two notifiers, a message and its answer
    assert all(0 < len(nonce) <= 25 for nonce in nonces)
    assert all(not payload.roles and not payload.rows for payload in discord.posted())
    assert all("Test over" in repr(m.shown) for m in discord.messages.values() if m.edits)
    keys = [(r.data["event_action"], r.data["dedup_key"]) for r in pager.requests]
    assert [action for action, _ in keys] == ["trigger", "resolve"] * 2
    assert len({key for _, key in keys}) == 2
    assert pager.requests[0].data["payload"]["severity"] == "info"
    assert len({sent["Message-ID"] for sent in mail.mails}) == 4


async def test_a_pager_that_took_the_test_and_lost_its_answer_is_closed_all_the_same() -> None:
    async with web_receiver() as pager:
        pager.plan.append(Fault.RESET)
        notifier = build("pagerduty", {"routing_key": SECRET, "base_url": pager.url})
        last = (await seen(drills({"pager": notifier}, SystemClock())))[-1]
        await notifier.close()
    assert last.lines[0].state is DrillState.FAILED
    assert [r.data["event_action"] for r in pager.requests] == ["resolve"]
