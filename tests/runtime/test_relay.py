"""Questions while one runtime takes another's place."""

from __future__ import annotations

import asyncio

import pytest

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.rule import ActionKind
from opsbot.errors import Refused, Stopping
from opsbot.runtime.port import TargetInfo
from opsbot.runtime.relay import Relay
from opsbot.testing.clock import VirtualClock
from opsbot.testing.operations import FakeOperations

OLGA = Actor(ActorKind.DISCORD, "1", "Olga")
NAME = "summarybot"


async def test_a_question_waits_and_is_answered_by_the_successor() -> None:
    old, new = FakeOperations(VirtualClock()), FakeOperations(VirtualClock())
    relay = Relay(old)
    with relay.closed():
        asking = asyncio.ensure_future(relay.pause(NAME, 60.0, "deploy", OLGA))
        await asyncio.sleep(0)
        assert not asking.done()
        relay.present = new
    assert (await asking).reason == "deploy"
    assert (old.asked("pause"), len(new.asked("pause"))) == ([], 1)


async def test_what_the_old_one_did_not_decide_any_more_is_asked_again() -> None:
    old, new = FakeOperations(VirtualClock()), FakeOperations(VirtualClock())
    old.fails["act"] = Stopping("opsbot is stopping")
    relay = Relay(old)

    async def ask() -> str:
        action = await relay.act(NAME, ActionKind.RESTART, "x", OLGA)
        return action.reason

    asking = asyncio.ensure_future(ask())
    with relay.closed():  # it had been let in just before
        relay.present = new
    assert await asking == "x"
    assert len(new.asked("act") + new.asked("restart")) == 1


async def test_at_the_end_and_for_any_other_refusal_there_is_no_second_try() -> None:
    only = FakeOperations(VirtualClock())
    relay = Relay(only)
    for error in (Stopping("opsbot is stopping"), Refused("not now")):
        only.fails["pause"] = error
        with pytest.raises(type(error)):
            await relay.pause(NAME, 60.0, "x", OLGA)


async def test_what_is_only_looked_up_never_waits() -> None:
    old = FakeOperations(VirtualClock(), infos=(TargetInfo(NAME, "Bot"),))
    relay = Relay(old)
    with relay.closed():
        assert [info.name for info in relay.targets()] == [NAME]
        assert relay.incidents() == ()
