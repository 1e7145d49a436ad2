"""What the target said last, as it is shown."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.action import Action, ActionState, Step
from opsbot.domain.actor import AUTO
from opsbot.domain.incident import Entry, EntryKind
from opsbot.domain.levels import IncidentState
from opsbot.domain.moment import Moment
from opsbot.domain.rule import ActionKind
from opsbot.draw.action import action_payload
from opsbot.draw.incident import incident_message
from opsbot.draw.payload import Payload
from tests.draw.samples import sample_incident
from tests.draw.test_limits_of_incidents import assert_discord_takes_it

NOW = Moment(1.0, 1_767_625_440.0)
STEPS = (Step("Start it"),)
LINES = [f"line {number}" for number in range(20)]
DETAIL = "\n".join(["step 5 of 6: no such program", *LINES])


def of_incident(state: IncidentState, *texts: str) -> Payload:
    entries = tuple(Entry(NOW, EntryKind.DONE, text, AUTO) for text in texts)
    return incident_message(
        replace(sample_incident(state), timeline=entries, doing=f"Restart failed: {DETAIL}")
    )


def of_action(detail: str) -> Payload:
    return action_payload(
        Action(
            *(7, "summarybot", ActionKind.RESTART, AUTO, "", NOW, 3),
            state=ActionState.FAILED,
            steps=STEPS,
            ended=NOW,
            detail=detail,
        )
    )


def test_an_incident_shows_them_once_as_they_stand() -> None:
    shown = of_incident(IncidentState.OPEN, DETAIL).embeds[0]
    assert shown.description.endswith("Its last lines:\n```\n" + "\n".join(LINES) + "\n```")
    assert "🤖 Restart failed: step 5 of 6: no such program\nIts last lines" in shown.description
    assert not any("line 0" in field.value for field in shown.fields)


def test_of_several_the_newest_are_shown() -> None:
    shown = of_incident(IncidentState.OPEN, DETAIL, "its last lines were read\nnewer", "restarted")
    assert shown.embeds[0].description.endswith("```\nnewer\n```")


def test_when_it_is_over_they_are_not_shown() -> None:
    assert "```" not in of_incident(IncidentState.RESOLVED, DETAIL).embeds[0].description


def test_very_long_ones_leave_room_and_the_newest_stay() -> None:
    long = "\n".join(["failed", *(f"{number} {'x' * 300} ```@everyone" for number in range(20))])
    for shown in (of_incident(IncidentState.OPEN, *[long] * 20), of_action(long)):
        assert_discord_takes_it(shown)
        text = shown.embeds[0].description
        assert (text.count("```"), text.count("@\u200beveryone")) == (2, text.count("everyone"))
        assert "19 xxx" in text
        assert "0 xxx" not in text.replace("10 xxx", "")


def test_an_answer_shows_them_too() -> None:
    shown = of_action(DETAIL).embeds[0]
    assert shown.description.endswith("\n".join(LINES) + "\n```")
    assert [field.value for field in shown.fields if field.name == "Result"] == [
        "step 5 of 6: no such program"
    ]


def test_nothing_is_shown_where_nothing_was_said() -> None:
    for detail in ("failed", "failed\n", "failed\n\n \n"):
        assert "last lines" not in of_action(detail).embeds[0].description
