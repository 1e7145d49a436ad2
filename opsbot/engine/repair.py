"""What is done about a target: when a rule's restart begins, waits or holds, and how an action ends."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from opsbot.domain.action import STEPS, Action, ActionState, Desired, RestartMark, Step, Wanted
from opsbot.domain.actor import AUTO, Actor, ActorKind
from opsbot.domain.alert import Alert
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.levels import Priority
from opsbot.domain.moment import Moment
from opsbot.domain.notice import NoticeKind
from opsbot.domain.process import Running
from opsbot.domain.rule import ActionKind
from opsbot.engine import evidence, incidents, muting, outage, restarts
from opsbot.engine.alerting import assert_builtin, clear_builtin
from opsbot.engine.draft import Draft, LookNow, ReadLastLines, RunAction
from opsbot.engine.inputs import LastLines
from opsbot.engine.parents import parents_down
from opsbot.engine.restarts import Answer, Ruling, Situation
from opsbot.engine.state import Known
from opsbot.engine.wording import first_line

HOLD_RULE = "restarts_on_hold"
"""opsbot's own alert: down, and the hourly budget of automatic restarts is used up (P1)."""

FREQUENT_RULE = "frequent_restarts"
"""opsbot's own alert: more restarts of any origin within an hour than automation alone may make are P2 (the
guide's "frequent restarts (>3 per hour)" with its `max_restarts_per_hour` of 3)."""

TRIED_SHOWN = 3
"""Results of earlier tries that are told when opsbot gives up (the budget of an hour, by default)."""

WHY_SHOWN = 300
"""Characters of a failure's first line that the guard repeats as its reason."""

OWN_RULES = frozenset({HOLD_RULE, FREQUENT_RULE})
"""Alerts without a rule in the configuration."""


def situation(draft: Draft, known: Known) -> Situation:
    """What the guard looks at."""
    name = known.target.name
    return Situation(
        policy=known.target.restart,
        supervised=known.target.supervisor is not None,
        marks=outage.counted(draft.state, known.target),
        desired=draft.desired(name),
        pause=draft.pause(name),
        running=draft.action_on(name),
        degraded_since=draft.state.degraded_since,
        exit=known.exit if known.running is None else None,
        hopeless=known.hopeless,
        relieved_until=known.relieved_until,
        parent=parents_down(draft, known.target),
        outage=muting.maintained(draft, name) or outage.objection(draft, known),
        dry=draft.state.policy.dry_run,
    )


def consider(draft: Draft, known: Known) -> Ruling | None:
    """Begins the restart that a firing rule asks for, or says in the incident why not.

    Returns the guard's ruling, None when no rule asks.
    """
    asking = asks_for_restart(draft, known)
    if asking is None:
        if not evidence.firing(draft, known, ActionKind.RESTART):
            clear_builtin(draft, known.target.name, HOLD_RULE, "it is healthy again")
        return None
    ruling = restarts.automatic(situation(draft, known), draft.now)
    if ruling.answer is Answer.GO:
        clear_builtin(draft, known.target.name, HOLD_RULE, "a restart is free again")
        begin(draft, known, ActionKind.RESTART, AUTO, asking.text or asking.rule)
    elif draft.action_on(known.target.name) is None:
        _say_why_not(draft, known, ruling)
    return ruling


def asks_for_restart(draft: Draft, known: Known) -> Alert | None:
    """The alert that asks for a restart, on evidence that is newer than the last start or stop."""
    return evidence.asking(draft, known, ActionKind.RESTART, known.settled)


def _say_why_not(draft: Draft, known: Known, ruling: Ruling) -> None:
    name = known.target.name
    if ruling.answer is Answer.HOLD or ruling.final:
        text = f"{known.target.title} is down and on hold: {ruling.reason}{_tried(draft, name)}"
        assert_builtin(draft, name, HOLD_RULE, Priority.P1, text, loud=True)
    live = draft.live(name)
    text = _doing_text(ruling)
    if live is not None and live.doing != text:
        entry = Entry(draft.now, EntryKind.DECIDED, text, AUTO)
        draft.put_incident(incidents.doing(live, text, entry), NoticeKind.CHANGED, entry)
        if ruling.final:  # a person must find out why
            draft.effects.append(ReadLastLines(name))


def quote(draft: Draft, said: LastLines) -> None:
    """What the target said last goes into its incident, unless a result has quoted it already."""
    live, lines = draft.live(said.target), "\n".join(said.lines)
    if live is None or not lines or any(entry.text.endswith(lines) for entry in live.timeline):
        return
    entry = Entry(draft.now, EntryKind.DONE, f"its last lines were read\n{lines}", AUTO)
    draft.put_incident(incidents.noted(live, entry), NoticeKind.CHANGED, entry)


def why(action: Action) -> str:
    """What the guard repeats of a failure after which trying again cannot help."""
    return first_line(action.detail, WHY_SHOWN)


def _tried(draft: Draft, target: str) -> str:
    """What opsbot did about it in this incident, the newest last."""
    live = draft.live(target)
    done = [e for e in live.timeline if e.kind is EntryKind.DONE and e.actor == AUTO] if live else []
    results = [e.text.split("\n", 1)[0] for e in done if not e.text.startswith(tuple(_GERUND.values()))]
    return f". Tried: {'; '.join(_counted(results[-TRIED_SHOWN:]))}" if results else ""


def _counted(texts: list[str]) -> list[str]:
    """What comes several times in a row is said once."""
    found = [(text, len(list(same))) for text, same in groupby(texts)]
    return [text if times == 1 else f"{text} ({times} times)" for text, times in found]


