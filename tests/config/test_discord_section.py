"""The section `discord`."""

from __future__ import annotations

from opsbot.domain.access import AccessRules
from opsbot.domain.levels import Priority
from tests.config.kit import made

SECTION = "guild: 10, ops_channel: 20, roles: {viewer: 1, operator: [2, 3], admin: '4'}"


def test_one_role_or_several_by_id() -> None:
    loaded = made(f"discord: {{{SECTION}}}")
    assert loaded.access == AccessRules(
        10, frozenset({1}), frozenset({2, 3}), frozenset({4}), channels=frozenset({20})
    )


def test_changes_are_asked_in_the_ops_channel_unless_other_channels_are_named() -> None:
    named = made(f"discord: {{{SECTION}, command_channels: [7, 8]}}").access
    anywhere = made(f"discord: {{{SECTION}, command_channels: []}}").access
    assert named is not None
    assert anywhere is not None
    assert named.channels == {7, 8}
    assert not anywhere.channels


def test_the_ops_channel_is_a_notifier_that_pings_the_operators() -> None:
    spec = made(f"discord: {{{SECTION}}}").notifiers[0]
    assert (spec.name, spec.kind) == ("ops_channel", "discord")
    assert (spec.options.channel_id, spec.options.role_ids) == (20, (2, 3))
    assert spec.options.ping_from is Priority.P3


def test_whom_incidents_ping_can_be_said() -> None:
    loaded = made(f"discord: {{{SECTION}, mention_roles: 9, mention_from: P1}}")
    assert loaded.notifiers[0].options.role_ids == (9,)
    assert loaded.notifiers[0].options.ping_from is Priority.P1
    assert loaded.discord is not None
    assert loaded.discord.mention_role_ids == (9,)


def test_who_is_on_call_is_pinged_too_and_may_do_what_an_operator_may() -> None:
    loaded = made(f"discord: {{{SECTION}, on_call_role: 9}}")
    assert loaded.notifiers[0].options.on_call_ids == (9,)
    assert loaded.notifiers[0].options.role_ids == (2, 3)
    assert loaded.discord is not None
    assert loaded.discord.mention_role_ids == (2, 3, 9)
    assert loaded.access is not None
    assert loaded.access.operators == {2, 3, 9}


def test_without_an_admin_it_is_said_that_nobody_may_restart() -> None:
    notices = made("discord: {guild: 1, ops_channel: 2}").notices
    assert any("nobody may restart" in notice for notice in notices)


def test_a_command_that_tells_nobody_leaves_it_out() -> None:
    loaded = made("discord: {guild: wrong}", watch_only=True)
    assert loaded.discord is None
    assert loaded.notifiers == ()
