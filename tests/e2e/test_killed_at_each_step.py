"""The real opsbot, killed (-9) before and after each commit and each thing that it does to the world.

The opsbot that comes after a kill is the one that dies at the next moment, once all is in order again.
"""

from __future__ import annotations

import gzip
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from bench.kill_stage import Stored, kill, until
from bench.kills import INTERRUPTED
from opsbot.clock import SystemClock
from opsbot.domain.action import Action
from opsbot.domain.rule import ActionKind
from opsbot.supervisors import _proc
from tests.e2e.mortal import MortalStage

STUBBORN = 9.0
"""Seconds that a target takes to stop which has to be killed for that."""

PASSES = 3
"""So often all moments are gone through again, when one was passed over."""

LINES = 40
"""That are in the log before each rotation."""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[MortalStage]:
    made = MortalStage(tmp_path)
    try:
        yield made
    finally:
        made.close()


@dataclass(frozen=True, slots=True)
class Death:
    """`cut`: the actions that were open; `before`, `after`: what was durable before the trouble, and is when
    the next opsbot says that all is well and that it does nothing."""

    cut: list[Action]
    before: Stored
    after: Stored


Trouble = Callable[[MortalStage], None]
Done = Callable[[Stored, Stored], bool]
Check = Callable[[MortalStage, Death], None]


def killed_at_each_moment(here: MortalStage, trouble: Trouble, done: Done, check: Check) -> set[str]:
    """The moments, until an opsbot outlives its last one."""
    opsbot, names = here.opsbot(1), set[str]()
    for at in itertools.count(1):
        well(here, opsbot)
        began = SystemClock().now().mono
        before = here.stored(began)
        here.arm()
        trouble(here)
        until(partial(over, here, opsbot, began, before, done), f"moment {at}, or the end")
        if not dead(opsbot):
            kill(opsbot)
            until(partial(dead, opsbot), "its end")
            return names
        names.add(here.passed()[-1])
        cut = list(here.stored(began).state.actions)
        opsbot = here.opsbot(at + 1)
        well(here, opsbot)
        try:
            check(here, Death(cut, before, here.stored(began)))
        except AssertionError as error:
            raise AssertionError(f"killed at moment {at}, {names}: {error}") from error
    raise AssertionError("there is no end")


def well(here: MortalStage, opsbot: int) -> None:
    until(lambda: here.well(opsbot), "opsbot says that all is well and that it does nothing")


def dead(pid: int) -> bool:
    stat = _proc.stat(pid)
    return stat is None or stat.state in _proc.DEAD


def over(here: MortalStage, opsbot: int, began: float, before: Stored, done: Done) -> bool:
    """Whether it has died, or has outlived what it was to die in."""
    if dead(opsbot):
        return True
    now = here.stored(began)
    busy = now.state.actions or any(incident.live for incident in now.state.incidents)
    return not busy and done(before, now)


# ------------------------------------------------------------ restarts


def crash(here: MortalStage) -> None:
    kill(*here.targets())


def restart(here: MortalStage) -> None:
    here.target_stops_in(0.0)
    here.restarts_asked(1)


def restart_of_a_stubborn_one(here: MortalStage) -> None:
    here.target_stops_in(STUBBORN)
    here.restarts_asked(1)


def restarted(before: Stored, now: Stored) -> bool:
    return now.generation > before.generation


def one_target(here: MortalStage, death: Death) -> None:
    """Of the wanted generation, none started twice; what was cut off was finished, and is told as that."""
    clashes = here.folder / "clashes"
    assert not clashes.exists(), clashes.read_text()
    (target,) = here.targets()
    cookie = _proc.cookie(target)
    assert cookie is not None
    assert cookie.generation == death.after.generation
    starts = here.starts()
    assert len(set(starts)) == len(starts)
    taken_up(death)


def taken_up(death: Death) -> None:
    assert death.after.state.actions == []
    resumed = [act for act in death.after.audit if act.outcome == "resumed"]
    assert len(resumed) == len(death.cut)
    for action in death.cut:
        assert action.incident is None or INTERRUPTED in death.after.told[action.incident]


@pytest.mark.parametrize(
    ("trouble", "steps"),
    [
        (crash, {"commit", "backup", "start"}),
        (restart, {"commit", "backup", "stop", "start"}),
        (restart_of_a_stubborn_one, {"commit", "backup", "stop", "start"}),
    ],
)
def test_of_a_restart_there_is_exactly_one_target_afterwards(
    here: MortalStage, trouble: Trouble, steps: set[str]
) -> None:
    wanted = {f"{when} {step}" for step in steps for when in ("before", "after")}
    names = killed_at_each_moment(here, trouble, restarted, one_target)
    for _ in range(PASSES):  # what is told meanwhile is committed between two steps, or between two others
        if wanted <= names:
            return
        names |= killed_at_each_moment(here, trouble, restarted, one_target)
    assert wanted <= names


# ------------------------------------------------------------ rotation


class Writer:
    """Writes numbered lines beside the target, and reads them back."""

    def __init__(self, here: MortalStage) -> None:
        self._log = here.folder / "victim.log"
        self._count = 0

    def rotate(self, here: MortalStage) -> None:
        """Who asks for it does not wait for the answer."""
        with self._log.open("a") as log:
            log.writelines(f"number {n}\n" for n in range(self._count, self._count + LINES))
        self._count += LINES
        asked = {"verb": "rotate", "reason": "too long", "keep": 1000}
        threading.Thread(target=here.answer, args=(asked,), daemon=True).start()

    def all_there(self, here: MortalStage, death: Death) -> None:
        """Each line once, in archives and log; nothing set aside is left."""
        one_target(here, death)
        archives = list(here.folder.rglob("*.log.gz"))
        text = "".join(gzip.decompress(path.read_bytes()).decode() for path in archives)
        text += self._log.read_text()
        numbers = [int(line.split()[1]) for line in text.splitlines() if line.startswith("number ")]
        assert sorted(numbers) == list(range(self._count))
        assert list(here.folder.rglob("victim.log.*")) == []
        assert list(here.folder.rglob("*.part")) == []


def rotated(_: Stored, now: Stored) -> bool:
    return any((act.verb, act.outcome) == (ActionKind.ROTATE_LOGS, "done") for act in now.audit)


def test_of_a_rotation_every_line_is_there_once_and_nothing_was_restarted(here: MortalStage) -> None:
    writer = Writer(here)
    names = killed_at_each_moment(here, writer.rotate, rotated, writer.all_there)
    steps = {"commit", "set_aside", "compress", "prune"}
    assert {f"{when} {step}" for step in steps for when in ("before", "after")} <= names
    assert here.starts() == ["1"]
