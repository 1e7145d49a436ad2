from __future__ import annotations

import itertools

import pytest

from opsbot.domain.access import AccessRules, Permission, Principal
from opsbot.engine.access import REFUSAL, authorize

GUILD, ELSEWHERE = 1, 2
OPS, LOBBY = 10, 11
VIEWER, OPERATOR, ADMIN, STRANGER = 100, 101, 102, 103
RULES = AccessRules(GUILD, frozenset({VIEWER}), frozenset({OPERATOR}), frozenset({ADMIN}), frozenset({OPS}))


def somebody(
    *roles: int, guild: int | None = GUILD, channel: int | None = OPS, bot: bool = False
) -> Principal:
    return Principal(7, "Ada", guild, channel, frozenset(roles), bot)


def may(who: Principal, rules: AccessRules = RULES) -> list[str]:
    return [p.name.lower() for p in Permission if authorize(who, p, rules).allowed]


def test_each_role_may_what_the_ones_below_it_may() -> None:
    assert may(somebody(VIEWER)) == ["view"]
    assert may(somebody(OPERATOR)) == ["view", "operate"]
    assert may(somebody(ADMIN)) == ["view", "operate", "administer"]


def test_a_member_without_a_role_may_nothing() -> None:
    assert may(somebody()) == []
    assert may(somebody(STRANGER)) == []


def test_a_bot_or_webhook_may_nothing_whatever_its_roles() -> None:
    assert may(somebody(ADMIN, bot=True)) == []


def test_nobody_may_anything_in_a_direct_message_or_another_guild() -> None:
    assert may(somebody(ADMIN, guild=None)) == []
    assert may(somebody(ADMIN, guild=ELSEWHERE)) == []


def test_outside_the_ops_channel_one_may_only_look() -> None:
    assert may(somebody(ADMIN, channel=LOBBY)) == ["view"]
    assert may(somebody(ADMIN, channel=None)) == ["view"]


def test_without_configured_channels_any_channel_will_do() -> None:
    anywhere = AccessRules(GUILD, RULES.viewers, RULES.operators, RULES.admins)
    assert may(somebody(ADMIN, channel=LOBBY), anywhere) == ["view", "operate", "administer"]


def test_the_role_everyone_has_is_never_a_permission() -> None:
    everyone = AccessRules(GUILD, frozenset({GUILD}), frozenset({GUILD}), frozenset({GUILD}))
    assert may(somebody(GUILD), everyone) == []


def test_without_configured_roles_nobody_may_anything() -> None:
    nobody = AccessRules(GUILD, frozenset(), frozenset(), frozenset())
    assert may(somebody(VIEWER, OPERATOR, ADMIN), nobody) == []


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (somebody(ADMIN, bot=True), "a bot or a webhook"),
        (somebody(ADMIN, guild=None), "direct message"),
        (somebody(ADMIN, guild=ELSEWHERE), "asked in guild 2, which is not the configured 1"),
        (somebody(OPERATOR), "has no role that may administer"),
        (somebody(ADMIN, channel=LOBBY), "asked in channel 11"),
    ],
)
def test_a_refusal_tells_the_audit_why_and_the_person_nothing(who: Principal, why: str) -> None:
    decision = authorize(who, Permission.ADMINISTER, RULES)
    assert not decision.allowed
    assert why in decision.log_reason
    assert decision.reason == REFUSAL


def test_a_permission_names_the_role_that_gave_it() -> None:
    assert authorize(somebody(ADMIN, STRANGER), Permission.OPERATE, RULES).log_reason == (
        "role 102 may operate"
    )


def test_of_all_combinations_only_configured_roles_in_the_configured_guild_are_allowed() -> None:
    roles = (VIEWER, OPERATOR, ADMIN, STRANGER, GUILD)
    sets = [frozenset(c) for n in range(len(roles) + 1) for c in itertools.combinations(roles, n)]
    needed = {
        Permission.VIEW: {VIEWER, OPERATOR, ADMIN},
        Permission.OPERATE: {OPERATOR, ADMIN},
        Permission.ADMINISTER: {ADMIN},
    }
    allowed = 0
    for held, guild, channel, bot, permission in itertools.product(
        sets, (GUILD, ELSEWHERE, None), (OPS, LOBBY, None), (False, True), Permission
    ):
        decision = authorize(somebody(*held, guild=guild, channel=channel, bot=bot), permission, RULES)
        here = guild == GUILD and not bot and (channel == OPS or permission is Permission.VIEW)
        assert decision.allowed is (here and bool(held & needed[permission]))
        allowed += decision.allowed
    assert allowed