def _doing_text(ruling: Ruling) -> str:
    match ruling.answer:
        case Answer.WAIT:
            return f"Restart waits: {ruling.reason}"
        case Answer.HOLD:
            until = " until one of them is an hour ago" if ruling.until else ""
            return f"No more automatic restarts{until}: {ruling.reason}. A person must decide"
        case _:
            remedy = ". A person must act" if ruling.final else ""
            return f"No automatic restart: {ruling.reason}{remedy}"


def begin(
    draft: Draft,
    known: Known,
    kind: ActionKind,
    actor: Actor,
    reason: str,
    incident: int | None = None,
) -> Action:
    """Makes an action durable and hands it to the remediator."""
    name = known.target.name
    before = draft.desired(name)
    # a state file that was lost knows no generation, but the process that runs carries one: it is not reused
    running = known.running.generation if known.running else 0
    generation = max(before.generation if before else 0, running) + 1
    wanted = Wanted.STOPPED if kind is ActionKind.STOP else Wanted.RUNNING
    live = draft.live(name)
    action = Action(
        id=draft.next_action(),
        target=name,
        kind=kind,
        actor=actor,
        reason=reason,
        asked=draft.now,
        generation=generation,
        incident=incident or (live.id if live else None),
        steps=tuple(Step(title) for title in STEPS[kind]),
    )
    draft.add(Desired(name, generation, wanted, actor, reason, draft.now))
    draft.put_action(action)
    draft.audit(actor, kind.value, name, "allowed", reason)
    draft.effects.append(RunAction(action))
    if kind is ActionKind.RESTART:
        count(draft, known, automatic=actor.kind is ActorKind.AUTO)
    if live is not None:
        _announce(draft, known, live, action)
    return action


def want_as_found(draft: Draft, known: Known, running: Running) -> None:
    """What runs when opsbot first sees it is wanted so: the next opsbot tells when it has died meanwhile."""
    name = known.target.name
    if known.target.supervisor is not None and draft.desired(name) is None:
        reason = "it ran when opsbot began to watch it"
        draft.add(Desired(name, running.generation, Wanted.RUNNING, AUTO, reason, draft.now))


def count(draft: Draft, known: Known, *, automatic: bool) -> None:
    """Enters a restart of any origin."""
    name = known.target.name
    draft.add(RestartMark(name, draft.now, automatic))
    recent = recent_restarts(draft.state.restarts.get(name, []), draft.now) + 1
    if recent > known.target.restart.max_per_hour:
        text = f"{known.target.title} was restarted {recent} times within an hour"
        assert_builtin(draft, name, FREQUENT_RULE, Priority.P2, text)


def recent_restarts(marks: list[RestartMark], now: Moment) -> int:
    """Restarts of any origin within the last hour."""
    return sum(1 for mark in marks if now.since(mark.at) < restarts.HOUR)


def _announce(draft: Draft, known: Known, live: Incident, action: Action) -> None:
    text = f"{_GERUND[action.kind]} it"
    if action.actor.kind is ActorKind.AUTO:
        used = sum(
            1
            for m in outage.counted(draft.state, known.target)
            if m.automatic and draft.now.since(m.at) < restarts.HOUR
        )
        text += _so_far(used + 1, known.target.restart.max_per_hour)
    else:
        text += f", asked by {action.actor.name}: {action.reason}"
    entry = Entry(draft.now, EntryKind.DONE, text, action.actor)
    draft.put_incident(incidents.doing(live, text, entry), NoticeKind.CHANGED, entry)


def _so_far(number: int, limit: int) -> str:
    """How many automatic restarts that makes within an hour; the limit is told only when it is near."""
    if number >= limit:
        return f" (automatic restart {number} within an hour, the last that the limit of {limit} allows)"
    if number == limit - 1:
        return f" (automatic restart {number} within an hour, of at most {limit})"
    return f" (automatic restart {number} within an hour)" if number > 1 else ""


_GERUND = {ActionKind.RESTART: "Restarting", ActionKind.START: "Starting", ActionKind.STOP: "Stopping"}


def ended(draft: Draft, action: Action) -> None:
    """Takes over the result of an action."""
    draft.put_action(action)
    good = action.state is ActionState.DONE
    draft.audit(action.actor, action.kind.value, action.target, "done" if good else "failed", action.detail)
    live = draft.live(action.target)
    if live is not None:
        entry = Entry(draft.now, EntryKind.DONE, action.detail, action.actor)
        doing = "" if good else f"{action.kind.value.capitalize()} failed: {action.detail}"
        draft.put_incident(incidents.doing(live, doing, entry), NoticeKind.CHANGED, entry)
    draft.effects.append(LookNow(action.target))


def interrupted(draft: Draft, action: Action) -> None:
    """An action that was running when opsbot ended: it is finished now, and the incident says so."""
    text = f"opsbot was interrupted during this {action.kind.value}; it goes on where it was"
    live = draft.live(action.target)
    if live is not None:
        entry = Entry(draft.now, EntryKind.DONE, text, AUTO)
        draft.put_incident(incidents.doing(live, live.doing, entry), NoticeKind.CHANGED, entry)
    draft.audit(AUTO, action.kind.value, action.target, "resumed", text)
    draft.effects.append(RunAction(action, resumed=True))


def failed_without(action: Action, detail: str, now: Moment) -> Action:
    """An action that cannot go on, such as one whose target is no longer configured."""
    return replace(action, state=ActionState.FAILED, detail=detail, ended=now)
