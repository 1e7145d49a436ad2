"""What every notifier tells of an incident's cause, and of the targets that fold into it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.incident import Affected, Incident
from opsbot.domain.levels import IncidentState
from opsbot.domain.notice import Notice, NoticeKind, Telling
from opsbot.draw.incident import incident_alarm
from opsbot.draw.summary import AFFECTED_LISTED, as_data, facts, headline
from opsbot.draw.wire import message_json
from opsbot.notifiers import _apprise, _mail, log, pagerduty, slack, webhook
from tests.draw.samples import sample_incident

CAUSE = "db: 7 targets depend on it"
OTHERS = (Affected("bot-0", 1), *(Affected(f"bot-{n}", 2, ("process_down",)) for n in range(1, 7)))
DOWN = replace(sample_incident(), target="db", cause=CAUSE, affected=OTHERS)


def telling(incident: Incident) -> Telling:
    return Telling(
        Notice(5, "ops", incident.id, NoticeKind.OPENED, incident.opened, incident.opened), incident, None
    )


def mail(incident: Incident, part: str) -> str:
    made = _mail.compose(telling(incident), "a@example.com", ("b@example.com",), incident.opened)
    body: Any = made.get_body((part,))
    return f"{made['Subject']}\n{body.get_content()}"


def posted(incident: Incident) -> str:
    text = _apprise.message(telling(incident))
    return f"{text.title}\n{text.body}"


SHOWN: dict[str, Callable[[Incident], str]] = {
    "apprise": posted,
    "discord": lambda one: json.dumps(message_json(incident_alarm(one)), ensure_ascii=False),
    "mail": lambda one: mail(one, "plain"),
    "mail as HTML": lambda one: mail(one, "html"),
    "pagerduty": lambda one: json.dumps(pagerduty.events(telling(one))),
    "slack": lambda one: json.dumps(slack.message(one)),
}
"""What people read, by where."""


@pytest.mark.parametrize("kind", SHOWN)
def test_whoever_is_woken_reads_the_cause_and_who_else_is_affected(kind: str) -> None:
    text = SHOWN[kind](DOWN)
    assert CAUSE in text
    assert "and 7 others" in text, "also where only the first line is shown"
    assert "bot-1, bot-2, bot-3" in text
    assert "13 alerts" in text


@pytest.mark.parametrize("kind", SHOWN)
def test_without_a_cause_nothing_is_said_of_one(kind: str) -> None:
    text = SHOWN[kind](replace(DOWN, cause="", affected=()))
    assert "Cause" not in text
    assert "ffected" not in text
    assert "other" not in text


def test_those_that_are_not_well_yet_are_named_first_and_the_others_counted() -> None:
    said = dict(facts(DOWN))["Also affected"]
    assert said == "bot-1, bot-2, bot-3, bot-4, bot-5, bot-6, bot-0 (13 alerts); 1 well again"
    many = replace(DOWN, affected=tuple(Affected(f"bot-{n}", 1, ("down",)) for n in range(50)))
    assert dict(facts(many))["Also affected"].endswith("bot-9 and 40 more (50 alerts)")


@pytest.mark.parametrize("kind", ["mail", "slack", "apprise", "pagerduty"])
def test_what_was_counted_into_another_is_not_told_as_over(kind: str) -> None:
    folded = replace(
        sample_incident(), state=IncidentState.RESOLVED, resolved_at=sample_incident().opened, part_of=9
    )
    assert headline(folded).startswith("Counted into #9, summarybot: ")
    if kind != "pagerduty":  # which is told to close it, in no words
        text = SHOWN[kind](folded)
        assert "it goes on in incident #9" in text
        assert "Resolved" not in text
        assert "Lasted" not in text


def test_who_has_it_until_when_and_what_keeps_it_quiet_are_told_too() -> None:
    olga = Actor(ActorKind.DISCORD, "1", "Olga")
    said = dict(facts(replace(DOWN, assigned_to=olga, due=DOWN.opened.after(900.0), silenced="by Olga")))
    assert (said["Assigned to"], said["Answer until"], said["Quiet"]) == (
        "Olga",
        "2026-01-05 15:19:00 UTC",
        "by Olga",
    )


def test_a_program_gets_the_cause_and_the_others_as_data() -> None:
    data = json.loads(webhook.document(telling(DOWN)))["incident"]
    assert data["cause"] == CAUSE
    assert data["affected_targets"] == 7
    assert data["affected"][0] == {"target": "bot-0", "alerts": 1, "firing": False}
    assert data["affected"][1] == {"target": "bot-1", "alerts": 2, "firing": True}
    assert json.loads(log.line(telling(DOWN)))["incident"] == data
    assert (data["part_of"], data["silenced"], data["assigned_to"]) == (None, "", None)


def test_a_thousand_others_make_no_endless_document() -> None:
    data = as_data(replace(DOWN, affected=OTHERS[:1] * 1000))
    assert len(data["affected"]) == AFFECTED_LISTED
    assert data["affected_targets"] == 1000
