"""From `credentials` of a target to what the action `check_api_key` goes by, and what it cannot find out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from opsbot.config.models.credential import CredentialSection
from opsbot.config.parts import Sections
from opsbot.config.targets import Draft
from opsbot.config.workshop import Workshop
from opsbot.domain.credential import Credential
from opsbot.domain.rule import ActionKind, Rule

KIND = ActionKind.CHECK_API_KEY


def credentials(
    shop: Workshop, file: Sections, draft: Draft, rules: Iterable[Rule]
) -> tuple[Credential, ...]:
    """The keys of a target; none where the action is off."""
    if not file.actions.check_api_key.enabled:
        return ()
    found = tuple(_credential(shop, *each) for each in draft.section.credentials.items())
    if any(rule.action is KIND for rule in rules) and _asked_for(shop):
        _say_what_is_left_out(shop, draft.name, found)
    return found


def _asked_for(shop: Workshop) -> bool:
    """Whether a rule of the file wants it; of the built-in ones nobody expects what was not configured."""
    rules = shop.value(("rules",))
    given = rules if isinstance(rules, list) else []
    return any(isinstance(rule, dict) and rule.get("action") == KIND.value for rule in given)


def _credential(shop: Workshop, name: str, given: CredentialSection) -> Credential:
    return Credential(
        name=name,
        variable=given.variable,
        url=given.url or "",
        header=given.header,
        scheme=given.scheme,
        least=given.min_length,
        env_file=shop.base_dir / Path(given.env_file).expanduser() if given.env_file else None,
    )


def _say_what_is_left_out(shop: Workshop, target: str, found: tuple[Credential, ...]) -> None:
    place = f"targets.{target}.credentials"
    if not found:
        shop.remark(f"{KIND} checks nothing of {target}: name its keys under `{place}`.")
    for one in found:
        if not one.url:
            shop.remark(
                f"{KIND} looks whether {one.variable} of {target} is set and what the log says, and asks "
                f"nobody whether the key is accepted: name an address with `{place}.{one.name}.url`."
            )
