"""The words of `opsbot diagnostics` and `opsbot profile`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None, typer.Option("--config", "-c", envvar="OPSBOT_CONFIG", help="Configuration file.")
]
TargetName = Annotated[str | None, typer.Argument(help="The target; may be left out when there is one.")]


def diagnostics(
    target: TargetName = None,
    folder: Annotated[Path, typer.Option("--output", "-o", help="Folder for the file.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    config: Config = None,
) -> None:
    """Collect what whoever helps must know, without secrets.

    It is one file, diagnostics_YYYYMMDD_HHMMSS.tar.gz. Works beside a running opsbot and without one. Read
    it before you give it away.
    """
    from opsbot.cli.diagnostics import diagnostics_command

    raise typer.Exit(diagnostics_command(config, target, folder, as_json=as_json))


def profile(
    target: TargetName = None,
    seconds: Annotated[int, typer.Option(min=1, max=60, help="For how long.")] = 10,
    config: Config = None,
) -> None:
    """Look where a Python target spends its time. By py-spy; `diagnostics.profile: true` allows it."""
    from opsbot.cli.act import act_command

    raise typer.Exit(act_command(config, {"verb": "profile", "target": target, "seconds": seconds}))
