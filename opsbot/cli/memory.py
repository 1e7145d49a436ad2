"""Commands about what is over: by the running opsbot, which knows the secrets, else out of its files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from opsbot.cli.printing import print_answer
from opsbot.config.peek import locate, state_dir
from opsbot.control.client import ask, running
from opsbot.errors import StoreError, UsageError


def say(config: Path | None, request: dict[str, Any], *, as_json: bool) -> int:
    """Prints the answer; returns the exit code."""
    return print_answer(_answer(config, request), as_json=as_json)


def _answer(config: Path | None, request: dict[str, Any]) -> Iterable[dict[str, Any]]:
    file = locate(os.environ, Path.cwd()) if config is None else config
    link = running(state_dir(file, os.environ))
    if link is not None:
        return ask(link, request)
    from opsbot.cli.from_files import lines_alone

    return lines_alone(file, request)


def export_command(config: Path | None, number: int, output: Path | None) -> int:
    """Writes the postmortem of an incident, or prints it; returns the exit code.

    Raises:
        UsageError: the file is there already, or cannot be written.
    """
    code = 1
    for line in _answer(config, {"verb": "export", "incident": number}):
        code = line.get("exit", code)
        if "error" in line:
            print_answer([line])
        elif output is None:
            print(line["data"]["text"], end="")
        else:
            _write(output, str(line["data"]["text"]))
            print(output)
    return code


def _write(path: Path, text: str) -> None:
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already: name another file with `-o`.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def verify_command(config: Path | None, noted: str = "") -> int:
    """Says whether the audit is as it was written; returns the exit code. `noted`: a hash that must be one of
    its rows'."""
    from opsbot.clock import SystemClock
    from opsbot.domain.audit import AuditCheck
    from opsbot.stores.sqlite_state import STATE_NAME, SqliteState

    file = locate(os.environ, Path.cwd()) if config is None else config
    path = state_dir(file, os.environ) / STATE_NAME
    if not path.exists():
        raise UsageError(f"there is no {path}: opsbot has not run here yet, so there is no audit.")

    async def check() -> tuple[AuditCheck, int | None]:
        store = SqliteState(path, SystemClock(), read_only=True)
        try:
            return await store.verify_audit(), await store.audit_row(noted.strip().lower())
        finally:
            await store.close()

    try:
        found, row = asyncio.run(check())
    except StoreError as error:
        print(f"✗ The audit cannot be verified: {error}")
        return 1
    if found.broken is not None:
        print(f"✗ The audit was changed: row {found.broken:,} is not as it was written, or is missing.")
        print(f"  {found.rows:,} rows before it are intact.")
        return 1
    if noted and row is None:
        print("✗ The audit was written anew: none of its rows has the hash that was noted.")
        return 1
    print(f"✓ The audit is intact: {found.rows:,} rows.")
    if found.head:
        print(f"  The last one's hash is {found.head}. Who notes it down can ask later with")
        print("  `opsbot audit verify --noted HASH` whether all up to there is still what it was.")
    return 0
