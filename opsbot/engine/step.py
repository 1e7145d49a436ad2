"""The one decision function: state, what happened and the time go in; changes, effects and a reply come out.

Nothing here does anything: the pipeline commits the changes, applies them, and only then runs the effects.
"""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.action import LOOKS, Action, ActionState, Wanted
from opsbot.domain.actor import AUTO
from opsbot.domain.change import Change
from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.process import Running
from opsbot.domain.rule import ActionKind
from opsbot.domain.sample import Finding, Sample
from opsbot.engine import (
    alerting,
    investigation,
    lifecycle,
    muting,
    opening,
    own,
    people,
    repair,
    restarts,
    rotation,
    telling,
    wishes,
)
from opsbot.engine.draft import Draft, Effect
from opsbot.engine.inputs import (
    ActionMoved,
    Delivered,
    Gap,
    Input,
    LastLines,
    OwnTrouble,
    ProcessEnded,
    ProcessFound,
    ProcessHidden,
    ProcessMissing,
    ReachSeen,
    Restate,
    SampleSeen,
    Stuck,
    Tick,
)
from opsbot.engine.parents import parents_awaited
from opsbot.engine.restarts import Answer
from opsbot.engine.state import Known, State
from opsbot.errors import Refused

PROCESS_KIND = "process"
"""Kind of the check that stands for the process itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from one input. `refusal`: what the person who asked is told instead of a reply.
    `due_changed`: `next_due` may have changed although nothing else did."""

    changes: list[Change]
    effects: list[Effect]
    refusal: Refused | None = None
    due_changed: bool = True


def step(state: State, given: Input, now: Moment) -> Step:
    """Decides what follows from `given`. Observations in `state` are updated, decisions are not touched."""
    draft = Draft(state, now)
    refusal = None
    try:
        _take(draft, given)
        muting.end_with(draft)
        investigation.consider(draft)
        telling.relay(draft)
    except Refused as no:
        refusal = no
    changes = draft.changes()
    seen = isinstance(given, SampleSeen) and not changes
    return Step(changes, draft.effects, refusal, draft.due_changed or not seen)


def next_due(state: State, now: Moment) -> Moment | None:
    """When time alone will change something, None when only events can."""
    due = [*(p.until for p in state.pauses.values()), *lifecycle.next_due(state, now)]
    if (call := telling.next_due(state)) is not None:
        due.append(call)
    for known in state.known.values():
        if known.handover_until is not None:
            due.append(known.handover_until)
        draft = Draft(state, now)
        if repair.asks_for_restart(draft, known) is not None:
            ruling = restarts.automatic(repair.situation(draft, known), now)
            if ruling.until is not None:
                due.append(ruling.until)
        alert_due = alerting.next_due(draft, known)
        if alert_due is not None:
            due.append(alert_due)
    return min(due, key=lambda m: m.mono, default=None)


def _take(draft: Draft, given: Input) -> None:
    match given:
        case SampleSeen(sample=sample):
            _sample(draft, sample)
        case ProcessFound(target=target, running=running):
            _found(draft, draft.state.known[target], running)
        case ProcessMissing():
            _missing(draft, draft.state.known[given.target], given)
        case ProcessHidden(target=target):
            draft.state.known[target].looked = True
        case ProcessEnded():
            _ended(draft, given)
        case ActionMoved() | LastLines():
            _done(draft, given)
        case Delivered():
            telling.delivered(draft, given)
        case Stuck():
            telling.stuck(draft, given)
        case OwnTrouble() | Restate() | Gap():
            own.take(draft, given)
        case ReachSeen(found=found):
            own.reached(draft, found)
            _time_passed(draft)
        case Tick():
            _time_passed(draft)
        case _:
            wishes.take(draft, given)


def _done(draft: Draft, given: ActionMoved | LastLines) -> None:
    match given:
        case ActionMoved(action=action) if action.kind is ActionKind.ROTATE_LOGS:
            rotation.ended(draft, action)
        case ActionMoved(action=action) if action.kind in LOOKS:
            investigation.ended(draft, action)
        case ActionMoved(action=action, hopeless=hopeless):
            _moved(draft, action, hopeless=hopeless)
        case LastLines():
            repair.quote(draft, given)


def _sample(draft: Draft, sample: Sample) -> None:
    known = draft.state.known.get(sample.target)
    if known is None:
        return
    draft.state.observe(sample)
    alerting.judge_sample(draft, sample)
    _follow_up(draft, known)


def _follow_up(draft: Draft, known: Known) -> None:
    """What the alerts as they now stand ask for."""
    name = known.target.name
    if draft.alerts_of(name) or draft.live(name) is not None:
        repair.consider(draft, known)
        rotation.consider(draft, known)
        _calm_down(draft, known)
        opening.settle_incident(draft, name)
        _relieve_children(draft, name)


