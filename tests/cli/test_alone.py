"""Commands that change something, without a running opsbot: they are opsbot for their moment."""

from __future__ import annotations

from tests.cli.commands import Place, health, opsbot


def act(at: Place, *words: str) -> str:
    """A command that works; its output."""
    done = opsbot(*words, "-c", at.file, cwd=at.folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_a_restart_alone_starts_the_service_and_leaves_it_running(alone: Place) -> None:
    text = act(alone, "restart")
    (pid,) = alone.pids()
    assert "✓ 5. Start it" in text
    assert f"pid {pid}, healthy" in text


def test_a_pause_alone_is_obeyed_by_the_opsbot_that_comes(alone: Place) -> None:
    act(alone, "pause", "--minutes", "5", "--reason", "deploy")
    assert alone.pids() == []
    with alone.running(well=False):
        alone.until(lambda: "deploy" in health(alone)[1])
        assert alone.pids() == []
        assert "is on" in act(alone, "resume")
        alone.until(alone.is_well)
