"""What an outage of opsbot's own connection, or of Discord, means for rules, restarts and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from opsbot.domain.action import RestartMark, Wanted
from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.reach import Discord, Reach
from opsbot.domain.rule import ActionKind, Rule
from opsbot.domain.sample import Finding, Sample
from opsbot.domain.target import Target
from opsbot.engine import evidence
from opsbot.engine.alerts import Progress
from opsbot.engine.draft import Draft, LookAround
from opsbot.engine.restarts import HOUR, Answer, Ruling
from opsbot.engine.state import Known, State

LOCAL = frozenset({"process", "port", "disk"})
"""Kinds of checks that see this machine alone: what they tell is certain without any connection."""

ON_DISCORD = frozenset({"gateway", "sockets"})
"""Kinds of checks that watch a connection to Discord."""

SETTLE = 30.0
"""Seconds after opsbot's connection is back in which what lives on it is given time to come back too."""

RECONNECT = 120.0
"""Seconds after Discord is back in which bots are given time to connect again by themselves."""

PATIENCE = 30.0
"""Seconds for which a rule about to fire waits for a round of probes: two rounds and the pause between take
half of that. A guard that hangs holds back no alarm for longer."""

STALE = 600.0
"""Seconds after which what was said of Discord counts no more."""

CUT_OFF = "opsbot itself is cut off from the network"


def silenced(draft: Draft, known: Known, rule: Rule) -> str:
    """Why a rule may not begin to fire: what it sees may be opsbot's own outage. Empty when it may."""
    reach = draft.state.reach
    if reach.cut_off is not None:
        text = CUT_OFF
    elif reach.back is not None and draft.now.since(reach.back) < SETTLE:
        text = f"opsbot has reached nothing until {draft.now.since(reach.back):.0f} s ago"
    else:
        return ""
    return text if known.target.networked and not is_local(known.target, rule) else ""


def is_local(target: Target, rule: Rule) -> bool:
    """Whether a rule reads only what this machine knows by itself; the size of a log is of that kind, and an
    outage fills logs."""
    return (
        rule.action is ActionKind.ROTATE_LOGS
        or {spec.kind for spec in target.checks if spec.name in rule.reads} <= LOCAL
    )


def unsure(draft: Draft, known: Known, rule: Rule) -> bool:
    """Whether a rule that would fire must wait until a round of probes, begun after this moment, has found
    opsbot's own connection in order. The first time it asks for that round."""
    if not draft.state.reach.guarded or not known.target.networked or is_local(known.target, rule):
        return False
    asked = known.unsure.get(rule.name)
    if asked is None or draft.now.since(asked) > 2 * PATIENCE:
        known.unsure[rule.name] = draft.now
        draft.due_changed = True
        draft.effects.append(LookAround())
        return True
    return waits(draft, known, rule)


def waits(draft: Draft, known: Known, rule: Rule) -> bool:
    """Whether a rule waits for such a round."""
    asked, seen = known.unsure.get(rule.name), draft.state.reach.seen
    if asked is None or draft.now.since(asked) >= PATIENCE:
        return False
    return seen is None or seen.mono < asked.mono


def next_due(draft: Draft, known: Known) -> Moment | None:
    """When a rule has waited long enough; None when none waits."""
    waiting = [rule for rule in known.target.rules if waits(draft, known, rule)]
    dues = [known.unsure[rule.name].after(PATIENCE) for rule in waiting]
    return min(dues, key=lambda moment: moment.mono, default=None)


def notice(draft: Draft, known: Known, sample: Sample) -> None:
    """A check of something on the network that begins to fail makes opsbot look at its own connection."""
    if not sample.outcome.bad:
        known.failing.discard(sample.check)
    elif sample.check not in known.failing:
        known.failing.add(sample.check)
        if draft.state.reach.guarded and known.target.networked:
            draft.effects.append(LookAround())


def forget_progress(known: Known, firing: frozenset[str]) -> None:
    """What was seen on the way into an outage of opsbot's own counts for nothing afterwards."""
    known.unsure.clear()
    for rule in known.target.rules if known.target.networked else ():
        if rule.name not in firing and not is_local(known.target, rule):
            known.progress[rule.name] = Progress(known.progress[rule.name].interval)


