"""The command line. Each command imports what it needs when it runs: `--help` and `health` answer at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opsbot import __version__
from opsbot.cli import SHORTEST_WATCH
from opsbot.cli.diagnostic_commands import diagnostics, profile
from opsbot.cli.log_commands import logs
from opsbot.cli.memory_commands import audit, incidents, report
from opsbot.cli.metric_commands import metrics, monitor
from opsbot.cli.mute_commands import deploy, maintenance, silence
from opsbot.cli.runbook import runbook

app = typer.Typer(
    name="opsbot",
    help="Watches the service beside it, tells your Discord ops channel, and repairs what it safely can.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help in half the time: rich is not even imported
    context_settings={"help_option_names": ["-h", "--help"]},
)

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="OPSBOT_CONFIG",
        help="Configuration file. Default: opsbot.yml, config/opsbot.yml or alert-config.yml, here.",
    ),
]
TargetName = Annotated[str | None, typer.Argument(help="The target; may be left out when there is one.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"opsbot {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options before the command."""


@app.command()
def run(
    config: Config = None,
    log_format: Annotated[str, typer.Option(help="How opsbot logs: console or json.")] = "console",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Decide and record everything, tell nobody, do nothing.")
    ] = False,
) -> None:
    """Watch, alert and repair until stopped (Ctrl-C)."""
    from opsbot.cli.run import run_command

    raise typer.Exit(run_command(config, log_format, dry_run=dry_run))


@app.command()
def demo(
    no_page: Annotated[
        bool, typer.Option("--no-page", help="Print the channel to the terminal instead of serving a page.")
    ] = False,
    seconds: Annotated[
        float | None, typer.Option("--for", min=1, help="End by itself after that many seconds.")
    ] = None,
    scenario: Annotated[str | None, typer.Option(help="Play this fault instead of the story.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0: any free one.")] = 0,
    restart_seconds: Annotated[float | None, typer.Option(min=0, max=60, hidden=True)] = None,
) -> None:
    """The real bot in a simulated Discord: no token needed.

    A service breaks once a minute; watch what opsbot does about it.
    """
    from opsbot.cli.demo import demo_command

    code = demo_command(
        page=not no_page, seconds=seconds, scenario=scenario, port=port, restart_seconds=restart_seconds
    )
    raise typer.Exit(code)


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("config/opsbot.yml"),
    force: Annotated[bool, typer.Option(help="Overwrite a file that is there.")] = False,
    client_id: Annotated[
        str | None, typer.Option(help="Application id of your bot, for a complete invite link.")
    ] = None,
) -> None:
    """Write a commented configuration and say what Discord needs."""
    from opsbot.cli.init import init_command

    raise typer.Exit(init_command(path, force, client_id))


@app.command("check-config")
def check_config(
    config: Config = None,
    schema: Annotated[bool, typer.Option(help="Print the JSON Schema for editors instead.")] = False,
) -> None:
    """Say what is wrong with a configuration.

    Everything at once, with file, line and the right name; or what it comes to.
    """
    from opsbot.cli.check import check_command

    raise typer.Exit(check_command(config, schema))


@app.command()
def health(
    target: TargetName = None,
    config: Config = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    watch: Annotated[
        float | None, typer.Option(min=SHORTEST_WATCH, help="Look again every so many seconds, until Ctrl-C.")
    ] = None,
) -> None:
    """The health report; the exit code says it too.

    0 OK, 1 warning, 2 critical, 3 unknown: for cron, Nagios and Docker.
    """
    from opsbot.cli.health import health_command

    raise typer.Exit(health_command(target, config, as_json=json, watch=watch))


@app.command()
def restart(
    target: TargetName = None,
    reason: Annotated[str, typer.Option(help="Why; shown in Discord and in the audit.")] = "command line",
    config: Config = None,
) -> None:
    """Restart a target in the guide's six steps."""
    from opsbot.cli.act import act_command

    raise typer.Exit(act_command(config, {"verb": "restart", "target": target, "reason": reason}))


