"""One cause, one incident: what depends on something, and what breaks at once."""

from __future__ import annotations

from opsbot.domain.levels import Priority
from opsbot.engine.inputs import Acknowledge, ResolveAsked
from tests.engine.crowd import GRAVE, MILD, crowd, member
from tests.engine.drive import OLGA
from tests.engine.fleet import Fleet, quick, watched

CHILDREN = [f"bot-{number}" for number in range(50)]


def family(rules: int = 1) -> Fleet:
    return Fleet.made([watched("db"), *(watched(name, "db", rules=rules) for name in CHILDREN)])


def test_what_depends_on_something_that_is_down_folds_into_its_incident() -> None:
    fleet = family()
    fleet.breaks("db")
    for name in CHILDREN:
        fleet.breaks(name, after=0.1)
    assert list(fleet.state.incidents) == [1]
    assert fleet.pings == [(1, "opened")]
    assert fleet.incident.fired == 51
    assert [one.target for one in fleet.incident.affected] == CHILDREN
    assert fleet.incident.cause == "db: 50 targets depend on it"


def test_of_a_storm_the_first_is_told_at_once_and_the_dead_parent_is_named() -> None:
    fleet = family(rules=20)
    for number, name in enumerate(CHILDREN):
        if number == 25:
            fleet.breaks("db", after=1.0)
        fleet.breaks(name, after=1.0)
    assert fleet.pings == [(1, "opened"), (2, "opened")]
    assert fleet.state.incidents[1].part_of == 2
    assert not fleet.state.incidents[1].live
    parent = fleet.state.incidents[2]
    assert parent.fired == 1001
    assert {one.target: one.fired for one in parent.affected} == dict.fromkeys(CHILDREN, 20)
    assert parent.cause == "db: 50 targets depend on it"


def test_before_the_parent_is_seen_dead_it_is_suspected() -> None:
    fleet = family()
    for name in CHILDREN[:4]:
        fleet.breaks(name)
    assert list(fleet.state.incidents) == [1]
    assert fleet.incident.cause == "probably db: all 4 of them depend on it"


def test_many_without_anything_in_common_fold_after_the_first_few() -> None:
    fleet = Fleet.made(watched(name) for name in CHILDREN)
    for name in CHILDREN:
        fleet.breaks(name)
    assert fleet.pings == [(1, "opened"), (2, "opened"), (3, "opened")]
    first = fleet.state.incidents[1]
    assert len(first.affected) == 47
    assert first.cause.startswith("not known: 48 targets began at the same time, all by the rule down_0")


def test_trouble_that_begins_at_another_time_stands_for_itself() -> None:
    fleet = family()
    fleet.breaks(CHILDREN[0])
    fleet.breaks(CHILDREN[1], after=61.0)
    assert list(fleet.state.incidents) == [1, 2]


def test_it_is_over_when_all_of_it_is_over() -> None:
    fleet = family()
    fleet.breaks("db")
    for name in CHILDREN[:3]:
        fleet.breaks(name)
    fleet.works("db")
    for name in CHILDREN[:2]:
        fleet.works(name)
    assert fleet.is_open()
    fleet.works(CHILDREN[2])
    assert not fleet.is_open()
    assert fleet.state.muted == {}


def test_what_does_not_recover_with_its_parent_gets_an_incident_of_its_own() -> None:
    fleet = family()
    fleet.breaks("db")
    for name in CHILDREN[:3]:
        fleet.breaks(name)
    fleet.works("db")
    fleet.works(CHILDREN[0])
    fleet.works(CHILDREN[1])
    fleet.wait(121.0)
    assert not fleet.state.incidents[1].live
    assert fleet.incident.id == 2
    assert fleet.incident.target == CHILDREN[2]
    assert fleet.pings[-1] == (2, "opened")


def test_somebodys_incident_is_not_folded_away() -> None:
    fleet = family()
    fleet.breaks(CHILDREN[0])
    fleet.give(Acknowledge(1, OLGA, "mine"))
    fleet.breaks("db")
    assert fleet.state.incidents[1].live
    assert fleet.state.incidents[2].affected == ()


def test_a_mild_trouble_of_the_parent_mutes_nothing() -> None:
    fleet = Fleet.made([watched("db", priority=Priority.P3), watched("bot", "db")])
    fleet.breaks("db")
    fleet.wait(120.0)
    fleet.breaks("bot")
    assert list(fleet.state.incidents) == [1, 2]


def test_a_grandparent_counts_too() -> None:
    fleet = Fleet.made([watched("host"), watched("db", "host"), watched("bot", "db")])
    fleet.breaks("host")
    fleet.breaks("bot")
    assert [one.target for one in fleet.incident.affected] == ["bot"]


def test_a_person_ends_the_parents_incident_and_what_goes_on_is_told() -> None:
    fleet = family()
    fleet.breaks("db")
    fleet.breaks(CHILDREN[0])
    fleet.works("db")
    fleet.give(ResolveAsked(1, OLGA, ""))
    assert fleet.incident.target == CHILDREN[0]
    assert fleet.is_open()


def test_grouping_can_be_switched_off() -> None:
    fleet = Fleet.made([watched("db"), *(watched(name, "db") for name in CHILDREN[:5])], quick(group=0.0))
    fleet.breaks("db")
    for name in CHILDREN[:5]:
        fleet.breaks(name)
    assert len(fleet.state.incidents) == 6


def test_an_incident_that_takes_over_others_as_it_opens_has_told_an_alarm() -> None:
    fleet = Fleet.made([watched("db"), watched("bot", "db")])
    fleet.breaks("bot")
    fleet.breaks("db")
    assert fleet.incident.target == "db"
    assert fleet.pings == [(1, "opened"), (2, "opened")]
    assert fleet.incident.alarms == 1, "else a delivery under way would not know that it was told loudly"


def test_a_target_is_never_counted_in_one_incident_and_told_in_another() -> None:
    fleet = crowd([member("db"), member("bot")], quick(crowd=1))
    fleet.sees("db", GRAVE, well=False)
    fleet.sees("bot", GRAVE, well=False)
    fleet.wait(300.0)
    fleet.sees("bot", MILD, well=False)
    assert list(fleet.state.incidents) == [1]
    (bot,) = fleet.incident.affected
    assert bot.firing == ("grave", "mild")


def test_of_what_goes_on_after_a_person_has_ended_its_incident_the_causes_are_told_first() -> None:
    fleet = Fleet.made([watched("db"), watched("api", "db"), watched("bot", "api")])
    for name in ("db", "bot", "api"):
        fleet.breaks(name)
    fleet.give(ResolveAsked(1, OLGA, "over"))
    assert list(fleet.state.incidents) == [1, 2]
    assert fleet.incident.target == "api"
    assert [one.target for one in fleet.incident.affected] == ["bot"]
