"""What a rule does: its action, as far as it is on and safe."""

from __future__ import annotations

from collections.abc import Collection

from opsbot.config.causes import WHY, Cause, obstacle
from opsbot.config.conditions.mistakes import nearest
from opsbot.config.conditions.resolve import Compiled
from opsbot.config.conditions.scope import Scope
from opsbot.config.custom import custom_actions
from opsbot.config.document import Path
from opsbot.config.models.actions import Actions
from opsbot.config.models.rule import RuleSection
from opsbot.config.workshop import Workshop
from opsbot.domain.rule import ActionKind


def action_of(
    shop: Workshop,
    actions: Actions,
    section: RuleSection,
    compiled: Compiled,
    *,
    path: Path,
    scope: Scope,
    causes: Collection[Cause],
) -> ActionKind:
    """The action of a rule at `path` (() for a built-in one). `causes`: what may restart the target."""
    try:
        kind = ActionKind(section.action)
    except ValueError:
        _unknown(shop, section, path)
        return ActionKind.NONE
    setting = getattr(actions, kind.value, None)
    if setting is not None and not setting.enabled:
        return ActionKind.NONE
    if kind is ActionKind.RESTART and (cause := obstacle(compiled.expr, scope, causes)):
        return _only_alerts(shop, section, cause, path)
    return kind


def _unknown(shop: Workshop, section: RuleSection, path: Path) -> None:
    known = [*ActionKind, *custom_actions(shop)]
    if section.action not in known:
        message = f"there is no action `{section.action}`: {nearest(section.action, known)}"
        shop.wrong((*path, "action"), message)
        return
    shop.remark(f"rule {section.name}: its action {section.action} is left to people, the rule alerts.")


def _only_alerts(shop: Workshop, section: RuleSection, cause: Cause, path: Path) -> ActionKind:
    """A cause that is not listed restarts nothing."""
    if path:
        why = WHY.get(cause, f"`restart.causes` leaves `{cause}` out")
        remedy = f" (`restart.causes` can list `{cause}`)" if cause in WHY else ""
        shop.remark(f"rule {section.name} alerts and does not restart by itself: {why}{remedy}.")
    return ActionKind.INVESTIGATE
