"""An incident from its opening to its end, with people in it, and time."""

from __future__ import annotations

import pytest

from opsbot.domain.incident import EntryKind
from opsbot.domain.levels import IncidentState, Outcome, Priority
from opsbot.engine.inputs import Acknowledge, AssignAsked, NoteAsked, ResolveAsked
from opsbot.errors import Refused
from tests.engine.drive import OLGA, OTTO, Drive
from tests.engine.fleet import Fleet, quick, watched


def one(priority: Priority = Priority.P1, **policy: float) -> Fleet:
    return Fleet.made([watched("bot", priority=priority)], quick(**policy))


def test_what_comes_back_within_half_an_hour_is_the_same_incident_and_pings() -> None:
    fleet = one()
    fleet.breaks("bot")
    fleet.works("bot")
    fleet.deliver_all()
    fleet.breaks("bot", after=1700.0)
    assert list(fleet.state.incidents) == [1]
    assert fleet.stands() is IncidentState.OPEN
    assert fleet.incident.resolved_at is None
    assert fleet.pings == [(1, "opened"), (1, "escalated")]
    assert fleet.incident.fired == 2


def test_what_comes_back_later_is_another_incident() -> None:
    fleet = one()
    fleet.breaks("bot")
    fleet.works("bot")
    fleet.breaks("bot", after=1801.0)
    assert fleet.incident.id == 2


def test_a_reopened_incident_waits_for_somebody_again() -> None:
    fleet = one()
    fleet.breaks("bot")
    fleet.give(Acknowledge(1, OLGA, "mine"))
    fleet.works("bot")
    fleet.breaks("bot", after=60.0)
    assert fleet.incident.acknowledged_by is None
    assert fleet.incident.due is not None
    assert fleet.incident.due.mono == fleet.now.mono + 300.0


def test_what_comes_and_goes_stays_open_until_it_is_calm_and_pings_no_more() -> None:
    fleet = one(ack=0.0)
    for _ in range(3):
        fleet.breaks("bot", after=10.0)
        fleet.works("bot", after=10.0)
        fleet.deliver_all()
    assert fleet.stands() is IncidentState.OPEN
    assert any("it comes and goes: 3 times" in entry.text for entry in fleet.incident.timeline)
    pings = len(fleet.pings)
    for _ in range(10):
        fleet.breaks("bot", after=10.0)
        fleet.works("bot", after=10.0)
        fleet.deliver_all()
    assert len(fleet.pings) == pings
    assert list(fleet.state.incidents) == [1]
    assert fleet.incident.alerts[0].times == 13
    fleet.give(Acknowledge(1, OLGA, ""))
    fleet.wait(599.0)
    assert fleet.is_open()
    fleet.wait(1.0)
    assert not fleet.is_open()
    assert "calm for 10 min" in fleet.incident.timeline[-1].text


@pytest.mark.parametrize(
    ("priority", "minutes"), [(Priority.P1, 5), (Priority.P2, 15), (Priority.P3, 60), (Priority.P4, 1440)]
)
def test_nobody_acknowledges_in_time_and_people_are_told_again_once(priority: Priority, minutes: int) -> None:
    fleet = one(priority)
    fleet.breaks("bot")
    fleet.deliver_all()
    fleet.wait(minutes * 60.0 - 1.0)
    assert fleet.pings == [(1, "opened")]
    fleet.wait(1.0)
    assert fleet.pings == [(1, "opened"), (1, "escalated")]
    fleet.deliver_all()
    fleet.wait(10 * 86_400.0)
    assert len(fleet.pings) == 2


def test_what_somebody_has_taken_on_is_not_told_again() -> None:
    fleet = one(ack=0.0)
    fleet.breaks("bot")
    fleet.give(Acknowledge(1, OLGA, "mine"), after=60.0)
    fleet.wait(86_400.0)
    assert fleet.pings == [(1, "opened")]


def test_whoever_took_it_on_and_does_nothing_loses_it_again() -> None:
    fleet = one()
    fleet.breaks("bot")
    fleet.deliver_all()
    fleet.give(Acknowledge(1, OLGA, "mine"))
    fleet.wait(3599.0)
    assert fleet.stands() is IncidentState.ACKNOWLEDGED
    fleet.wait(1.0)
    assert fleet.stands() is IncidentState.OPEN
    assert "after Olga had acknowledged it" in fleet.incident.timeline[-1].text
    assert fleet.pings[-1] == (1, "escalated")


def test_a_note_is_progress() -> None:
    fleet = one()
    fleet.breaks("bot")
    fleet.give(Acknowledge(1, OLGA, "mine"))
    fleet.give(NoteAsked(1, OTTO, "the disk is being replaced"), after=3000.0)
    fleet.wait(3599.0)
    assert fleet.stands() is IncidentState.ACKNOWLEDGED
    assert [e.text for e in fleet.incident.timeline if e.kind is EntryKind.SAID][
        -1
    ] == "the disk is being replaced"


def test_what_opsbot_notes_itself_is_no_progress_of_a_person() -> None:
    from opsbot.domain.actor import AUTO

    fleet = one()
    fleet.breaks("bot")
    fleet.give(Acknowledge(1, OLGA, "mine"))
    fleet.give(NoteAsked(1, AUTO, "diagnostics were collected", "a.tar.gz"), after=3000.0)
    fleet.wait(601.0)
    assert fleet.stands() is IncidentState.OPEN


def test_assigning_takes_it_on() -> None:
    fleet = one()
    fleet.breaks("bot")
    fleet.give(AssignAsked(1, OLGA, OTTO))
    assert fleet.incident.assigned_to == OTTO
    assert fleet.incident.acknowledged_by == OTTO
    assert fleet.incident.due is None
    with pytest.raises(Refused, match="is Otto's already"):
        raise fleet.give(AssignAsked(1, OLGA, OTTO)).refusal or AssertionError


def test_a_person_ends_it_and_what_still_holds_opens_it_again() -> None:
    fleet = one()
    fleet.breaks("bot")
    fleet.give(ResolveAsked(1, OLGA, "false alarm"))
    assert fleet.stands() is IncidentState.RESOLVED
    assert fleet.incident.timeline[-1].actor == OLGA
    fleet.breaks("bot", after=30.0)
    assert fleet.incident.id == 1
    assert fleet.stands() is IncidentState.OPEN
    refused = fleet.give(ResolveAsked(7, OLGA, "")).refusal
    assert str(refused) == "There is no incident #7 among the recent ones."


def test_a_note_is_also_taken_after_the_end() -> None:
    fleet = one()
    fleet.breaks("bot")
    fleet.works("bot")
    fleet.give(NoteAsked(1, OLGA, "it was the network"))
    assert fleet.incident.timeline[-1].text == "it was the network"
    assert not fleet.is_open()
    refused = fleet.give(AssignAsked(1, OLGA, OLGA)).refusal
    assert str(refused) == "Incident #1 is already resolved."


def test_what_flaps_waits_for_the_end_of_its_restart_without_looking_all_the_time() -> None:
    drive = Drive.of()
    drive.state.policy = quick(flaps=1, calm=10.0)
    drive.runs()
    drive.crashes()
    drive.runs(pid=11, generation=1)
    drive.see("process", Outcome.OK)
    assert drive.state.action_on("summarybot") is not None
    drive.tick(20.0)
    due = drive.due_in()
    assert due is None or due > 0.0
