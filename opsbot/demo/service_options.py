"""The stand-in's command line and its log."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

LOG_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
"""Summary Bot NG's: `2026-01-05 15:04:21,123 - logger.name - INFO - message`."""
STDOUT = "stdout"
FILEHANDLER = "filehandler"
WATCHED = "watched"


class Options(NamedTuple):
    """What the command line asked for; times in seconds.

    Named tuples in the service, not data classes: importing `dataclasses` (with `inspect`) is a fifth of
    its start. For the same reason paths are text here.
    """

    host: str
    port: int
    log: str | None
    write_mode: str
    upstream_every: float
    summarize_seconds: float
    slow_seconds: float
    start_delay: float
    seed: int | None
    gateway: tuple[str, int] | None
    ignore_sigterm: bool


def parse(argv: Sequence[str] | None) -> Options:
    """Read the command line; a mistake in it ends the process with status 2 and one sentence."""
    parser = _parser()
    given = parser.parse_args(argv)
    write_mode = STDOUT if given.log_to == STDOUT else given.write_mode
    if write_mode != STDOUT and given.log is None:
        parser.error("--log FILE is needed unless the log goes to stdout (--log-to stdout)")
    return Options(
        host=given.host,
        port=given.port,
        log=given.log,
        write_mode=write_mode,
        upstream_every=given.upstream_every,
        summarize_seconds=given.summarize_seconds,
        slow_seconds=given.slow_seconds,
        start_delay=given.restart_delay if _ran_before(given.log) else given.start_delay,
        seed=given.seed,
        gateway=given.gateway,
        ignore_sigterm=given.ignore_sigterm,
    )


def open_log(options: Options) -> None:
    """Send every logger to the chosen place, at INFO. Raises OSError when the file can't be opened."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, handlers=[_handler(options)])


def keep_log() -> None:
    """From now on only the calling thread writes: what it says last stands last. Others wait for good."""
    for handler in logging.getLogger().handlers:
        handler.acquire()


def _handler(options: Options) -> logging.Handler:
    if options.write_mode == STDOUT or options.log is None:
        return logging.StreamHandler(sys.stdout)
    if options.write_mode == WATCHED:
        from logging.handlers import WatchedFileHandler  # slow to import, seldom wanted

        return WatchedFileHandler(options.log, encoding="utf-8")
    return logging.FileHandler(options.log, encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m opsbot.demo.service",
        description="A stand-in that behaves like Summary Bot NG and misbehaves when told to.",
        # A fixed width: finding the terminal's would import shutil and its compressors.
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=100),
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=_port, default=5000, help="0: the system chooses; the log says which")
    add("--log", metavar="FILE")
    add("--log-to", choices=["file", STDOUT], default="file")
    add(
        "--write-mode",
        choices=[FILEHANDLER, WATCHED, STDOUT],
        default=FILEHANDLER,
        help="filehandler keeps its file when it is renamed, watched opens the name again",
    )
    add("--upstream-every", type=_above_zero, default=2.0, metavar="SECONDS")
    add(
        "--summarize-seconds",
        type=_not_negative,
        default=2.0,
        metavar="SECONDS",
        help="the middle of a summary's time, which is between 0.5 and 1.5 times this",
    )
    add("--slow-seconds", type=_not_negative, default=3.0, metavar="SECONDS")
    add("--start-delay", type=_not_negative, default=0.0, metavar="SECONDS")
    add(
        "--restart-delay",
        type=_not_negative,
        default=0.0,
        metavar="SECONDS",
        help="takes the place of --start-delay when the log says that it ran before",
    )
    add("--seed", type=int)
    add("--gateway", type=_address, metavar="HOST:PORT", help="keep a TCP connection to this")
    add("--ignore-sigterm", action="store_true")
    return parser


def _ran_before(log: str | None) -> bool:
    try:
        return log is not None and os.stat(log).st_size > 0  # noqa: PTH116 (pathlib is slow to import)
    except OSError:
        return False


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is between 0 and 65535")
    return port


def _not_negative(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError("a time in seconds is needed, not below 0")
    return value


def _above_zero(text: str) -> float:
    value = _not_negative(text)
    if value == 0:
        raise argparse.ArgumentTypeError("a time in seconds above 0 is needed")
    return value


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError("HOST:PORT is needed")
    return host.strip("[]"), _port(port)
