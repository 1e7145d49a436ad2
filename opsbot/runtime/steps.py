"""The steps of a running action, timed and shown as they happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from opsbot.clock import Clock
from opsbot.domain.action import Action, ActionState, Step, StepName, StepState


class StepFailed(Exception):
    """A step could not be done: the action ends here. The text says what a person must know."""


class StepBoard:
    """An action's steps. Each change makes a new `Action` and hands it to `show`."""

    def __init__(self, action: Action, clock: Clock, show: Callable[[Action], None]) -> None:
        self.action = action
        self._clock = clock
        self._show = show

    @contextmanager
    def step(self, name: StepName) -> Iterator[Callable[[str], None]]:
        """Runs a step; what it yields sets the step's detail.

        An exception marks the step as failed and goes on; one that is cut off by opsbot's end stays running,
        for its successor goes on with it.
        """
        began = self._clock.now()
        told = [""]
        self._set(name, StepState.RUNNING, 0.0, "")
        try:
            yield lambda text: told.__setitem__(0, text)
        except Exception as error:
            self._set(name, StepState.FAILED, self._clock.now().since(began), told[0] or str(error))
            raise
        self._set(name, StepState.DONE, self._clock.now().since(began), told[0])

    def skip(self, name: StepName, why: str) -> None:
        """A step that is not needed; one that the action does not have is passed over."""
        self._set(name, StepState.SKIPPED, 0.0, why)

    def tell(self, name: StepName, detail: str) -> None:
        """How far a step that takes long is."""
        for step in self.action.steps:
            if step.title == name and step.state is StepState.RUNNING and step.detail != detail:
                self._set(name, StepState.RUNNING, step.seconds, detail)

    def failing(self) -> str:
        """Which step failed, "step 4 of 6"; empty when none did."""
        for number, step in enumerate(self.action.steps, 1):
            if step.state is StepState.FAILED:
                return f"step {number} of {len(self.action.steps)}"
        return ""

    def end(self, state: ActionState, detail: str) -> Action:
        """The action, ended; to be shown by who has made that durable."""
        self.action = replace(self.action, state=state, detail=detail, ended=self._clock.now())
        return self.action

    def _set(self, name: StepName, state: StepState, seconds: float, detail: str) -> None:
        steps = tuple(
            Step(step.title, state, seconds, detail) if step.title == name else step
            for step in self.action.steps
        )
        self.action = replace(self.action, steps=steps)
        self._show(self.action)
