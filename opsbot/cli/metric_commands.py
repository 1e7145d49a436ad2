"""The words of `opsbot monitor` and `opsbot metrics`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opsbot.domain.recording import DURATION, INTERVAL

Config = Annotated[
    Path | None, typer.Option("--config", "-c", envvar="OPSBOT_CONFIG", help="Configuration file.")
]
TargetName = Annotated[str | None, typer.Argument(help="The target; may be left out when there is one.")]
Folder = Annotated[
    Path | None, typer.Option(envvar="METRICS_DIR", help="Where the CSV goes. Default: as configured.")
]


def monitor(
    target: TargetName = None,
    duration: Annotated[float, typer.Option(envvar="DURATION", help="Seconds in all.")] = DURATION,
    interval: Annotated[
        float, typer.Option(envvar="INTERVAL", help="Seconds between two samples.")
    ] = INTERVAL,
    metrics_dir: Folder = None,
    log_file: Annotated[
        Path | None, typer.Option(envvar="LOG_FILE", help="Count in this log. Default: as configured.")
    ] = None,
    config: Config = None,
) -> None:
    """Record a target's performance to a CSV file.

    Ctrl-C keeps what was collected. Works beside a running opsbot and without one.
    """
    from opsbot.cli.monitor import monitor_command

    code = monitor_command(
        config, target, duration=duration, interval=interval, folder=metrics_dir, log_file=log_file
    )
    raise typer.Exit(code)


def metrics(
    target: TargetName = None,
    window: Annotated[str, typer.Option(help="How far back: 15m, 1h, 24h, 7d or alike.")] = "1h",
    start: Annotated[
        str | None, typer.Option("--from", help="Since when: 14:30, '2026-01-05 14:30'.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Until when; now if left out.")] = None,
    metric: Annotated[list[str] | None, typer.Option(help="This one only; may be given again.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Write the performance monitor's CSV of it.")] = False,
    metrics_dir: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = None,
) -> None:
    """Show what opsbot has measured. Now, on average, least and greatest of each metric."""
    from opsbot.cli.history import history_command

    request = {"target": target, "window": window, "from": start, "to": end, "metrics": metric, "csv": csv}
    raise typer.Exit(history_command(config, request, folder=metrics_dir, as_json=as_json))
