"""The files in a target's folder: who runs, how targets ended, what opsbot asked for.

All are written at once (new file, rename), mode 0600, by the keeper or here.
"""

from __future__ import annotations

import fcntl
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
from opsbot.supervisors import _proc
from opsbot.supervisors._group import Adoption

LEFT = "left"
"""The mark on the folder of a target that is no longer configured (see `opsbot.stores.folders`)."""

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
        """The random word that marks this target's processes, the same for all generations.

        Raises:
            SupervisorError: transient; there is one, but it cannot be read.
        """
        path = self.directory / "token"
        if found := self._read("token"):
            return found.decode(errors="replace")
        with suppress(OSError):  # empty: a power cut, so that nothing runs that bears it
            path.unlink()
        mine = secrets.token_hex(16)
        fresh = self.directory / f"token.{mine}"
        if self._write(fresh.name, mine):
            with suppress(OSError):  # of two that make one, the first wins
                os.link(fresh, path)
        fresh.unlink(missing_ok=True)
        return self._read("token").decode(errors="replace") or mine

    def identity(self) -> Identity | None:
        """Who was last started or adopted; whether it lives is another question.

        Raises:
            SupervisorError: transient; there is a record, but it cannot be read.
        """
        raw = self._read("identity")
        if not raw and not (self.directory / "identity").exists():
            return None
        try:
            return _identity(json.loads(raw), raw)
        except (ValueError, KeyError, TypeError):  # nobody's: the cookie finds the process
            return Identity(NO_PROCESS, 0, NO_PROCESS, "", (), raw)

    def adopt(self, process: ProcessId, command: tuple[str, ...], seen: Identity | None) -> bool:
        """Makes a process this target's. False when that is not to be had now: a keeper is at work, somebody
        else has changed the record since `seen` was read, or the disk is full."""
        nobody = {"generation": 0, "keeper_pid": 0, "keeper_ticks": 0, "log": ""}
        entry = {**asdict(process), **nobody, "command": command}
        try:
            lock = os.open(self.directory / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            now = self.identity()
            same = (now.raw if now else b"") == (seen.raw if seen else b"")
            return same and self._write("identity", json.dumps(entry) + "\n")
        except BlockingIOError:
            return False
        finally:
            os.close(lock)

    def note(self, adoption: Adoption) -> None:
        """Remembers how an adopted target stood, for the time after its end."""
        if adoption != self.noted():
            self._write("adopted", json.dumps(asdict(adoption)) + "\n")

    def noted(self) -> Adoption | None:
        """The target that was last adopted; it may have ended since."""
        try:
            entry = json.loads((self.directory / "adopted").read_bytes())
            process, *workers = (ProcessId(**raw) for raw in (entry.pop("process"), *entry.pop("workers")))
            return Adoption(process, workers=tuple(workers), **entry)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def others(self) -> frozenset[ProcessId]:
        """Processes that other targets of this opsbot have on record, running or not."""
        return self._on_record(left=False)

    def left(self) -> frozenset[ProcessId]:
        """The same of targets that are no longer configured: a person may take those for this one's."""
        return self._on_record(left=True)

    def _on_record(self, *, left: bool) -> frozenset[ProcessId]:
        found: set[ProcessId] = set()
        for path in self.directory.parent.iterdir():
            with suppress(SupervisorError):  # what cannot be read there is no trouble of this target's
                if path != self.directory and (path / LEFT).exists() is left:
                    other = Records(path)
                    found |= {known.process for known in (other.identity(), other.noted()) if known}
        return frozenset(found)

    def exits(self) -> list[ExitRecord]:
        """The newest exits, oldest first."""
        try:
            lines = (self.directory / "exits").read_text(errors="replace").splitlines()
        except OSError:
            return []
        return [record for line in lines if (record := _exit_record(line))]

    def exit_of(self, process: ProcessId) -> ExitRecord | None:
        """How that process ended, if its keeper has written it down."""
        return next((e for e in reversed(self.exits()) if e.process == process), None)

    def ask(self, process: ProcessId, now: Moment) -> None:
        """Notes that opsbot itself makes this process end, before it does so."""
        self._write("asked", json.dumps({"mono": now.mono, **asdict(process)}) + "\n")

    def asked(self, process: ProcessId) -> bool:
        """Whether opsbot, or its predecessor, made it end."""
        return self.asked_at(process) is not None

    def asked_at(self, process: ProcessId) -> float | None:
        """When opsbot made it end (seconds since boot, 0.0 when that is not known); None: it did not."""
        try:
            entry = json.loads((self.directory / "asked").read_bytes())
            mono = float(entry.pop("mono", 0.0))
            return mono if ProcessId(**entry) == process else None
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def _read(self, name: str) -> bytes:
        """A file, empty when there is none. Not to be able to read it is no absence of what stands in it."""
        try:
            return (self.directory / name).read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise _proc.blind(error) or SupervisorError(
                f"The target's record {self.directory / name} cannot be read ({error.strerror})."
            ) from error

    def _write(self, name: str, text: str) -> bool:
        """A full disk must not keep a service down: False, and what stood there before stands still."""
        path, fresh = self.directory / name, self.directory / f"{name}.new"
        try:
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
                file.write(text)
            fresh.replace(path)
        except OSError:
            return False
        return True


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
