"""What is not told, by whom, until when; and that it is listed, and told when nothing mutes it any more."""

from __future__ import annotations

from opsbot.domain.levels import Priority
from opsbot.domain.maintenance import Once, Window
from opsbot.domain.notice import NoticeKind
from opsbot.domain.process import ProcessId, Running
from opsbot.domain.silence import Matcher
from opsbot.engine.inputs import (
    Acknowledge,
    DeployAsked,
    ProcessFound,
    SilenceAsked,
    UnsilenceAsked,
)
from tests.engine.crowd import GRAVE, MILD, crowd, member
from tests.engine.drive import OLGA, OTTO, Drive
from tests.engine.fleet import Fleet, quick, watched, with_windows

ALL = Matcher()


def one(**policy: float) -> Fleet:
    return Fleet.made([watched("bot"), watched("web")], quick(**policy))


def test_what_is_silenced_opens_nothing_is_stored_with_who_did_it_and_told_when_it_ends() -> None:
    fleet = one()
    fleet.give(SilenceAsked(Matcher(("bot",)), 600.0, OLGA, "I am on it"))
    fleet.breaks("bot")
    assert fleet.state.incidents == {}
    (alert,) = fleet.state.alerts.values()
    assert alert.muted.startswith("silenced by Olga until ")
    assert alert.muted.endswith(": I am on it")
    fleet.breaks("web")
    assert fleet.incident.target == "web"
    fleet.wait(600.0)
    assert fleet.incident.target == "bot"
    assert fleet.pings[-1] == (2, "opened")
    assert fleet.state.silences == {}
    assert fleet.state.muted == {}


def test_a_silence_of_mild_trouble_lets_urgent_trouble_through() -> None:
    fleet = Fleet.made([watched("bot", priority=Priority.P1), watched("web", priority=Priority.P3)])
    fleet.give(SilenceAsked(Matcher(least=Priority.P3), 600.0, OLGA, ""))
    fleet.breaks("web")
    assert fleet.state.incidents == {}
    fleet.breaks("bot")
    assert fleet.incident.target == "bot"


def test_an_incident_of_which_only_silenced_trouble_goes_on_is_silenced() -> None:
    fleet = crowd([member("bot")], quick())
    fleet.give(SilenceAsked(Matcher(least=Priority.P3), 3600.0, OLGA, "known"))
    fleet.sees("bot", GRAVE, well=False)
    fleet.sees("bot", MILD, well=False)
    assert fleet.incident.silenced == ""
    fleet.sees("bot", GRAVE, well=True)
    assert fleet.incident.silenced.startswith("silenced by Olga until ")
    assert fleet.incident.due is None


def test_what_is_over_before_the_silence_is_never_told() -> None:
    fleet = one()
    fleet.give(SilenceAsked(ALL, 600.0, OLGA, ""))
    fleet.breaks("bot")
    fleet.works("bot")
    fleet.wait(700.0)
    assert fleet.state.incidents == {}
    assert fleet.pings == []


def test_a_silenced_incident_is_edited_and_pings_nobody() -> None:
    fleet = one()
    fleet.breaks("bot")
    fleet.deliver_all()
    fleet.give(SilenceAsked(ALL, 3600.0, OLGA, "known", incident=1))
    assert fleet.incident.silenced.startswith("silenced by Olga until ")
    fleet.deliver_all()
    fleet.wait(1800.0)
    assert fleet.pings == [(1, "opened")]
    fleet.works("bot")
    assert fleet.told_kinds(1)[-1] is NoticeKind.CHANGED
    assert not fleet.is_open()


def test_when_its_silence_ends_an_incident_waits_for_somebody_again() -> None:
    fleet = one()
    fleet.breaks("bot")
    fleet.deliver_all()
    fleet.give(SilenceAsked(ALL, 3600.0, OLGA, "", incident=1))
    fleet.wait(3600.0)
    assert fleet.incident.silenced == ""
    fleet.deliver_all()
    fleet.wait(300.0)
    assert fleet.pings[-1] == (1, "escalated")


def test_a_silence_until_it_is_over_ends_with_the_incident() -> None:
    fleet = one(reopen=0.0)
    fleet.breaks("bot")
    fleet.give(SilenceAsked(ALL, None, OLGA, "", incident=1))
    fleet.works("bot", after=7200.0)
    fleet.tick(1.0)
    assert fleet.state.silences == {}
    fleet.breaks("bot", after=60.0)
    assert fleet.pings[-1] == (2, "opened")


def test_a_silence_until_it_is_over_does_not_come_back_with_the_incident() -> None:
    fleet = one()
    fleet.breaks("bot")
    fleet.give(SilenceAsked(ALL, None, OLGA, "", incident=1))
    fleet.works("bot")
    assert fleet.state.silences == {}
    fleet.breaks("bot")
    fleet.wait(1.0)
    assert fleet.incident.id == 1
    assert fleet.incident.silenced == ""
    assert fleet.pings[-1] == (1, "escalated")


