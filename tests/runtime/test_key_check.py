"""A check of a target's keys, as a line of its incident."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace

import pytest

from opsbot.domain.action import STEPS, Action, Step
from opsbot.domain.actor import AUTO
from opsbot.domain.credential import Credential, KeyFound, KeyState
from opsbot.domain.logs import Lines, LogLook, LogProgress, Question
from opsbot.domain.rule import ActionKind
from opsbot.domain.target import Target
from opsbot.engine.state import State
from opsbot.errors import UsageError
from opsbot.logs.patterns import check_pattern
from opsbot.runtime.key_check import REFUSED, KeyCheck
from opsbot.runtime.steps import StepBoard, StepFailed
from opsbot.testing.clock import VirtualClock
from tests.engine.drive import NAME, target

OPENROUTER = Credential("openrouter", "OPENROUTER_API_KEY", url="https://openrouter.test/key")
DISCORD = Credential("discord", "DISCORD_TOKEN")


@dataclass
class Bench:
    """`found`: what is known of each key; `lines`: of the log, None: it cannot be read."""

    found: dict[str, KeyFound]
    lines: int | None = 0
    clock: VirtualClock = field(default_factory=VirtualClock)

    async def check(self, watched: Target, credential: Credential) -> KeyFound:
        assert watched.name == NAME
        return self.found[credential.name]

    async def log(self, name: str, question: Question) -> AsyncGenerator[LogProgress | LogLook, None]:
        if self.lines is None:
            raise UsageError("There is no log at bot.log.")
        assert question.since == self.clock.now().wall - 3600
        yield LogProgress(1)
        yield LogLook(name, name, question, Lines(("the newest",) * bool(self.lines), self.lines))

    async def told(self, *credentials: Credential) -> str:
        state = State.of([replace(target(), credentials=credentials)], {})
        steps = tuple(Step(name) for name in STEPS[ActionKind.CHECK_API_KEY])
        asked = self.clock.now()
        action = Action(1, NAME, ActionKind.CHECK_API_KEY, AUTO, "errors", asked, 0, steps=steps)
        worker = KeyCheck(state, self.clock, self, self.log)
        return await worker.work(StepBoard(action, self.clock, lambda _: None), resumed=False)


@pytest.mark.parametrize(
    ("found", "lines", "said"),
    [
        (
            KeyFound(KeyState.REFUSED, "HTTP 401"),
            12,
            "The key openrouter (OPENROUTER_API_KEY) is refused: HTTP 401; 12 lines of its log say in the "
            "last hour that a key was refused",
        ),
        (
            KeyFound(KeyState.ACCEPTED),
            0,
            "The key openrouter (OPENROUTER_API_KEY) is accepted; no line of its log says in the last hour "
            "that a key was refused",
        ),
        (
            KeyFound(KeyState.UNKNOWN, "HTTP 502"),
            1,
            "Whether the key openrouter (OPENROUTER_API_KEY) is accepted cannot be told: HTTP 502; 1 line of "
            "its log says in the last hour that a key was refused",
        ),
        (
            KeyFound(KeyState.MISSING, "the variable is not set"),
            None,
            "The key openrouter (OPENROUTER_API_KEY) is missing: the variable is not set; the log cannot be "
            "asked: There is no log at bot.log.",
        ),
    ],
)
async def test_it_says_whether_the_key_is_accepted_and_what_the_log_says(
    found: KeyFound, lines: int | None, said: str
) -> None:
    assert await Bench({"openrouter": found}, lines).told(OPENROUTER) == said


async def test_each_key_is_told() -> None:
    bench = Bench({"openrouter": KeyFound(KeyState.ACCEPTED), "discord": KeyFound(KeyState.REFUSED)})
    text = await bench.told(OPENROUTER, DISCORD)
    assert "OPENROUTER_API_KEY) is accepted; The key discord (DISCORD_TOKEN) is refused; " in text


async def test_without_keys_it_fails_with_the_reason() -> None:
    with pytest.raises(StepFailed, match="names none of its keys any more"):
        await Bench({}).told()


def test_what_it_looks_for_is_a_pattern_that_the_log_can_be_searched_for() -> None:
    assert check_pattern(REFUSED) == REFUSED
