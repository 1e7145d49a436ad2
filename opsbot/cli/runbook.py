"""`opsbot runbook`: by the running opsbot if one runs, else by this process, step by step."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

ANSWERS = {"y": "done", "n": "not", "s": "skip"}
QUESTION = "     [y]es or done, [n]o, [s]kip: "

Config = Annotated[
    Path | None, typer.Option("--config", "-c", envvar="OPSBOT_CONFIG", help="Configuration file.")
]


def runbook(
    name: Annotated[str | None, typer.Argument(help="Which runbook; left out, they are listed.")] = None,
    target: Annotated[
        str | None, typer.Argument(help="The target; may be left out when there is one.")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print it instead of walking it.")] = False,
    config: Config = None,
) -> None:
    """List the runbooks, or walk through one.

    opsbot looks, you do the rest. On a terminal you are asked about the steps that are for people;
    elsewhere they are printed as to do.
    Exit code 1 when something is wrong.
    """
    if name is None:
        raise typer.Exit(_ask(config, {"verb": "runbooks"}))
    if show:
        raise typer.Exit(_ask(config, {"verb": "runbook_text", "name": name}))
    raise typer.Exit(_walk(config, name, target))


def _ask(config: Path | None, request: dict[str, Any]) -> int:
    from opsbot.cli.act import act_command

    return act_command(config, request)


def _walk(config: Path | None, name: str, target: str | None) -> int:
    from opsbot.cli.act import act_command

    attended = sys.stdin.isatty() and sys.stdout.isatty()
    request: dict[str, Any] = {"verb": "runbook", "name": name, "target": target, "unattended": not attended}
    while True:
        last: dict[str, Any] = {}
        code = act_command(config, request, seen=last.update)
        data = last.get("data") or {}
        if not attended or data.get("asks") is None:
            return code
        answer = _answer()
        if answer is None:
            return code
        request = {"verb": "runbook", "walk": data["id"], "step": data["asks"], "answer": answer}


def _answer() -> str | None:
    """What the person says; None at the end of input: the walk is left as it stands."""
    while True:
        try:
            said = input(QUESTION).strip().lower()[:1]
        except EOFError:
            print()
            return None
        if said in ANSWERS:
            return ANSWERS[said]
