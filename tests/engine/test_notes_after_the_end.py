"""What is added to an incident that is over is shown, and is no second end."""

from __future__ import annotations

from opsbot.domain.actor import AUTO
from opsbot.domain.notice import Chain, NoticeKind
from opsbot.engine.inputs import NoteAsked
from tests.engine.desk import Desk

NOTE = NoteAsked(1, AUTO, "postmortem", "postmortem_incident-1_20260105.md")


def over() -> Desk:
    """An incident that is over; its end waits to be told."""
    drive = Desk.with_chain(Chain())
    drive.breaks()
    drive.deliver("ops")
    drive.recovers()
    assert not drive.incident.live
    return drive


def test_a_note_while_the_end_is_told_is_shown_after_it_and_does_not_end_it_again() -> None:
    drive = over()
    delivered = drive.goes("ops")
    drive.give(NOTE)
    drive.give(delivered)
    assert drive.waiting("ops") == [NoticeKind.CHANGED]


def test_an_end_while_an_earlier_state_is_told_is_told_as_an_end() -> None:
    drive = Desk.with_chain(Chain())
    drive.breaks()
    delivered = drive.goes("ops")
    drive.recovers()
    drive.give(delivered)
    assert NoticeKind.RESOLVED in drive.waiting("ops")


def test_a_note_that_comes_before_the_end_is_told_leaves_one_message() -> None:
    drive = over()
    drive.give(NOTE)
    drive.deliver("ops")
    assert drive.waiting("ops") == []
    assert drive.incident.timeline[-1].file == NOTE.file
