"""Which files of a rotation there are."""

from __future__ import annotations

import os
import stat

from opsbot.rotation._names import Kind, Named, ours
from opsbot.rotation._safe import stat_in


def present(folder_fd: int, kind: Kind, name: str) -> list[tuple[Named, os.stat_result]]:
    """The regular files of that kind, the oldest first; a link of such a name is nobody's business. Raises
    OSError."""
    looked = ((one, stat_in(folder_fd, one.name)) for one in ours(kind, name, os.listdir(folder_fd)))
    return [(one, found) for one, found in looked if found and stat.S_ISREG(found.st_mode)]
