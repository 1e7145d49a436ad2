"""From checked sections to the plain parts of `Settings`."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from pydantic import SecretStr

from opsbot.config.conditions.units import DAY
from opsbot.config.custom import custom_actions
from opsbot.config.guide import DEFAULT_METRICS_DIR, Guide
from opsbot.config.models.actions import Action
from opsbot.config.models.schedules import Schedule
from opsbot.config.online import loopback, this_machine
from opsbot.config.parts import Sections
from opsbot.config.settings import (
    ActionSettings,
    DiscordSettings,
    LoopSettings,
    OutageSettings,
    RetentionSettings,
    ScheduleSettings,
    SwitchSettings,
    WebSettings,
)
from opsbot.config.workshop import Workshop
from opsbot.domain.access import AccessRules
from opsbot.domain.diagnostics import UPLOAD, BundlePolicy
from opsbot.domain.policy import IncidentPolicy
from opsbot.domain.series import HOUR, Keep
from opsbot.domain.target import Target

TOKEN = "OPSBOT_DISCORD_TOKEN"  # noqa: S105 - the variable's name, not a token
"""The variable with opsbot's own token (`DISCORD_TOKEN` is the watched bot's)."""

MIB = 1_048_576

DEFAULT_LOGS_DIR, DEFAULT_ALERTS_DIR = "./logs/archive", "./logs"
"""The guide's folders of archived logs and of the alert log."""


def discord(shop: Workshop, file: Sections) -> DiscordSettings | None:
    """opsbot's own bot, with its token from the file's `token` or `token_file`, else from the environment."""
    section = file.discord
    if section is None:
        return None
    token = section.token
    if token is None and shop.environ.get(TOKEN):
        token = SecretStr(shop.environ[TOKEN])
    if token is not None:
        shop.secrets[TOKEN] = token
    if not section.roles.admin:
        shop.remark("discord.roles.admin is empty: nobody may restart from Discord.")
    mentioned = section.roles.operator if section.mention_roles is None else section.mention_roles
    pinged = tuple(dict.fromkeys((*mentioned, *section.on_call_role)))
    return DiscordSettings(token, section.guild, section.ops_channel, pinged, section.threads)


def access(file: Sections) -> AccessRules | None:
    """Who may do what; changes are asked in the ops channel unless other channels are named. Who is on call
    may do what an operator may: else whoever is called could not take it on."""
    section = file.discord
    if section is None:
        return None
    channels = section.command_channels
    return AccessRules(
        guild_id=section.guild,
        viewers=frozenset(section.roles.viewer),
        operators=frozenset((*section.roles.operator, *section.on_call_role)),
        admins=frozenset(section.roles.admin),
        channels=frozenset({section.ops_channel} if channels is None else channels),
    )


def schedules(file: Sections) -> ScheduleSettings:
    """The monitoring loops."""
    given = file.schedules
    return ScheduleSettings(
        health_check=_loop(given.health_check),
        performance_metrics=_loop(given.performance_metrics),
        log_rotation=_loop(given.log_rotation),
        disk_space=_loop(given.disk_space),
    )


def _loop(schedule: Schedule) -> LoopSettings:
    return LoopSettings(schedule.interval_seconds, schedule.enabled)


def actions(shop: Workshop, file: Sections) -> ActionSettings:
    """What opsbot may do."""
    given = file.actions
    commands = _commands(shop, file)
    for name in commands:
        shop.remark(f"actions.{name}.command is left to people: this opsbot does not run it.")
    return ActionSettings(
        disabled=frozenset(name for name in type(given).model_fields if not getattr(given, name).enabled),
        commands=commands,
    )


def _commands(shop: Workshop, file: Sections) -> dict[str, tuple[str, ...]]:
    found = {}
    for name in type(file.actions).model_fields:
        if own := getattr(file.actions, name).command:
            found[name] = own
    for name in custom_actions(shop):
        custom = shop.build(Action, ("actions", name))
        if custom is not None and custom.command:
            found[name] = custom.command
    return found


