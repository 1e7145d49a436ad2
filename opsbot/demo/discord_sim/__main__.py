"""The simulated Discord as a process of its own, for benches.

`python -m opsbot.demo.discord_sim --port 0` prints one JSON line when it serves (`rest_url`,
`gateway_url`, `token`, ids), then one JSON line a REST request: `at` (CLOCK_MONOTONIC in seconds,
when its head had arrived), `method`, `path`, `status`. It ends on SIGINT or SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from functools import partial
from typing import Any

from opsbot.demo.discord_sim import Request, SimulatedDiscord


def tell(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def tell_request(ended: asyncio.Event, request: Request) -> None:
    shown = ("at", "method", "path", "status", "nonce")
    try:
        tell({name: getattr(request, name) for name in shown})
    except BrokenPipeError:  # nobody listens any more
        ended.set()


async def serve(port: int, token: str, rate_limits: bool) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with SimulatedDiscord(port=port, token=token) as discord:
        discord.rate_limits.enabled = rate_limits
        discord.requests.answered.append(partial(tell_request, ended))
        urls = {"rest_url": discord.rest_url, "gateway_url": discord.gateway_url}
        tell({**urls, "token": discord.token, **discord.world.ids()})
        await ended.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m opsbot.demo.discord_sim", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: the system chooses")
    parser.add_argument("--token", default="token", help="the token that bots must have")
    parser.add_argument("--no-rate-limits", action="store_true", help="answer as fast as asked")
    arguments = parser.parse_args()
    try:
        asyncio.run(serve(arguments.port, arguments.token, not arguments.no_rate_limits))
    except OSError as error:
        sys.exit(f"port {arguments.port} cannot be used: {error.strerror}; take another, or 0")


if __name__ == "__main__":
    main()
