"""A Discord bot, and what opsbot itself reaches: for the tests of outages."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.action import Action, ActionState
from opsbot.domain.expr import Seen
from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.notice import Audience
from opsbot.domain.reach import Discord, Reach, Round
from opsbot.domain.rule import ActionKind, RestartPolicy, Rule
from opsbot.domain.target import CheckSpec, SupervisorSpec, Target
from opsbot.engine.draft import LookAround
from opsbot.engine.inputs import ActionMoved, ReachSeen
from opsbot.engine.state import State
from tests.engine.drive import DOWN, NAME, UNHEALTHY, Drive

LOST = Rule(
    "discord_gateway_disconnected",
    Seen("gateway", frozenset({Outcome.FAIL}), "gateway_lost"),
    Severity.CRITICAL,
    Priority.P2,
    "The Discord gateway is gone.",
    action=ActionKind.RESTART,
    reads=frozenset({"gateway"}),
    by_gateway=True,
)


class World(Drive):
    """A Discord bot, and what opsbot itself reaches."""

    @classmethod
    def made(cls, *, networked: bool = True, guarded: bool = True) -> World:
        kinds = (("process", "process"), ("health", "http"), ("gateway", "gateway"))
        target = Target(
            name=NAME,
            title="Summary Bot NG",
            checks=tuple(CheckSpec(name, kind, 15.0, 1.0, None) for name, kind in kinds),
            rules=(DOWN, replace(UNHEALTHY, need=1, of=1), LOST),
            supervisor=SupervisorSpec("process", None),
            restart=RestartPolicy(handover=0.0, start_grace=0.0),
            networked=networked,
        )
        world = cls(State.of([target], {"ops": Audience()}))
        world.state.reach = Reach(guarded=guarded)
        world.runs()
        world.see("process", Outcome.OK)
        if guarded:
            world.reach()
        return world

    def reach(self, after: float = 1.0, *, discord: Discord = Discord.UP, text: str = "why") -> None:
        """A round that reached something."""
        self.now = self.now.after(after)
        at = self.now if discord is Discord.UP else None
        self.give(ReachSeen(Round(self.now, True, "", discord, text, at)))

    def cut_off(self, after: float = 1.0) -> None:
        """A round that reached nothing, confirmed."""
        self.now = self.now.after(after)
        tried = "1.1.1.1:443 (network not reachable)"
        self.give(ReachSeen(Round(self.now, False, tried, Discord.UNKNOWN, "cut off")))

    def looks_around(self) -> int:
        return sum(isinstance(effect, LookAround) for effect in self.effects)

    def firing(self, target: str = NAME) -> set[str]:
        return {rule for (name, rule), alert in self.state.alerts.items() if name == target and alert.firing}

    def doing(self) -> str:
        live = self.state.live(NAME)
        assert live is not None
        return live.doing

    def lose_gateway(self, discord: Discord = Discord.UP) -> None:
        """The bot's gateway goes, and opsbot finds out how Discord is."""
        self.see("gateway", Outcome.FAIL)
        self.reach(0.1, discord=discord)

    def restart_by_death(self) -> None:
        """It dies and is restarted by itself."""
        before = len(self.started)
        self.crashes()
        assert len(self.started) == before + 1

    def restarted(self) -> None:
        """The restart under way ends well, with a new process."""
        (action,) = [a for a in self.state.actions.values() if a.state is ActionState.RUNNING]
        done: Action = replace(action, state=ActionState.DONE, ended=self.now, detail="restarted")
        self.give(ActionMoved(done))
        self.runs(pid=1000 + action.id, generation=action.generation)
