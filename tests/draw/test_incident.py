"""The alert, as somebody reads it at 3 a.m."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.incident import AlertLine, Entry, EntryKind, Incident, Opening
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.draw.answers import incident_line
from opsbot.draw.incident import (
    incident_alarm,
    incident_message,
    lasted,
    marker,
    moved_message,
    resolved_reply,
)
from opsbot.draw.payload import Button, Colour, Payload, fingerprint
from opsbot.draw.summary import as_data, facts
from tests.draw.samples import sample_incident

OPEN, TAKEN, OVER = (
    sample_incident(state)
    for state in (IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.RESOLVED)
)


CUSTOM_ID, WORDS = "opsbot:{}:12", ("ack", "assign", "silence", "resolve", "restart", "diagnose", "runbook")


def field(payload: Payload, name: str) -> str:
    return next((f.value for f in payload.embeds[0].fields if f.name == name), "")


def buttons(payload: Payload) -> dict[str, bool]:
    items = [item for row in payload.rows for item in row]
    return {item.custom_id: item.disabled for item in items if isinstance(item, Button)}


def test_the_phone_shows_who_is_called_how_urgent_it_is_and_what_is_broken() -> None:
    alarm = incident_alarm(OPEN, (5,))
    assert alarm.content == "<@&5> 🔴 **P1 · summarybot** · Bot process is not running"
    assert alarm.roles == (5,)


def test_an_open_alert_says_cause_since_and_what_opsbot_does() -> None:
    shown = incident_message(OPEN)
    embed = shown.embeds[0]
    assert embed.title == "🔴 P1 · summarybot · open"
    assert embed.description == "**Bot process is not running**\n🤖 Restarting it now"
    assert embed.colour is Colour.RED
    assert field(shown, "Since") == "<t:1767625440:R> (<t:1767625440:T>)"
    assert field(shown, "What happened") == "<t:1767625440:T> killed by SIGKILL"
    assert buttons(shown) == dict.fromkeys(map(CUSTOM_ID.format, WORDS), False)
    assert shown.content is None


def test_a_value_stands_against_its_threshold() -> None:
    line = AlertLine("cpu", Severity.CRITICAL, Priority.P2, True, OPEN.opened, "CPU is high", 92.43, 85, "%")
    shown = incident_message(replace(OPEN, alerts=(line,), priority=Priority.P2))
    assert field(shown, "Value") == "92.4% (limit 85%)"
    assert shown.embeds[0].colour is Colour.ORANGE


def test_the_most_urgent_alert_leads_and_the_others_follow() -> None:
    def line(name: str, priority: Priority, *, firing: bool) -> AlertLine:
        return AlertLine(name, Severity.WARNING, priority, firing, OPEN.opened, name, 2340, 2000, "ms")

    lines = (
        line("over", Priority.P1, firing=False),
        line("lead", Priority.P2, firing=True),
        line("minor", Priority.P4, firing=True),
    )
    shown = incident_message(replace(OPEN, alerts=lines))
    assert field(shown, "Also seen").splitlines() == [
        "🔵 minor",
        "✓ over · over",
    ]


def test_a_milder_rule_that_says_the_same_is_not_shown() -> None:
    def line(name: str, priority: Priority) -> AlertLine:
        return AlertLine(name, Severity.WARNING, priority, True, OPEN.opened, "Same words", 21, 20, "/min")

    shown = incident_message(replace(OPEN, alerts=(line("mild", Priority.P4), line("lead", Priority.P3))))
    assert field(shown, "Also seen") == ""


def test_somebody_has_it() -> None:
    shown = incident_message(replace(TAKEN, ack_reason="on it, @everyone"))
    assert shown.embeds[0].title == "🟣 P1 · summarybot · acknowledged"
    assert field(shown, "Acknowledged by").startswith("Alice <t:1767625445:R>\non it, @\u200beveryone")
    assert [custom_id for custom_id, disabled in buttons(shown).items() if disabled] == ["opsbot:ack:12"]


def test_the_first_row_is_for_the_incident_and_the_second_for_the_target() -> None:
    labels = [[item.label for item in row if isinstance(item, Button)] for row in incident_message(OPEN).rows]
    assert labels == [
        ["Acknowledge", "Assign to me", "Silence", "Resolve"],
        ["Restart", "Diagnostics", "Runbook"],
    ]


def test_a_drill_has_nothing_to_press() -> None:
    assert buttons(incident_message(replace(OPEN, id=-5))) == {}


def test_when_it_is_over_there_is_nothing_left_to_press() -> None:
    shown = incident_message(OVER)
    assert shown.embeds[0].title == "🟢 summarybot · resolved after 14 s"
    assert shown.embeds[0].colour is Colour.GREEN
    assert shown.embeds[0].description == "It was: **Bot process is not running**"
    assert "Restarting" not in shown.embeds[0].description
    assert field(shown, "From, to") == "<t:1767625440:T> to <t:1767625454:T>"
    assert not shown.rows


def came_back(state: IncidentState) -> Incident:
    """Open for 12 s, well for ten minutes, open again."""
    again = OPEN.opened.after(612.0)
    past = (Opening(OPEN.opened, OPEN.opened.after(12.0), OPEN.opened.after(2.0)),)
    ended = again.after(30.0) if state is IncidentState.RESOLVED else None
    return replace(sample_incident(state), past=past, begun=(OPEN.opened, again), resolved_at=ended)


def test_of_what_came_back_the_time_in_between_is_no_part() -> None:
    over, live = came_back(IncidentState.RESOLVED), came_back(IncidentState.OPEN)
    shown = incident_message(over)
    assert shown.embeds[0].title == "🟢 summarybot · resolved after 30 s (open 2 times, 42 s in all)"
    assert field(shown, "From, to") == "<t:1767626052:T> to <t:1767626082:T>"
    assert field(shown, "Open before") == "once since <t:1767625440:R>, 12 s in all"
    reply = resolved_reply(over).content or ""
    assert reply.startswith("🟢 **Resolved: summarybot** after 30 s (open 2 times, 42 s in all) · it was")
    assert "resolved after 30 s (open 2 times, 42 s in all), <t:1767626052:R>" in incident_line(over)
    assert field(incident_message(live), "Since") == "<t:1767626052:R> (<t:1767626052:T>)"
    assert field(incident_message(live), "Open before") == "once since <t:1767625440:R>, 12 s in all"
    assert marker(live) == marker(OPEN)  # the message is still that of the same incident


def test_programs_and_other_receivers_are_told_of_the_openings_too() -> None:
    over = came_back(IncidentState.RESOLVED)
    rows = dict(facts(over))
    assert rows["Since"] == "2026-01-05 15:14:12 UTC"
    assert rows["Open before"] == "once since 2026-01-05 15:04:00 UTC, 12 s in all"
    assert rows["Lasted"] == "30 s (open 2 times, 42 s in all)"
    data = as_data(over)
    assert (data["opened"], data["began"], data["told"]) == (1767625440.0, 1767626052.0, None)
    assert (data["openings"], data["open_seconds"]) == (2, 42.0)


def test_the_answer_that_it_is_over_is_silent() -> None:
    reply = resolved_reply(OVER, 77)
    assert reply.silent
    assert reply.reply_to == 77
    assert reply.content == "🟢 **Resolved: summarybot** after 14 s · it was: Bot process is not running"


def test_escalation_says_that_nobody_has_it() -> None:
    text = incident_alarm(OPEN, (5,), escalated=True).content or ""
    assert text.startswith("<@&5> ⏫ **P1 · summarybot**")
    assert "nobody has acknowledged it" in text
    assert "nobody" not in (incident_alarm(TAKEN, (5,), escalated=True).content or "")


def test_a_late_message_says_so() -> None:
    assert "This message is 1 h 5 min late." in incident_message(OPEN, late=3900).embeds[0].description


def test_an_old_message_points_to_the_newer_one_and_loses_its_buttons() -> None:
    shown = moved_message(OPEN)
    assert "newer message" in shown.embeds[0].description
    assert not shown.rows
    assert shown.content is None


def test_the_footer_tells_incidents_of_two_state_directories_apart() -> None:
    assert marker(OPEN) == "Incident #12 · summarybot · 2026-01-05 15:04:00 UTC"
    assert marker(OPEN) != marker(replace(OPEN, opened=OPEN.opened.after(1)))
    assert incident_message(OPEN).embeds[0].footer == marker(OPEN)


def test_only_the_newest_lines_of_the_timeline_are_shown() -> None:
    bob = Actor(ActorKind.DISCORD, "8", "Bob")
    entries = tuple(Entry(OPEN.opened.after(n), EntryKind.SAID, f"line {n}", bob) for n in range(20))
    shown = field(incident_message(replace(OPEN, timeline=entries)), "What happened").splitlines()
    assert len(shown) == 8
    assert shown[-1].endswith("**Bob** line 19")


def test_what_opsbot_did_begins_like_a_sentence_and_what_a_rule_saw_with_its_name() -> None:
    entries = (
        Entry(OPEN.opened, EntryKind.SEEN, "bot_process_down is over: process ok"),
        Entry(OPEN.opened, EntryKind.DONE, "restarted in 8.3 s, pid 4711, healthy"),
    )
    shown = field(incident_message(replace(OPEN, timeline=entries)), "What happened").splitlines()
    assert shown[0].endswith("> bot_process_down is over: process ok")
    assert shown[1].endswith("> Restarted in 8.3 s, pid 4711, healthy")


def test_a_reboot_in_the_middle_does_not_shorten_an_incident() -> None:
    assert lasted(replace(OVER, resolved_at=Moment(20.0, OVER.opened.wall + 3600))) == "1 h"


@pytest.mark.parametrize("state", IncidentState)
def test_nothing_but_a_change_changes_what_is_shown(state: IncidentState) -> None:
    incident = sample_incident(state)
    same = replace(incident, version=9)
    assert fingerprint(incident_message(incident)) == fingerprint(incident_message(same))
    other = replace(incident, title="Something else")
    assert fingerprint(incident_message(incident)) != fingerprint(incident_message(other))


def test_of_a_bundle_the_message_says_how_much_there_is_and_the_thread_the_rest() -> None:
    text = "Diagnostics collected: 12 of 13 parts, 62.1 KB; without stacks.txt (looking into targets is off)"
    entry = Entry(OPEN.opened, EntryKind.DONE, text, file="diagnostics.tar.gz")
    shown = incident_message(replace(OPEN, timeline=(entry,)))
    assert field(shown, "What happened").endswith("> Diagnostics collected: 12 of 13 parts, 62.1 KB 📎")


def test_what_came_back_is_not_told_as_if_nobody_had_cared() -> None:
    again = OPEN.opened.after(120.0)
    back = replace(OPEN, begun=(OPEN.opened, again), waiting=again, due=again.after(300.0))
    said = incident_alarm(back, (5,), escalated=True).content
    assert (
        said
        == "<@&5> 🔁 **P1 · summarybot** is back · Bot process is not running · 2× since <t:1767625440:R>"
    )
    missed = incident_alarm(replace(back, due=None), escalated=True).content or ""
    assert "nobody has acknowledged it" in missed


def test_a_flapping_one_says_since_when_it_is_calm() -> None:
    shown = incident_message(replace(OPEN, doing="", calm=OPEN.opened.after(9.0)))
    assert "Nothing fires since <t:1767625449:T>" in (shown.embeds[0].description or "")


def test_what_only_became_more_urgent_blames_nobody() -> None:
    began = OPEN.opened
    urgent = replace(OPEN, begun=(began,), waiting=began, due=began.after(300.0))
    assert (incident_alarm(urgent, escalated=True).content or "").endswith(" · opened <t:1767625440:R>")
    forgotten = replace(urgent, waiting=began.after(3600.0), due=began.after(3900.0))
    assert "waits for somebody again" in (incident_alarm(forgotten, escalated=True).content or "")
