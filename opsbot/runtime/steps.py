"""The steps of a running action, timed and shown as they happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from opsbot.clock import Clock
from opsbot.domain.action import Action, ActionState, Step, StepState


class StepFailed(Exception):
    """A step could not be done: the action ends here. The text says what a person must know."""


class StepBoard:
    """An action's steps. Each change makes a new `Action` and hands it to `show`."""

    def __init__(self, action: Action, clock: Clock, show: Callable[[Action], None]) -> None:
        self.action = action
        self._clock = clock
        self._show = show

    @contextmanager
    def step(self, number: int) -> Iterator[Callable[[str], None]]:
        """Runs step `number` (from 0); what it yields sets the step's detail.

        An exception marks the step as failed and goes on; one that is cut off by opsbot's end stays running,
        for its successor goes on with it.
        """
        began = self._clock.now()
        told = [""]
        self._set(number, StepState.RUNNING, 0.0, "")
        try:
            yield lambda text: told.__setitem__(0, text)
        except Exception as error:
            self._set(number, StepState.FAILED, self._clock.now().since(began), told[0] or str(error))
            raise
        self._set(number, StepState.DONE, self._clock.now().since(began), told[0])

    def skip(self, number: int, why: str) -> None:
        """Step `number` is not needed."""
        self._set(number, StepState.SKIPPED, 0.0, why)

    def end(self, state: ActionState, detail: str) -> Action:
        """The action, ended; to be shown by who has made that durable."""
        self.action = replace(self.action, state=state, detail=detail, ended=self._clock.now())
        return self.action

    def _set(self, number: int, state: StepState, seconds: float, detail: str) -> None:
        steps = list(self.action.steps)
        steps[number] = Step(steps[number].title, state, seconds, detail)
        self.action = replace(self.action, steps=tuple(steps))
        self._show(self.action)
