"""Steps as they happen, lists, confirmations, refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbot.domain.action import Action, ActionState, Pause, Step, StepState
from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.levels import IncidentState
from opsbot.domain.moment import Moment
from opsbot.domain.rule import ActionKind
from opsbot.draw import answers
from opsbot.draw.action import action_payload, result_lines, step_line
from opsbot.draw.payload import Colour, Payload
from opsbot.runtime.port import LoopInfo, TargetInfo
from tests.draw.samples import sample_incident
from tests.draw.test_limits_of_incidents import assert_discord_takes_it

AT = Moment(1000.0, 1_767_625_440.0)
ALICE = Actor(ActorKind.DISCORD, "7", "Alice")
STEPS = (
    Step("Back up the log", StepState.DONE, 0.12),
    Step("Stop (SIGTERM)", StepState.RUNNING, 3.0, "waiting up to 10 s"),
    Step("Kill (SIGKILL)", StepState.SKIPPED),
    Step("Verify health", StepState.WAITING),
)
RESTART = Action(4, "summarybot", ActionKind.RESTART, ALICE, "deploy", AT, 2, 12, ActionState.RUNNING, STEPS)


def test_a_running_restart_shows_each_step_with_its_time() -> None:
    embed = action_payload(RESTART).embeds[0]
    assert embed.title == "🔄 Restarting summarybot"
    assert embed.description.splitlines() == [
        "✅ 1. Back up the log (120 ms)",
        "⏳ 2. **Stop (SIGTERM)** (3 s): waiting up to 10 s",
        "➖ 3. Kill (SIGKILL)",
        "▫️ 4. Verify health",
    ]
    assert embed.footer == "Action #4 · incident #12"
    assert [field.value for field in embed.fields] == ["Alice <t:1767625440:R>", "deploy"]


@pytest.mark.parametrize(
    ("state", "title", "colour"),
    [
        (ActionState.DONE, "✅ summarybot: restarted in 4.2 s", Colour.GREEN),
        (ActionState.FAILED, "❌ Restart of summarybot failed", Colour.RED),
        (ActionState.UNKNOWN, "❔ summarybot: opsbot stopped in the middle, please look", Colour.YELLOW),
    ],
)
def test_how_an_action_ended_is_its_title(state: ActionState, title: str, colour: Colour) -> None:
    embed = action_payload(replace(RESTART, state=state, ended=AT.after(4.2))).embeds[0]
    assert (embed.title, embed.colour) == (title, colour)


@pytest.mark.parametrize("kind", ActionKind)
@pytest.mark.parametrize("state", ActionState)
def test_every_action_can_be_drawn(kind: ActionKind, state: ActionState) -> None:
    many = replace(RESTART, kind=kind, state=state, steps=STEPS * 30, detail="x" * 9000)
    assert_discord_takes_it(action_payload(many))
    assert action_payload(replace(many, steps=())).embeds[0].description


def test_the_terminal_shows_the_same_steps() -> None:
    assert step_line(1, RESTART.steps[0]) == "✓ 1. Back up the log (120 ms)"
    failed = replace(RESTART, state=ActionState.FAILED, detail="it exited with code 1\nlast line")
    assert result_lines(failed) == "Failed: summarybot: it exited with code 1\nlast line"


def test_what_is_said_of_a_service_continues_its_name_and_what_is_said_of_its_log_does_not() -> None:
    done = replace(RESTART, state=ActionState.DONE, detail="stopped in 0.2 s")
    assert result_lines(done) == "Done: summarybot stopped in 0.2 s"
    rotated = replace(done, kind=ActionKind.ROTATE_LOGS, detail="5 MB set aside")
    assert result_lines(rotated) == "Done: summarybot: 5 MB set aside"


def title(payload: Payload) -> str:
    return payload.embeds[0].title


def test_empty_lists_say_that_they_are_empty() -> None:
    assert title(answers.incidents_list([])) == "🟢 No open incidents."
    assert title(answers.targets_list([])) == "No targets."
    assert title(answers.loops_list([])) == "No monitoring loops."


def test_open_incidents_are_listed_with_who_has_them() -> None:
    shown = answers.incidents_list([sample_incident(IncidentState.ACKNOWLEDGED)]).embeds[0]
    assert shown.title == "1 open incident"
    assert shown.description == (
        "🟣 **#12 P1** summarybot: Bot process is not running · <t:1767625440:R> · Alice has it"
    )


def test_a_long_list_counts_what_it_leaves_out() -> None:
    shown = answers.incidents_list([sample_incident()] * 300)
    assert_discord_takes_it(shown)
    drawn = shown.embeds[0].description.count("summarybot")
    assert shown.embeds[0].description.endswith(f"… and {300 - drawn} more")


def test_targets_are_listed_with_what_matters_of_each() -> None:
    pause = Pause("b", AT.after(60), ALICE, "deploy", AT)
    shown = answers.targets_list(
        [TargetInfo("a", "a", None, True), TargetInfo("b", "Bot B", pause, False, 3)]
    )
    assert shown.embeds[0].description.splitlines() == [
        "**a** ✓ running",
        "**b** ✗ not running · Bot B · incident #3 · ⏸️ paused until <t:1767625500:T>",
    ]


def test_loops_are_listed_with_when_they_last_looked() -> None:
    shown = answers.loops_list([LoopInfo("health", 60, True, AT, 5, 1), LoopInfo("disk", 3600, False)])
    assert shown.embeds[0].description.splitlines() == [
        "▶️ **health** every 1 min · last <t:1767625440:R> · 5 looks · ⚠ 1 broke",
        "⏸️ **disk** every 1 h · not yet run · 0 looks",
    ]
    assert "health" in answers.loop_changed(LoopInfo("health", 60, True)).embeds[0].description


SERVICE = (ActionKind.RESTART, ActionKind.STOP, ActionKind.START)


def test_confirmations_say_what_changes() -> None:
    shown = answers.paused(Pause("a", AT.after(60), ALICE, "deploy", AT)).embeds[0]
    assert shown.title == "⏸️ Automation of a is paused"
    assert "<t:1767625500:T>" in shown.description
    assert "Reason: deploy (Alice)" in shown.description
    assert title(answers.resumed("a", True)) == "▶️ Automation of a goes on"
    assert title(answers.resumed("a", False)) == "Automation of a was not paused"
    asked = [title(answers.action_question(kind, "a", "x", AT)) for kind in SERVICE]
    assert asked == ["Restart a?", "Stop a?", "Start a?"]
    stop = answers.action_question(ActionKind.STOP, "a", "x").embeds[0].description
    assert "stays** stopped" in stop


def test_refusals_are_plain_and_harmless() -> None:
    shown = answers.refusal("in progress, by @everyone").embeds[0]
    assert shown.title == "🚫 Not done"
    assert shown.description == "in progress, by @\u200beveryone"
    assert answers.failure("").embeds[0].description == "none given"
