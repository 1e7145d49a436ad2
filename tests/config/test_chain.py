"""Who is called in: `notifications.fallback` and `notifications.escalation`; what each notifier is told."""

from __future__ import annotations

import pytest

from opsbot.config.chain import audience
from opsbot.domain.levels import Priority, Severity
from opsbot.domain.notice import Chain, EscalationStep
from opsbot.domain.quiet import QuietHours
from tests.config.kit import made, problem

LOG, HOOK = "log: {}", "slack: {webhook_url: '${SLACK}'}"
ENVIRON = {"SLACK": "https://slack.test/hook"}


def told(*lines: str) -> str:
    return "\n".join(("notifications:", *(f"  {line}" for line in (LOG, HOOK, *lines))))


def test_without_them_everybody_is_told_first() -> None:
    loaded = made(told(), ENVIRON)
    assert loaded.chain == Chain()
    assert not any(audience(spec, loaded.chain.reserve).reserve for spec in loaded.notifiers)


def test_a_fallback_waits_in_reserve() -> None:
    loaded = made(told("fallback: {after_minutes: 2, notifiers: slack}"), ENVIRON)
    assert loaded.chain == Chain(("slack",), 120.0)
    reserve = {s.name: audience(s, loaded.chain.reserve).reserve for s in loaded.notifiers}
    assert reserve == {"log": False, "slack": True}


def test_steps_come_in_the_order_of_their_time_and_are_for_p1_unless_said() -> None:
    later = "{after_minutes: 30, notifiers: [slack]}"
    steps = f"escalation: [{later}, {{after_minutes: 15, notifiers: slack, priorities: [P1, P2]}}]"
    assert made(told(steps), ENVIRON).chain.steps == (
        EscalationStep(900.0, ("slack",), frozenset({Priority.P1, Priority.P2})),
        EscalationStep(1800.0, ("slack",), frozenset({Priority.P1})),
    )


@pytest.mark.parametrize(
    ("line", "key", "said"),
    [
        ("fallback: {notifiers: slak}", "notifications.fallback.notifiers", "there is no such notifier"),
        ("fallback: {notifiers: []}", "notifications.fallback.notifiers", "must not be empty"),
        ("fallback: {}", "notifications.fallback.notifiers", "missing"),
        ("fallback: {notifiers: slack, after_minutes: 0}", "notifications.fallback.after_minutes", "0"),
        ("fallback: {notifiers: slack, minutes: 3}", "notifications.fallback.minutes", "not a known key"),
        ("escalation: {notifiers: slack}", "notifications.escalation", "must be a list of steps"),
        ("escalation: [{notifiers: slack}]", "notifications.escalation[0].after_minutes", "missing"),
        (
            "escalation: [{after_minutes: 5, notifiers: ops_channel}]",
            "notifications.escalation[0].notifiers",
            "told first",
        ),
        ("fallback: {notifiers: [slack, log]}", "notifications", "nobody would be told first"),
        ("fallback: slack", "notifications.fallback", "keys"),
    ],
)
def test_a_mistake_is_told_with_its_key(line: str, key: str, said: str) -> None:
    found = problem(told(line), ENVIRON)
    assert found.key == key
    assert said in found.message
    assert found.line


def test_a_mistake_in_a_notifier_is_told_once_and_not_where_it_is_called_in() -> None:
    text = "notifications: {log: {}, slack: {}, fallback: {notifiers: slack}}"
    assert problem(text, ENVIRON).key == "notifications.slack.webhook_url"


def test_one_that_is_off_is_left_out_and_said() -> None:
    loaded = made("notifications: {log: {}, slack: {enabled: false}, fallback: {notifiers: slack}}")
    assert loaded.chain.fallback == ()
    assert any("which is off" in notice for notice in loaded.notices)


def test_what_a_notifier_is_told_comes_from_its_options() -> None:
    options = (
        "{alert_levels: [critical], priorities: [P1], quiet_hours: '22:00-07:30', quiet_except: P2, "
        "max_per_minute: 5, rate_limit_minutes: 3}"
    )
    [spec] = made(f"notifications: {{log: {options}}}").notifiers
    found = audience(spec, frozenset())
    assert found.levels == {Severity.CRITICAL}
    assert found.priorities == {Priority.P1}
    assert found.quiet == QuietHours(22 * 60, 7 * 60 + 30, Priority.P2)
    assert (spec.options.max_per_minute, spec.options.rate_limit_minutes) == (5, 3)


def test_what_the_ops_channel_is_told_can_be_said_too() -> None:
    there = "quiet_hours: '23:00-06:00', max_per_minute: 9"
    loaded = made(f"discord: {{guild: 1, ops_channel: 2, roles: {{admin: 3}}, {there}}}")
    assert audience(loaded.notifiers[0], frozenset()).quiet == QuietHours(23 * 60, 6 * 60)
    assert loaded.notifiers[0].options.max_per_minute == 9


@pytest.mark.parametrize("hours", ["22-7", "25:00-07:00", "22:00-07:60", "night"])
def test_hours_that_are_none_are_refused(hours: str) -> None:
    wrong = problem(f"notifications: {{log: {{quiet_hours: '{hours}'}}}}")
    assert wrong.key == "notifications.log.quiet_hours"
    assert f"must be two times of the day such as `22:00-07:00`, not `{hours}`" in str(wrong)


def test_that_a_file_is_called_in_is_remarked_on() -> None:
    loaded = made(
        told("pager: {type: slack, webhook_url: '${SLACK}'}", "fallback: {notifiers: pager}"), ENVIRON
    )
    assert not any("no person reads" in notice for notice in loaded.notices)
    unread = "pager: {type: unread}"
    loaded = made(told(unread, "fallback: {notifiers: pager}"), ENVIRON)
    assert "notifications.pager is called in, but no person reads it as it comes." in loaded.notices
