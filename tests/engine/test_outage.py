"""opsbot's own outage is not taken for a target's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbot.domain.expr import Compare, Op, Reading
from opsbot.domain.levels import Outcome
from opsbot.domain.reach import Round
from opsbot.domain.rule import ActionKind
from opsbot.engine.alerts import Progress
from opsbot.engine.inputs import ReachSeen
from opsbot.engine.outage import PATIENCE, SETTLE, as_known, notes
from opsbot.engine.own import CUT_RULE, OWN
from opsbot.engine.restarts import HOUR
from tests.engine.drive import DOWN, NAME, UNHEALTHY
from tests.engine.outages import LOST, World


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
    assert "opsbot itself is cut off from the network" in shown["health"].findings[0].text
    assert shown["process"].outcome is Outcome.OK
    (note,) = notes(world.state, known.target, world.now)
    assert note.startswith("opsbot itself is cut off from the network")


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
    assert "opsbot itself is cut off from the network" in world.doing()
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


def test_cut_off_a_log_that_grows_is_rotated_all_the_same() -> None:
    world = World.made()
    known = world.state.known[NAME]
    big = Compare(Reading("log_size_bytes", name="log_size"), Op.GT, 100.0)
    full = replace(
        UNHEALTHY, name="log_file_size", condition=big, action=ActionKind.ROTATE_LOGS, need=1, of=1
    )
    known.target = replace(known.target, rules=(*known.target.rules, full))
    known.progress[full.name] = Progress(15.0)
    world.cut_off()
    world.see("health", Outcome.FAIL, log_size_bytes=200.0)
    assert world.firing() == {"log_file_size"}
