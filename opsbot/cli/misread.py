"""A command line that cannot be read: one sentence says what is wrong and how the command is called, whatever
the library of the command line would say."""

from __future__ import annotations

import sys
from typing import Any

import typer

from opsbot.errors import UsageError

_WRONG: type[Exception] = typer.BadParameter.__mro__[1]  # what is wrong with words: it has no public name
_HELP = "NoArgsIsHelpError"


def call(app: typer.Typer, words: list[str]) -> int:
    """Runs a command; returns the exit code.

    Raises:
        UsageError: there is no such command, or not with such words.
    """
    try:
        code = app(words, prog_name="opsbot", standalone_mode=False)
    except typer.Abort:
        return 130
    except _WRONG as wrong:
        if type(wrong).__name__ == _HELP:  # a group without a command shows what it has
            print(wrong.format_message(), file=sys.stderr)  # type: ignore[attr-defined]
            return int(getattr(wrong, "exit_code", 2))
        raise UsageError(_sentence(wrong)) from None
    return code if isinstance(code, int) else 0


def _sentence(wrong: Any) -> str:
    context, param = wrong.ctx, getattr(wrong, "param", None)
    path = context.command_path if context is not None else "opsbot"
    if type(wrong).__name__ == "MissingParameter" and param is not None:
        about = (getattr(param, "help", None) or "").strip().rstrip(".")
        text = f"{_name(param)} is missing" + (f": {about[:1].lower()}{about[1:]}" if about else "")
    else:
        text = wrong.format_message().strip().rstrip(".?").partition(", unable")[0]
        text = f"{text[:1].lower()}{text[1:]}".replace(". Did", ", did").replace(": Input", ": input")
    where = path.removeprefix("opsbot").strip()
    text = f"{where}: {text}" if where else text
    needed = _arguments(context.command) if context is not None else ""
    return (
        f"{text}; write `{path} {needed}` (`{path} -h` explains it)."
        if needed
        else f"{text}; see `{path} -h`."
    )


def _arguments(command: Any) -> str:
    """Those that it takes, in their order; what may be left out in brackets."""
    found = [param for param in command.params if param.param_type_name == "argument"]
    names = [f"{_name(param)}{'…' if param.nargs == -1 else ''}" for param in found]
    return " ".join(n if p.required else f"[{n}]" for n, p in zip(names, found, strict=True))


def _name(param: Any) -> str:
    return str(param.name).upper() if param is not None and param.param_type_name == "argument" else "?"
