"""People's work on incidents, silences, maintenance and deploys over the control socket."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import pytest

from opsbot.control.server import serving
from opsbot.domain.alert import Alert
from opsbot.domain.incident import Incident
from opsbot.domain.levels import AlertState, IncidentState, Priority, Severity
from opsbot.domain.maintenance import Once, Planned, Window
from opsbot.domain.silence import Muted
from opsbot.testing.clock import VirtualClock
from opsbot.testing.operations import FakeOperations
from tests.control.wire import answer


@pytest.fixture
def operations() -> FakeOperations:
    made = FakeOperations(VirtualClock())
    made.known[3] = Incident(
        3, "bot", "It is down", IncidentState.OPEN, Priority.P1, Severity.CRITICAL, made.clock.now()
    )
    return made


async def asked(operations: FakeOperations, folder: Path, verb: str, **request: Any) -> dict[str, Any]:
    async with serving(operations, folder):
        (line,) = await answer(folder, {"verb": verb, **request})
    return line


async def test_an_incident_is_acknowledged_by_the_user_of_the_machine(
    operations: FakeOperations, tmp_path: Path
) -> None:
    line = await asked(operations, tmp_path, "acknowledge", incident=3, reason="I look")
    assert (line["text"], line["exit"]) == ("#3 Acknowledged P1 bot: It is down", 0)
    assert line["data"]["acknowledged_by"] == getpass.getuser()
    (call,) = operations.asked("acknowledge")
    assert (call.about, call.detail) == ("3", "I look")
    again = await asked(operations, tmp_path, "acknowledge", incident=3)
    assert "already acknowledged" in again["error"]
    assert again["exit"] == 2


async def test_a_note_is_written_and_said_back(operations: FakeOperations, tmp_path: Path) -> None:
    line = await asked(operations, tmp_path, "note", incident=3, text="the disk is full")
    assert line["text"] == "#3 P1 bot: It is down (noted)"
    assert operations.known[3].timeline[-1].text == "the disk is full"


async def test_an_incident_is_given_to_somebody_or_taken(operations: FakeOperations, tmp_path: Path) -> None:
    line = await asked(operations, tmp_path, "assign", incident=3, name="olga the admin")
    assert line["text"].endswith("(assigned to olga the admin)")
    line = await asked(operations, tmp_path, "assign", incident=3, name="")
    assert line["text"].endswith(f"(assigned to {getpass.getuser()})")


async def test_an_incident_is_resolved_once(operations: FakeOperations, tmp_path: Path) -> None:
    line = await asked(operations, tmp_path, "resolve", incident=3, reason="all is well")
    assert line["text"] == "#3 Resolved P1 bot: It is down"
    line = await asked(operations, tmp_path, "resolve", incident=3)
    assert "already resolved" in line["error"]


@pytest.mark.parametrize("number", [None, 0, -1, True, "3", 1.5, [3]])
async def test_what_is_no_number_of_an_incident_is_one_sentence(
    operations: FakeOperations, tmp_path: Path, number: object
) -> None:
    for verb in ("acknowledge", "note", "assign", "resolve"):
        line = await asked(operations, tmp_path, verb, incident=number, text="x")
        assert line["error"] == "`incident` is a number such as 3."


async def test_a_silence_is_begun_listed_and_ended(operations: FakeOperations, tmp_path: Path) -> None:
    request = {"targets": ["bot", "api-*"], "rules": ["disk_full"], "priority": "p3"}
    line = await asked(operations, tmp_path, "silence", duration="2h", reason="known", **request)
    text = line["text"]
    assert text.startswith("#1 bot, api-*, rule disk_full, P3 and less urgent: until ")
    assert text.endswith(f"by {getpass.getuser()}: known")
    (held,) = operations.mutes.held.values()
    assert held.matcher.least is Priority.P3
    assert held.until.since(held.at) == 7200
    line = await asked(operations, tmp_path, "silences")
    assert line["text"] == text
    assert line["data"][0]["targets"] == ["bot", "api-*"]
    line = await asked(operations, tmp_path, "unsilence", number=1)
    assert line["text"] == f"Ended: {text}"
    assert (await asked(operations, tmp_path, "silences"))["text"] == "Nothing is silenced."
    assert "no silence 1" in (await asked(operations, tmp_path, "unsilence", number=1))["error"]


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"duration": "soon"}, "`DURATION` is a time from 1 min to 30 d"),
        ({"duration": "10s"}, "`DURATION` is a time from 1 min to 30 d"),
        ({"duration": "1h", "priority": "P9"}, "`--priority` is P1, P2, P3 or P4"),
        ({"duration": "1h", "targets": "bot"}, "`targets` are at most 50 names."),
        ({"duration": "1h", "maintenance": True, "reason": " "}, "Maintenance needs a reason"),
    ],
)
async def test_a_mistaken_silence_is_one_sentence_and_silences_nothing(
    operations: FakeOperations, tmp_path: Path, request_: dict[str, Any], sentence: str
) -> None:
    line = await asked(operations, tmp_path, "silence", **request_)
    assert line["error"].startswith(sentence)
    assert line["exit"] == 2
    assert not operations.mutes.held


async def test_maintenance_is_listed_with_the_windows_of_the_configuration(
    operations: FakeOperations, tmp_path: Path
) -> None:
    now = operations.clock.now()
    when = Once(now.wall + 60, now.wall + 120)
    backup = Window("backup", when, (), "tapes", "Sundays at 3")
    move, past = Window("move", when, ("bot",)), Window("past", when)
    operations.mutes.planned = (Planned(move, ends=now), Planned(backup, begins=now), Planned(past))
    await asked(operations, tmp_path, "silence", duration="1h", maintenance=True, reason="new disk")
    await asked(operations, tmp_path, "silence", duration="1h", reason="no maintenance")
    line = await asked(operations, tmp_path, "maintenance")
    first, *others = line["text"].splitlines()
    assert first.startswith("#1 maintenance of all targets: until ")
    assert others[0].startswith("“move” of bot: goes on until ")
    assert others[1].startswith("“backup” of all targets, Sundays at 3: begins ")
    assert others[1].endswith(": tapes")
    assert others[2] == "“past” of all targets: is over for good"
    assert [one["name"] for one in line["data"]["windows"]] == ["move", "backup", "past"]


async def test_each_kind_is_ended_by_its_own_command(operations: FakeOperations, tmp_path: Path) -> None:
    await asked(operations, tmp_path, "silence", duration="1h", maintenance=True, reason="new disk")
    line = await asked(operations, tmp_path, "unsilence", number=1)
    assert line["error"] == "#1 is maintenance: `opsbot maintenance end 1` ends it."
    line = await asked(operations, tmp_path, "unsilence", number=1, maintenance=True)
    assert line["exit"] == 0


async def test_what_is_muted_is_listed_with_what_mutes_it(operations: FakeOperations, tmp_path: Path) -> None:
    assert (await asked(operations, tmp_path, "muted"))["text"] == "Nothing that fires is muted."
    now = operations.clock.now()
    alert = Alert("bot", "down", AlertState.FIRING, Severity.CRITICAL, Priority.P1, now, "It is down")
    operations.mutes.unheard = (Muted(alert, "silenced by Olga until noon"),)
    line = await asked(operations, tmp_path, "muted")
    assert line["text"] == "bot: It is down (down, P1): silenced by Olga until noon"
    assert line["data"][0]["rule"] == "down"


async def test_a_deploy_is_noted_in_one_line(operations: FakeOperations, tmp_path: Path) -> None:
    line = await asked(operations, tmp_path, "deploy", target="bot", version="v2", minutes=10)
    assert line["text"] == "Deploy of v2 to bot is noted: automation leaves it alone for 10 min."
    line = await asked(operations, tmp_path, "deploy", target="bot", version="v2", minutes=0)
    assert line["text"] == "Deploy of v2 to bot is noted."
    line = await asked(operations, tmp_path, "deploy", target="bot", version="v2", minutes="ten")
    assert line["error"] == "`minutes` is a number, such as 10."
    assert line["exit"] == 2
