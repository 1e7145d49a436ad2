"""`opsbot diagnostics`: the bundle comes in pieces, and is this user's file."""

from __future__ import annotations

import hashlib
import os
import secrets
from base64 import b64decode
from contextlib import suppress
from pathlib import Path
from typing import Any

from opsbot.cli.act import act_command
from opsbot.errors import UsageError

TRIES = 100
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class _Receiver:
    """Takes the pieces into a file of a name that nobody can guess, and gives it its own when it is whole."""

    def __init__(self, folder: Path) -> None:
        self._path = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._folder = os.open(folder, _FOLDER)
        except OSError as error:
            raise UsageError(
                f"{folder} cannot hold the bundle ({error.strerror}): name another with -o."
            ) from None
        self._half = f".diagnostics-{secrets.token_hex(16)}"
        self._digest = hashlib.sha256()
        self._file: int | None = None

    def see(self, line: dict[str, Any]) -> None:
        """Each line of the answer, before it is printed."""
        if "piece" in line:
            self._take(str(line["piece"]))
        elif "name" in line:
            path = self._finish(str(line["name"]), str(line["data"]["sha256"]))
            line["data"]["path"] = str(path)
            line["text"] = f"{line['text']}\n{path}"

    def _take(self, piece: str) -> None:
        data = b64decode(piece)
        if self._file is None:
            self._file = os.open(self._half, _NEW, 0o600, dir_fd=self._folder)
        self._digest.update(data)
        while data:
            data = data[os.write(self._file, data) :]

    def _finish(self, name: str, sha256: str) -> Path:
        """One of that name gets a neighbour ("…_2.tar.gz"): what is there is never written to."""
        if self._file is None or self._digest.hexdigest() != sha256:
            raise UsageError("The bundle did not arrive whole: ask for a new one.")
        stem, dot, ends = Path(name).name.partition(".")
        for number in range(1, TRIES):
            own = f"{stem}{'' if number == 1 else f'_{number}'}{dot}{ends}"
            with suppress(FileExistsError):
                os.link(
                    self._half, own, src_dir_fd=self._folder, dst_dir_fd=self._folder, follow_symlinks=False
                )
                return self._path / own
        raise UsageError(f"{self._path} has too many files called {name}: name another folder with -o.")

    def close(self) -> None:
        """What did not arrive whole is removed."""
        if self._file is not None:
            os.close(self._file)
            with suppress(FileNotFoundError):
                os.unlink(self._half, dir_fd=self._folder)
        os.close(self._folder)


def diagnostics_command(config: Path | None, target: str | None, folder: Path, *, as_json: bool) -> int:
    """Writes the bundle to `folder` and says what is in it; returns the exit code.

    Raises:
        UsageError: it cannot be written there.
    """
    receiver = _Receiver(folder)
    request = {"verb": "diagnostics", "target": target}
    try:
        return act_command(config, request, as_json=as_json, seen=receiver.see)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot hold the bundle ({error.strerror}): name another with -o."
        ) from error
    finally:
        receiver.close()
