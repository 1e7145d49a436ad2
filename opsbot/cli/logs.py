"""How opsbot itself logs: structlog over the standard library, for people or for machines."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from opsbot.cli.log_guard import guard
from opsbot.errors import UsageError

FORMATS = ("console", "json", "quiet")
"""`quiet` shows errors only."""


def configure(format_name: str) -> None:
    """Sets up logging for the process.

    Raises:
        UsageError: no such format.
    """
    if format_name not in FORMATS:
        raise UsageError(f"there is no log format `{format_name}`: known are {', '.join(FORMATS)}.")
    level = logging.ERROR if format_name == "quiet" else logging.INFO
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    if format_name == "json":
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    last = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, guard, renderer]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("discord", "aiosqlite", "asyncio", "watchfiles"):  # their INFO is of no use to an operator
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
