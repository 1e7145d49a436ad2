"""Talking to systemd: `systemctl` and `journalctl` by lists of words, never by a shell, never for ever."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from opsbot.errors import SupervisorError
from opsbot.supervisors._systemd.unit import PROPERTIES, Unit, parse

ANSWER_SECONDS = 10.0
"""systemd answers in milliseconds; one that has not by then hangs, or its bus does."""

PASSED_ON = ("PATH", "HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS")
"""All that systemctl gets of opsbot's environment: none of its secrets."""

QUIET = ("--no-pager", "--no-ask-password")

PROCESS_EXIT = "98e322203f7a4ed290d09fe03c09fe15"
"""Message id of a unit's process that exited (SD_MESSAGE_UNIT_PROCESS_EXIT of sd-messages.h)."""

_CODES = {"exited": os.CLD_EXITED, "killed": os.CLD_KILLED, "dumped": os.CLD_DUMPED}

NOT_HERE = (
    "systemd cannot be asked ({what}): this supervisor needs it as the machine's init system; where there is "
    "none, use the supervisor `process`."
)
NO_USER_MANAGER = (
    "The user's own systemd cannot be asked ({what}): `loginctl enable-linger` has it run without a login; "
    "opsbot needs XDG_RUNTIME_DIR."
)
NOT_ALLOWED = (
    "systemd does not let opsbot {verb} {unit} ({what}): run opsbot as root, allow "
    "`org.freedesktop.systemd1.manage-units` to its user in a polkit rule, or use `scope: user`."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    error: str


class Client:
    """A systemctl that waits for a job of systemd. The job goes on when the client is ended."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.error = ""

    @property
    def failed(self) -> bool:
        """It is done, and the job did not succeed."""
        return bool(self._process.returncode)

    async def done_within(self, seconds: float) -> bool:
        """Whether it is done within a time (real seconds: systemd does not live in an injected clock's)."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._process.wait()
        except TimeoutError:
            return False
        if not self.error:
            assert self._process.stderr
            self.error = _text(await self._process.stderr.read()).strip()
        return True


class Systemd:
    """One unit of one systemd: the machine's, or the user's own."""

    def __init__(self, unit: str, *, user: bool) -> None:
        self.unit, self._user = unit, user

    @property
    def command(self) -> str:
        """How a person calls systemctl for this unit."""
        return "systemctl --user" if self._user else "systemctl"

    async def show(self) -> Unit:
        """
        Raises:
            SupervisorError: systemd cannot be asked.
        """
        answer = await self._run("systemctl", *self._words("show", f"--property={PROPERTIES}"))
        if answer.code or "Id=" not in answer.out:
            raise self.refusal("show", answer.error)
        return parse(answer.out)

    async def order(self, verb: str, *options: str) -> None:
        """Has systemd do what is done at once.

        Raises:
            SupervisorError: it refuses, or cannot be asked.
        """
        answer = await self._run("systemctl", *self._words(verb, *options))
        if answer.code:
            raise self.refusal(verb, answer.error)

    @asynccontextmanager
    async def client(self, verb: str) -> AsyncIterator[Client]:
        """A job of systemd, and a client that waits for it."""
        process = await self._spawn("systemctl", *self._words(verb), out=DEVNULL)
        try:
            yield Client(process)
        finally:
            await _end(process)

    async def lines(self, name: str, number: int) -> list[str]:
        """The newest lines that the unit's processes wrote to the journal; none when it may not be read."""
        match = f"_SYSTEMD_USER_UNIT={name}" if self._user else f"_SYSTEMD_UNIT={name}"
        more = (f"_UID={os.getuid()}",) if self._user else ()
        answer = await self._journal("cat", number, match, *more)
        return answer.out.rstrip("\n").split("\n")[-number:] if number > 0 and answer.out else []

    async def exited(self, invocation: str) -> tuple[int, int] | None:
        """How the main process of an invocation ended by the journal: code and status as in waitid(2)."""
        key = "USER_INVOCATION_ID" if self._user else "INVOCATION_ID"
        matches = (f"MESSAGE_ID={PROCESS_EXIT}", f"{key}={invocation}", "COMMAND=ExecStart")
        answer = await self._journal("json", 1, *matches)
        try:
            entry = json.loads(answer.out)
            return _CODES[entry["EXIT_CODE"]], int(entry["EXIT_STATUS"])
        except (ValueError, KeyError, TypeError):
            return None

    def refusal(self, verb: str, error: str) -> SupervisorError:
        """What systemctl's complaint means, and what helps."""
        what = error.partition("\n")[0].strip() or "it said nothing"
        if "authentication required" in error or "ccess denied" in error or "not permitted" in error:
            return SupervisorError(
                NOT_ALLOWED.format(verb=verb, unit=self.unit, what=what.rpartition(": ")[2].rstrip(".")),
                permanent=True,
            )
        if "onnect to bus" in error or "not been booted with systemd" in error:
            text = NO_USER_MANAGER if self._user else NOT_HERE
            return SupervisorError(text.format(what=what.rpartition(": ")[2].rstrip(".")), permanent=True)
        permanent = "Operation refused" in error
        return SupervisorError(f"systemd did not {verb} {self.unit}: {what}", permanent=permanent)

    async def _journal(self, form: str, number: int, *matches: str) -> Answer:
        words = ("--no-pager", "--quiet", "--all", f"--output={form}", f"--lines={max(0, number)}", *matches)
        with suppress(SupervisorError):  # the journal is only told from, nothing depends on it
            answer = await self._run("journalctl", *words)
            if not answer.code:
                return answer
        return Answer(1, "", "")

    def _words(self, verb: str, *options: str) -> tuple[str, ...]:
        return (*(("--user",) if self._user else ()), *QUIET, verb, *options, "--", self.unit)

    async def _spawn(self, *words: str, out: int = PIPE) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                *words,
                stdin=DEVNULL,
                stdout=out,
                stderr=PIPE,
                env=self._environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise SupervisorError(
                NOT_HERE.format(what=f"{words[0]}: {error.strerror}"),
                permanent=isinstance(error, FileNotFoundError),
            ) from error

    async def _run(self, *words: str) -> Answer:
        process = await self._spawn(*words)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                out, error = await process.communicate()
        except TimeoutError:
            raise SupervisorError(
                f"systemd did not answer within {ANSWER_SECONDS:g} s: see whether `{words[0]}` hangs."
            ) from None
        finally:
            await _end(process)
        return Answer(process.returncode or 0, _text(out), _text(error))

    def _environment(self) -> dict[str, str]:
        env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        if self._user:
            env.setdefault("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
        return {**env, "LC_ALL": "C", "TZ": "UTC", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}


async def _end(process: Process) -> None:
    """Ends a client that still waits; what it waits for goes on."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own group: whatever it may have started too
        await process.wait()


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")
