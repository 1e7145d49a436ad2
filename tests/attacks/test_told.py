"""Whatever a log, a body, a process or a person says: to none of those who are told is it more than words."""

from __future__ import annotations

import email.policy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from typing import Any

import pytest

from opsbot import redact
from opsbot.domain.action import Action, ActionState, Pause, Step, StepState
from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.incident import AlertLine, Entry, EntryKind, Incident
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Notice, NoticeKind, Telling
from opsbot.domain.rule import ActionKind
from opsbot.draw.action import action_payload
from opsbot.draw.answers import action_question, incidents_list, paused, refusal
from opsbot.draw.incident import incident_alarm, moved_message, resolved_reply
from opsbot.draw.wire import message_json
from opsbot.notifiers import _mail, log, pagerduty, slack, webhook

TOKEN = "MTIzNDU2Nzg5.GaBcD.q1w2e3r4t5y6u7i8o9p0"
EVIL = (
    f"{TOKEN} @everyone <@&77> <!channel> [free](https://evil.test) `code` ```x``` **b**\r\n"
    "Bcc: victim@example.com\n2026-01-01 forged\x1b[31m\x9b2J\u202e\x00<script>alert(1)</script> {0.x}"
)
NOW = Moment(1000.0, 1_800_000_000.0)
EVE = Actor(ActorKind.DISCORD, "1", EVIL)
INCIDENT = Incident(
    id=7,
    target="bot",
    title=EVIL,
    state=IncidentState.ACKNOWLEDGED,
    priority=Priority.P1,
    severity=Severity.CRITICAL,
    opened=NOW,
    alerts=(
        AlertLine("one", Severity.CRITICAL, Priority.P1, True, NOW, EVIL, reason=EVIL),
        AlertLine("two", Severity.CRITICAL, Priority.P2, True, NOW, EVIL, 1.0, 2.0, EVIL, EVIL),
    ),
    doing=EVIL,
    acknowledged_by=EVE,
    acknowledged_at=NOW,
    ack_reason=EVIL,
    timeline=(Entry(NOW, EntryKind.SAID, EVIL, EVE),),
)
TELLING = Telling(Notice(1, "x", 7, NoticeKind.OPENED, NOW, NOW), INCIDENT, None)
ACTION = Action(
    3, "bot", ActionKind.RESTART, EVE, EVIL, NOW, 1, 7, ActionState.FAILED,
    (Step(EVIL, StepState.FAILED, 1.0, EVIL),), NOW, EVIL,
)  # fmt: skip


def mail(_: object) -> str:
    made = message_from_bytes(
        bytes(_mail.compose(TELLING, "a@example.com", ("b@example.com",), NOW)), policy=email.policy.default
    )
    assert sorted(made.keys()).count("Bcc") == 0
    parts = [part.get_content() for part in made.walk() if part.get_content_maintype() == "text"]
    return "\n".join([str(made["Subject"]), *parts])


TOLD: dict[str, Callable[[Any], Any]] = {
    "alarm": lambda _: message_json(incident_alarm(INCIDENT, (5,))),
    "moved": lambda _: message_json(moved_message(INCIDENT)),
    "resolved": lambda _: message_json(resolved_reply(replace(INCIDENT, resolved_at=NOW))),
    "action": lambda _: message_json(action_payload(ACTION)),
    "pause": lambda _: message_json(paused(Pause("bot", NOW, EVE, EVIL, NOW))),
    "question": lambda _: message_json(action_question(ActionKind.RESTART, "bot", EVIL)),
    "refusal": lambda _: message_json(refusal(EVIL)),
    "list": lambda _: message_json(incidents_list([INCIDENT])),
    "slack": lambda _: slack.message(INCIDENT),
    "pagerduty": lambda _: pagerduty.events(TELLING),
    "webhook": lambda _: json.loads(webhook.document(TELLING)),
    "log": lambda _: json.loads(log.line(TELLING)),
    "mail": mail,
}
DISCORD = ("alarm", "moved", "resolved", "action", "pause", "question", "refusal", "list")


def texts(value: Any) -> list[str]:
    """Every text in what is sent."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) else []


@pytest.fixture(params=TOLD)
def told(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Who is told, and all of it."""
    with redact.hidden([TOKEN]):
        return request.param, "\n".join(texts(TOLD[request.param](None)))


def test_no_secret_is_told(told: tuple[str, str]) -> None:
    plain = told[1].replace("\\", "")
    for piece in (TOKEN, TOKEN[:9], TOKEN[-9:]):
        assert piece not in plain
    assert "•••" in plain


def test_nothing_told_controls_a_terminal_or_turns_the_text_round(told: tuple[str, str]) -> None:
    assert not set(told[1]) & set("\x1b\x9b\x00\u202e\r")


def test_nobody_is_pinged_by_a_text(told: tuple[str, str]) -> None:
    kind, text = told
    if kind in DISCORD:
        text = text.replace("<@&5>", "")
        assert not re.search(r"@(everyone|here)|<@[&!]?\d", text)
        assert not re.search(r"(?<!\\)\[[^\]]*\]\(", text)
    if kind == "slack":
        assert "<!" not in text


def test_no_line_of_a_mail_or_of_the_alert_log_is_forged() -> None:
    assert log.line(TELLING).count(b"\n") == 1
    body = mail(None)
    assert not re.search(r"^(Bcc:|2026-01-01)", body, re.MULTILINE)
    assert "<script>" not in body.partition("<div")[2]
