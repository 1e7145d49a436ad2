"""When the configuration file, or a file that it names, is another than before, and still for a moment.

The folders are watched, not the files: editors put a new file in the old one's place, and a mounted
configuration is a link that is changed somewhere else. Whatever the system does not tell (a network's file
system, a folder that was replaced) is found by looking now and then.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from pathlib import Path

import structlog
from watchfiles import awatch

from opsbot.clock import Clock

LOOK_EVERY = 2.0
"""Seconds between two looks that nothing asked for."""

STILL = 0.5
"""Seconds without a change after which a file counts as written."""

GONE = 3.0
"""Seconds for which a file must be away, or empty, to count so: some editors write a new one only then."""

LONGEST = 30.0
"""Seconds after which a file that never becomes still is read as it is."""

STEP_MS = 300
"""Milliseconds in which changes that the system tells are taken together."""

MOST = 4 << 20
"""Bytes: of a larger file only size and time are compared."""

log = structlog.get_logger("opsbot.reload")

Print = tuple[object, ...]


class FileWatch:
    """`files`: those that count now. `still` and `gone` in seconds."""

    def __init__(
        self,
        files: Callable[[], Sequence[Path]],
        clock: Clock,
        *,
        still: float = STILL,
        gone: float = GONE,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._files, self._clock = files, clock
        self._still, self._gone, self._look_every = still, gone, look_every
        self._said = ""

    async def changes(self) -> AsyncGenerator[None, None]:
        """Once after each change, however many writes it took; of what changed while nobody asked too."""
        seen = self._prints()
        while True:
            folders = _folders(self._files())
            async with aclosing(self._stirs(folders)) as stirs:
                async for _ in stirs:
                    if self._prints() != seen and (now := await self._settled()) != seen:
                        seen = now
                        yield
                    if _folders(self._files()) != folders:
                        break

    def _prints(self) -> tuple[Print, ...]:
        return tuple(fingerprint(path) for path in self._files())

    async def _settled(self) -> tuple[Print, ...]:
        began = self._clock.now()
        prints = self._prints()
        while self._clock.now().since(began) < LONGEST:
            empty = not all(prints) or EMPTY in prints
            await self._clock.sleep(max(self._still, self._gone if empty else 0.0))
            before, prints = prints, self._prints()
            if prints == before:
                break
        return prints

    async def _stirs(self, folders: Sequence[Path]) -> AsyncGenerator[None, None]:
        """Whenever something happened in one of the folders, or it is time to look. Ends when they cannot be
        watched."""
        milliseconds = int(self._look_every * 1000)
        watching = awatch(
            *folders,
            recursive=False,
            step=min(STEP_MS, milliseconds),
            debounce=4 * STEP_MS,
            rust_timeout=milliseconds,
            yield_on_timeout=True,
        )
        try:
            async with aclosing(watching) as stirs:
                async for _ in stirs:
                    yield
        except (OSError, RuntimeError) as error:  # the folder is away, or the system watches no more for us
            if self._said != repr(error):
                log.info("the configuration's folder cannot be watched, it is looked at", reason=str(error))
            self._said = repr(error)
        await self._clock.sleep(self._look_every)
        yield


def _folders(files: Iterable[Path]) -> list[Path]:
    """Of each file, and of what it is a link to."""
    found: dict[Path, None] = {}
    for path in files:
        whole = path.absolute()
        found[whole.parent] = None
        try:
            found[whole.resolve().parent] = None
        except (OSError, RuntimeError):  # a link that leads nowhere
            continue
    return list(found)


EMPTY: Print = ("empty",)


def fingerprint(path: Path) -> Print:
    """Equal for two looks between which a file has not changed; empty when there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return ()
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return ("none", status.st_mode)
        if status.st_size > MOST:
            return (status.st_ino, status.st_size, status.st_mtime_ns)
        content = os.read(descriptor, MOST)
    except OSError:
        return ()
    finally:
        os.close(descriptor)
    return ("is", status.st_mode, hashlib.sha256(content).digest()) if content.strip() else EMPTY
