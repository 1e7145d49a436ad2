"""A command that is typed while opsbot is on its way up."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from opsbot.cli import act
from opsbot.errors import StateLocked
from opsbot.reloading import house
from opsbot.stores.lock import StateLock


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration; nobody waits long for its state directory."""
    monkeypatch.setattr(house, "LOCK_PATIENCE", 0.0)
    monkeypatch.setattr(act, "SOON_PAUSE", 0.001)
    path = tmp_path / "opsbot.yml"
    path.write_text("targets: {bot: {checks: {port: {port: 1}}}}\n")
    return path


def test_a_command_waits_for_an_opsbot_that_does_not_listen_yet(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b'{"text": "No open incidents.", "exit": 0}\n')
    theirs.shutdown(socket.SHUT_WR)
    seen = iter([None, None, None, ours])
    monkeypatch.setattr(act, "running", lambda _: next(seen))
    with StateLock.hold(file.parent / ".opsbot"), theirs:
        assert act.act_command(file, {"verb": "incidents"}) == 0
    assert capsys.readouterr().out == "No open incidents.\n"


def test_beside_another_command_that_takes_long_it_says_who_is_in_the_way(file: Path) -> None:
    with StateLock.hold(file.parent / ".opsbot"), pytest.raises(StateLocked, match="in use by"):
        act.act_command(file, {"verb": "incidents"})
