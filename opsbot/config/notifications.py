"""From the sections `notifications` and `discord` to the notifiers that are on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opsbot.config import adapters
from opsbot.config.adapters import Packages
from opsbot.config.chain import RESERVED
from opsbot.config.conditions.mistakes import nearest
from opsbot.config.document import Path
from opsbot.config.models.discord import Discord
from opsbot.config.settings import NotifierSpec
from opsbot.config.switches import is_off
from opsbot.config.workshop import Workshop

OPS_CHANNEL = "ops_channel"
"""Name of the notifier that is the bot's own channel; no other may have it."""

KINDS = {"discord": "discord_webhook"}
"""A notifier's kind by its name in the alert file: `notifications.discord` is the webhook, the bot's own
channel stands under `discord`. Any other notifier's kind is its `type`, else its name."""


def specs(
    shop: Workshop, given: Mapping[str, Any], discord: Discord | None, packages: Packages
) -> tuple[NotifierSpec, ...]:
    """All notifiers that are on, the bot's own channel first."""
    found = [] if discord is None else [_ops_channel(shop, discord, packages)]
    for name, data in given.items():
        path: Path = ("notifications", name)
        if name in RESERVED:
            continue
        if name == OPS_CHANNEL:
            shop.wrong_key(path, "is the name of the bot's own channel: choose another name.")
        if isinstance(data, dict):
            found.append(_spec(shop, name, data, path, packages))
        elif data is not None:
            shop.wrong(path, "must hold keys with values, such as `enabled: true`.")
    return tuple(spec for spec in found if spec is not None)


def silent(given: Any) -> dict[str, str]:
    """The kinds of those that are off, by name."""
    found = given.items() if isinstance(given, dict) else ()
    return {
        str(name): str(_kind(name, data)) for name, data in found if name not in RESERVED and is_off(data)
    }


def _kind(name: str, data: Mapping[str, Any]) -> Any:
    return data.get("type", KINDS.get(name, name))


def _spec(
    shop: Workshop, name: str, data: Mapping[str, Any], path: Path, packages: Packages
) -> NotifierSpec | None:
    kind = _kind(name, data)
    module = adapters.find(shop, packages.notifiers, kind, (*path, "type") if "type" in data else path)
    if module is None:
        return None
    rest = {key: value for key, value in data.items() if key != "type"}
    if is_off(data):
        _keys_only(shop, module.Options.model_fields, rest, path)
        return None
    adapter = adapters.options(shop, module, kind, path, rest)
    return None if adapter is None else NotifierSpec(name, kind, adapter.options)


def _keys_only(shop: Workshop, fields: Mapping[str, Any], data: Mapping[str, Any], path: Path) -> None:
    """A notifier that is off may lack its values, but a misspelt key is a mistake."""
    for key in data:
        if key not in fields and key.removesuffix("_file") not in fields:
            shop.wrong_key((*path, key), f"is not a known key: {nearest(key, fields)}")


def _ops_channel(shop: Workshop, discord: Discord, packages: Packages) -> NotifierSpec | None:
    path: Path = ("discord",)
    module = adapters.find(shop, packages.notifiers, "discord", path)
    if module is None:
        return None
    mentioned = discord.roles.operator if discord.mention_roles is None else discord.mention_roles
    options = module.Options(
        channel_id=discord.ops_channel,
        role_ids=mentioned,
        on_call_ids=discord.on_call_role,
        ping_from=discord.mention_from,
        alert_levels=discord.alert_levels,
        priorities=discord.priorities,
        rate_limit_minutes=discord.rate_limit_minutes,
        max_per_minute=discord.max_per_minute,
        threads=discord.threads,
        quiet_hours=discord.quiet_hours,
        quiet_except=discord.quiet_except,
    )
    return NotifierSpec(OPS_CHANNEL, "discord", options)
