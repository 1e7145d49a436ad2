"""opsbot after opsbot, quickly: a process that has imported everything forks one each time it is asked.

`python -m bench.headless`: each line on the standard input names a folder, makes an `opsbot run` of its
`opsbot.yml` without Discord (a process of its own, to be killed; what it says goes to `opsbot.log`) and is
answered with its pid. What such an opsbot does to a target it notes in the folder's FIFO `notes`, one line
`PID PHASE` each time the phase of an action changes. All that a killed opsbot leaves behind becomes this
process's child: whoever looks finds every keeper and every target among its descendants.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.reaper import take_in_orphans
from opsbot.app import serve
from opsbot.cli.logs import configure
from opsbot.cli.signals import until_stopped
from opsbot.clock import SystemClock
from opsbot.config.load import load
from opsbot.domain.action import Action, ActionState, StepState
from opsbot.domain.change import Change
from opsbot.engine.draft import Effect, RunAction
from opsbot.runtime.core import Runtime
from opsbot.runtime.ops import Ops
from opsbot.session import Session

DECIDED, RECORDING, OVER = "decided", "recording the end", "over"
"""Phases beside the titles of the steps: it is durable and no step has begun; the last step is done and the
end is not durable; it is."""


class Noting(Session):
    """No bot; notes the phases of the running action."""

    def __init__(self, config: Path, note: Callable[[str], None]) -> None:
        self.settings = load(config, {})
        super().__init__(self.settings, SystemClock())
        self._note = note
        self._last = ""

    async def run(self, runtime: Runtime) -> None:
        show = Ops.show

        def shown(ops: Ops, action: Action) -> None:
            self._say(phase_of(action))
            show(ops, action)

        Ops.show = shown  # type: ignore[method-assign, assignment]  # at once, where `follow` would tell a little later
        runtime.pipeline.listen(self._decided)

    def _decided(self, changes: Sequence[Change], effects: Sequence[Effect]) -> None:
        if any(isinstance(effect, RunAction) for effect in effects):
            self._say(DECIDED)
        if any(isinstance(change, Action) and change.state is not ActionState.RUNNING for change in changes):
            self._say(OVER)

    def _say(self, phase: str) -> None:
        if phase and phase != self._last:
            self._last = phase
            self._note(phase)


def phase_of(action: Action) -> str:
    """The title of the step that runs; nothing between two steps."""
    if action.state is not ActionState.RUNNING:
        return OVER
    running = next((step.title for step in action.steps if step.state is StepState.RUNNING), "")
    return running or (RECORDING if action.steps[-1].state is StepState.DONE else "")


def opsbot(config: Path, notes: int) -> None:
    """`opsbot run`, from the configuration to the end by SIGTERM."""
    pid = os.getpid()

    def note(phase: str) -> None:
        os.write(notes, f"{pid} {phase}\n".encode())

    session = Noting(config, note)
    asyncio.run(until_stopped(serve(session.settings, session=session)))


def born(folder: Path) -> None:
    """In the forked process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    into = os.open(folder / "opsbot.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for fd in (1, 2):
        os.dup2(into, fd)
    code = 1
    try:
        opsbot(folder / "opsbot.yml", os.open(folder / "notes", os.O_WRONLY))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def serve_births(become: Callable[[str], None]) -> None:
    """Forks a process for each line that it is told, which becomes what the line says."""
    take_in_orphans()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are reaped by the kernel, at once
    configure("console")
    gc.collect()
    gc.freeze()
    for line in iter(sys.stdin.buffer.readline, b""):
        pid = os.fork()
        if not pid:
            become(line.decode().rstrip("\n"))
        os.write(1, f"{pid}\n".encode())


def main() -> None:
    serve_births(lambda folder: born(Path(folder)))


if __name__ == "__main__":
    main()