def retention(shop: Workshop, file: Sections, guide: Guide | None) -> RetentionSettings:
    """How long data is kept; folders are absolute."""
    from opsbot.config.models.retention import Retention

    given, base = file.retention or Retention.model_construct(), shop.base_dir
    metrics_dir = given.metrics.path or (guide.metrics_dir if guide else DEFAULT_METRICS_DIR)
    return RetentionSettings(
        metrics=Keep(
            raw=given.metrics.raw_hours * HOUR,
            minute=given.metrics.duration_days * DAY,
            hour=given.metrics.hour_days * DAY,
            most_bytes=round(given.metrics.max_size_mb * MIB),
        ),
        logs=given.logs.duration_days * DAY,
        alerts=given.alerts.duration_days * DAY,
        metrics_dir=base / metrics_dir,
        logs_dir=base / (given.logs.path or DEFAULT_LOGS_DIR),
        alerts_dir=base / (given.alerts.path or DEFAULT_ALERTS_DIR),
    )


def incidents(file: Sections) -> IncidentPolicy:
    """How incidents are handled."""
    if file.incidents is None:
        return IncidentPolicy(dry_run=file.top.dry_run)
    from opsbot.config.models.incidents import policy

    return policy(file.incidents, dry_run=file.top.dry_run)


def outages(file: Sections, targets: Iterable[Target]) -> OutageSettings:
    """How opsbot tells its own outage, and Discord's, from a target's. Where no target lives on the network
    there is nothing to tell, and nobody is asked."""
    given = file.outages
    if given is None or not given.enabled or not any(target.networked for target in targets):
        return OutageSettings()
    return OutageSettings(
        enabled=True,
        control=given.control,
        lookup=given.lookup,
        status_url=given.discord_status_url,
        interval=given.interval_seconds,
    )


def switch(shop: Workshop, file: Sections) -> SwitchSettings:
    """The dead man's switch, where there is one."""
    given = file.switch
    if given is None:
        return SwitchSettings()
    parts = urlsplit(given.url.get_secret_value())
    if parts.scheme == "http" and not this_machine(parts.hostname or ""):
        shop.remark("dead_mans_switch.url is called unencrypted: use https where it is served.")
    return SwitchSettings(given.url, given.every, given.fail)


def diagnostics(shop: Workshop, file: Sections) -> BundlePolicy:
    """What bundles may hold, and how many are kept. It is said when Discord will not take each of them."""
    given = file.diagnostics
    if given is None:
        return BundlePolicy()
    if file.discord is not None and round(given.max_mb * MIB) > UPLOAD:
        shop.remark(
            f"diagnostics.max_mb is {given.max_mb:g}: a bundle of more than {UPLOAD // MIB} is not attached "
            f"to its incident in Discord, but stays in the folder “attachments” of the state directory; "
            f"/diagnostics sends it where the server is boosted."
        )
    return BundlePolicy(
        most_bytes=round(given.max_mb * MIB),
        profile=given.profile,
        environment=given.environment,
        keep=given.keep,
        keep_bytes=round(given.keep_mb * MIB),
        keep_seconds=given.keep_days * DAY,
        on_p1=given.on_p1,
    )


def web(shop: Workshop, file: Sections) -> WebSettings:
    """The endpoint for Prometheus, where there is a section for it. Beyond this machine it is said who reads
    along."""
    given = file.web
    if given is None:
        return WebSettings()
    found = WebSettings(given.listen, given.token)
    if not loopback(found.host) and given.token is None:
        shop.remark(
            f"web.listen is {given.listen}: whoever reaches that address reads the metrics; set `web.token`, "
            f"or listen on 127.0.0.1."
        )
    elif not loopback(found.host):
        shop.remark(f"web.listen is {given.listen}: metrics and token cross the network unencrypted.")
    return found
