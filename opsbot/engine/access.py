"""The one answer to "may this person do this here?".

What Discord shows or hides is no protection: every command, button, modal and autocomplete asks here, with
what Discord says about the person at that very moment.
"""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.access import AccessRules, Permission, Principal

REFUSAL = "You may not do that here."
"""All that is said to whoever may not: it tells an outsider nothing."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason` is for the person who asked, `log_reason` for the audit: it says exactly why."""

    allowed: bool
    reason: str
    log_reason: str


def authorize(principal: Principal, permission: Permission, rules: AccessRules) -> Decision:
    """Whether the person may: the first objection refuses, and without any the role that allows is named."""
    objection = _objection(principal, permission, rules)
    if objection:
        return Decision(False, REFUSAL, objection)
    granted = min(_granting(permission, rules) & principal.role_ids)
    return Decision(True, "", f"role {granted} may {permission.name.lower()}")


def _objection(principal: Principal, permission: Permission, rules: AccessRules) -> str:
    if principal.bot:
        return "a bot or a webhook, which may never ask for anything"
    if principal.guild_id is None:
        return "asked in a direct message, outside the guild"
    if principal.guild_id != rules.guild_id:
        return f"asked in guild {principal.guild_id}, which is not the configured {rules.guild_id}"
    if not _granting(permission, rules) & principal.role_ids:
        return f"has no role that may {permission.name.lower()}"
    if permission > Permission.VIEW and rules.channels and principal.channel_id not in rules.channels:
        return f"asked in channel {principal.channel_id}, where nothing may be changed"
    return ""


def _granting(permission: Permission, rules: AccessRules) -> frozenset[int]:
    """Roles that hold a permission, each with those it includes. Never @everyone, whose id is the guild's."""
    roles = rules.admins
    if permission <= Permission.OPERATE:
        roles |= rules.operators
    if permission <= Permission.VIEW:
        roles |= rules.viewers
    return roles - {rules.guild_id}
