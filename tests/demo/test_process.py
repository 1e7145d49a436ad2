"""The simulated Discord as a process of its own, as the benches start it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import discord

from opsbot.demo.discord_sim import point_discord_py_at
from tests.bound import BOUND
from tests.sim import plain_bot, running

COMMAND = [sys.executable, "-m", "opsbot.demo.discord_sim", "--port"]


@contextmanager
def served(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [*COMMAND, "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, next_line(process)
        finally:
            process.kill()


def next_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    return cast("dict[str, Any]", json.loads(process.stdout.readline()))


async def test_it_tells_its_addresses_and_every_request_with_its_time() -> None:
    with served() as (process, hello):
        assert set(hello["users"]) == {"olga", "otto", "vera", "bob"}
        assert set(hello["roles"]) == {"viewer", "operator", "admin"}
        with point_discord_py_at(hello["rest_url"], hello["gateway_url"]):
            before = time.monotonic()
            async with running(plain_bot(), token=hello["token"]) as bot:
                channel = bot.get_channel(hello["channels"]["ops"])
                assert isinstance(channel, discord.TextChannel)
                await channel.send("down", nonce="n1")
        lines = [next_line(process) for _ in range(3)]
        path = f"/channels/{hello['channels']['ops']}/messages"
        assert [(x["method"], x["status"]) for x in lines] == [("GET", 200)] * 2 + [("POST", 200)]
        assert (lines[2]["path"], lines[2]["nonce"]) == (path, "n1")
        assert before < lines[0]["at"] < lines[2]["at"] < time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=BOUND) == 0


def test_a_port_that_is_taken_is_said_in_one_sentence() -> None:
    with served() as (_, hello):
        port = hello["rest_url"].split(":")[2].split("/")[0]
        run = subprocess.run([*COMMAND, port], capture_output=True, text=True, timeout=BOUND)
    assert run.returncode == 1
    assert run.stderr.strip().count("\n") == 0
    assert f"port {port} cannot be used" in run.stderr
