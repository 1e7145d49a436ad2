"""What a keeper is told (see `_keeper.channel`), and what its refusals mean in a sentence."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

from opsbot.domain.process import ProcessId
from opsbot.errors import SupervisorError
from opsbot.supervisors._launch import Launch, User
from opsbot.supervisors._records import Identity

OUTPUT_CAP = 10 * 1024 * 1024
"""Bytes at which the default log is set aside; a configured one is rotated by whoever was told to."""

HOPELESS = frozenset(
    {errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOEXEC, errno.ENOTDIR, errno.EINVAL, errno.E2BIG}
)
"""What `exec`, `chdir` and `setuid` say when trying again cannot help."""


def start_orders(
    launch: Launch,
    *,
    directory: Path,
    log: Path,
    capped: bool,
    token: str,
    boot_id: str,
    generation: int,
    seen: Identity | None,
) -> dict[str, Any]:
    """Orders to start a target. `seen`: the record as opsbot read it; the keeper starts nothing when it has
    changed since."""
    dead = seen.process if seen and seen.process.boot_id == boot_id else ProcessId(boot_id, 0, 0)
    user = launch.user
    return {
        "drain": False,
        **_common(directory, log, capped=capped, token=token, boot_id=boot_id, generation=generation),
        "log_owner": _log_owner(user, capped=capped),
        "command_json": json.dumps(launch.argv),
        "uid": user.uid if user.change else -1,
        "gid": user.gid if user.change else -1,
        "groups": list(user.groups),
        "umask": -1 if launch.umask is None else launch.umask,
        "limits": dict(launch.limits),
        "cwd": launch.folder,
        "executable": launch.executable,
        "argv": list(launch.argv),
        "env": dict(launch.env),
        "seen": seen.raw if seen else b"",
        "dead": (dead.pid, dead.start_ticks),
    }


def drain_orders(
    identity: Identity, *, directory: Path, capped: bool, token: str, user: User
) -> dict[str, Any]:
    """Orders to read a running target's output on after its keeper was killed."""
    process = identity.process
    return {
        "drain": True,
        **_common(
            directory,
            Path(identity.log),
            capped=capped,
            token=token,
            boot_id=process.boot_id,
            generation=identity.generation,
        ),
        "log_owner": _log_owner(user, capped=capped),
        "command_json": json.dumps(identity.command),
        "uid": -1,
        "gid": -1,
        "pid": process.pid,
        "start_ticks": process.start_ticks,
    }


def refusal(stage: str, number: int, launch: Launch) -> SupervisorError:
    """Why a keeper started nothing."""
    why = os.strerror(number) if number else "it did not say why"
    permanent = number in HOPELESS
    if stage == "exec" and number == errno.ENOEXEC:
        return SupervisorError(
            f"The target's executable {launch.executable} is no program: give a script a first line such as "
            f"`#!/bin/sh`, or name its interpreter in `command`.",
            permanent=True,
        )
    sentences = {
        "exec": f"The target's executable {launch.executable} cannot be started ({why}): check its rights.",
        "cwd": f"The target cannot enter its folder {launch.folder} ({why}): check `cwd` and its rights.",
        "user": f"The target cannot become user `{launch.user.name}` ({why}): check `user`.",
        "limits": f"The target's `limits` cannot be set ({why}): lower them, or run opsbot as root.",
    }
    text = sentences.get(stage, f"The target's keeper could not start it ({stage}: {why}).")
    return SupervisorError(text, permanent=permanent and stage in sentences)


def _log_owner(user: User, *, capped: bool) -> tuple[int, int, list[int]] | None:
    """Whose rights a configured log is opened with, where that is not opsbot's user; the default log lies in
    opsbot's own folder."""
    return None if capped or not user.change else (user.uid, user.gid, list(user.groups))


def _common(
    directory: Path, log: Path, *, capped: bool, token: str, boot_id: str, generation: int
) -> dict[str, Any]:
    return {
        "directory": str(directory),
        "log": str(log),
        "log_json": json.dumps(str(log)),
        "log_cap": OUTPUT_CAP if capped else 0,
        "token": token,
        "boot_id": boot_id,
        "generation": generation,
    }
