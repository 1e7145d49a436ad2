"""What `systemctl show` says, and what follows from it: states that are hard to come by, older systemds."""

from __future__ import annotations

import pytest

from opsbot.domain.moment import Moment
from opsbot.domain.process import Exit
from opsbot.supervisors._systemd.unit import LONGEST_STOP, SUCCESSOR_MARGIN, Unit, parse

NOW = Moment(1000.0, 1.8e9)

CRASHED = {
    "Id": "bot.service",
    "LoadState": "loaded",
    "ActiveState": "failed",
    "SubState": "failed",
    "Result": "signal",
    "ExecMainPID": "7",
    "ExecMainCode": "2",
    "ExecMainStatus": "11",
    "ExecMainStartTimestampMonotonic": "100",
    "ExecMainExitTimestampMonotonic": "200",
    "ActiveExitTimestampMonotonic": "201",
    "Restart": "always",
    "RestartUSec": "100ms",
    "TimeoutStopUSec": "1min 30s",
}


def unit(**changes: str) -> Unit:
    return parse("\n".join(f"{key}={value}" for key, value in {**CRASHED, **changes}.items()))


def ended(**changes: str) -> Exit:
    return unit(**changes).ended(NOW, asked=False)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("100ms", 0.1),
        ("1min 30s", 90.0),
        ("5min 20s 500ms", 320.5),
        ("1h", 3600.0),
        ("1w 2d", 777600.0),
        ("1month", 2629800.0),
        ("0", 0.0),
        ("infinity", float("inf")),
        ("", 0.0),
    ],
)
def test_systemds_time_spans_are_read(text: str, seconds: float) -> None:
    assert unit(RestartUSec=text).restart_seconds == seconds


def test_a_growing_delay_of_newer_systemds_is_reckoned_with() -> None:
    waits = unit(ActiveState="activating", SubState="auto-restart-queued", RestartUSecNext="40s")
    assert waits.successor == 40 + SUCCESSOR_MARGIN


def test_an_older_systemd_that_knows_fewer_properties_is_understood() -> None:
    old = parse("Id=bot.service\nActiveState=active\nMainPID=12\nExecMainExitTimestamp=n/a\nNRestarts=")
    assert (old.main_pid, old.last_wall, old.restarts, old.successor) == (12, 0.0, 0, SUCCESSOR_MARGIN)


def test_when_it_ended_is_read() -> None:
    assert unit(ExecMainExitTimestamp="Sun 2026-11-29 02:52:58 UTC").last_wall == 1795920778.0


@pytest.mark.parametrize(
    ("setting", "results"),
    [
        ("no", set()),
        ("always", {"success", "exit-code", "signal", "core-dump", "timeout", "watchdog", "oom-kill"}),
        ("on-success", {"success"}),
        ("on-failure", {"exit-code", "signal", "core-dump", "timeout", "watchdog", "oom-kill"}),
        ("on-abnormal", {"signal", "core-dump", "timeout", "watchdog", "oom-kill"}),
        ("on-abort", {"signal", "core-dump"}),
        ("on-watchdog", {"watchdog"}),
    ],
)
def test_which_ends_systemd_answers_with_a_restart(setting: str, results: set[str]) -> None:
    every = ("success", "exit-code", "signal", "core-dump", "timeout", "watchdog", "oom-kill")
    ending = {
        r: unit(ActiveState="deactivating", SubState="stop-sigterm", Restart=setting, Result=r) for r in every
    }
    assert {result for result, seen in ending.items() if seen.successor} == results


def test_a_unit_that_cannot_end_is_not_waited_for_for_ever() -> None:
    ending = unit(ActiveState="deactivating", TimeoutStopUSec="infinity")
    assert ending.successor == LONGEST_STOP + 0.1 + SUCCESSOR_MARGIN


def test_a_unit_that_is_being_stopped_is_not_started_again_by_systemd() -> None:
    assert unit(ActiveState="deactivating", ActiveExitTimestampMonotonic="150").successor == 0.0
    assert unit(ActiveState="deactivating", Job="812").successor == 0.0


def test_that_systemd_gave_up_is_said_only_when_it_did() -> None:
    assert unit(NRestarts="5").given_up
    assert unit(Result="start-limit-hit", Restart="no").given_up
    assert not unit(NRestarts="0").given_up
    assert not unit(NRestarts="5", ActiveExitTimestampMonotonic="150").given_up, "it was stopped"
    assert not unit(NRestarts="5", RestartPreventExitStatus="78").given_up, "it may be forbidden"
    assert not unit(NRestarts="5", ActiveState="activating", SubState="auto-restart").given_up


def test_an_end_is_told_as_systemd_has_it() -> None:
    assert str(ended()) == "killed by SIGSEGV"
    assert str(ended(ExecMainCode="1", ExecMainStatus="3", Result="exit-code")) == "exited with code 3"
    assert str(ended(ExecMainCode="3", Result="core-dump")) == "killed by SIGSEGV (it dumped core)"
    assert ended(ExecMainCode="0").known is False


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Result": "oom-kill", "ExecMainStatus": "9"}, "out of memory"),
        ({"Result": "watchdog", "ExecMainStatus": "6"}, "WatchdogSec="),
        ({"Result": "start-limit-hit"}, "StartLimitBurst="),
        ({"Result": "protocol", "ExecMainCode": "1", "ExecMainStatus": "0"}, "Type="),
        ({"Result": "exit-code", "ExecMainCode": "1", "ExecMainStatus": "226"}, "sandbox"),
    ],
)
def test_the_cause_of_an_end_is_named(changes: dict[str, str], words: str) -> None:
    assert words in ended(**changes).cause


def test_a_stop_by_hand_is_a_clean_end_whatever_the_program_made_of_it() -> None:
    java = unit(
        ExecMainCode="1", ExecMainStatus="143", Result="exit-code", ActiveExitTimestampMonotonic="150"
    )
    by_hand = java.ended(NOW, asked=False)
    assert by_hand.clean
    assert "exited with code 143" in str(by_hand)
    assert java.ended(NOW, asked=True).code == 143
    assert not ended(ActiveExitTimestampMonotonic="150", Result="oom-kill").clean
    assert not ended(ActiveExitTimestampMonotonic="50").clean, "an earlier stop is not this one"
