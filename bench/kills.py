"""kill -9 of opsbot at a random moment of a restart, again and again: afterwards exactly one target runs.

A round: a healthy target; a restart begins (a person asks for it, two do at once, or the target is killed);
opsbot is killed at a moment that is either drawn from the whole duration of a restart or soon after a drawn
phase of it began, in some rounds with every keeper, in some rounds again while it starts anew; the next
opsbot is waited for until it says that all is well and does nothing. Everything is drawn from one seed:
`python -m bench.kills ROUNDS SEED` repeats it.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.discord import Discord
from bench.headless import DECIDED, OVER, RECORDING
from bench.kill_stage import Stage, Trouble, kill, stage, until
from bench.stats import Row
from opsbot.clock import SystemClock
from opsbot.domain.action import STEPS, Action, StepName
from opsbot.domain.rule import ActionKind
from opsbot.supervisors import _proc

DECIDING, STARTING = "deciding", "starting anew"
"""Phases of which no opsbot notes anything: nothing is durable yet; it has not taken up what was begun."""

PHASES = (DECIDING, DECIDED, *STEPS[ActionKind.RESTART], RECORDING)
"""What kills are aimed at; the histogram has also those that came a little later."""

STOP_SECONDS = 0.3
"""The target's stop timeout."""

START_SECONDS = 0.35
"""What a restart takes here beside the stop, and what an opsbot takes to start and take it up again."""

SHORT, LONG = 0.002, 0.02
"""Seconds after the beginning of a phase: some take less than a millisecond, some a tenth of a second."""

ROUNDS = 500

CAMPAIGN = 50
"""Rounds on one state directory; then a new one, so that some begin on day one."""

INTERRUPTED = "opsbot was interrupted during this"


@dataclass(frozen=True, slots=True)
class Plan:
    """One round. `asked`: people who ask for the restart at once (0: the target is killed instead). `stops`:
    seconds that the target takes to stop; more than the stop timeout means SIGKILL. `rested`: not before a
    keeper stands by. `aim`: the phase to wait for ("": none), `delay`: seconds from there or from the
    beginning. `keeper`: all are killed "before" or "after" opsbot, or the new one stands still ("frozen", as
    on an overloaded machine) until the next opsbot has run for `thaw` seconds, or nothing (""). `again`:
    seconds after which the next opsbot is killed too, if any."""

    asked: int
    stops: float
    rested: bool
    aim: str
    delay: float
    keeper: str
    thaw: float
    again: float | None

    @classmethod
    def drawn(cls, dice: random.Random) -> Plan:
        asked = dice.choice((1, 1, 1, 2, 0, 0))
        stops = dice.choice((0.0, dice.uniform(0, STOP_SECONDS), 10 * STOP_SECONDS))
        whole = START_SECONDS + (min(stops, STOP_SECONDS) if asked else 0.0)
        keeper = dice.choice(("", "", "", "before", "after", "frozen"))
        aim = dice.choice(PHASES) if dice.random() < 0.6 else ""
        if keeper == "frozen":
            aim = StepName.START
        short = dice.choice((0.0, dice.uniform(0, SHORT), dice.uniform(0, LONG)))
        return cls(
            asked=asked,
            stops=stops,
            rested=dice.random() < 0.15,
            aim=aim,
            delay=short if aim else dice.uniform(0, whole),
            keeper=keeper,
            thaw=dice.uniform(0, 2 * START_SECONDS),
            again=dice.uniform(0, whole) if dice.random() < 0.3 else None,
        )


@dataclass(slots=True)
class Tally:
    """`good`: rounds that ended with exactly one target and everything in order; `troubles`: a text for each
    that did not. `phases`: what each kill hit; `open`: actions that were cut off; `seed`: repeats it all."""

    rounds: int = 0
    good: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    open: int = 0
    seed: int = 0
    troubles: list[str] = field(default_factory=list)

    def report(self) -> str:
        """What was hit, one line a phase in the order of a restart; and what went wrong."""
        hits = [f"{self.phases[phase]:5}  {phase}" for phase in (STARTING, *PHASES, OVER)]
        head = f"seed {self.seed}: {self.phases.total()} kills cut off {self.open} actions, in the phases"
        return "\n".join([head, *hits, *self.troubles])


def measure(folder: Path, rounds: int, seed: int) -> Tally:
    """That many rounds. A round that fails ends its campaign; the rest is done on a new state directory.

    Raises:
        Trouble: an opsbot does not even start.
    """
    tally, dice, number = Tally(seed=seed), random.Random(seed), 0
    while tally.rounds < rounds:
        number += 1
        place = folder / f"campaign-{number}"
        place.mkdir()
        with stage(place) as here:
            _campaign(here, dice, min(CAMPAIGN, rounds - tally.rounds), tally)
        shutil.rmtree(place)
    return tally


def _campaign(here: Stage, dice: random.Random, rounds: int, tally: Tally) -> None:
    opsbot = here.opsbot()
    until(lambda: here.well(opsbot), "the first opsbot says that all is well")
    for _ in range(rounds):
        tally.rounds += 1
        plan = Plan.drawn(dice)
        act = Round(here, plan, opsbot)
        try:
            opsbot = act.run()
            tally.good += 1
        except Trouble as trouble:
            log = here.log.read_text(errors="replace").splitlines()[-30:]
            tally.troubles.append("\n".join([f"round {tally.rounds}, {plan}: {trouble}", *log]))
            return
        finally:
            tally.phases.update(act.hit)
            tally.open += len(act.cut)


