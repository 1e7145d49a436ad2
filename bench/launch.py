"""`opsbot` with discord.py pointed at a simulation: `python -m bench.launch REST GATEWAY run -c FILE`."""

from __future__ import annotations

import sys

from opsbot.demo.pointing import point_discord_py_at


def main() -> None:
    rest, gateway, *words = sys.argv[1:]
    sys.argv = ["opsbot", *words]
    from opsbot.cli.entry import main as opsbot

    with point_discord_py_at(rest, gateway):
        opsbot()


if __name__ == "__main__":
    main()
