"""Discord's outage is not taken for the bot's."""

from __future__ import annotations

from itertools import pairwise

import pytest

from opsbot.domain.levels import Outcome
from opsbot.domain.reach import Discord, Round
from opsbot.engine.inputs import ReachSeen
from opsbot.engine.outage import RECONNECT, STALE
from opsbot.engine.restarts import HOUR
from tests.engine.outages import LOST, World


def test_a_lost_gateway_restarts_on_evidence_that_discord_is_up() -> None:
    world = World.made()
    world.lose_gateway()
    assert world.firing() == {LOST.name}
    assert len(world.started) == 1


@pytest.mark.parametrize(
    ("discord", "words"),
    [(Discord.UNKNOWN, "whether Discord itself is up is not known: why"), (Discord.DOWN, "is down: why")],
)
def test_a_lost_gateway_restarts_nothing_without_that_evidence_and_says_why(
    discord: Discord, words: str
) -> None:
    world = World.made()
    world.lose_gateway(discord)
    assert world.firing() == {LOST.name}
    assert world.started == []
    assert words in world.doing()


def test_evidence_from_before_the_loss_is_none() -> None:
    world = World.made()
    world.see("gateway", Outcome.FAIL)
    world.give(ReachSeen(Round(world.now, connected=True)), after=0.1)
    assert world.firing() == {LOST.name}
    assert world.started == []
    assert "being found out" in world.doing()
    world.reach()
    assert len(world.started) == 1


def test_while_discord_is_down_there_is_one_try_an_hour() -> None:
    world = World.made()
    world.lose_gateway(Discord.DOWN)
    began = world.now.mono
    while world.now.mono < began + 3.5 * HOUR:
        known = len(world.started)
        world.see("gateway", Outcome.FAIL, after=30)
        world.reach(30, discord=Discord.DOWN)
        if len(world.started) > known:
            world.restarted()
    moments = [began, *(effect.action.asked.mono for effect in world.started)]
    assert len(moments) == 4
    assert all(later - earlier >= HOUR - 1 for earlier, later in pairwise(moments))


def test_the_clock_alone_brings_the_try_of_the_hour() -> None:
    world = World.made()
    world.lose_gateway(Discord.DOWN)
    for _ in range(59):
        world.see("gateway", Outcome.FAIL, after=30)
        world.reach(30, discord=Discord.DOWN)
    due = world.due_in()
    assert due is not None
    assert 0 < due <= 60
    world.tick(due)
    assert len(world.started) == 1


def test_discord_back_a_bot_is_given_time_to_connect_by_itself() -> None:
    world = World.made()
    world.lose_gateway(Discord.DOWN)
    world.reach()
    assert world.started == []
    assert "may connect again by itself" in world.doing()
    for _ in range(4):
        world.see("gateway", Outcome.FAIL, after=RECONNECT / 4 - 1)
    assert world.started == []
    world.tick(4)
    assert len(world.started) == 1


def test_what_else_is_wrong_restarts_also_while_discord_is_down() -> None:
    world = World.made()
    world.lose_gateway(Discord.DOWN)
    world.see("health", Outcome.FAIL)
    world.reach(discord=Discord.DOWN)
    assert len(world.started) == 1
    world.restarted()
    world.tick(1)
    world.crashes()
    world.tick(5)
    assert len(world.started) == 2


def test_what_was_said_of_discord_long_ago_is_not_believed() -> None:
    world = World.made()
    world.lose_gateway(Discord.DOWN)
    world.see("gateway", Outcome.FAIL, after=STALE + 1)
    assert "opsbot has not asked of late" in world.doing()
    assert world.started == []
