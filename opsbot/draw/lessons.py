"""What a postmortem asks: questions out of what is not known, and what is to be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opsbot.domain.hindsight import Hindsight
from opsbot.domain.incident import Entry, Incident
from opsbot.draw.markdown import markdown
from opsbot.draw.values import against
from opsbot.text import seconds_text

HOLD_RULE = "restarts_on_hold"
"""opsbot's own alert that the limit of automatic restarts is reached (`engine.repair`)."""

SLOW_TO_SEE = 300.0
"""Seconds until an alert after which a postmortem asks why it took so long: the guide's longest hold."""

_INTERRUPTED = "opsbot was interrupted"
_NAME, _TEXT = 80, 300


def open_questions(incident: Incident, seen: Hindsight, timeline: Sequence[Entry]) -> list[str]:
    """Markdown, one line each; at least one."""
    return [
        *_about_cause(incident, seen),
        *_about_repair(incident, seen),
        *_about_people(incident, seen),
        *_about_watching(seen, timeline),
    ] or ["None that opsbot can see. What would have made this shorter?"]


def _about_cause(incident: Incident, seen: Hindsight) -> Iterator[str]:
    if incident.cause:
        yield f"Was it really this: {markdown(incident.cause, _TEXT)}?"
    elif not seen.notes:
        yield "What was the cause? Nobody named it."
    else:
        yield "Is the cause among the notes in the timeline? If so, name it here."
    if seen.reopened:
        times = "once" if seen.reopened == 1 else f"{seen.reopened:,} times"
        yield f"It came back {times}: what was not mended before?"


def _about_repair(incident: Incident, seen: Hindsight) -> Iterator[str]:
    if seen.failed:
        yield f"{seen.failed:,} of {seen.restarts:,} restarts failed: why did they not help?"
    elif seen.restarts > 1:
        yield f"The first restart did not help, {seen.restarts:,} were needed: what did it not mend?"
    if any(line.rule == HOLD_RULE for line in incident.alerts):
        yield "The limit of automatic restarts was reached: is the limit too low, or the service broken?"
    if not seen.acts and not incident.live:
        yield "It ended without anybody doing anything: will it come again?"


def _about_people(incident: Incident, seen: Hindsight) -> Iterator[str]:
    if seen.acknowledge is None:
        yield "Nobody acknowledged it: did anybody see it, and whose was it?"
    if incident.called:
        names = ", ".join(markdown(name, _NAME) for name in incident.called)
        yield f"{names} had to be told as well: why did those who were told first not take it on?"


def _about_watching(seen: Hindsight, timeline: Sequence[Entry]) -> Iterator[str]:
    if seen.detect is None:
        yield "Since when was it so? opsbot does not know how long it took to be seen."
    elif seen.detect > SLOW_TO_SEE:
        yield f"It took {seconds_text(seen.detect)} until the alert: may it come sooner?"
    if any(entry.text.startswith(_INTERRUPTED) for entry in timeline):
        yield "opsbot itself was interrupted meanwhile: by what?"


def follow_ups(incident: Incident, seen: Hindsight) -> Iterator[str]:
    """Markdown, one line each: the boxes are ticked by people."""
    yield "Answer the open questions above"
    yield "Write the cause in one sentence below the summary"
    if seen.failed or seen.restarts > 1:
        yield f"Find what a restart of {markdown(incident.target, _NAME)} does not mend, and mend it"
    for line in incident.alerts:
        limit = f": it was {markdown(against(line), _NAME)}" if line.limit is not None else ""
        if limit or line.times > 1:
            yield f"Decide whether the rule {markdown(line.rule, _NAME)} is right{limit}"
    yield f"Add what helped to the runbook of {markdown(incident.target, _NAME)}"
    if incident.affected:
        yield "Tell those who work on the other targets that were affected"
