"""Answers to people who work on incidents: whatever a text holds, Discord takes them and nobody is pinged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.actor import AUTO, Actor, ActorKind
from opsbot.domain.alert import Alert
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.levels import AlertState, IncidentState, Priority, Severity
from opsbot.domain.maintenance import Once, Planned, Window
from opsbot.domain.moment import Moment
from opsbot.domain.silence import Deploy, Matcher, Muted, Silence
from opsbot.draw import people, silences
from opsbot.draw.answers import incidents_list
from opsbot.draw.payload import Button, File, Payload
from opsbot.draw.timeline import PAGE, incident_shown, pages
from tests.draw.samples import incidents, nasty_text, patient, sample_incident, short_text
from tests.draw.test_limits_of_incidents import LIVE, assert_discord_takes_it, texts

AT = Moment(1000.0, 1_767_625_440.0)


def answers(text: str, incident: Incident) -> Iterator[Payload]:
    """Every answer, with the same text wherever somebody else's can stand."""
    who = Actor(ActorKind.DISCORD, "7", text)
    yield from (people.taken(replace(incident, ack_reason=text)), people.ended(incident, text))
    yield from (people.given(incident, who, who), people.given(incident, AUTO, who))
    yield from (people.noted(incident, text), people.exported(7, File("p.md", b"x")))
    yield from (people.newest_incidents([incident] * 2, 25, text), incidents_list([incident] * 2, text))
    held = Silence(1, Matcher((text,), (text,), Priority.P2), AT.after(60), who, text, AT)
    kept = replace(held, id=2, maintenance=True)
    yield from (silences.silenced(held), silences.silenced(kept), silences.ended(held))
    planned = Planned(Window(text, Once(0, 0), (text,), text, text), ends=AT)
    yield from (silences.silences_list([held] * 2), silences.maintenance_list([kept] * 2, [planned]))
    alert = Alert(text, text, AlertState.FIRING, Severity.CRITICAL, Priority.P1, AT, text)
    yield from (silences.muted_list([Muted(alert, text)] * 2), silences.how_long(incident))
    yield silences.deployed(Deploy(text, text, who, AT, AT.after(600)))
    yield incident_shown(replace(incident, timeline=(Entry(AT, EntryKind.SAID, text, who),) * 3))


@given(st.one_of(nasty_text, short_text), incidents())
@patient
def test_discord_takes_every_answer_and_nobody_is_pinged(text: str, incident: Incident) -> None:
    for payload in answers(text, incident):
        assert_discord_takes_it(payload)
        drawn = "\n".join(re.sub(r"<t:-?\d+:\w>", "", part) for part in texts(payload))
        assert not LIVE.search(drawn.replace("`/silence end 1`", "").replace("`/maintenance end 2`", ""))


def test_long_lists_count_what_they_leave_out() -> None:
    many = list(answers("**a** long `text` " * 30, replace(sample_incident(), title="t" * 500)))
    for payload in many:
        assert_discord_takes_it(payload)
    held = Silence(1, Matcher(("bot",)), AT.after(60), AUTO, "r" * 300, AT)
    shown = text_of(silences.silences_list([held] * 100))
    assert f"… and {100 - shown.count('**#1**')} more" in shown


def test_empty_lists_say_what_can_be_done() -> None:
    titles = [
        silences.silences_list([]).embeds[0].title,
        silences.maintenance_list([], []).embeds[0].title,
        silences.muted_list([]).embeds[0].title,
        people.newest_incidents([], 25, "bot").embeds[0].title,
    ]
    assert titles == [
        "🔔 Nothing is silenced.",
        "No maintenance.",
        "🔔 No alert is muted.",
        "🟢 There was no incident of bot yet.",
    ]


def test_what_was_assigned_and_waits_again_is_not_said_to_be_in_somebodys_hands() -> None:
    alice = Actor(ActorKind.DISCORD, "7", "Alice")
    waiting = replace(sample_incident(), assigned_to=alice)
    assert "assigned to Alice" in text_of(incidents_list([waiting]))
    assert "Alice has it" in text_of(incidents_list([replace(waiting, acknowledged_by=alice)]))
    over = replace(waiting, acknowledged_by=alice, state=IncidentState.RESOLVED, resolved_at=AT)
    assert "Alice had it" in text_of(people.newest_incidents([over], 25))


def test_a_page_of_a_timeline_stays_what_it_is_while_lines_are_added() -> None:
    timeline = [Entry(AT, EntryKind.SEEN, f"line {n} " + "x" * 150) for n in range(100)]
    before, after = pages(timeline[:70]), pages(timeline)
    assert len(before) > 2
    assert after[: len(before) - 1] == before[:-1]
    assert "".join(after).count("line ") == 100


def test_pages_are_turned_by_buttons_and_one_that_is_too_high_is_the_last() -> None:
    timeline = tuple(Entry(AT, EntryKind.SEEN, f"line {n} " + "x" * 250) for n in range(30))
    incident = replace(sample_incident(), timeline=timeline)
    count = len(pages(timeline))
    shown = {page: labels(incident_shown(incident, page)) for page in (1, 2, count)}
    assert shown == {1: ["Later"], 2: ["Earlier", "Later"], count: ["Earlier"]}
    assert incident_shown(incident, 99) == incident_shown(incident) == incident_shown(incident, count)
    first = incident_shown(incident, 2).rows[0][0]
    assert first.custom_id == PAGE.format(incident=incident.id, page=1)


def test_a_timeline_of_one_page_has_no_buttons_and_an_empty_one_says_so() -> None:
    assert incident_shown(replace(sample_incident(), timeline=())).rows == ()
    assert "Nothing was written down" in text_of(incident_shown(replace(sample_incident(), timeline=())))


def test_a_button_of_an_incidents_message_is_no_part_of_the_picture() -> None:
    assert incident_shown(sample_incident()).rows == ()


def labels(payload: Payload) -> list[str]:
    return [item.label for row in payload.rows for item in row if isinstance(item, Button)]


def text_of(payload: Payload) -> str:
    return "\n".join(texts(payload))
