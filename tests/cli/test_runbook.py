"""`opsbot runbook`: with a running opsbot and without one, on a terminal and elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess

from opsbot.demo.scene import TARGET
from tests.bound import BOUND
from tests.cli.commands import Place, argv, environ, opsbot, sentence

HEAD = "---\ntitle: Mine\n---\n\n## Steps\n\n"
MINE = HEAD + "1. Does it answer?\n   `opsbot: check http`\n2. Ask Otto.\n3. Whose port?\n   `opsbot: port`\n"


def with_own(at: Place, text: str = MINE) -> None:
    """A runbook of one's own beside the configuration."""
    (at.folder / "books").mkdir(exist_ok=True)
    (at.folder / "books" / "mine.md").write_text(text)
    if "runbooks:" not in at.file.read_text():
        with at.file.open("a") as file:
            file.write(f"\nrunbooks:\n  dir: {at.folder}/books\n")


def on_a_terminal(at: Place, said: str, *words: str) -> tuple[int, str]:
    """A command in a terminal in which somebody types; its exit code, and what is seen."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        argv("runbook", *words, "-c", at.file), cwd=at.folder, env=environ(NO_COLOR="1"),
        stdin=theirs, stdout=theirs, stderr=theirs,
    ) as child:  # fmt: skip
        os.close(theirs)
        os.write(ours, said.encode())
        seen = b""
        while True:
            try:
                seen += os.read(ours, 4096)
            except OSError:  # EIO: nobody has the other end any more
                break
        code = child.wait(BOUND)
    os.close(ours)
    return code, seen.decode()


def test_without_a_running_opsbot_it_walks_by_itself(alone: Place) -> None:
    with_own(alone)
    done = opsbot("runbook", "mine", "-c", alone.file, cwd=alone.folder)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert lines[0].startswith("✗ 1. Does it answer? – Health Endpoint: ")
    assert lines[1] == "- 2. Ask Otto. – to do"
    assert lines[2] == f"✓ 3. Whose port? – nobody listens on port {alone.port}"


def test_the_list_has_those_that_come_with_opsbot_and_ones_own(alone: Place) -> None:
    with_own(alone)
    done = opsbot("runbook", "-c", alone.file, cwd=alone.folder)
    assert done.returncode == 0
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert {"mine", "high-memory", "bot-not-responding"} <= set(names)


def test_a_mistake_in_one_is_said_and_stops_nothing(alone: Place) -> None:
    with_own(alone, HEAD + "1. x\n   `opsbot: chek http`\n")
    place = f"{alone.folder}/books/mine.md:8: opsbot cannot `chek`: did you mean `check`?"
    checked = opsbot("check-config", "-c", alone.file, cwd=alone.folder)
    assert checked.returncode == 0
    assert f"Runbook mistake: {place}" in checked.stdout
    listed = opsbot("runbook", "-c", alone.file, cwd=alone.folder)
    assert sentence(listed) == f"opsbot: {place}"
    assert "high-memory" in listed.stdout
    walked = opsbot("runbook", "mine", "-c", alone.file, cwd=alone.folder)
    assert place in sentence(walked)


def test_it_is_printed_as_it_is_written(alone: Place) -> None:
    with_own(alone)
    done = opsbot("runbook", "mine", "--show", "-c", alone.file, cwd=alone.folder)
    assert (done.returncode, done.stdout) == (0, MINE)


def test_a_running_opsbot_walks_and_sees_the_service_as_it_is(beside: Place) -> None:
    done = opsbot("runbook", "port-in-use", TARGET, "-c", beside.file, cwd=beside.folder)
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert lines[0].startswith("✓ 1. Is the port the target's, or free? – port")
    assert lines[0].endswith("the target's own")
    assert lines[-1].startswith("✓ 5. Does the health endpoint answer? – Health Endpoint: HTTP 200")


def test_on_a_terminal_people_are_asked(beside: Place) -> None:
    code, seen = on_a_terminal(beside, "x\ny\ns\n", "port-in-use")
    assert code == 0, seen
    assert "▸ 2. End that process" in seen
    assert seen.count("[y]es or done, [n]o") == 3
    assert "✓ 3. Is it so now?" in seen
    assert "✓ 5. Does the health endpoint answer?" in seen


def test_what_did_not_help_is_wrong_and_the_end_of_input_ends_nothing(beside: Place) -> None:
    code, seen = on_a_terminal(beside, "n\ny\n", "port-in-use")
    assert code == 1, seen
    code, seen = on_a_terminal(beside, "\x04", "port-in-use")
    assert code == 0, seen
    assert "▸ 2. End that process" in seen
    assert "Traceback" not in seen


def test_a_wrong_name_is_answered_with_the_nearest(beside: Place) -> None:
    done = opsbot("runbook", "high-memry", "-c", beside.file, cwd=beside.folder)
    assert done.returncode == 2
    assert "did you mean `high-memory`?" in sentence(done)
