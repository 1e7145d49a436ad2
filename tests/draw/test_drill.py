"""How a drill looks, in Discord and on a terminal."""

from __future__ import annotations

import json

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.drill import Drill, DrillLine, DrillState
from opsbot.domain.moment import Moment
from opsbot.draw.drill import drill_data, drill_payload, drill_progress, drill_table
from opsbot.draw.limits import EMBED_DESCRIPTION
from opsbot.text import units
from tests.draw.samples import NASTY

OLGA = Actor(ActorKind.DISCORD, "1", "Olga")
LINES = (
    DrillLine("ops_channel", "discord", DrillState.ARRIVED, 0.132),
    DrillLine("mail", "email", DrillState.FAILED, 20.0, "mail.example.com: no answer in time", True),
    DrillLine("slack", "slack", DrillState.FAILED, 0.05, "hooks.slack.com answered 404: no_service"),
    DrillLine("pager", "pagerduty", DrillState.OFF),
    DrillLine("hook", "webhook", DrillState.ARRIVED, 0.04, end_error="hook answered 500"),
)


def drill(*lines: DrillLine, over: bool = True) -> Drill:
    return Drill(-5, OLGA, Moment(1.0, 1_767_625_440.0), lines, over=over)


def test_a_terminal_shows_a_table_of_what_arrived_and_how_long_it_took() -> None:
    assert drill_table(drill(*LINES)).splitlines() == [
        "  NOTIFIER     KIND       RESULT",
        "✓ ops_channel  discord    132 ms",
        "✗ mail         email      mail.example.com: no answer in time (trying again may help)",
        "✗ slack        slack      hooks.slack.com answered 404: no_service (trying again cannot help)",
        "- pager        pagerduty  off",
        "✗ hook         webhook    arrived after 40 ms, but not that the test is over: hook answered 500",
    ]


def test_the_message_says_that_it_is_a_test_while_it_runs_and_when_it_is_over() -> None:
    (running,) = drill_payload(drill(DrillLine("mail", "email"), over=False)).embeds
    assert "DRILL" in running.title
    assert "Nothing is wrong" in running.description
    assert "⏳ **mail** (email): sending" in running.description
    (over,) = drill_payload(drill(*LINES)).embeds
    assert over.title == "📣 DRILL over: 3 failed"
    assert "✅ **ops_channel** (discord): 132 ms" in over.description
    assert "⚪ **pager** (pagerduty): off" in over.description


def test_a_drill_that_sent_nothing_did_not_pass() -> None:
    nothing = drill(LINES[3])
    assert not nothing.passed
    assert drill_payload(nothing).embeds[0].title == "📣 DRILL over: nothing was sent"
    assert drill_payload(drill(LINES[0])).embeds[0].title == "📣 DRILL over: it arrived everywhere"


def test_what_a_receiver_says_cannot_ping_or_break_out_and_everything_fits() -> None:
    many = [DrillLine(f"n{n}", "webhook", DrillState.FAILED, 1.0, " ".join(NASTY) * 5) for n in range(200)]
    (embed,) = drill_payload(drill(*many)).embeds
    assert units(embed.description) <= EMBED_DESCRIPTION
    assert "more" in embed.description.splitlines()[-1]
    assert "@everyone" not in embed.description
    assert len(drill_table(drill(many[0])).splitlines()) == 2


def test_programs_get_json() -> None:
    data = json.loads(json.dumps(drill_data(drill(*LINES))))
    assert data["passed"] is False
    assert data["notifiers"][1] == {
        "name": "mail",
        "kind": "email",
        "result": "failed",
        "seconds": 20.0,
        "error": "mail.example.com: no answer in time",
        "retry_may_help": True,
        "end_error": "",
    }


def test_the_progress_names_who_is_waited_for() -> None:
    assert drill_progress(drill(DrillLine("mail", "email"), over=False)) == "waiting for mail"
    assert drill_progress(drill(LINES[0], over=False)) == "telling that the test is over"
