"""The report for whoever is asked for help: the guide's six points, with what opsbot knows filled in."""

from __future__ import annotations

import re
from dataclasses import replace

from opsbot.diagnostics.past import Past, past_text
from opsbot.diagnostics.report import About, report_text
from opsbot.domain.actor import AUTO, Actor, ActorKind
from opsbot.domain.audit import AuditEntry
from opsbot.domain.health import HealthReport, Section
from opsbot.domain.incident import Entry, EntryKind, Incident, Opening
from opsbot.domain.levels import IncidentState, Outcome, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Finding

NOW = Moment(5000.0, 1_767_625_440.0)
OLGA = Actor(ActorKind.DISCORD, "1", "Olga")
DOWN = Incident(
    7, "bot", "The bot is down", IncidentState.OPEN, Priority.P1, Severity.CRITICAL, NOW.after(-90),
    timeline=(Entry(NOW.after(-90), EntryKind.SEEN, "bot_process_down: killed by SIGKILL", AUTO),),
)  # fmt: skip
HEALTH = HealthReport(
    "bot", "Bot", NOW, (Section("Process", (Finding(Outcome.FAIL, "Process", "not running"),)),)
)
ABOUT = About("bot", "Bot", NOW.wall, "1.0", "Linux 6", Past(incidents=(DOWN,)), HEALTH)


def points(text: str) -> dict[str, str]:
    found = re.split(r"^## (\d\. .+)$", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def test_it_has_the_six_points_in_the_guides_order() -> None:
    assert list(points(report_text(ABOUT))) == [
        "1. Diagnostic bundle",
        "2. Steps to reproduce",
        "3. Expected and actual behavior",
        "4. Recent changes or deployments",
        "5. Frequency and severity",
        "6. Impact on users",
    ]


def test_what_opsbot_knows_is_filled_in_and_what_not_is_asked_for() -> None:
    acts = (AuditEntry(NOW.after(-600), OLGA, "restart", "bot", "allowed", "deploy 1.2"),)
    found = list(points(report_text(replace(ABOUT, past=replace(ABOUT.past, acts=acts)))).values())
    assert "killed by SIGKILL" in found[1]
    assert "✗ Process" in found[2]
    assert "restart by Olga, allowed: deploy 1.2" in found[3]
    assert "P1: 1" in found[4]
    assert "incident #7 lasts 1 min 30 s" in found[5]
    assert all("_To be added by you:_" in one for one in found[1:])


def test_without_anything_known_it_is_a_report_still() -> None:
    found = points(report_text(replace(ABOUT, past=Past(), health=None)))
    assert "No incident is on record" in found["2. Steps to reproduce"]
    assert "not known" in found["3. Expected and actual behavior"]


def test_what_is_over_is_told_as_over() -> None:
    over = replace(DOWN, state=IncidentState.RESOLVED, resolved_at=NOW.after(-30))
    text = report_text(replace(ABOUT, past=Past(incidents=(over,))))
    assert "incident #7 lasted 1 min" in text
    assert "P1, critical, over" in text


def test_of_what_came_back_the_time_in_between_is_no_part() -> None:
    past = (Opening(NOW.after(-3600), NOW.after(-3570)),)
    back = replace(DOWN, opened=NOW.after(-3600), past=past, begun=(NOW.after(-3600), NOW.after(-90)))
    text = report_text(replace(ABOUT, past=Past(incidents=(back,))))
    assert "incident #7 lasts 2 min, open 2 times" in text
    assert "in incidents within 7 d: 2 min in all" in text


def test_a_past_that_cannot_be_read_says_so_and_the_rest_stands() -> None:
    text = past_text(replace(ABOUT.past, silent=("opsbot's own state: the file is busy",)))
    assert "the file is busy" in text
    assert "#7 P1 open" in text
    assert text.count("(none)") == 5
