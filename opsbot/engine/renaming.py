"""A target has another name in the configuration: what was decided about it goes on under the new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from opsbot.domain.action import Wanted
from opsbot.domain.actor import AUTO
from opsbot.domain.change import Change
from opsbot.domain.incident import Entry, EntryKind
from opsbot.domain.levels import AlertState
from opsbot.domain.moment import Moment
from opsbot.domain.notice import NoticeKind
from opsbot.engine import incidents
from opsbot.engine.draft import Draft
from opsbot.engine.state import State


def renamed(state: State, names: Mapping[str, str], now: Moment) -> list[Change]:
    """Old → new names. Doing it again changes nothing: after a crash it is simply done once more."""
    draft = Draft(state, now)
    for old, new in names.items():
        _alerts(draft, old, new)
        _incident(draft, old, new)
        _service(draft, old, new)
        draft.audit(AUTO, "rename", new, "done", f"it was called {old} before")
    return draft.changes()


def _alerts(draft: Draft, old: str, new: str) -> None:
    for alert in draft.alerts_of(old):
        draft.put_alert(replace(alert, state=AlertState.INACTIVE, since=draft.now, reason=f"now {new}"))
        draft.put_alert(replace(alert, target=new))


def _incident(draft: Draft, old: str, new: str) -> None:
    """Resolved ones keep the name that they were told under."""
    live = draft.live(old)
    if live is not None and live.target == old:
        entry = Entry(draft.now, EntryKind.DONE, f"{old} is called {new} now", AUTO)
        draft.put_incident(replace(incidents.noted(live, entry), target=new), NoticeKind.CHANGED, entry)


def _service(draft: Draft, old: str, new: str) -> None:
    state = draft.state
    for action in [a for a in state.actions.values() if a.target == old]:
        draft.put_action(replace(action, target=new))
    desired = state.desired.get(old)
    if desired is not None and desired.wanted is not Wanted.AS_FOUND:
        draft.add(replace(desired, target=new))
        # whoever is called so later begins without a past
        draft.add(replace(desired, wanted=Wanted.AS_FOUND, reason=f"now {new}", at=draft.now))
    pause = state.pauses.get(old)
    if pause is not None:
        draft.put_pause(old, None)
        draft.put_pause(new, replace(pause, target=new))
    deploy = state.deploys.get(old)
    if deploy is not None:
        draft.add(replace(deploy, target=new))
    for mark in state.restarts.get(old, []):
        draft.add(replace(mark, target=new))
