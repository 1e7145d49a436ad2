"""What remembers: answers about the past, postmortems, reports, what became of deploys; wired together."""

from __future__ import annotations

from typing import Protocol

from opsbot.runtime.deploys import DeployWatch
from opsbot.runtime.history import History
from opsbot.runtime.memory import Recall
from opsbot.runtime.parts import Parts
from opsbot.runtime.pipeline import Pipeline
from opsbot.runtime.postmortems import Postmortems
from opsbot.runtime.reporting import Reports


class Runs(Protocol):
    """A part that works until cancelled."""

    async def run(self) -> None:
        """Works."""


def recall_of(parts: Parts, pipeline: Pipeline, history: History) -> Recall:
    """What answers about the past."""
    state = parts.state
    return Recall(
        parts.store,
        history,
        parts.clock,
        lambda: {name: known.target.title for name, known in state.known.items()},
        lambda: state.incidents,
        pipeline.ask,
    )


def rememberers(parts: Parts, pipeline: Pipeline, recall: Recall) -> list[Runs]:
    """What works by itself, as far as it is wanted; a dry run tells nobody anything."""
    given, found = parts.memory, list[Runs]()
    if given.postmortems is not None and given.files is not None:
        postmortems = Postmortems(
            parts.state,
            recall,
            given.files,
            parts.clock,
            pipeline.ask,
            given.postmortems,
            parts.keep_incidents,
        )
        pipeline.listen(postmortems.note)
        found.append(postmortems)
    if parts.state.policy.deploy_watch > 0 and not parts.state.policy.dry_run:
        deploys = DeployWatch(parts.state, recall, parts.clock, pipeline.ask, given.deploys)
        pipeline.listen(deploys.note)
        found.append(deploys)
    if given.reports and given.channel is not None and not parts.state.policy.dry_run:
        found.append(Reports(given.reports, recall, given.channel, parts.clock, pipeline.ask, given.painter))
    return found
