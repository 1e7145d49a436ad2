"""The words of `opsbot logs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

logs = typer.Typer(
    help="Ask a target's log and its archives. The monitoring guide's grep and awk recipes, in one.",
    no_args_is_help=True,
)

Config = Annotated[
    Path | None, typer.Option("--config", "-c", envvar="OPSBOT_CONFIG", help="Configuration file.")
]
TargetName = Annotated[str | None, typer.Argument(help="The target; may be left out when there is one.")]
Since = Annotated[str, typer.Option(help="today, yesterday, 24h, 7d, 2026-01-05, '2026-01-05 14:30' or all.")]
Newest = Annotated[int, typer.Option("--lines", "-n", min=1, max=1_000_000, help="Lines that are shown.")]
Seconds = Annotated[
    float, typer.Option(min=0.1, max=3600, help="When reading is cut off; what is left out is said.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@logs.command("errors")
def errors(
    target: TargetName = None, since: Since = "today", lines: Newest = 20, as_json: AsJson = False,
    seconds: Seconds = 60, config: Config = None,
) -> None:  # fmt: skip
    """Errors: how many, by type and logger, and the newest."""
    _ask(config, as_json, topic="errors", target=target, since=since, lines=lines, seconds=seconds)


@logs.command("hourly")
def hourly(
    target: TargetName = None, since: Since = "24h", as_json: AsJson = False,
    seconds: Seconds = 60, config: Config = None,
) -> None:  # fmt: skip
    """Errors by hour."""
    _ask(config, as_json, topic="hourly", target=target, since=since, seconds=seconds)


@logs.command("api")
def api(
    target: TargetName = None, since: Since = "today", lines: Newest = 20,
    host: Annotated[str | None, typer.Option(help="The upstream's host. Default: as configured.")] = None,
    as_json: AsJson = False, seconds: Seconds = 60, config: Config = None,
) -> None:  # fmt: skip
    """Upstream calls, successful and failed. By status, and how long they took."""
    _ask(config, as_json, topic="api", target=target, since=since, lines=lines, host=host, seconds=seconds)


@logs.command("usage")
def usage(
    target: TargetName = None, since: Since = "today",
    request: Annotated[str, typer.Option(help="What a line about a request holds.")] = "create_summary",
    as_json: AsJson = False, seconds: Seconds = 60, config: Config = None,
) -> None:  # fmt: skip
    """Requests, by channel and by user."""
    _ask(config, as_json, topic="usage", target=target, since=since, request=request, seconds=seconds)


@logs.command("tail")
def tail(
    target: TargetName = None, lines: Newest = 20, as_json: AsJson = False,
    seconds: Seconds = 60, config: Config = None,
) -> None:  # fmt: skip
    """The newest lines, across rotations."""
    _ask(config, as_json, topic="tail", target=target, lines=lines, seconds=seconds)


@logs.command("search")
def search(
    pattern: Annotated[str, typer.Argument(help="A regular expression (RE2's kind).")],
    target: TargetName = None,
    since: Since = "all",
    lines: Newest = 10_000,
    plain: Annotated[bool, typer.Option("--plain", "-F", help="The pattern is a text as it is.")] = False,
    ignore_case: Annotated[
        bool, typer.Option("--ignore-case", "-i", help="Small and capital letters are the same.")
    ] = False,
    as_json: AsJson = False,
    seconds: Seconds = 60,
    config: Config = None,
) -> None:
    """Lines that match, across rotations. Exit codes as of grep: 0 found, 1 nothing found, 2 trouble."""
    _ask(
        config, as_json, topic="search", target=target, since=since, lines=lines, pattern=pattern,
        plain=plain, ignore_case=ignore_case, seconds=seconds,
    )  # fmt: skip


def _ask(config: Path | None, as_json: bool, **request: Any) -> None:
    from opsbot.cli.log_look import logs_command

    raise typer.Exit(logs_command(config, {"verb": "logs", **request}, as_json=as_json))
