"""`opsbot incidents acknowledge|note|assign|resolve|muted`: what people do about incidents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

Config = Annotated[
    Path | None, typer.Option("--config", "-c", envvar="OPSBOT_CONFIG", help="Configuration file.")
]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
Number = Annotated[int, typer.Argument(min=1, help="The incident's number, without #.")]


def acknowledge(
    number: Number,
    reason: Annotated[list[str] | None, typer.Argument(help="What you know or do about it.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Take an incident on. Nobody is pinged again for it while you do something about it."""
    request = {"verb": "acknowledge", "incident": number, "reason": " ".join(reason or ())}
    raise typer.Exit(_act(config, request, as_json=as_json))


def note(
    number: Number,
    text: Annotated[list[str], typer.Argument(help="What you saw or did.")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Add a line to an incident's timeline, also after its end."""
    request = {"verb": "note", "incident": number, "text": " ".join(text)}
    raise typer.Exit(_act(config, request, as_json=as_json))


def assign(
    number: Number,
    name: Annotated[str, typer.Argument(help="Who has it from now on; left out: you.")] = "",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Give an incident to somebody, which acknowledges it."""
    raise typer.Exit(_act(config, {"verb": "assign", "incident": number, "name": name}, as_json=as_json))


def resolve(
    number: Number,
    reason: Annotated[list[str] | None, typer.Argument(help="Why it is over.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Say that an incident is over. What still holds fires again, and reopens it."""
    request = {"verb": "resolve", "incident": number, "reason": " ".join(reason or ())}
    raise typer.Exit(_act(config, request, as_json=as_json))


def muted(as_json: Json = False, config: Config = None) -> None:
    """Show what fires and is told nobody. And what keeps it from being told."""
    raise typer.Exit(_act(config, {"verb": "muted"}, as_json=as_json))


def add_to(group: typer.Typer) -> None:
    """Makes all of them commands of `group`."""
    for command in (acknowledge, note, assign, resolve, muted):
        group.command()(command)


def _act(config: Path | None, request: dict[str, Any], *, as_json: bool) -> int:
    from opsbot.cli.act import act_command

    return act_command(config, request, as_json=as_json)
