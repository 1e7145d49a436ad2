"""opsbot's own outage, and Discord's, are not taken for a target's."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from opsbot.domain.action import Action, ActionState
from opsbot.domain.expr import Seen
from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.notice import Audience
from opsbot.domain.reach import Discord, Reach, Round
from opsbot.domain.rule import ActionKind, RestartPolicy, Rule
from opsbot.domain.target import CheckSpec, SupervisorSpec, Target
from opsbot.engine.draft import LookAround
from opsbot.engine.inputs import ActionMoved, ReachSeen
from opsbot.engine.outage import PATIENCE, RECONNECT, SETTLE, STALE, as_known, notes
from opsbot.engine.own import CUT_RULE, OWN
from opsbot.engine.restarts import HOUR
from opsbot.engine.state import State
from tests.engine.drive import DOWN, NAME, UNHEALTHY, Drive

LOST = Rule(
    "discord_gateway_disconnected",
    Seen("gateway", frozenset({Outcome.FAIL}), "gateway_lost"),
    Severity.CRITICAL,
    Priority.P2,
    "The Discord gateway is gone.",
    action=ActionKind.RESTART,
    reads=frozenset({"gateway"}),
    by_gateway=True,
)


class World(Drive):
    """A Discord bot, and what opsbot itself reaches."""

    @classmethod
    def made(cls, *, networked: bool = True, guarded: bool = True) -> World:
        kinds = (("process", "process"), ("health", "http"), ("gateway", "gateway"))
        target = Target(
            name=NAME,
            title="Summary Bot NG",
            checks=tuple(CheckSpec(name, kind, 15.0, 1.0, None) for name, kind in kinds),
            rules=(DOWN, replace(UNHEALTHY, need=1, of=1), LOST),
            supervisor=SupervisorSpec("process", None),
            restart=RestartPolicy(handover=0.0, start_grace=0.0),
            networked=networked,
        )
        world = cls(State.of([target], {"ops": Audience()}))
        world.state.reach = Reach(guarded=guarded)
        world.runs()
        world.see("process", Outcome.OK)
        if guarded:
            world.reach()
        return world

    def reach(self, after: float = 1.0, *, discord: Discord = Discord.UP, text: str = "why") -> None:
        """A round that reached something."""
        self.now = self.now.after(after)
        at = self.now if discord is Discord.UP else None
        self.give(ReachSeen(Round(self.now, True, "", discord, text, at)))

    def cut_off(self, after: float = 1.0) -> None:
        """A round that reached nothing, confirmed."""
        self.now = self.now.after(after)
        tried = "1.1.1.1:443 (network not reachable)"
        self.give(ReachSeen(Round(self.now, False, tried, Discord.UNKNOWN, "cut off")))

    def looks_around(self) -> int:
        return sum(isinstance(effect, LookAround) for effect in self.effects)

    def firing(self, target: str = NAME) -> set[str]:
        return {rule for (name, rule), alert in self.state.alerts.items() if name == target and alert.firing}

    def doing(self) -> str:
        live = self.state.live(NAME)
        assert live is not None
        return live.doing

    def lose_gateway(self, discord: Discord = Discord.UP) -> None:
        """The bot's gateway goes, and opsbot finds out how Discord is."""
        self.see("gateway", Outcome.FAIL)
        self.reach(0.1, discord=discord)

    def restart_by_death(self) -> None:
        """It dies and is restarted by itself."""
        before = len(self.started)
        self.crashes()
        assert len(self.started) == before + 1

    def restarted(self) -> None:
        """The restart under way ends well, with a new process."""
        (action,) = [a for a in self.state.actions.values() if a.state is ActionState.RUNNING]
        done: Action = replace(action, state=ActionState.DONE, ended=self.now, detail="restarted")
        self.give(ActionMoved(done))
        self.runs(pid=1000 + action.id, generation=action.generation)


def test_a_rule_about_to_fire_waits_until_opsbot_has_reached_something_after_that() -> None:
    world = World.made()
    world.see("health", Outcome.FAIL)
    assert world.firing() == set()
    assert world.looks_around() > 0
    world.give(ReachSeen(Round(world.now.after(-0.5), connected=True)), after=0.1)
    assert world.firing() == set(), "that round had begun before"
    world.reach(0.1)
    assert world.firing() == {"api_health_failure"}


def test_samples_that_come_meanwhile_do_not_make_it_wait_longer() -> None:
    world = World.made()
    world.see("health", Outcome.FAIL)
    asked = world.now
    world.see("health", Outcome.FAIL, after=3)
    world.give(ReachSeen(Round(asked.after(1), connected=True)), after=0.1)
    assert world.firing() == {"api_health_failure"}


def test_a_failure_that_is_over_by_then_is_not_told() -> None:
    world = World.made()
    world.see("health", Outcome.FAIL)
    world.see("health", Outcome.OK)
    world.reach()
    assert world.firing() == set()


