"""What a rule does: its action, as far as it is on and safe."""

from __future__ import annotations

from opsbot.config.conditions.mistakes import nearest
from opsbot.config.conditions.resolve import Compiled
from opsbot.config.custom import custom_actions
from opsbot.config.document import Path
from opsbot.config.models.actions import Actions
from opsbot.config.models.rule import RuleSection
from opsbot.config.workshop import Workshop
from opsbot.domain.rule import ActionKind


def action_of(
    shop: Workshop, actions: Actions, section: RuleSection, compiled: Compiled, *, path: Path
) -> ActionKind:
    """The action of a rule at `path` (() for a built-in one)."""
    try:
        kind = ActionKind(section.action)
    except ValueError:
        _unknown(shop, section, path)
        return ActionKind.NONE
    setting = getattr(actions, kind.value, None)
    if setting is not None and not setting.enabled:
        return ActionKind.NONE
    if compiled.gateway and kind is ActionKind.RESTART:
        return _not_for_gateway(shop, section, path)
    return kind


def _unknown(shop: Workshop, section: RuleSection, path: Path) -> None:
    known = [*ActionKind, *custom_actions(shop)]
    if section.action not in known:
        message = f"there is no action `{section.action}`: {nearest(section.action, known)}"
        shop.wrong((*path, "action"), message)
        return
    shop.remark(f"rule {section.name}: its action {section.action} is left to people, the rule alerts.")


def _not_for_gateway(shop: Workshop, section: RuleSection, path: Path) -> ActionKind:
    """Losing the gateway alone restarts nothing: it may be Discord's outage."""
    if path:
        shop.remark(
            f"rule {section.name} alerts and does not restart by itself: a lost gateway alone may be "
            f"Discord's outage."
        )
    return ActionKind.INVESTIGATE
