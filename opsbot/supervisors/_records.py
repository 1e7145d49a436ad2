"""The files in a target's folder: who runs, how targets ended, what opsbot asked for.

All are written at once (new file, rename), mode 0600, by the keeper or here.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from opsbot.domain.moment import Moment
from opsbot.domain.process import Exit, ProcessId
from opsbot.errors import SupervisorError

NO_PROCESS = ProcessId("", 0, 0)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who runs. `keeper`: pid 0 when it has none; `log`: the file its output goes to, empty when the keeper
    has no hand in it; `raw`: the bytes it was read from."""

    process: ProcessId
    generation: int
    keeper: ProcessId
    log: str
    command: tuple[str, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class ExitRecord:
    """How a target ended, as its keeper saw it. `oom_kills`: made by the kernel while it ran; `lost`: bytes
    of output that could not be written."""

    process: ProcessId
    generation: int
    exit: Exit
    oom_kills: int
    lost: int


class Records:
    """Reads and writes the files of one target's folder (0700, made when it is missing)."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def output(self) -> Path:
        """Where the target's output goes when no log is configured."""
        return self.directory / "output.log"

    def prepare(self) -> None:
        """
        Raises:
            SupervisorError: the folder cannot be made.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SupervisorError(
                f"The target's state folder {self.directory} cannot be made ({error.strerror}): correct "
                f"`state_dir` or its rights.",
                permanent=True,
            ) from error

    def token(self) -> str:
        """The random word that marks this target's processes, the same for all generations."""
        path = self.directory / "token"
        with suppress(OSError):
            return path.read_text()
        mine = secrets.token_hex(16)
        fresh = self._write(f"token.{mine}", mine)
        with suppress(OSError):  # of two that make one, the first wins
            os.link(fresh, path)
        fresh.unlink(missing_ok=True)
        with suppress(OSError):
            return path.read_text()
        return mine

    def identity(self) -> Identity | None:
        """Who was last started or adopted; whether it lives is another question."""
        try:
            raw = (self.directory / "identity").read_bytes()
        except OSError:
            return None
        try:
            return _identity(json.loads(raw), raw)
        except (ValueError, KeyError, TypeError):  # nobody's: the cookie finds the process
            return Identity(NO_PROCESS, 0, NO_PROCESS, "", (), raw)

    def adopt(self, process: ProcessId, command: tuple[str, ...]) -> None:
        """Makes a process that was found this target's."""
        nobody = {"generation": 0, "keeper_pid": 0, "keeper_ticks": 0, "log": ""}
        entry = {**asdict(process), **nobody, "command": command}
        self._write("identity", json.dumps(entry) + "\n")

    def exits(self) -> list[ExitRecord]:
        """The newest exits, oldest first."""
        try:
            lines = (self.directory / "exits").read_text().splitlines()
        except OSError:
            return []
        return [record for line in lines if (record := _exit_record(line))]

    def exit_of(self, process: ProcessId) -> ExitRecord | None:
        """How that process ended, if its keeper has written it down."""
        return next((e for e in reversed(self.exits()) if e.process == process), None)

    def ask(self, process: ProcessId) -> None:
        """Notes that opsbot itself makes this process end, before it does so."""
        self._write("asked", json.dumps(asdict(process)) + "\n")

    def asked(self, process: ProcessId) -> bool:
        """Whether opsbot, or its predecessor, made it end."""
        try:
            return ProcessId(**json.loads((self.directory / "asked").read_bytes())) == process
        except (OSError, ValueError, TypeError):
            return False

    def _write(self, name: str, text: str) -> Path:
        path, fresh = self.directory / name, self.directory / f"{name}.new"
        with suppress(OSError):  # a full disk must not keep a service down; what is noted here is not vital
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
                file.write(text)
            fresh.replace(path)
        return path


def _identity(entry: dict[str, Any], raw: bytes) -> Identity:
    boot = str(entry["boot_id"])
    keeper = ProcessId(boot, int(entry["keeper_pid"]), int(entry["keeper_ticks"]))
    process = ProcessId(boot, int(entry["pid"]), int(entry["start_ticks"]))
    return Identity(
        process, int(entry["generation"]), keeper, str(entry["log"]), tuple(entry["command"]), raw
    )


def _exit_record(line: str) -> ExitRecord | None:
    try:
        entry = json.loads(line)
        return ExitRecord(
            process=ProcessId(str(entry["boot_id"]), int(entry["pid"]), int(entry["start_ticks"])),
            generation=int(entry["generation"]),
            exit=Exit(
                at=Moment(float(entry["mono"]), float(entry["wall"])),
                code=int(entry["code"]) if entry["code"] >= 0 else None,
                signal=int(entry["signal"]) or None,
            ),
            oom_kills=int(entry["oom_kills"]),
            lost=int(entry["lost"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
