"""`opsbot silence`, `opsbot maintenance` and `opsbot deploy`: what people are told less of, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

silence = typer.Typer(help="Keep people from being told of something for a while.", no_args_is_help=True)
maintenance = typer.Typer(
    help="Work on a target. Nobody is told, and opsbot does nothing by itself.", no_args_is_help=True
)

Config = Annotated[
    Path | None, typer.Option("--config", "-c", envvar="OPSBOT_CONFIG", help="Configuration file.")
]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
Duration = Annotated[str, typer.Argument(help="For how long: 15m, 2h, 1d.")]
Targets = Annotated[
    list[str] | None,
    typer.Option("--target", "-t", help="Only this one; `*` stands for anything; may be repeated."),
]
Number = Annotated[int, typer.Argument(min=1, help="Its number, as `list` shows it.")]


@silence.command("add")
def silence_add(
    duration: Duration,
    reason: Annotated[
        list[str] | None, typer.Argument(help="Why; shown in Discord and in the audit.")
    ] = None,
    target: Targets = None,
    rule: Annotated[list[str] | None, typer.Option("--rule", "-r", help="Only this rule; likewise.")] = None,
    priority: Annotated[
        str, typer.Option("--priority", "-p", help="Only this and less urgent ones: P3 leaves P1 and P2.")
    ] = "P1",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Begin a silence. What it is about still fires and is listed; opsbot repairs as ever."""
    what = {"targets": target, "rules": rule, "priority": priority, "reason": " ".join(reason or ())}
    raise typer.Exit(_act(config, {"verb": "silence", "duration": duration, **what}, as_json=as_json))


@silence.command("list")
def silence_list(as_json: Json = False, config: Config = None) -> None:
    """Show what is silenced, and maintenance. In the order in which it ends."""
    raise typer.Exit(_act(config, {"verb": "silences"}, as_json=as_json))


@silence.command("end")
def silence_end(number: Number, as_json: Json = False, config: Config = None) -> None:
    """End a silence before its time: what still fires is told."""
    raise typer.Exit(_act(config, {"verb": "unsilence", "number": number}, as_json=as_json))


@maintenance.command("start")
def maintenance_start(
    duration: Duration,
    reason: Annotated[
        list[str], typer.Argument(help="What is worked on; shown in Discord and in the audit.")
    ],
    target: Targets = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Begin maintenance of all targets, or of some."""
    what = {"targets": target, "reason": " ".join(reason), "maintenance": True}
    raise typer.Exit(_act(config, {"verb": "silence", "duration": duration, **what}, as_json=as_json))


@maintenance.command("list")
def maintenance_list(as_json: Json = False, config: Config = None) -> None:
    """Show what goes on, and what is planned. With when the windows of the configuration begin or end."""
    raise typer.Exit(_act(config, {"verb": "maintenance"}, as_json=as_json))


@maintenance.command("end")
def maintenance_end(number: Number, as_json: Json = False, config: Config = None) -> None:
    """End maintenance before its time. What still fires is told, and repaired."""
    request = {"verb": "unsilence", "number": number, "maintenance": True}
    raise typer.Exit(_act(config, request, as_json=as_json))


def deploy(
    target: Annotated[str, typer.Argument(help="What is brought out.")],
    version: Annotated[str, typer.Argument(help="Which version, such as v1.4.2 or a commit.")],
    minutes: Annotated[
        float, typer.Option(min=0, max=240, help="For so long automation leaves the target alone.")
    ] = 10,
    if_running: Annotated[
        bool, typer.Option("--if-running", help="No failure when opsbot does not run.")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Mark that a new version is brought out.

    Made for a line in a deploy script. Automation leaves the target alone meanwhile, and an incident that
    begins soon after names the version.
    """
    from opsbot.cli.act import running_command

    request = {"verb": "deploy", "target": target, "version": version, "minutes": minutes}
    raise typer.Exit(running_command(config, request, as_json=as_json, needed=not if_running))


def _act(config: Path | None, request: dict[str, Any], *, as_json: bool) -> int:
    from opsbot.cli.act import act_command

    return act_command(config, request, as_json=as_json)