class Round:
    """One round on a stage. `hit`: the phase that each kill met; `cut`: the actions that were open then."""

    def __init__(self, here: Stage, plan: Plan, opsbot: int) -> None:
        self.here, self.plan, self.opsbot = here, plan, opsbot
        self.hit: list[str] = []
        self.cut: dict[int, Action] = {}
        self.began = SystemClock().now().mono
        self.before = here.stored(self.began).generation

    def run(self) -> int:
        """The opsbot that runs afterwards.

        Raises:
            Trouble: it did not end with one target, or not in order.
        """
        here, plan = self.here, self.plan
        (target,) = here.targets()
        here.target_stops_in(plan.stops)
        if plan.rested:
            until(lambda: here.stands_by(self.opsbot), "a keeper stands by")
        here.read_notes()
        here.notes.clear()
        threads = here.restarts_asked(plan.asked)
        if not plan.asked:
            kill(target)
        self._at_the_moment()
        self._kill(DECIDING)
        for thread in threads:
            thread.join()
        if plan.keeper == "after":
            self._signal_keepers(signal.SIGKILL)
        self.opsbot = here.opsbot()
        if plan.keeper == "frozen":
            time.sleep(plan.thaw)
            self._signal_keepers(signal.SIGCONT)
        if plan.again is not None:
            time.sleep(plan.again)
            self._kill(STARTING)
            self.opsbot = here.opsbot()
        until(lambda: here.well(self.opsbot), "opsbot says that all is well and that it does nothing")
        self._check(target)
        return self.opsbot

    def _at_the_moment(self) -> None:
        if self.plan.aim not in ("", DECIDING):
            self.here.reaches(self.opsbot, self.plan.aim, 2 * (STOP_SECONDS + START_SECONDS))
        if self.plan.keeper == "frozen":
            self.here.freeze_new_keeper(self.opsbot, START_SECONDS)
        time.sleep(self.plan.delay)
        if self.plan.keeper == "before":
            self._signal_keepers(signal.SIGKILL)

    def _signal_keepers(self, number: int) -> None:
        for pid in self.here.keepers():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _kill(self, quiet: str) -> None:
        """`quiet`: the phase when nothing was noted."""
        kill(self.opsbot)
        self.here.read_notes()
        noted = [phase for pid, phase in self.here.notes if pid == self.opsbot]
        self.hit.append(noted[-1] if noted else quiet)
        self.cut |= {action.id: action for action in self.here.stored(self.began).state.actions}

    # ------------------------------------------------------------ afterwards

    def _check(self, old: int) -> None:
        here = self.here
        targets = here.targets()
        if len(targets) != 1:
            raise Trouble(f"{len(targets)} targets run: {targets}")
        if (clashes := here.folder / "clashes").exists():
            raise Trouble(f"two targets ran at once: {clashes.read_text()}")
        until(lambda: not here.orphans(self.opsbot), "no keeper is left without a target", 5.0)
        self._check_generation(old, targets[0])
        self._check_told()

    def _check_generation(self, old: int, new: int) -> None:
        cookie, stored = _proc.cookie(new), self.here.stored(self.began)
        if cookie is None or cookie.generation != stored.generation:
            raise Trouble(f"generation {stored.generation} is wanted, and this runs: {cookie}")
        if (stored.generation > self.before) != (new != old):
            raise Trouble(f"pid {old} became {new}, generation {self.before} became {stored.generation}")
        if len(starts := self.here.starts()) != len(set(starts)):
            raise Trouble(f"a generation was started twice: {starts[-5:]}")
        if self.plan.asked and not self.plan.keeper and stored.generation > self.before + 1:
            raise Trouble(f"one restart was asked for, {stored.generation - self.before} were made")

    def _check_told(self) -> None:
        """What was cut off has ended, and the record says that it was interrupted."""
        stored = self.here.stored(self.began)
        if stored.state.actions:
            raise Trouble(f"not ended: {stored.state.actions}")
        resumed = [act for act in stored.audit if act.outcome == "resumed"]
        if bool(resumed) != bool(self.cut):
            raise Trouble(f"the audit says {resumed} of {self.cut}")
        for action in self.cut.values():
            if action.incident is not None and INTERRUPTED not in stored.told.get(action.incident, ""):
                raise Trouble(f"incident {action.incident} does not say that the {action.kind} was cut off")


def rows(_: Discord, folder: Path) -> list[Row]:
    """For the table; the histogram goes beside it."""
    tally = measure(folder, ROUNDS, random.getrandbits(32))
    print(tally.report(), file=sys.stderr)
    return [
        Row(
            "kill -9 of opsbot at a random moment of a restart: exactly one target afterwards",
            f"{tally.good} of {tally.rounds} rounds ({tally.open} cut off an action)",
            "every time",
            tally.good == tally.rounds,
        )
    ]


def main() -> None:
    rounds = int(sys.argv[1]) if sys.argv[1:] else ROUNDS
    seed = int(sys.argv[2]) if sys.argv[2:] else random.getrandbits(32)
    print(f"{rounds} rounds, seed {seed} …", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="opsbot-bench-") as folder:
        tally = measure(Path(folder), rounds, seed)
    print(f"{tally.good} of {tally.rounds} rounds ended with exactly one target\n{tally.report()}")


if __name__ == "__main__":
    main()
