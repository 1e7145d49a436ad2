"""Reads the configuration anew: when its file changes, on SIGHUP, and when somebody asks.

The file is read whole by the ordinary loader. What is wrong is told once, and the settings of before go on;
what is right is compared, put into effect whole, and told with what changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from opsbot.clock import Clock
from opsbot.config.consequences import consequences
from opsbot.config.diff import Diff, compare, effective
from opsbot.config.load import load
from opsbot.config.settings import Settings
from opsbot.domain.actor import AUTO, Actor, ActorKind
from opsbot.domain.reload import Outcome, Reloaded
from opsbot.engine.inputs import OwnTrouble, Recorded
from opsbot.engine.own import CONFIG_RULE
from opsbot.errors import ConfigError, Problem, UsageError
from opsbot.reloading.file_watch import FileWatch
from opsbot.reloading.generations import Generations

NO_FILE = "opsbot was started without a configuration file: there is nothing to read anew."

EMPTY = "is empty: opsbot would forget all its targets; the settings of before go on."

REASON = 300
"""Characters of what changed that the audit keeps."""

TRY_AGAIN = 30.0
"""Seconds after which a file that could not be used is read again, though it has not changed."""

ANNOUNCED = 5
"""Messages about reloads that may wait for a slow Discord."""

log = structlog.get_logger("opsbot.reload")

Announce = Callable[[Reloaded, Actor], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class _Wish:
    actor: Actor
    dry: bool
    why: str
    answer: asyncio.Future[Reloaded]


class Reloader:
    """One reload at a time. `announce` tells the ops channel; `hangups` is set by SIGHUP."""

    def __init__(
        self,
        generations: Generations,
        announce: Announce,
        clock: Clock,
        hangups: asyncio.Event | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._generations, self._announce, self._environ = generations, announce, environ
        self._hangups = hangups or asyncio.Event()
        self._wishes: asyncio.Queue[_Wish] = asyncio.Queue()
        self._clock = clock
        self._watch = FileWatch(self._files, clock)
        self._invalid = False
        self._unreadable: tuple[str, ...] = ()
        self._waits: tuple[str, ...] = ()
        self._announcing: set[asyncio.Task[None]] = set()

    def _files(self) -> list[Path]:
        settings = self._generations.settings
        return [] if settings.file is None else [settings.file, *settings.files]

    async def reload(self, actor: Actor, dry: bool = False, why: str = "") -> Reloaded:
        """Reads the file and puts it into effect; goes on when whoever asked does not wait any more.

        Raises:
            UsageError: there is no file.
        """
        if self._generations.settings.file is None:
            raise UsageError(NO_FILE)
        wish = _Wish(actor, dry, why, asyncio.get_running_loop().create_future())
        self._wishes.put_nowait(wish)
        return await asyncio.shield(wish.answer)

    async def run(self) -> None:
        """Works until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._work(group), name="reloads")
            group.create_task(self._hear(), name="hangups")
            group.create_task(self._try_again(), name="reading again")
            if self._generations.settings.file is not None:
                group.create_task(self._look(), name="configuration file")

    async def _hear(self) -> None:
        while True:
            await self._hangups.wait()
            self._hangups.clear()
            if self._generations.settings.file is None:
                log.warning("SIGHUP", reason=NO_FILE)
                continue
            await self.reload(AUTO, why="SIGHUP")

    async def _try_again(self) -> None:
        """A file may be wrong for something beside it that nobody watches yet, such as the file of a secret
        that is still to be made."""
        while True:
            await self._clock.sleep(TRY_AGAIN)
            if self._unreadable and self._generations.settings.reload_by_itself:
                await self.reload(AUTO, why="tried again")

    async def _look(self) -> None:
        async with aclosing(self._watch.changes()) as changes:
            async for _ in changes:
                if self._generations.settings.reload_by_itself:
                    await self.reload(AUTO, why="the file has changed")

    async def _work(self, group: asyncio.TaskGroup) -> None:
        while True:
            wish = await self._wishes.get()
            try:
                report = await self._reload(wish)
            except Exception as broken:  # whatever it is, opsbot goes on with what it has
                log.exception("reload broke")
                report = Reloaded(
                    Outcome.FAILED, problems=(f"opsbot failed: {type(broken).__name__}: {broken}",)
                )
            if not wish.answer.done():
                wish.answer.set_result(report)
            if not wish.dry and self._is_news(report) and wish.actor.kind is not ActorKind.DISCORD:
                self._make_known(group, report, wish.actor)

    def _is_news(self, report: Reloaded) -> bool:
        """Whether the ops channel is told: of what was changed, and once of what needs a new start."""
        if report.outcome not in (Outcome.APPLIED, Outcome.SAME):
            return False
        waits, self._waits = self._waits, report.later
        return report.outcome is Outcome.APPLIED or bool(report.later and report.later != waits)

    def _make_known(self, group: asyncio.TaskGroup, report: Reloaded, actor: Actor) -> None:
        if len(self._announcing) >= ANNOUNCED:
            log.warning("the ops channel is not told of the reload: it has not taken the last ones yet")
            return
        task = group.create_task(self._announce(report, actor))
        self._announcing.add(task)
        task.add_done_callback(self._announcing.discard)

    async def _reload(self, wish: _Wish) -> Reloaded:
        old = self._generations.settings
        assert old.file is not None
        try:
            new = await asyncio.to_thread(_read, old.file, self._environ)
        except UsageError as wrong:
            problems = wrong.problems if isinstance(wrong, ConfigError) else [str(wrong)]
            report = Reloaded(Outcome.INVALID, problems=tuple(map(str, problems)))
            if not wish.dry and self._unreadable == report.problems:
                return report  # as it was told
            self._unreadable = self._unreadable if wish.dry else report.problems
            await self._tell(wish, report, "The configuration file was changed and cannot be used")
            return report
        self._unreadable = () if not wish.dry else self._unreadable
        diff = compare(old, new)
        if not diff.changes:
            if not wish.dry:
                await self._well()
                for line in diff.later:
                    log.warning(line)
            return Reloaded(Outcome.SAME, later=diff.later)
        kept = effective(old, new)
        effects = consequences(old, kept, diff, self._generations.running())
        outcome = Outcome.WOULD if wish.dry else Outcome.APPLIED
        report = Reloaded(outcome, diff.changes, effects, diff.later)
        return report if wish.dry else await self._apply(wish, kept, diff, report)

    async def _apply(self, wish: _Wish, kept: Settings, diff: Diff, report: Reloaded) -> Reloaded:
        try:
            await self._generations.change(kept, diff)
        except Exception as error:
            said = str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}"
            failed = Reloaded(Outcome.FAILED, report.changes, later=report.later, problems=(said,))
            await self._tell(wish, failed, "The changed configuration could not be put into effect")
            return failed
        self._invalid = False
        log.info("the configuration is read anew", actor=wish.actor.name, changes=list(report.changes))
        for line in (*report.effects, *report.later):
            log.info(line)
        reason = "; ".join(report.changes)
        pipeline = self._generations.runtime.pipeline
        await pipeline.post(
            Recorded(wish.actor, "reload", "", "done", f"{wish.why}: {reason}"[:REASON].lstrip(": "))
        )
        return report

    async def _tell(self, wish: _Wish, report: Reloaded, what: str) -> None:
        """Once, until the file is good again; another mistake takes the words of the one before."""
        if wish.dry:
            return
        log.error("the configuration is not read anew", problems=list(report.problems))
        first, *more = report.problems
        rest = f" (and {len(more)} more: `opsbot check-config` shows all)" if more else ""
        text = f"{what}; the settings of before go on. {first}{rest}"
        await self._generations.runtime.pipeline.post(OwnTrouble(CONFIG_RULE, text))
        self._invalid = True

    async def _well(self) -> None:
        if self._invalid:
            await self._generations.runtime.pipeline.post(OwnTrouble(CONFIG_RULE, ""))
        self._invalid = False


def _read(file: Path, environ: Mapping[str, str] | None) -> Settings:
    """
    Raises:
        UsageError: the file cannot be used.
    """
    try:
        empty = file.is_file() and not file.read_bytes().strip()
    except OSError:
        empty = False  # the loader says what is wrong
    if empty:
        raise ConfigError([Problem(str(file), 1, 1, "", EMPTY)])
    return load(file, environ)