def test_somebody_ends_a_silence_and_what_it_muted_is_told_at_once() -> None:
    fleet = one()
    fleet.give(SilenceAsked(ALL, 600.0, OLGA, ""))
    fleet.breaks("bot")
    fleet.give(UnsilenceAsked(1, OTTO))
    assert fleet.pings == [(1, "opened")]
    assert str(fleet.give(UnsilenceAsked(1, OTTO)).refusal) == "There is no silence 1 in force."


def test_under_maintenance_nothing_is_restarted_and_afterwards_it_is() -> None:
    drive = Drive.of()
    drive.runs()
    drive.give(SilenceAsked(ALL, 600.0, OLGA, "new disk", maintenance=True))
    drive.crashes()
    assert drive.started == []
    assert drive.state.incidents == {}
    drive.tick(600.0)
    assert [effect.action.target for effect in drive.started] == ["summarybot"]


def test_a_silence_does_not_keep_opsbot_from_repairing() -> None:
    drive = Drive.of()
    drive.runs()
    drive.give(SilenceAsked(ALL, 600.0, OLGA, ""))
    drive.crashes()
    assert len(drive.started) == 1
    assert drive.told == []


def test_a_window_of_the_configuration_mutes_and_holds_while_it_lasts() -> None:
    fleet = one()
    begins = fleet.now.wall + 100.0
    with_windows(fleet, Window("backup", Once(begins, begins + 600.0), ("bot",), "snapshot"))
    fleet.breaks("bot", after=150.0)
    (alert,) = fleet.state.alerts.values()
    assert alert.muted.startswith("maintenance window “backup” until ")
    fleet.wait(600.0)
    assert fleet.pings == [(1, "opened")]


def test_a_window_of_targets_that_are_named_by_a_pattern() -> None:
    fleet = Fleet.made([watched("db-main"), watched("web")])
    begins = fleet.now.wall - 60.0
    with_windows(fleet, Window("backup", Once(begins, begins + 600.0), ("db-*",)))
    fleet.breaks("db-main")
    assert fleet.state.incidents == {}
    fleet.breaks("web")
    assert fleet.incident.target == "web"


def test_a_window_begins_while_an_incident_is_open() -> None:
    fleet = one()
    begins = fleet.now.wall + 100.0
    with_windows(fleet, Window("backup", Once(begins, begins + 600.0)))
    fleet.breaks("bot")
    fleet.deliver_all()
    fleet.wait(120.0)
    assert "backup" in fleet.incident.silenced
    fleet.wait(400.0)
    assert fleet.pings == [(1, "opened")]


def test_a_window_that_began_while_the_machine_slept_is_no_time_for_a_deadline() -> None:
    fleet = one()
    fleet.breaks("bot")
    begins = fleet.now.wall + 600.0
    with_windows(fleet, Window("backup", Once(begins, begins + 3600.0)))
    fleet.tick(1800.0)
    assert fleet.incident.silenced.startswith("maintenance window “backup” until ")
    assert fleet.pings == [(1, "opened")]


def test_a_deploy_holds_automation_and_is_named_by_the_next_incident() -> None:
    drive = Drive.of()
    drive.give(ProcessFound("summarybot", Running(ProcessId("boot-1", 10, 1), drive.now, 1)))
    drive.give(DeployAsked("summarybot", "v1.4.2", 300.0, OLGA))
    drive.crashes()
    assert drive.started == []
    assert any("after the deploy of v1.4.2 by Olga" in entry.text for entry in drive.incident.timeline)
    assert drive.incident.cause.startswith("perhaps the deploy of v1.4.2 by Olga")
    drive.tick(300.0)
    assert len(drive.started) == 1


def test_a_dry_run_decides_everything_tells_nobody_and_does_nothing() -> None:
    fleet = Fleet.made([watched("bot")], quick(dry_run=True))
    fleet.breaks("bot")
    fleet.wait(400.0)
    assert fleet.is_open()
    assert fleet.pings == []
    assert fleet.told_kinds(1)  # the log is told
    drive = Drive.of()
    drive.state.policy = quick(dry_run=True)
    drive.runs()
    drive.crashes()
    assert drive.started == []
    assert "dry run: it would be restarted now" in drive.incident.doing


def test_an_acknowledged_incident_that_is_silenced_stays_somebodys() -> None:
    fleet = one()
    fleet.breaks("bot")
    fleet.give(Acknowledge(1, OLGA, ""))
    fleet.give(SilenceAsked(ALL, 86_400.0, OLGA, "", incident=1))
    fleet.wait(80_000.0)
    assert fleet.incident.acknowledged_by == OLGA
