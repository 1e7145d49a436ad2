"""How often things happened."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.action import Action, RestartMark
from opsbot.domain.actor import AUTO
from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.rule import ActionKind
from opsbot.runtime.tally import Tally
from tests.runtime.rig import OLGA

NOW = Moment(1000.0, 1_767_625_440.0)
INCIDENT = Incident(7, "web", "down", IncidentState.OPEN, Priority.P2, Severity.CRITICAL, NOW)
RESTART = Action(1, "web", ActionKind.RESTART, AUTO, "it crashed", NOW, 1)


def test_a_restart_counts_for_whoever_asked_for_it() -> None:
    tally = Tally()
    tally.note([RESTART, RestartMark("web", NOW, True)])
    tally.note([replace(RESTART, actor=OLGA), RestartMark("web", NOW, False)])
    tally.note([RestartMark("web", NOW, False)])  # found running anew, by nobody's wish here
    tally.note([replace(RESTART, ended=NOW)])  # its end is no other restart
    assert dict(tally.restarts) == {("web", "auto"): 1, ("web", "discord"): 1, ("web", "other"): 1}


def test_an_incident_counts_once_with_the_priority_it_opened_with() -> None:
    tally = Tally()
    tally.note([INCIDENT])
    tally.note([replace(INCIDENT, version=2, priority=Priority.P1)])
    tally.note([replace(INCIDENT, version=3, state=IncidentState.RESOLVED)])
    assert dict(tally.opened) == {Priority.P2: 1}


def test_incidents_of_before_are_not_counted() -> None:
    tally = Tally(newest=7)
    tally.note([replace(INCIDENT, version=9)])
    assert not tally.opened


def test_counting_goes_on_after_a_reload() -> None:
    before, after = Tally(), Tally(newest=7)
    before.note([INCIDENT, RESTART, RestartMark("web", NOW, True)])
    before.failed["ops"] += 3
    after.go_on(before)
    after.note([replace(INCIDENT, id=8), RESTART, RestartMark("web", NOW, True)])
    assert after.restarts["web", "auto"] == 2
    assert after.opened[Priority.P2] == 2
    assert after.failed["ops"] == 3
