"""opsbot's own log: what others say cannot begin a line of it, move a terminal's cursor or show a secret."""

from __future__ import annotations

import json
import subprocess
import sys
from textwrap import dedent

import pytest

from opsbot.redact import HIDDEN
from tests.bound import BOUND

TOKEN = "MTIzNDU2Nzg5.GaBcD.q1w2e3r4t5y6u7i8o9p0"

PROGRAM = """
    import logging, sys
    import structlog
    from opsbot import redact
    from opsbot.cli.logs import configure

    configure(sys.argv[1])
    redact.learn([TOKEN])
    log = structlog.get_logger("opsbot.test")
    EVIL = "x\\n2026-01-01T00:00:00Z [info     ] forged \\x1b[2J\\x9b31m\\u202e " + TOKEN
    log.warning("discord is lost", reason=EVIL, many=[EVIL, {"deep": EVIL}], thing=ValueError(EVIL))
    log.warning(EVIL)
    logging.getLogger("aiohttp.client").error("no answer from %s", EVIL)
    try:
        raise RuntimeError(EVIL)
    except RuntimeError as error:
        log.exception("broke")
        log.error("broke", exc_info=error)
        logging.getLogger("discord.http").exception("broke too")
"""


@pytest.fixture(scope="module", params=["console", "json"])
def written(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A format, and what a process wrote to its log in it."""
    program = f"TOKEN = {TOKEN!r}\n{dedent(PROGRAM)}"
    done = subprocess.run([sys.executable, "-c", program, request.param], capture_output=True, timeout=BOUND)
    assert done.returncode == 0, done.stderr
    return request.param, done.stderr.decode()


def test_no_line_of_the_log_is_forged(written: tuple[str, str]) -> None:
    kind, text = written
    lines = text.splitlines()
    assert not [line for line in lines if line.startswith("2026-01-01")]
    if kind == "json":
        assert [json.loads(line)["level"] for line in lines] == ["warning"] * 2 + ["error"] * 4
    else:
        assert len([line for line in lines if not line.startswith("    | ")]) == 6
    assert text.count("Traceback") == 3


def test_nothing_in_the_log_moves_the_cursor(written: tuple[str, str]) -> None:
    assert not set(written[1]) & set("\x1b\x9b\x07\r\u202e")
    assert "\\u001b" not in written[1]


def test_no_secret_is_in_the_log_nor_in_a_traceback(written: tuple[str, str]) -> None:
    assert TOKEN not in written[1]
    assert HIDDEN in written[1] or "\\u2022\\u2022\\u2022" in written[1]
