"""`opsbot check-config`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import typer

from opsbot.config.load import load
from opsbot.config.peek import locate
from opsbot.config.settings import Settings


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
        checks = ", ".join(spec.name for spec in target.checks)
        how = target.supervisor.kind if target.supervisor else "none: only watched"
        lines += [f"Target {target.name} ({target.title})", f"  checks: {checks}"]
        lines += [f"  supervisor: {how}", f"  rules: {len(target.rules)}"]
    told = ", ".join(f"{spec.name} ({spec.kind})" for spec in settings.notifiers)
    lines.append(f"Notifiers: {told or 'none'}")
    discord = (
        "the bot's own channel" if settings.discord else "no section `discord`: opsbot runs without a bot"
    )
    lines.append(f"Discord: {discord}")
    lines += [f"Note: {notice}" for notice in settings.notices]
    return "\n".join(lines)
