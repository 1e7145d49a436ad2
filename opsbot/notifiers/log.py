"""The guide's `logs/alerts.log`: every notice as one line of JSON."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import stat
from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field, model_validator

from opsbot.domain.notice import Receipt, Telling
from opsbot.draw.incident import utc_text
from opsbot.draw.summary import as_data
from opsbot.errors import DeliveryError
from opsbot.notifiers._options import require
from opsbot.notifiers.base import Notifier, NotifierContext, NotifierOptions

_PASSING = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EAGAIN, errno.EMFILE, errno.ENFILE),
        *(errno.ENOENT, errno.ENOMEM, errno.EINTR, errno.ESTALE),  # ENOENT: the folder went meanwhile
    }
)
"""What passes by itself. The rest (a folder, a pipe or a link in its place, no permission, a read-only disk)
refuses every line until a person has mended it."""

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Options(NotifierOptions):
    """`file_path`: relative to the folder opsbot was started in; made with its folders, readable by its
    owner only. It may be rotated by rename at any time."""

    reaches_people: ClassVar[bool] = False

    max_per_minute: float = Field(default=0, ge=0)
    file_path: str = "./logs/alerts.log"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        require(self, file_path=self.file_path)
        return self


def build(options: Options, context: NotifierContext) -> Notifier:
    """Opens nothing yet."""
    return LogNotifier(options, context.name)


class LogNotifier:
    """Opens the file for each line, so that it may be moved away between two."""

    def __init__(self, options: Options, name: str) -> None:
        self._path = Path(options.file_path).expanduser()
        self._name = name

    async def deliver(self, telling: Telling) -> Receipt:
        """See `Notifier.deliver`. A full disk is transient; a path that is no file of ours refuses every
        line."""
        try:
            await asyncio.to_thread(append, self._path, line(telling))
        except OSError as error:
            reason = f"{self._path}: {error.strerror or error}"
            refused = error.errno not in _PASSING  # of one line as of another
            raise DeliveryError(reason, permanent=refused, place=True) from None
        return Receipt(self._name, telling.incident.id, str(telling.notice.id))

    async def close(self) -> None:
        """Nothing is held."""


def line(telling: Telling) -> bytes:
    """One JSON object and a newline; what came from outside cannot make a second line of it."""
    row = {
        "at": utc_text(telling.notice.created.wall),
        "notice": telling.notice.id,
        "kind": telling.notice.kind.value,
        "incident": as_data(telling.incident),
    }
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def append(path: Path, data: bytes) -> None:
    """Adds `data` in one write. Symbolic links, devices and pipes are refused (OSError)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, _FLAGS, 0o600)
    try:
        before = os.fstat(file)
        if not stat.S_ISREG(before.st_mode):
            raise OSError(errno.EINVAL, "is not a regular file")
        if os.write(file, data) != len(data):
            os.ftruncate(file, before.st_size)  # half a line would spoil the next one
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(file)
