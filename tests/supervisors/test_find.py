"""Finding: what was started by hand, through wrappers, in the background; and what is not ours."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from opsbot.errors import SupervisorError
from tests.supervisors.helpers import Place, alive, by_hand, eventually, kill, needs


async def test_a_copy_started_by_hand_is_adopted_and_not_started_again(place: Place) -> None:
    supervisor = place.supervisor()
    async with by_hand(place) as pid:
        look = await supervisor.find()
        assert look.running is not None
        found = (
            look.running.process.pid,
            look.running.adopted,
            look.running.generation,
            look.running.keeper_pid,
        )
        assert found == (pid, True, 0, 0)
        assert (await supervisor.start(3)).process == look.running.process
        assert place.copies() == [pid]


async def test_one_started_while_opsbot_decides_is_not_doubled(place: Place) -> None:
    """Day one: nothing was there at the first look; somebody was faster than the start."""
    supervisor = place.supervisor()
    assert (await supervisor.find()).running is None
    async with by_hand(place) as pid:
        assert (await supervisor.start(1)).process.pid == pid


@pytest.mark.parametrize("wrapper", ["sh -c '{}; true'", "sh -c 'cd {cwd} && {} > /dev/null'", "env A=1 {}"])
async def test_a_wrapper_is_seen_through_to_the_real_child(place: Place, wrapper: str) -> None:
    line = wrapper.replace("{cwd}", str(place.folder)).replace("{}", " ".join(place.command()))
    async with by_hand(place, ["sh", "-c", f"{line}; true"]) as pid:
        look = await place.supervisor().find()
        assert look.running is not None
        assert look.running.process.pid == pid


async def test_its_exit_is_seen_but_the_status_cannot_be(place: Place) -> None:
    supervisor = place.supervisor()
    async with by_hand(place) as pid:
        look = await supervisor.find()
        assert look.running is not None
        waiting = asyncio.create_task(supervisor.wait_exit(look.running))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        ended = await waiting
        assert (ended.known, ended.asked, str(ended)) == (False, False, "ended, exit status not known")


async def test_it_can_be_stopped(place: Place) -> None:
    supervisor = place.supervisor()
    async with by_hand(place) as pid:
        look = await supervisor.find()
        assert look.running is not None
        ended = await supervisor.stop(look.running, 10.0)
        assert (ended.asked, alive(pid)) == (True, False)


async def test_two_copies_by_hand_are_ambiguous_and_a_start_is_refused(place: Place) -> None:
    async with by_hand(place) as one, by_hand(place) as other:
        supervisor = place.supervisor()
        look = await supervisor.find()
        assert look.running is None
        assert sorted(process.pid for process, _ in look.candidates) == sorted([one, other])
        with pytest.raises(SupervisorError, match="may run already"):
            await supervisor.start(1)
        assert sorted(place.copies()) == sorted([one, other])


async def test_a_copy_in_another_folder_is_only_a_candidate(place: Place) -> None:
    async with by_hand(place, cwd="/") as pid:
        supervisor = place.supervisor()
        look = await supervisor.find()
        assert look.running is None
        assert [process.pid for process, _ in look.candidates] == [pid]
        assert "runs in /" in look.candidates[0][1]
        adopted = await place.supervisor(match={"any_cwd": True}).find()
        assert adopted.running is not None


async def test_a_copy_of_another_user_is_only_a_candidate(place: Place) -> None:
    needs(os.geteuid() == 0, "only root sees and starts what is another user's")
    command = ["sleep", f"100000.{os.getpid()}"]
    with subprocess.Popen(command, user="daemon", cwd="/") as child:
        pid = child.pid
        look = await place.supervisor(command=command, cwd=Path("/")).find()
        child.kill()
        assert look.running is None
        assert [(process.pid, "runs as daemon" in why) for process, why in look.candidates] == [(pid, True)]


async def test_with_adopt_ask_a_person_confirms_and_it_is_remembered(place: Place) -> None:
    async with by_hand(place) as pid:
        supervisor = place.supervisor(adopt="ask")
        look = await supervisor.find()
        assert look.running is None
        assert len(look.candidates) == 1
        with pytest.raises(SupervisorError, match="confirm"):
            await supervisor.start(1)
        running = await supervisor.adopt(look.candidates[0][0])
        assert running.process.pid == pid
        again = await place.supervisor(adopt="ask").find()
        assert again.running is not None
        assert again.running.process.pid == pid


async def test_with_adopt_never_a_copy_by_hand_is_none_of_ours(place: Place) -> None:
    async with by_hand(place) as pid:
        supervisor = place.supervisor(adopt="never")
        assert (await supervisor.find()).running is None
        running = await supervisor.start(1)
        assert sorted(place.copies()) == sorted([pid, running.process.pid])


async def test_another_targets_process_with_the_same_command_is_not_taken(
    place: Place, tmp_path: Path
) -> None:
    other = Place(tmp_path)
    other.state = tmp_path / "other-state"
    running = await other.supervisor().start(1)
    try:
        supervisor = place.supervisor()
        look = await supervisor.find()
        assert look.running is None
        assert "another target" in look.candidates[0][1]
        with pytest.raises(SupervisorError, match="adopt: never"):
            await supervisor.start(1)
    finally:
        kill(running)
        await other.close()


async def test_a_target_that_goes_to_the_background_is_followed(place: Place) -> None:
    supervisor = place.supervisor("daemon")
    launcher = await supervisor.start(6)
    ended = await supervisor.wait_exit(launcher)
    assert ended.code == 0
    await eventually(lambda: "ready" in place.text())
    pid = int(place.text().split()[1])
    await eventually(lambda: (i := supervisor._records.identity()) and i.process.pid == pid)
    look = await place.supervisor("daemon").find()
    assert look.running is not None
    assert (look.running.process.pid, look.running.generation) == (pid, 6)
    assert look.running.keeper_pid == launcher.keeper_pid
    waiting = asyncio.create_task(supervisor.wait_exit(look.running))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGUSR1)
    assert (await waiting).code == 3


async def test_one_that_went_to_the_background_without_a_keeper_is_found_by_its_cookie(place: Place) -> None:
    supervisor = place.supervisor("daemon", adopt="never")
    launcher = await supervisor.start(6)
    await supervisor.wait_exit(launcher)
    await eventually(lambda: "ready" in place.text())
    pid = int(place.text().split()[1])
    await eventually(lambda: (i := supervisor._records.identity()) and i.process.pid == pid)
    os.kill(launcher.keeper_pid, signal.SIGKILL)
    (place.state / "identity").unlink()
    (place.state / "exits").unlink()
    look = await place.supervisor("daemon", adopt="never").find()
    assert look.running is not None
    assert (look.running.process.pid, look.running.generation) == (pid, 6)


async def test_a_lost_record_is_made_up_for_by_the_cookie(place: Place) -> None:
    running = await place.supervisor().start(6)
    (place.state / "identity").unlink()
    supervisor = place.supervisor(adopt="never")
    look = await supervisor.find()
    assert look.running is not None
    assert (look.running.process, look.running.generation) == (running.process, 6)
    assert (await supervisor.start(7)).process == running.process


async def test_a_script_started_by_hand_is_adopted_but_not_an_editor_of_it(place: Place) -> None:
    script = place.folder / "bot"
    script.write_text("#!/bin/sh\nwhile true; do sleep 1000; done\n")
    script.chmod(0o755)
    supervisor = place.supervisor(command=["./bot"])
    with subprocess.Popen(["tail", "-f", "./bot"], cwd=place.folder, stdout=subprocess.DEVNULL) as reader:
        assert (await supervisor.find()).running is None
        with subprocess.Popen(["./bot"], cwd=place.folder, start_new_session=True) as child:
            look = await supervisor.find()
            os.killpg(child.pid, signal.SIGKILL)
        reader.kill()
    assert look.running is not None
    assert look.running.process.pid == child.pid


async def test_one_that_runs_by_pyenvs_script_for_python_is_adopted(place: Place) -> None:
    shim = place.folder / "python3"
    shim.write_text(f'#!/usr/bin/env bash\nexec {sys.executable} "$@"\n')
    shim.chmod(0o755)
    words = place.command()[1:]
    supervisor = place.supervisor(command=[str(shim), *words])
    async with by_hand(place, [str(shim), *words]) as pid:
        look = await supervisor.find()
        assert look.running is not None
        assert look.running.process.pid == pid


async def test_a_person_cannot_take_another_targets_process_either(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path)
    other.state = tmp_path / "other-state"
    running = await other.supervisor().start(1)
    try:
        supervisor = place.supervisor()
        with pytest.raises(SupervisorError, match="another target's"):
            await supervisor.adopt(running.process)
        theirs = (await other.supervisor().find()).running
        assert theirs is not None
        assert theirs.process == running.process
    finally:
        kill(running)
        await other.close()


async def test_another_targets_process_in_another_folder_is_not_offered(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path)
    other.state = tmp_path / "other-state"
    running = await other.supervisor(cwd=Path("/")).start(1)
    try:
        look = await place.supervisor().find()
        assert (look.running, look.candidates) == (None, ())
    finally:
        kill(running)
        await other.close()
