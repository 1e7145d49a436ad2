"""opsbot's side in a process of its own. Argument: what to do, as JSON; it prints what came of it, as JSON.

`point`: where it kills itself with SIGKILL, having printed the pids of its workers. `user`: becomes that uid
and gid first. `file_limit`: RLIMIT_FSIZE in bytes.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from opsbot.clock import SystemClock
from opsbot.errors import RotationError
from opsbot.rotation import _compress, _half
from opsbot.rotation._archive import Archive
from opsbot.rotation._backup import backup, opened_log
from opsbot.rotation._compress import Compression
from opsbot.rotation.base import Aside, LogSpec
from tests.rotation.yard import workers


def say(what: object) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def die(*_: Any, **__: Any) -> Any:
    say([worker.pid for worker in workers(os.getpid())])
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(original: Any) -> Any:
    def wrapper(*arguments: Any, **more: Any) -> Any:
        original(*arguments, **more)
        die()

    return wrapper


def after(owner: Any, name: str) -> tuple[Any, str, Any]:
    return owner, name, die_after(getattr(owner, name))


def before(owner: Any, name: str) -> tuple[Any, str, Any]:
    return owner, name, die


POINTS: dict[str, tuple[Any, str, Any]] = {
    "the folder is made": before(_compress, "sweep"),
    "the half is made": before(_compress, "_header"),
    "the header is written": before(_half.Half, "second"),
    "the worker is started": before(_compress, "_yield_disk"),
    "the worker has ended": before(Compression, "finish"),
    "the half is whole and synced": before(_half.Half, "publish"),
    "the archive has its name": after(_half.Half, "publish"),
    "the archive is durable": before(_compress, "drop"),
    "the backups are dropped": before(_compress, "unlink_in"),
    "the aside is gone": after(_compress, "unlink_in"),
}
"""After each side effect of a compression; `_header` is also asked for when a predecessor's archive is looked
for, so that point is only reached when there is none."""


async def main(order: dict[str, Any]) -> None:
    path, archive_dir, name = order["spec"]
    spec = LogSpec(Path(path), Path(archive_dir), name)
    if limit := order.get("file_limit"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if user := order.get("user"):
        await asyncio.to_thread(int)  # what a thread needs is imported while it may be read
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    if order["point"] in POINTS:
        owner, attribute, what = POINTS[order["point"]]
        setattr(owner, attribute, what)
    try:
        say(await done(order, spec))
    except RotationError as error:
        say({"error": str(error)})


async def done(order: dict[str, Any], spec: LogSpec) -> object:
    if order["do"] == "back up":
        return await backup(spec, SystemClock(), order.get("appends", True))
    if order["do"] == "open":
        with opened_log(spec) as log:
            return log.stat.st_size
    target = Path(order["path"])
    progress = die if order["point"] == "half is compressed" else heard
    archived = await Archive(spec, SystemClock()).compress(Aside(target, 0), progress)
    return str(archived.path)


def heard(_: float) -> None:
    """Nobody looks."""


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
