"""A message says what is behind an incident, and whom else it affects."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.incident import Affected, Incident
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.draw.incident import incident_message

OPEN = Incident(
    7, "db", "The database is down", IncidentState.OPEN, Priority.P1, Severity.CRITICAL, Moment(1.0, 1e9)
)


def shown(incident: Incident) -> str:
    (embed,) = incident_message(incident).embeds
    return f"{embed.title}\n{embed.description}"


def test_cause_and_others_stand_in_it_and_the_rest_is_counted() -> None:
    others = tuple(Affected(f"bot-{n}", 2) for n in range(50))
    text = shown(replace(OPEN, cause="db: 50 targets depend on it", affected=others))
    assert "Cause: db: 50 targets depend on it" in text
    assert "Also affected: bot-0, bot-1, bot-2 and 47 more (100 alerts)" in text


def test_who_has_it_and_what_keeps_it_quiet() -> None:
    olga = Actor(ActorKind.DISCORD, "1", "Olga")
    text = shown(replace(OPEN, assigned_to=olga, silenced="silenced by Olga until 2026-01-05 16:00 UTC"))
    assert "Olga has it" in text
    assert "Nobody is disturbed: silenced by Olga until" in text


def test_until_when_somebody_should_answer_stands_in_it_while_that_is_open() -> None:
    due = replace(OPEN, due=Moment(600.0, 1e9 + 600))
    assert "Answer until <t:1000000600:T> (<t:1000000600:R>)" in shown(due)
    over = replace(due, state=IncidentState.RESOLVED, resolved_at=Moment(9.0, 1e9 + 8))
    assert "Answer until" not in shown(over)


def test_one_that_was_counted_into_another_is_not_called_resolved() -> None:
    over = replace(OPEN, state=IncidentState.RESOLVED, resolved_at=Moment(9.0, 1e9 + 8), part_of=9)
    assert "counted into incident #9" in shown(over)
    assert "resolved after" not in shown(over)


def test_nothing_around_it_adds_nothing() -> None:
    assert not any(mark in shown(OPEN) for mark in "🧭🌐🙋🔕↪⏰")


def test_foreign_text_is_made_safe() -> None:
    hostile = "@everyone [x](https://evil.example) " * 50
    text = shown(replace(OPEN, cause=hostile, affected=(Affected(hostile, 1),), silenced=hostile))
    assert "@everyone" not in text
    assert "[x](https://evil.example)" not in text