def counted(state: State, target: Target) -> list[RestartMark]:
    """The restarts of a target that count: what lives on the network is not charged for those made since
    opsbot last reached anything."""
    marks = state.restarts.get(target.name, [])
    if not target.networked:
        return marks
    absences = state.reach.absences
    return [m for m in marks if not any(gone.mono <= m.at.mono < back.mono for gone, back in absences)]


def objection(draft: Draft, known: Known) -> Ruling | None:
    """What an outage says against an automatic restart of a target now; None when nothing."""
    reach, desired = draft.state.reach, draft.desired(known.target.name)
    if not reach.guarded or not known.target.networked:
        return None
    if reach.cut_off is not None:  # a first start is no restart: nothing is lost by it
        if desired is None or desired.wanted is Wanted.AS_FOUND:
            return None
        return Ruling(Answer.WAIT, f"{CUT_OFF}, so it is left until the connection is back")
    alert = evidence.asking(draft, known, ActionKind.RESTART, known.settled)
    rule = next((r for r in known.target.rules if alert is not None and r.name == alert.rule), None)
    if rule is None or alert is None or not rule.by_gateway:
        return None
    return _discord(draft, reach, known, rule, alert.since)


def _discord(draft: Draft, reach: Reach, known: Known, rule: Rule, fired: Moment) -> Ruling | None:
    """A lost gateway is the target's only on evidence, newer than the loss, that Discord is up."""
    discord, text = discord_now(reach, draft.now)
    if discord is Discord.DOWN:
        marks = [m.at for m in draft.state.restarts.get(known.target.name, []) if m.automatic]
        until = max([fired, *marks], key=lambda moment: moment.mono).after(HOUR)
        reason = f"Discord itself is down: {text}. One try an hour"
        return Ruling(Answer.WAIT, reason, until) if draft.now.mono < until.mono else None
    if discord is Discord.UNKNOWN:
        return Ruling(Answer.WAIT, f"whether Discord itself is up is not known: {text}")
    lost = known.progress[rule.name].since
    if reach.discord_at is None or reach.discord_at.mono < lost.mono:
        return Ruling(Answer.WAIT, "whether Discord itself is up is being found out")
    back = reach.discord_back.after(RECONNECT) if reach.discord_back is not None else None
    if back is not None and draft.now.mono < back.mono:
        return Ruling(Answer.WAIT, "Discord is back, and it may connect again by itself", back)
    return None


def discord_now(reach: Reach, now: Moment) -> tuple[Discord, str]:
    """How Discord is, as far as that was asked of late, and why."""
    if reach.discord_seen is not None and now.since(reach.discord_seen) > STALE:
        return Discord.UNKNOWN, "opsbot has not asked of late"
    return reach.discord, reach.discord_text


def as_known(state: State, known: Known) -> Mapping[str, Sample]:
    """A target's newest samples as people may take them: what cannot be told while opsbot is cut off is
    unknown."""
    newest = known.view.newest
    if state.reach.cut_off is None or not known.target.networked:
        return newest
    kinds = {spec.name: spec.kind for spec in known.target.checks}
    return {name: s if kinds.get(name) in LOCAL else _unknown(s) for name, s in newest.items()}


def _unknown(sample: Sample) -> Sample:
    if sample.outcome is Outcome.OK:
        return sample
    found = sample.findings or (Finding(sample.outcome, sample.check.capitalize(), sample.detail),)
    hidden = tuple(f if f.outcome is Outcome.OK else _hidden(f) for f in found)
    return replace(sample, outcome=Outcome.UNKNOWN, findings=hidden)


def _hidden(finding: Finding) -> Finding:
    seen = f" (seen: {finding.text})" if finding.text else ""
    return replace(finding, outcome=Outcome.UNKNOWN, text=f"{CUT_OFF}{seen}")


def notes(state: State, target: Target, now: Moment) -> list[str]:
    """What a report says of it."""
    if not target.networked:
        return []
    if state.reach.cut_off is not None:
        return [f"{CUT_OFF}: what depends on it is unknown, and is left alone"]
    discord, text = discord_now(state.reach, now)
    on_discord = any(spec.kind in ON_DISCORD for spec in target.checks)
    return [f"Discord itself is down: {text}"] if on_discord and discord is Discord.DOWN else []
