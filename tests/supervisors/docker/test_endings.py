"""How a run ended, from what engines say, and how long their restart policy may take."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import Any

import pytest

from opsbot.domain.moment import Moment
from opsbot.domain.process import Exit, ProcessId
from opsbot.supervisors._docker.container import Container, seconds
from opsbot.supervisors._docker.endings import MARGIN_SECONDS, SWITCH_SECONDS, Evidence, exit_of, of_run
from opsbot.supervisors._docker.runs import Run
from opsbot.supervisors._docker.streams import Event

STARTED, ENDED = "2026-03-01T12:00:00Z", "2026-03-01T12:00:04Z"
RUN = Run("c0ffee", STARTED, ProcessId("boot", 41, 7), generation=3)
NOW = Moment(mono=1000.0, wall=seconds(ENDED) + 2.0)


def ended(code: int = 1, *, policy: str = "", most: int = 0, restarts: int = 0, **state: Any) -> Container:
    """The container after that run."""
    usual = {
        "Status": "exited",
        "Pid": 0,
        "ExitCode": code,
        "StartedAt": STARTED,
        "FinishedAt": ENDED,
    }
    return Container.of(
        {
            "Id": "c0ffee",
            "State": usual | state,
            "RestartCount": restarts,
            "HostConfig": {"RestartPolicy": {"Name": policy, "MaximumRetryCount": most}},
        }
    )


def event(action: str, after: float, **more: Any) -> Event:
    return Event("c0ffee", action, int((seconds(STARTED) + after) * 1e9), **more)


def exit_after(seen: Container | None, *events: Event, run: Run = RUN) -> Exit:
    return exit_of(Evidence(run, seen, of_run(events, run)), NOW)


@pytest.mark.parametrize(
    ("code", "exits", "killed_by"),
    [
        (0, 0, None),
        (3, 3, None),
        (127, 127, None),
        (128, 128, None),
        (137, None, signal.SIGKILL),
        (139, None, signal.SIGSEGV),
        (143, None, signal.SIGTERM),
        (170, 170, None),
        (255, 255, None),
    ],
)
def test_codes_above_128_are_signals(code: int, exits: int | None, killed_by: int | None) -> None:
    told = exit_after(ended(code))
    assert (told.code, told.signal) == (exits, killed_by)


def test_an_exit_happened_when_the_engine_says() -> None:
    assert exit_after(ended()).at == Moment(998.0, seconds(ENDED))


def test_a_kill_for_want_of_memory_is_named() -> None:
    assert "out of memory" in str(exit_after(ended(137, OOMKilled=True)))
    assert "out of memory" in str(exit_after(None, event("oom", 3.9), event("die", 4.0, code=137)))


def test_a_child_killed_for_want_of_memory_is_not_why_the_target_ended() -> None:
    assert str(exit_after(ended(1, OOMKilled=True))) == "exited with code 1"


def test_the_exit_code_of_a_run_that_has_a_successor_stands_in_the_events() -> None:
    next_run = ended(0, StartedAt="2026-03-01T12:00:05Z", Status="running", Pid=42)
    told = exit_after(next_run, event("die", 4.0, code=9), event("start", 5.0), event("die", 6.0, code=1))
    assert (told.code, told.successor) == (9, MARGIN_SECONDS)


def test_events_of_an_earlier_run_are_not_taken_for_this_ones() -> None:
    told = exit_after(None, event("die", -1.0, code=9), event("die", 4.0, code=2))
    assert told.code == 2


def test_an_end_that_nothing_tells_of_is_not_known() -> None:
    told = exit_after(None)
    assert not told.known
    assert told.at == NOW
    assert "removed" in str(told)


def test_a_container_without_a_restart_policy_gets_no_successor() -> None:
    assert exit_after(ended(1)).successor == 0.0
    assert exit_after(ended(1, policy="no")).successor == 0.0


@pytest.mark.parametrize("policy", ["always", "unless-stopped"])
@pytest.mark.parametrize("code", [0, 1, 137])
def test_a_policy_restarts_whatever_the_exit_was(policy: str, code: int) -> None:
    assert exit_after(ended(code, policy=policy)).successor == pytest.approx(0.1 + MARGIN_SECONDS)


def test_on_failure_restarts_failures_as_often_as_it_may() -> None:
    assert exit_after(ended(0, policy="on-failure")).successor == 0.0
    assert exit_after(ended(1, policy="on-failure")).successor > 0.0
    assert exit_after(ended(1, policy="on-failure", most=3, restarts=2)).successor > 0.0
    assert exit_after(ended(1, policy="on-failure", most=3, restarts=3)).successor == 0.0


@pytest.mark.parametrize(
    ("restarts", "wait"), [(0, 0.1), (1, 0.2), (5, 3.2), (9, 51.2), (10, 60.0), (400, 60.0)]
)
def test_the_wait_before_a_restart_doubles_up_to_a_minute(restarts: int, wait: float) -> None:
    told = exit_after(ended(1, policy="always", restarts=restarts))
    assert told.successor == pytest.approx(wait + MARGIN_SECONDS)


def test_a_run_of_ten_seconds_begins_the_waits_anew() -> None:
    calm = ended(1, policy="always", restarts=400, FinishedAt="2026-03-01T12:00:10Z")
    assert exit_after(calm).successor == pytest.approx(0.1 + MARGIN_SECONDS)


def test_docker_that_waits_before_a_restart_will_restart() -> None:
    waiting = ended(1, Status="restarting", Running=True, Restarting=True, restarts=3)
    told = exit_after(waiting)
    assert told.code == 1
    assert told.successor == pytest.approx(0.8 + MARGIN_SECONDS)


def test_who_stops_it_through_docker_has_time_to_start_it() -> None:
    told = exit_after(
        ended(137),
        event("kill", 3.0, signal="15"),
        event("kill", 3.9, signal="9"),
        event("die", 4.0, code=137),
    )
    assert (told.signal, told.successor) == (signal.SIGKILL, SWITCH_SECONDS)
    assert "by somebody else" in str(told)


def test_a_signal_that_is_no_stop_is_not_taken_for_one() -> None:
    told = exit_after(ended(1), event("kill", 1.0, signal="1"), event("die", 4.0, code=1))
    assert (told.cause, told.successor) == ("", 0.0)


def test_podman_does_not_say_which_signal_and_so_nothing_is_concluded() -> None:
    told = exit_after(ended(1), event("kill", 3.9), event("die", 4.0, code=1))
    assert (told.cause, told.successor) == ("", 0.0)


def test_what_opsbot_itself_ended_has_no_cause_and_no_successor() -> None:
    told = exit_after(ended(143, policy="always"), run=replace(RUN, asked=True))
    assert (told.asked, told.cause, told.successor) == (True, "", 0.0)
