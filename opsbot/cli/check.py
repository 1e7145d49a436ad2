"""`opsbot check-config`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import typer

from opsbot.config.load import load
from opsbot.config.peek import locate
from opsbot.config.settings import OutageSettings, Settings, SwitchSettings, WebSettings
from opsbot.domain.maintenance import Window
from opsbot.domain.rotation import RotationPolicy
from opsbot.domain.target import Target
from opsbot.text import bytes_text, seconds_text


def check_command(config: Path | None, schema: bool) -> int:
    """Prints what the configuration comes to (or its JSON Schema); returns 0.

    Raises:
        ConfigError: everything that is wrong with it.
    """
    if schema:
        from opsbot.config.schema import schema as editor_schema

        typer.echo(json.dumps(editor_schema(), indent=2))
        return 0
    file = config or locate(os.environ, Path.cwd())
    settings = load(file, os.environ)
    typer.echo(f"{file or 'No file: the built-in configuration'} is fine.\n")
    typer.echo(_summary(settings))
    return 0


def _summary(settings: Settings) -> str:
    lines = [f"State directory: {settings.state_dir}"]
    for target in settings.targets:
        lines += [f"Target {target.name} ({target.title})", *(f"  {line}" for line in _target(target))]
    lines += _told(settings)
    discord = (
        "the bot's own channel" if settings.discord else "no section `discord`: opsbot runs without a bot"
    )
    lines.append(f"Discord: {discord}")
    lines.append(f"Outages: {_outages(settings.outages)}")
    lines.append(f"Web: {_web(settings.web)}")
    lines += _runbooks(settings)
    lines.append(f"Dead man's switch: {_switch(settings.dead_mans_switch)}")
    lines += [f"Maintenance: {_window(window)}" for window in settings.maintenance]
    lines += [f"Note: {notice}" for notice in settings.notices]
    return "\n".join(lines)


def _runbooks(settings: Settings) -> list[str]:
    """How many can be walked, and everything that is wrong with the others: it stops nothing."""
    from opsbot.runbooks.library import Library

    books = Library(settings.runbooks).books()
    return [f"Runbooks: {len(books.runbooks)}", *(f"Runbook mistake: {each}" for each in books.mistakes)]


def _told(settings: Settings) -> list[str]:
    """Who is told first, and who is called in."""
    chain = settings.chain
    first = [f"{s.name} ({s.kind})" for s in settings.notifiers if s.name not in chain.reserve]
    lines = [f"Notifiers: {', '.join(first) or 'none'}"]
    if chain.fallback:
        then = ", then ".join(chain.fallback)
        lines.append(f"  when nobody was reached for {seconds_text(chain.silent_after)}: {then}")
    for step in chain.steps:
        names, urgent = " and ".join(step.notifiers), ", ".join(sorted(p.value for p in step.priorities))
        lines.append(f"  {urgent} not acknowledged after {seconds_text(step.after)}: {names}")
    return lines


def _outages(given: OutageSettings) -> str:
    if not given.enabled:
        return "not looked for: off, or no target lives on the network"
    others = [name for name in (*given.control, given.lookup, given.status_url) if name]
    asked = f"asked every {given.interval:g} s: {', '.join(['Discord itself', *others])}"
    alone = "; without a `control` address opsbot cannot tell its own outage from Discord's"
    return asked if others else asked + alone


def _web(given: WebSettings) -> str:
    if given.listen is None:
        return "no section `web`: nothing listens"
    return f"/metrics and /healthz on {given.listen}{', with a token' if given.token else ''}"


def _switch(given: SwitchSettings) -> str:
    if given.url is None:
        return "no section `dead_mans_switch`: if opsbot itself is gone, nothing says so"
    host = urlsplit(given.url.get_secret_value()).hostname
    return f"{host} is pinged every {seconds_text(given.every)}"


def _window(window: Window) -> str:
    return f"{window.name}: {window.times}; {', '.join(window.targets) or 'all targets'}"


def _target(target: Target) -> list[str]:
    supervisor, policy, parents = target.supervisor, target.restart, ", ".join(target.depends_on)
    lines = [f"checks: {', '.join(spec.name for spec in target.checks)}"]
    lines.append(f"supervisor: {supervisor.kind if supervisor else 'none: only watched'}")
    if supervisor is not None:
        often = (
            f"by itself at most {policy.max_per_hour} times an hour" if policy.enabled else "only by people"
        )
        lines.append(
            f"restarted: {often}" + (f"; not while one of these is down: {parents}" if parents else "")
        )
    if target.rotation is not None:
        lines.append(f"log: {_rotation(target.rotation)}")
    return [*lines, f"rules: {len(target.rules)}"]


def _rotation(policy: RotationPolicy) -> str:
    if not policy.enabled:
        return f"{policy.log.path}, rotated only by people"
    when = f"from {bytes_text(policy.min_bytes)}" + (f" and at `{policy.cron}`" if policy.cron else "")
    return f"{policy.log.path}, rotated {when}; {policy.log.keep} archives kept in {policy.log.archive_dir}"