def test_a_guard_that_hangs_holds_back_no_alarm() -> None:
    world = World.made()
    world.see("health", Outcome.FAIL)
    due = world.due_in()
    assert due == pytest.approx(PATIENCE)
    world.see("health", Outcome.FAIL, after=PATIENCE - 1)
    assert world.firing() == set()
    world.tick(1)
    assert world.firing() == {"api_health_failure"}


def test_without_a_guard_nothing_waits() -> None:
    world = World.made(guarded=False)
    world.see("health", Outcome.FAIL)
    assert world.firing() == {"api_health_failure"}
    assert world.looks_around() == 0


def test_a_check_that_begins_to_fail_makes_opsbot_look_around_once() -> None:
    world = World.made()
    world.see("process", Outcome.FAIL)
    first = world.looks_around()
    assert first > 0
    world.see("process", Outcome.FAIL)
    assert world.looks_around() == first


def test_cut_off_nothing_on_the_network_is_down_and_one_incident_of_opsbots_own_says_so() -> None:
    world = World.made()
    world.see("health", Outcome.FAIL)
    world.cut_off()
    for _ in range(50):
        world.see("health", Outcome.FAIL)
        world.see("gateway", Outcome.FAIL)
        world.cut_off()
    world.tick(PATIENCE)
    assert world.firing() == set()
    assert world.started == []
    assert world.firing(OWN) == {CUT_RULE}
    assert len(world.state.incidents) == 1
    assert "1.1.1.1:443 (network not reachable)" in world.incident.title
    assert "2026-01-05 15:" in world.incident.title


def test_cut_off_the_report_says_unknown_and_why() -> None:
    world = World.made()
    world.see("health", Outcome.FAIL)
    world.cut_off()
    known = world.state.known[NAME]
    shown = as_known(world.state, known)
    assert shown["health"].outcome is Outcome.UNKNOWN
    assert "opsbot itself reaches nothing" in shown["health"].findings[0].text
    assert shown["process"].outcome is Outcome.OK
    (note,) = notes(world.state, known.target, world.now)
    assert note.startswith("Opsbot itself reaches nothing")


def test_what_was_seen_on_the_way_into_an_outage_counts_for_nothing_afterwards() -> None:
    world = World.made()
    known = world.state.known[NAME]
    thrice = replace(UNHEALTHY, need=3, of=3)
    known.target = replace(known.target, rules=(DOWN, thrice, LOST))
    world.see("health", Outcome.FAIL)
    world.see("health", Outcome.FAIL)
    world.cut_off()
    world.reach()
    world.see("health", Outcome.FAIL, after=SETTLE)
    world.reach(0.1)
    assert world.firing() == set()


def test_back_again_what_lives_on_the_network_is_given_time_and_then_watched_as_before() -> None:
    world = World.made()
    world.cut_off()
    world.reach()
    assert world.firing(OWN) == set()
    assert not world.incident.live
    world.see("health", Outcome.FAIL)
    world.reach(0.1)
    assert world.firing() == set()
    world.see("health", Outcome.FAIL, after=SETTLE)
    world.reach(0.1)
    assert world.firing() == {"api_health_failure"}


def test_cut_off_a_death_is_told_but_what_lives_on_the_network_is_started_when_the_connection_is_back() -> (
    None
):
    world = World.made()
    world.see("gateway", Outcome.OK)
    world.restart_by_death()
    world.restarted()
    world.cut_off()
    world.crashes()
    assert world.firing() == {"bot_process_down"}
    assert "opsbot itself reaches nothing" in world.doing()
    assert world.doing().startswith("Restart waits")
    before = len(world.started)
    world.tick(HOUR / 2)
    assert len(world.started) == before
    world.reach()
    assert len(world.started) == before + 1


def test_a_target_of_this_machine_alone_is_restarted_whatever_opsbot_reaches() -> None:
    world = World.made(networked=False)
    world.cut_off()
    world.crashes()
    assert len(world.started) == 1
    world.restarted()
    world.see("health", Outcome.FAIL)
    assert "api_health_failure" in world.firing()


def test_restarts_made_on_the_way_into_an_outage_do_not_use_up_the_hour() -> None:
    world = World.made()
    for _ in range(3):
        world.tick(20)
        world.restart_by_death()
        world.restarted()
    world.cut_off()
    world.crashes()
    world.reach()
    assert "restarts_on_hold" not in world.firing()
    assert len(world.started) == 4


def test_those_made_with_a_connection_do() -> None:
    world = World.made()
    for _ in range(3):
        world.tick(20)
        world.restart_by_death()
        world.restarted()
        world.reach()
    world.cut_off()
    world.crashes()
    world.reach()
    assert "restarts_on_hold" in world.firing()
    assert len(world.started) == 3


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
