"""Starting: what the target gets, and what is said when it cannot be started."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from opsbot.errors import SupervisorError
from opsbot.supervisors import _proc
from tests.supervisors.helpers import Place, eventually, needs

C_LIBRARY_SIGNALS = 0b11 << 31
"""32 and 33, glibc's own: its posix_spawn ignores them, its threads set them up when they need them."""

ROOT_ONLY = "this test changes users, which needs root"


def needs_root() -> None:
    needs(os.geteuid() == 0, ROOT_ONLY)


async def fails(place: Place, *, permanent: bool = True, **options: object) -> str:
    """Starts with these options; the sentence that says why not."""
    with pytest.raises(SupervisorError) as caught:
        await place.supervisor(**options).start(1)
    assert caught.value.permanent is permanent
    assert place.ours() == []
    return str(caught.value)


async def shell(place: Place, script: str, **options: object) -> str:
    """Runs a line of shell as the target; what it wrote."""
    supervisor = place.supervisor(command=["sh", "-c", script], **options)
    await supervisor.wait_exit(await supervisor.start(1))
    return place.text()


async def test_an_executable_that_is_not_there_is_named(place: Place) -> None:
    assert "/no/such/bot does not exist" in await fails(place, command=["/no/such/bot"])
    assert "looked for on PATH" in await fails(place, command="no-such-bot --now")


async def test_a_file_that_may_not_be_executed_is_named_with_the_remedy(place: Place) -> None:
    (place.folder / "bot").write_text("#!/bin/sh\n")
    assert "chmod +x" in await fails(place, command=["./bot"])


async def test_a_script_without_its_interpreter_line_is_explained(place: Place) -> None:
    script = place.folder / "bot"
    script.write_bytes(b"\0\1\2")
    script.chmod(0o755)
    assert "#!/bin/sh" in await fails(place, command=["./bot"])


async def test_a_script_whose_interpreter_is_missing_is_told(place: Place) -> None:
    script = place.folder / "bot"
    script.write_text("#!/no/such/python\n")
    script.chmod(0o755)
    assert "No such file" in await fails(place, command=["./bot"])


async def test_a_missing_folder_is_named(place: Place) -> None:
    assert "does not exist: make it, or correct `cwd`" in await fails(place, cwd=place.folder / "gone")


async def test_an_unknown_user_is_named(place: Place) -> None:
    assert "no user `nobody-at-all`" in await fails(place, user="nobody-at-all")


async def test_limits_that_cannot_be_set_are_told(place: Place) -> None:
    assert "limits" in await fails(place, limits={"nofile": 2**40})


async def test_an_env_file_with_a_bad_line_names_the_line(place: Place) -> None:
    (place.folder / "env").write_text("GOOD=1\nthis is not\n")
    assert "env:2" in await fails(place, env_file=place.folder / "env")


async def test_a_log_that_is_a_symbolic_link_is_refused(place: Place) -> None:
    (place.folder / "elsewhere").write_text("")
    place.log.symlink_to(place.folder / "elsewhere")
    assert "symbolic link" in await fails(place)


async def test_after_a_failed_start_a_right_one_works(place: Place) -> None:
    await fails(place, command=["/no/such/bot"])
    running = await place.supervisor().start(2)
    assert place.copies() == [running.process.pid]


async def test_the_environment_is_inherited_without_opsbots_secrets(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSBOT_DISCORD_TOKEN", "hush")
    monkeypatch.setenv("INHERITED", "yes")
    (place.folder / "env").write_text("# comment\nexport FILE='a b'\nBOTH=file\n")
    text = await shell(
        place,
        'echo "$OPSBOT_DISCORD_TOKEN|$INHERITED|$FILE|$BOTH"',
        env={"BOTH": "map"},
        env_file=place.folder / "env",
    )
    assert text == "|yes|a b|map\n"


async def test_nothing_is_inherited_when_so_configured(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INHERITED", "yes")
    assert await shell(place, 'echo "<$INHERITED>"', inherit_env=False) == "<>\n"


async def test_folder_umask_and_limits_are_set(place: Place) -> None:
    text = await shell(place, "pwd; umask; ulimit -n", umask="0027", limits={"nofile": 99})
    assert text.split() == [str(place.folder.resolve()), "0027", "99"]


async def test_the_target_gets_no_descriptors_but_its_own_and_default_signals(place: Place) -> None:
    text = await shell(place, "ls -l /proc/$$/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status")
    opened = [line.split(" -> ")[1] for line in text.splitlines() if " -> " in line]
    assert sorted(Path(path).name for path in opened) == ["lock", "null", "output.fifo", "output.fifo"]
    masks = [int(line.split()[1], 16) for line in text.splitlines() if line.startswith("Sig")]
    assert [mask & ~C_LIBRARY_SIGNALS for mask in masks] == [0, 0]


async def test_the_target_runs_as_the_configured_user(place: Place) -> None:
    needs_root()
    place.folder.chmod(0o755)
    for parent in place.folder.parents[:-1]:
        parent.chmod(parent.stat().st_mode | 0o055)
    text = await shell(place, "id -un; echo $HOME $USER; echo x > /dev/stdout", user="daemon", cwd=Path("/"))
    assert text.split() == ["daemon", "/usr/sbin", "daemon", "x"]


async def test_what_is_written_down_is_private(place: Place) -> None:
    await place.supervisor().start(1)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in place.state.iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(place.state.stat().st_mode) == 0o700


async def test_a_keeper_ready_in_advance_is_used_and_leaves_with_opsbot(place: Place) -> None:
    supervisor = place.supervisor(standby=True)
    supervisor._keepers.make_ready(0.0)
    await eventually(lambda: supervisor._keepers._ready)
    ready = supervisor._keepers._ready
    assert ready is not None
    running = await supervisor.start(1)
    assert running.keeper_pid == ready.pid
    supervisor._keepers.make_ready(0.0)
    await eventually(lambda: supervisor._keepers._ready)
    unused = supervisor._keepers._ready
    assert unused is not None
    await supervisor.close()
    assert _proc.stat(unused.pid) is None
    assert _proc.stat(running.keeper_pid) is not None


async def test_a_killed_standby_costs_no_start(place: Place) -> None:
    supervisor = place.supervisor(standby=True)
    supervisor._keepers.make_ready(0.0)
    await eventually(lambda: supervisor._keepers._ready)
    ready = supervisor._keepers._ready
    assert ready is not None
    os.kill(ready.pid, 9)
    running = await supervisor.start(1)
    assert place.copies() == [running.process.pid]


async def test_a_second_generation_after_a_crash_is_recorded_as_such(place: Place) -> None:
    supervisor = place.supervisor()
    first = await supervisor.start(1)
    os.kill(first.process.pid, 9)
    await supervisor.wait_exit(first)
    await supervisor.start(2)
    look = await place.supervisor().find()
    assert look.running is not None
    assert look.running.generation == 2
