"""Finding and starting a container, and what may be in the way."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from opsbot.errors import SupervisorError
from opsbot.supervisors._docker import engine as engine_module
from opsbot.supervisors._docker import sights
from tests.supervisors.docker.between import Between
from tests.supervisors.docker.box import Box, as_nobody, crash, notes


async def failure_of_start(box: Box, url: str = "") -> SupervisorError:
    with pytest.raises(SupervisorError) as caught:
        await box.supervisor(url).start(1)
    assert "\n" not in str(caught.value)
    return caught.value


async def test_a_container_that_does_not_exist_is_asked_for(box: Box) -> None:
    look = await box.supervisor().find()
    assert (look.running, look.last_exit) == (None, None)
    failure = await failure_of_start(box)
    assert failure.permanent
    assert "docker compose up --no-start" in str(failure)


async def test_an_executable_that_is_missing_in_the_container_is_named(box: Box) -> None:
    box.create("/nonexistent/program")
    failure = await failure_of_start(box)
    assert failure.permanent
    assert "/nonexistent/program" in str(failure)
    assert (await box.supervisor().find()).running is None


async def test_a_container_started_by_hand_is_adopted(box: Box) -> None:
    box.create().do("start")
    running = await box.supervisor().start(7)
    assert (running.generation, running.adopted, running.process.pid) == (0, True, *box.pids())


async def test_a_container_restarted_by_hand_is_not_ours_any_more(box: Box) -> None:
    box.create()
    first = await box.supervisor().start(7)
    box.do("restart", t="0")
    look = await box.supervisor().find()
    assert look.running is not None
    assert look.running.process != first.process
    assert (look.running.generation, look.running.adopted) == (0, True)


async def test_a_container_made_anew_under_its_name_is_found(box: Box) -> None:
    box.create()
    first = await box.supervisor().start(7)
    box.create().do("start")
    look = await box.supervisor().find()
    assert look.running is not None
    assert look.running.process != first.process
    assert look.running.generation == 0


async def test_a_container_may_be_given_by_its_id(box: Box) -> None:
    box.create()
    supervisor = box.supervisor(container=box.inspect()["Id"][:16])
    running = await supervisor.start(1)
    assert [running.process.pid] == box.pids()


async def test_an_engine_on_a_loopback_port_serves_as_well(
    box: Box, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")  # of the docker command, for an engine elsewhere
    running = await box.create().supervisor(await between.over_tcp()).start(1)
    assert [running.process.pid] == box.pids()


async def test_the_start_of_a_container_is_when_it_began(box: Box) -> None:
    box.create()
    supervisor = box.supervisor()
    running = await supervisor.start(1)
    again = await supervisor.find()
    assert again.running is not None
    assert again.running.since.mono == pytest.approx(running.since.mono)


async def test_one_that_ends_at_once_says_how(box: Box) -> None:
    box.create("false")
    failure = await failure_of_start(box)
    assert not failure.permanent
    assert "exited with code 1 right after its start" in str(failure)


async def test_a_start_whose_answer_was_lost_is_known_as_opsbots_own(box: Box, between: Between) -> None:
    box.create()
    between.lose("POST .*/start")
    failure = await failure_of_start(box, between.url)
    assert not failure.permanent
    look = await box.supervisor().find()
    assert look.running is not None
    assert (look.running.generation, len(box.pids())) == (1, 1)


async def test_a_start_that_failed_makes_nothing_opsbots_own(box: Box) -> None:
    box.create("/nonexistent/program")
    await failure_of_start(box)
    assert notes(box)["intent"] is None


async def test_what_cannot_be_written_down_is_remembered(box: Box) -> None:
    box.create()
    box.state.mkdir()
    (box.state / "docker.new").mkdir()  # as good as a full disk: no file can be made there
    supervisor = box.supervisor()
    running = await supervisor.start(5)
    look = await supervisor.find()
    assert look.running is not None
    assert (look.running.generation, look.running.process) == (5, running.process)
    assert (await supervisor.stop(running, 5.0)).asked


async def test_notes_that_were_destroyed_are_made_anew(box: Box) -> None:
    box.create()
    running = await box.supervisor().start(5)
    (box.state / "docker.json").write_text('{"runs": [{"container"')
    look = await box.supervisor().find()
    assert look.running is not None
    assert (look.running.process, look.running.generation) == (running.process, 0)


async def test_notes_are_private(box: Box) -> None:
    box.create()
    await box.supervisor().start(1)
    assert (box.state / "docker.json").stat().st_mode & 0o777 == 0o600
    assert box.state.stat().st_mode & 0o777 == 0o700


async def test_a_person_may_confirm_what_runs_and_nothing_else(box: Box) -> None:
    box.create()
    supervisor = box.supervisor()
    running = await supervisor.start(1)
    assert (await supervisor.adopt(running.process)).process == running.process
    crash(running)
    await supervisor.wait_exit(running)
    with pytest.raises(SupervisorError, match="does not run"):
        await supervisor.adopt(running.process)


async def test_a_missing_engine_may_come_yet(box: Box, tmp_path: Path) -> None:
    failure = await failure_of_start(box, f"unix://{tmp_path}/none.sock")
    assert not failure.permanent
    assert "systemctl start docker" in str(failure)


async def test_an_engine_that_ended_may_come_back(box: Box, tmp_path: Path) -> None:
    (tmp_path / "dead.sock").touch()
    failure = await failure_of_start(box, f"unix://{tmp_path}/dead.sock")
    assert not failure.permanent
    assert "ECONNREFUSED" in str(failure)


async def test_an_engine_that_may_not_be_used_needs_a_group(box: Box) -> None:
    supervisor = box.create().supervisor()
    with pytest.raises(SupervisorError, match="group `docker`") as caught, as_nobody():
        await supervisor.tail(1)
    assert caught.value.permanent


async def test_an_engine_that_was_upgraded_is_spoken_to_anew(box: Box, between: Between) -> None:
    supervisor = box.create().supervisor(between.url)
    await supervisor.find()
    between.refuse("GET /v1.41/.*/json", "client version 1.41 is too old", 400)
    with pytest.raises(SupervisorError, match="upgraded") as caught:
        await supervisor.find()
    assert not caught.value.permanent
    between.hand_on_everything()
    between.asked.clear()
    await supervisor.find()
    assert "GET /version" in between.asked


async def test_an_engine_that_hangs_is_not_waited_for(
    box: Box, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CALL_SECONDS", 0.2)
    between.hang("GET .*/json")
    failure = await failure_of_start(box.create(), between.url)
    assert not failure.permanent
    assert "no answer in 0.2 s" in str(failure)


@pytest.mark.parametrize("answer", [{}, {"ApiVersion": "1.41"}, [], "docker"])
async def test_what_is_no_engine_is_not_taken_for_one(box: Box, between: Between, answer: Any) -> None:
    between.rewrite("GET ", lambda _said: answer)
    failure = await failure_of_start(box.create(), between.url)
    assert "no container engine: correct `url`" in str(failure)


async def test_a_container_whose_process_is_not_to_be_seen_here_is_refused(
    box: Box, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sights, "AGREE_SECONDS", 0.05)
    box.create()
    await box.supervisor().start(1)
    (box.state / "docker.json").unlink()

    def elsewhere(said: dict[str, Any]) -> dict[str, Any]:  # its engine counts pids in a machine of its own
        return {**said, "State": {**said["State"], "Pid": os.getpid()}}

    between.rewrite(f"GET .*/{box.name}/json", elsewhere)
    with pytest.raises(SupervisorError, match="pid: host") as caught:
        await box.supervisor(between.url).find()
    assert caught.value.permanent


async def test_docker_that_waits_before_a_restart_starts_at_once_when_asked(
    box: Box, between: Between
) -> None:
    box.create(policy="no")
    supervisor = box.supervisor(between.url)
    crash(first := await supervisor.start(1))
    await supervisor.wait_exit(first)
    between.asked.clear()

    def posts() -> list[str]:
        return [what.rsplit("/", 1)[1] for what in between.asked if what.startswith("POST")]

    def backoff(said: dict[str, Any]) -> dict[str, Any]:  # until it is stopped or started
        state = {"Status": "restarting", "Running": True, "Restarting": True}
        return said if posts() else {**said, "State": said["State"] | state}

    between.rewrite(f"GET .*/{box.name}/json", backoff)
    look = await supervisor.find()
    assert look.running is None
    assert look.last_exit is not None
    assert look.last_exit.successor > 0.0
    assert (await supervisor.start(2)).generation == 2
    assert posts() == ["stop", "start"]
