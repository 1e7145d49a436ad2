"""The words of `opsbot incidents`, `opsbot report` and `opsbot audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from opsbot.cli.incident_commands import add_to

Config = Annotated[
    Path | None, typer.Option("--config", "-c", envvar="OPSBOT_CONFIG", help="Configuration file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Number = Annotated[int, typer.Argument(min=1, help="The incident's number, without #.")]

incidents = typer.Typer(help="Incidents: what is open, what is over, and how it went.")
audit = typer.Typer(help="The record of who did what.", no_args_is_help=True)


@incidents.callback(invoke_without_command=True)
def _incidents(context: typer.Context, config: Config = None) -> None:
    """Without a command: list the open incidents."""
    if context.invoked_subcommand is None:
        _say(config, {"verb": "past", "count": LISTED, "live": True}, as_json=False)


@incidents.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", "-a", help="Also those that are over.")] = False,
    count: Annotated[int, typer.Option("-n", min=1, max=10_000, help="So many at most.")] = 50,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """List the open incidents, or with --all the newest ones."""
    _say(config, {"verb": "past", "count": count, "live": not everything}, as_json=as_json)


@incidents.command()
def show(number: Number, as_json: AsJson = False, config: Config = None) -> None:
    """Show one incident with all that happened in it, however old."""
    _say(config, {"verb": "incident", "incident": number}, as_json=as_json)


@incidents.command()
def export(
    number: Number,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it there; printed if left out.")
    ] = None,
    config: Config = None,
) -> None:
    """Write the postmortem of an incident as Markdown."""
    from opsbot.cli.memory import export_command

    raise typer.Exit(export_command(config, number, output))


add_to(incidents)


def report(
    period: Annotated[str, typer.Argument(help="day, week or month: up to now.")] = "week",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Sum up a day, a week or a month.

    Uptime, incidents, times to acknowledge and restore, restarts, and how it was before.
    """
    _say(config, {"verb": "report", "period": period}, as_json=as_json)


@audit.command("list")
def list_acts(
    count: Annotated[int, typer.Option("--lines", "-n", min=1, max=100_000, help="The newest so many.")] = 50,
    who: Annotated[str, typer.Option(help="Only of these: an id, or a part of a name.")] = "",
    target: Annotated[str, typer.Option(help="Only on these: a target, or a part of its name.")] = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """List the newest acts, the newest last."""
    _say(config, {"verb": "audit", "count": count, "who": who, "target": target}, as_json=as_json)


@audit.command()
def verify(
    noted: Annotated[
        str, typer.Option("--noted", help="A hash that an earlier verify told: all up to it must be as then.")
    ] = "",
    config: Config = None,
) -> None:
    """Look whether a row of the audit was changed or is missing.

    Exit code 0 when it is as it was written, 1 when not. Works while opsbot runs, and takes no lock.
    """
    from opsbot.cli.memory import verify_command

    raise typer.Exit(verify_command(config, noted))


LISTED = 1000


def _say(config: Path | None, request: dict[str, Any], *, as_json: bool) -> None:
    from opsbot.cli.memory import say

    raise typer.Exit(say(config, request, as_json=as_json))
