"""What is over, read from the files of an opsbot that does not run: no lock is taken, nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from opsbot import redact
from opsbot.cli.printing import print_answer
from opsbot.clock import SystemClock
from opsbot.config.load import load
from opsbot.config.settings import Settings
from opsbot.control.memory import audit_line, export_line, past_line, report_line, show_line
from opsbot.domain.actor import AUTO
from opsbot.domain.series import Series
from opsbot.errors import OpsbotError, UsageError
from opsbot.runtime.memory import Past, Recall
from opsbot.runtime.port import Operations
from opsbot.stores.sqlite_metrics import METRICS_NAME, SqliteMetrics
from opsbot.stores.sqlite_state import STATE_NAME, SqliteState
from opsbot.text import printable

NO_STATE = "opsbot has not run here yet (there is no {path}), so there is nothing to tell."

LISTS = frozenset({"audit", "past", "report"})
"""What may be empty: then that is the answer, and no mistake."""

VERBS = {
    "audit": audit_line,
    "export": export_line,
    "incident": show_line,
    "past": past_line,
    "report": report_line,
}


@dataclass(frozen=True, slots=True)
class _Nothing:
    """The past of metrics where there is no file of it."""

    async def names(self, _: str) -> list[str]:
        return []

    async def buckets(self, target: str, metric: str, *_: float) -> Series:
        return Series(target, metric, 0.0, ())


@dataclass(frozen=True, slots=True)
class _Reader:
    """Of `Operations` what the verbs above ask."""

    memory: Recall
    people: Recall


def lines_alone(file: Path | None, request: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer to a request, as the running opsbot would give it.

    Raises:
        UsageError: the configuration cannot be used, or opsbot has never run there.
    """
    settings = load(file)
    path = settings.state_dir / STATE_NAME
    if not path.exists() and request["verb"] in LISTS:
        return [{"text": _said(path), "data": [], "exit": 0}]
    with redact.hidden(secret.get_secret_value() for secret in settings.secrets):
        return asyncio.run(_lines(settings, request))


def show_alone(file: Path | None, request: dict[str, Any], *, as_json: bool) -> int:
    """The same, printed; returns the exit code."""
    return print_answer(lines_alone(file, request), as_json=as_json)


async def _lines(settings: Settings, request: dict[str, Any]) -> list[dict[str, Any]]:
    async with reader(settings) as found:
        operations = cast(Operations, _Reader(found, found))
        try:
            async with aclosing(VERBS[request["verb"]](operations, request, AUTO)) as lines:
                return [line async for line in lines]
        except OpsbotError as refusal:
            return [{"error": str(refusal), "exit": refusal.exit_code}]


@asynccontextmanager
async def reader(settings: Settings) -> AsyncIterator[Recall]:
    """Answers out of the files while the context lasts.

    Raises:
        UsageError: there are none.
    """
    clock, path = SystemClock(), settings.state_dir / STATE_NAME
    if not path.exists():
        raise UsageError(_said(path))
    store = SqliteState(path, clock, read_only=True)
    metrics = SqliteMetrics(settings.state_dir / METRICS_NAME, clock, read_only=True)
    history: Past = metrics if (settings.state_dir / METRICS_NAME).exists() else _Nothing()
    titles = {target.name: target.title for target in settings.targets}
    try:
        yield Recall(store, history, clock, lambda: titles)
    finally:
        await metrics.close()
        await store.close()


def _said(path: Path) -> str:
    return NO_STATE.format(path=printable(str(path)))
