"""The file that a target's output goes to: whether a keeper will be able to write it."""

from __future__ import annotations

from pathlib import Path

from opsbot.errors import SupervisorError
from opsbot.supervisors._keeper.files import only_root_moves
from opsbot.supervisors._launch import User


def prepare_log(log: Path, user: User, *, configured: bool) -> None:
    """Makes the log's folder. `configured`: it is not the default one in opsbot's own folder.

    Raises:
        SupervisorError: permanent, one sentence with the remedy.
    """
    if log.is_symlink() or log.is_dir():
        what = "a folder" if log.is_dir() and not log.is_symlink() else "a symbolic link"
        raise SupervisorError(
            f"The target's log {log} is {what}, which opsbot does not write to: name a plain file.",
            permanent=True,
        )
    if user.change and configured and not log.parent.is_dir():
        raise SupervisorError(
            f"The folder of the target's log {log} does not exist: make it, so that `{user.name}` may write "
            f"there.",
            permanent=True,
        )
    if user.change and configured and not _may_be_written(log, user.uid):
        raise SupervisorError(
            f"The target's log {log} is another user's, in a folder that is not root's alone: "
            f"`chown {user.name} {log}`.",
            permanent=True,
        )
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SupervisorError(
            f"The folder of the target's log {log} cannot be made ({error.strerror}): correct `log`.",
            permanent=True,
        ) from error


def _may_be_written(log: Path, uid: int) -> bool:
    """Whether it can be opened in the way in which a keeper will (`_keeper.log`)."""
    try:
        owner = log.stat().st_uid
    except OSError:
        return True  # it will be made
    return owner == uid or only_root_moves(str(log))