@app.command()
def stop(
    target: TargetName = None,
    reason: Annotated[str, typer.Option(help="Why; shown in Discord and in the audit.")] = "command line",
    config: Config = None,
) -> None:
    """Stop a target. It stays stopped until somebody starts it."""
    from opsbot.cli.act import act_command

    raise typer.Exit(act_command(config, {"verb": "stop", "target": target, "reason": reason}))


@app.command()
def start(
    target: TargetName = None,
    reason: Annotated[str, typer.Option(help="Why; shown in Discord and in the audit.")] = "command line",
    config: Config = None,
) -> None:
    """Start a target that is stopped or down."""
    from opsbot.cli.act import act_command

    raise typer.Exit(act_command(config, {"verb": "start", "target": target, "reason": reason}))


@app.command()
def rotate(
    target: TargetName = None,
    max_size_mb: Annotated[
        float,
        typer.Option(
            min=0, max=1_000_000, envvar="MAX_SIZE_MB", help="Only if the log is that large; 0: now."
        ),
    ] = 0,
    keep: Annotated[
        int | None,
        typer.Option(
            min=1, max=10_000, envvar="KEEP_FILES", help="Archives to keep. Default: as configured."
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; shown in Discord and in the audit.")] = "command line",
    config: Config = None,
) -> None:
    """Rotate a target's log without losing a line. Set it aside, compress it, remove old archives."""
    from opsbot.cli.act import act_command

    request = {"verb": "rotate", "target": target, "max_size_mb": max_size_mb, "keep": keep}
    raise typer.Exit(act_command(config, {**request, "reason": reason}))


@app.command()
def adopt(
    target: TargetName = None,
    pid: Annotated[
        int | None, typer.Option(min=1, help="The process; left out, those that look like it are listed.")
    ] = None,
    config: Config = None,
) -> None:
    """Take on a process that somebody started by hand. It is the target's own then."""
    from opsbot.cli.act import act_command

    raise typer.Exit(act_command(config, {"verb": "adopt", "target": target, "pid": pid}))


@app.command()
def pause(
    target: TargetName = None,
    minutes: Annotated[float, typer.Option(min=1, max=10080, help="For how long.")] = 30,
    reason: Annotated[str, typer.Option(help="Why; shown in Discord and in the audit.")] = "command line",
    config: Config = None,
) -> None:
    """Hold a target's automation, as in a deploy."""
    from opsbot.cli.act import act_command

    request = {"verb": "pause", "target": target, "minutes": minutes, "reason": reason}
    raise typer.Exit(act_command(config, request))


@app.command()
def resume(target: TargetName = None, config: Config = None) -> None:
    """End a pause."""
    from opsbot.cli.act import act_command

    raise typer.Exit(act_command(config, {"verb": "resume", "target": target}))


@app.command()
def reload(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would change; nothing is put into effect.")
    ] = False,
    config: Config = None,
) -> None:
    """Have the running opsbot read its configuration anew.

    All of it or nothing: what changed, or everything that is wrong with the file.
    """
    from opsbot.cli.act import reload_command

    raise typer.Exit(reload_command(config, dry=dry_run))


notify = typer.Typer(help="The notifiers: who is told, and how.", no_args_is_help=True)
app.add_typer(notify, name="notify")
app.add_typer(logs, name="logs")
app.add_typer(incidents, name="incidents")
app.add_typer(audit, name="audit")
app.command("report")(report)
app.command("monitor")(monitor)
app.command("metrics")(metrics)
app.command("runbook")(runbook)
app.add_typer(silence, name="silence")
app.add_typer(maintenance, name="maintenance")
app.command("deploy")(deploy)
app.command("diagnostics")(diagnostics)
app.command("profile")(profile)


@notify.command("test")
def notify_test(
    name: Annotated[str | None, typer.Argument(help="The notifier; all of them if left out.")] = None,
    ping: Annotated[bool, typer.Option("--ping", help="As urgent as can be: it pings and pages.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    config: Config = None,
) -> None:
    """Send a marked test through every notifier.

    Says what arrived, and how long it took. Exit code 1 when one failed. Nobody is pinged unless you ask
    for it.
    """
    from opsbot.cli.act import act_command

    request = {"verb": "drill", "notifier": name, "ping": ping}
    raise typer.Exit(act_command(config, request, as_json=as_json))