def _calm_down(draft: Draft, known: Known) -> None:
    marks = draft.state.restarts.get(known.target.name, [])
    few = repair.recent_restarts(marks, draft.now) <= known.target.restart.max_per_hour
    if few and draft.action_on(known.target.name) is None:
        alerting.clear_builtin(draft, known.target.name, repair.FREQUENT_RULE, "restarts are rare again")


def _found(draft: Draft, known: Known, running: Running) -> None:
    if known.running is None or known.running.process != running.process:
        known.answered = set()
    by_others = known.exit is not None and running.generation == 0
    repair.want_as_found(draft, known, running)
    known.running, known.exit, known.looked, known.hopeless = running, None, True, ""
    known.handover_until = known.relieved_until = None
    if by_others:  # a deploy by hand, systemd, Docker: it counts among the restarts of any origin
        repair.count(draft, known, automatic=False)
    _relieve_children(draft, known.target.name)


def _relieve_children(draft: Draft, parent: str) -> None:
    """What a target's state means for those that depend on it."""
    for child in draft.state.children(parent):
        if draft.alerts_of(child.target.name):
            repair.consider(draft, child)


def _missing(draft: Draft, known: Known, given: ProcessMissing) -> None:
    first, ended = not known.looked, given.exit
    if known.alike and not given.alike:
        known.hopeless = ""  # what kept it from being started is gone
    known.running, known.alike = None, given.alike
    known.exit = ended if ended is not None else known.exit
    if ended is not None and ended.successor > 0:
        known.relieved_until = ended.at.after(ended.successor)
    desired = draft.desired(known.target.name)
    day_one = desired is None or desired.wanted is Wanted.AS_FOUND
    if first and day_one and parents_awaited(draft, known.target):
        return  # until then it counts as not looked for: neither started nor missed
    known.looked = True
    if not first or draft.action_on(known.target.name) is not None:
        return
    if desired is None or day_one:
        _first_start(draft, known)
    elif desired.wanted is Wanted.RUNNING and not _handed_over(draft, known):
        _down(draft, known)


def _first_start(draft: Draft, known: Known) -> None:
    """Day one, and it does not run: started without an incident, as any supervisor would."""
    ruling = restarts.automatic(repair.situation(draft, known), draft.now)
    if ruling.answer is Answer.GO:
        repair.begin(draft, known, ActionKind.START, AUTO, "it did not run when opsbot began to watch it")


def _ended(draft: Draft, given: ProcessEnded) -> None:
    known = draft.state.known[given.target]
    if known.running is not None and known.running.process != given.running.process:
        return  # the end of one that has its successor already
    known.running, known.exit = None, given.exit
    if given.exit.asked or draft.action_on(given.target) is not None:
        return
    if _handed_over(draft, known):
        return
    if given.exit.successor > 0:  # told at once, but left to whoever starts it anyway
        known.relieved_until = given.exit.at.after(given.exit.successor)
    _down(draft, known)


def _handed_over(draft: Draft, known: Known) -> bool:
    """Whether somebody may have ended it who starts it again: that is waited for. How a process ended that
    opsbot found running is not known: it may be a deploy as well, and a start beside that would make two."""
    ended = known.exit
    if ended is None or (ended.known and not ended.clean):
        return False
    until = ended.at.after(max(known.target.restart.handover, ended.successor))
    if until.mono <= draft.now.mono:
        return False
    known.handover_until = until
    return True


def _down(draft: Draft, known: Known) -> None:
    """The process is gone: said by a sample of its process check at once, instead of at the next look."""
    spec = next((c for c in known.target.checks if c.kind == PROCESS_KIND), None)
    if spec is None:
        return
    detail = str(known.exit) if known.exit is not None else "not running"
    finding = Finding(Outcome.FAIL, "Process", detail)
    _sample(
        draft,
        Sample(
            known.target.name, spec.name, draft.now, Outcome.FAIL, detail, {"process_up": 0.0}, (finding,)
        ),
    )


def _moved(draft: Draft, action: Action, *, hopeless: bool) -> None:
    if action.state is ActionState.RUNNING:
        draft.put_action(action)
        return
    if hopeless and action.target in draft.state.known:
        draft.state.known[action.target].hopeless = repair.why(action)
    repair.ended(draft, action)
    known = draft.state.known.get(action.target)
    if action.state is ActionState.DONE or known is None:
        opening.settle_incident(draft, action.target)
    elif known.running is None and not known.alike:  # what was seen in its moment of life is no recovery
        _down(draft, known)
    _relieve_children(draft, action.target)


def _time_passed(draft: Draft) -> None:
    for target, held in draft.state.pauses.items():
        if held.until.mono <= draft.now.mono:
            people.resume(draft, target, AUTO)
    for known in draft.state.known.values():
        if known.handover_until is not None and known.handover_until.mono <= draft.now.mono:
            known.handover_until = None
            if known.running is None:
                _down(draft, known)
        alerting.judge_time(draft, known)
        _follow_up(draft, known)
    lifecycle.overdue(draft)
    telling.overdue(draft)
