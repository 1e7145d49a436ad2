"""How long an incident was open, and when people could know of it, also when it came back."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.incident import MOST_OPENINGS, Incident, Opening
from opsbot.domain.lasting import before, in_all, open_for, told_after
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Audience, Chain, Receipt
from opsbot.engine.inputs import Delivered
from opsbot.stores._codec import dump, parse
from tests.engine.desk import Desk
from tests.engine.fleet import Fleet, quick, watched


def came_back() -> Fleet:
    """Open for a minute, well for ten, open for two."""
    fleet = Fleet.made([watched("bot")], quick())
    fleet.breaks("bot")
    fleet.works("bot", after=60.0)
    fleet.breaks("bot", after=600.0)
    fleet.works("bot", after=120.0)
    return fleet


def test_the_time_in_which_it_was_well_does_not_count() -> None:
    incident = came_back().incident
    assert [open_for(opening) for opening in incident.openings] == [60.0, 120.0]
    assert (in_all(incident), before(incident)) == (180.0, 60.0)


def test_what_is_open_again_lasts_and_its_beginning_is_that_of_now() -> None:
    fleet = came_back()
    fleet.breaks("bot", after=300.0)
    assert in_all(fleet.incident) is None
    assert fleet.incident.began == fleet.now
    assert [open_for(opening) for opening in fleet.incident.openings] == [60.0, 120.0, None]
    assert any(e.text == "it is open again: it was over for 5 min" for e in fleet.incident.timeline)


def test_a_restart_of_opsbot_forgets_no_opening() -> None:
    incident = replace(came_back().incident, timeline=())
    assert parse(Incident, dump(incident)) == incident


def test_what_an_older_opsbot_reopened_counts_from_its_last_opening() -> None:
    incident = replace(came_back().incident, past=())
    assert in_all(incident) == 120.0


def test_what_came_back_a_hundred_times_is_another_incident_at_last() -> None:
    fleet = Fleet.made([watched("bot")], quick(flaps=0))
    for _ in range(MOST_OPENINGS):
        fleet.breaks("bot")
        fleet.works("bot")
    assert (fleet.incident.id, len(fleet.incident.openings)) == (1, MOST_OPENINGS)
    fleet.breaks("bot")
    assert (fleet.incident.id, len(fleet.incident.openings)) == (2, 1)


def test_people_could_know_of_it_when_a_message_first_arrived() -> None:
    drive = Desk.with_chain(Chain(), file=Audience(people=False))
    drive.breaks()
    drive.deliver("file", after=1.0)
    assert drive.incident.told is None  # a file reaches nobody
    drive.deliver("ops", after=4.0)
    assert told_after(drive.incident.openings[0]) == 5.0
    drive.give(Delivered((99,), Receipt("ops", 1, "1/2"), told=drive.incident), after=9.0)
    assert told_after(drive.incident.openings[0]) == 5.0


def test_what_was_given_up_told_nobody() -> None:
    drive = Desk.with_chain(Chain())
    drive.breaks()
    drive.deliver("ops", dead="refused")
    assert drive.incident.told is None


def test_each_opening_is_told_for_itself() -> None:
    fleet = Fleet.made([watched("bot")], quick())
    fleet.breaks("bot")
    rows = tuple(fleet.state.notices)
    fleet.give(Delivered(rows[:1], Receipt("ops", 1, "1/2"), told=fleet.incident), after=2.0)
    fleet.works("bot", after=60.0)
    began = fleet.now.after(600.0)
    fleet.breaks("bot", after=600.0)
    rows = tuple(n.id for n in fleet.state.notices.values() if n.notifier == "ops")
    fleet.give(Delivered(rows, Receipt("ops", 1, "1/2"), told=fleet.incident), after=7.0)
    assert [told_after(opening) for opening in fleet.incident.openings] == [2.0, 7.0]
    assert fleet.incident.began == began


def test_what_arrives_of_the_opening_before_tells_nobody_of_this_one() -> None:
    fleet = Fleet.made([watched("bot")], quick())
    fleet.breaks("bot")
    rows, told = tuple(fleet.state.notices)[:1], fleet.incident
    fleet.works("bot", after=60.0)
    fleet.breaks("bot", after=60.0)
    fleet.give(Delivered(rows, Receipt("ops", 1, "1/2"), told=told), after=1.0)
    assert fleet.incident.told is None


def test_a_late_delivery_of_an_older_incident_does_not_make_it_the_last_one() -> None:
    fleet = Fleet.made([watched("bot")], quick(reopen=10.0))
    fleet.breaks("bot")
    rows = tuple(n.id for n in fleet.state.notices.values() if n.notifier == "ops")
    fleet.works("bot")
    fleet.breaks("bot", after=20.0)
    fleet.works("bot")
    fleet.give(Delivered(rows, Receipt("ops", 1, "1/2"), told=fleet.state.incidents[1]), after=1.0)
    assert fleet.state.incidents[1].told == fleet.now
    fleet.breaks("bot")
    assert fleet.incident.id == 2


def test_a_reboot_between_two_openings_shortens_none() -> None:
    again = Moment(5.0, 10_000.0)
    incident = replace(
        came_back().incident,
        past=(Opening(Moment(900.0, 1000.0), Moment(20.0, 1060.0)),),
        begun=(again,),
        resolved_at=again.after(30.0),
    )
    assert in_all(incident) == 90.0
