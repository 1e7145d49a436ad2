"""What concerns opsbot itself, not a target."""

from __future__ import annotations

from datetime import UTC, datetime

from opsbot.domain.change import Change, NoticeDone, TimelineLine
from opsbot.domain.levels import Priority
from opsbot.domain.reach import Round
from opsbot.engine import alerting, gap, opening, outage
from opsbot.engine.draft import Draft
from opsbot.engine.inputs import Gap, OwnTrouble, Restate
from opsbot.engine.reach import taken
from opsbot.engine.state import State

OWN = "opsbot"
"""Stands where alerts and incidents name their target."""

STATE_RULE = "state_not_written"
"""opsbot's state cannot be written: what happens is kept in the journal or in memory (P2)."""

DAMAGE_RULE = "state_damaged"
"""A damaged state file was put aside (P2)."""

CONFIG_RULE = "config_invalid"
"""The configuration file was changed and cannot be used: the old settings go on (P3)."""

WEB_RULE = "web_not_listening"
"""The web endpoint cannot be opened: whoever reads the metrics reads nothing (P3)."""

SWITCH_RULE = "dead_mans_switch"
"""The dead man's switch is not reached: if opsbot were gone now, nobody would hear of it (P3)."""

HISTORY_RULE = "history_damaged"
"""A damaged file of metrics was put aside (P2)."""

NEVER_REACHED = (
    "none of that was ever reached, so opsbot goes on without: name addresses in `outages.control` that it "
    "may reach"
)

CUT_RULE = "cut_off"
"""opsbot itself is cut off from the network: what lives on the network is unknown, and is left alone (P2)."""


def take(draft: Draft, given: OwnTrouble | Restate | Gap) -> None:
    """What opsbot's own parts tell of themselves."""
    match given:
        case OwnTrouble():
            trouble(draft, given)
        case Restate():
            restate(draft, given)
        case Gap():
            gap.note(draft, given)


def trouble(draft: Draft, given: OwnTrouble) -> None:
    """Opens or ends an alert of opsbot's own; nothing can be done about it by a restart."""
    if given.rule == STATE_RULE:
        since = draft.state.degraded_since or draft.now
        draft.state.degraded_since = since if given.text else None
    if given.text:
        priority = Priority.P3 if given.rule in (CONFIG_RULE, WEB_RULE, SWITCH_RULE) else Priority.P2
        alerting.assert_builtin(draft, OWN, given.rule, priority, given.text)
        alerting.reword_builtin(draft, OWN, given.rule, given.text)
    else:
        alerting.clear_builtin(draft, OWN, given.rule, "")
        opening.settle_incident(draft, OWN)


def reached(draft: Draft, found: Round) -> None:
    """Takes over what a round of probes came to; being cut off is one incident, of opsbot's own."""
    before = draft.state.reach
    after = draft.state.reach = taken(before, found, draft.now)
    if after.cut_off is not None and before.cut_off is None:
        since = datetime.fromtimestamp(after.cut_off.wall, UTC)
        text = (
            f"opsbot itself is cut off from the network since {since:%Y-%m-%d %H:%M:%S} UTC, so what depends "
            f"on it is unknown and left alone. Tried: {found.tried}"
        )
        alerting.assert_builtin(draft, OWN, CUT_RULE, Priority.P2, text)
        for name, known in draft.state.known.items():
            firing = frozenset(alert.rule for alert in draft.alerts_of(name) if alert.firing)
            outage.forget_progress(known, firing)
    elif before.cut_off is not None and after.cut_off is None:
        reason = "the connection is back" if after.ever else NEVER_REACHED
        alerting.clear_builtin(draft, OWN, CUT_RULE, reason)
        opening.settle_incident(draft, OWN)


def restate(draft: Draft, given: Restate) -> None:
    """Writes all decisions once more: the store has begun a new file, memory holds what is true."""
    for change in _decisions(draft.state):
        draft.add(change)
    for number in given.without_timeline:
        incident = draft.state.incidents.get(number)
        for entry in incident.timeline if incident else ():
            draft.add(TimelineLine(number, entry))


def _decisions(state: State) -> list[Change]:
    found: list[Change] = [*state.alerts.values(), *state.incidents.values(), *state.actions.values()]
    found += [*state.desired.values(), *state.pauses.values(), *state.notices.values()]
    found += [*state.silences.values(), *state.deploys.values()]
    found += [mark for marks in state.restarts.values() for mark in marks]
    found += [NoticeDone(0, receipt) for receipt in state.receipts.values()]  # no row has the number 0
    return found
