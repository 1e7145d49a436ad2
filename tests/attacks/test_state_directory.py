"""opsbot's own files are its user's alone, and nothing that was put in their places is followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsbot.app import opened
from opsbot.clock import SystemClock
from opsbot.config.load import load
from opsbot.config.settings import Settings
from opsbot.control.server import serving
from opsbot.domain.series import Keep
from opsbot.errors import UsageError
from opsbot.testing.clock import VirtualClock
from opsbot.testing.operations import FakeOperations

TEXT = """
state_dir: state
base_dir: .
targets:
  bot:
    supervisor: {command: [sleep, "1000"], standby: false}
    checks: {process: {}}
notifications:
  log: {file_path: alerts.log}
"""
PRECIOUS = "precious"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "opsbot.yml").write_text(TEXT)
    (tmp_path / "precious").write_text(PRECIOUS)
    return load(tmp_path / "opsbot.yml", {})


@pytest.fixture(autouse=True)
def _generous() -> Iterator[None]:
    """A user whose new files everybody may write."""
    before = os.umask(0)
    yield
    os.umask(before)


async def used(settings: Settings) -> None:
    """One run of opsbot that writes to its stores."""
    async with opened(settings, SystemClock()) as runtime, serving(runtime.ops, settings.state_dir):
        await runtime.pipeline._store.commit([])
        await runtime.history.store.prune(0.0, Keep())
        _all_private(settings.state_dir)
    _all_private(settings.state_dir)


def _all_private(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.lstat().st_mode) == wanted, path


async def test_all_files_are_this_users_alone_whatever_the_umask(settings: Settings) -> None:
    await used(settings)
    assert {"state.db", "metrics.db", "opsbot.lock"} <= {p.name for p in settings.state_dir.iterdir()}


@pytest.mark.parametrize("name", ["state.db", "metrics.db", "journal.jsonl"])
async def test_a_link_in_the_place_of_a_store_is_not_followed(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    settings.state_dir.mkdir(mode=0o700)
    (settings.state_dir / name).symlink_to(tmp_path / "precious")
    async with opened(settings, SystemClock()) as runtime:
        await runtime.pipeline._store.commit([])
    assert (tmp_path / "precious").read_text() == PRECIOUS
    assert stat.S_IMODE((tmp_path / "precious").stat().st_mode) == 0o666


async def test_a_link_in_the_place_of_the_lock_is_one_sentence(settings: Settings, tmp_path: Path) -> None:
    settings.state_dir.mkdir(mode=0o700)
    (settings.state_dir / "opsbot.lock").symlink_to(tmp_path / "precious")
    with pytest.raises(UsageError, match="lock"):
        async with opened(settings, SystemClock()):
            pass
    assert (tmp_path / "precious").read_text() == PRECIOUS


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
async def test_a_state_directory_that_others_may_write_is_refused(settings: Settings, mode: int) -> None:
    settings.state_dir.mkdir()
    settings.state_dir.chmod(mode)
    with pytest.raises(UsageError, match="chmod 700"):
        async with opened(settings, SystemClock()):
            pass


async def test_a_folder_in_the_place_of_the_control_socket_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "control.sock").mkdir()
    with pytest.raises(UsageError, match="control socket"):
        async with serving(FakeOperations(VirtualClock()), tmp_path):
            pass


async def test_a_link_in_the_place_of_the_control_socket_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text(PRECIOUS)
    (tmp_path / "control.sock").symlink_to(tmp_path / "precious")
    async with serving(FakeOperations(VirtualClock()), tmp_path) as path:
        assert stat.S_IMODE(path.lstat().st_mode) == 0o600
    assert (tmp_path / "precious").read_text() == PRECIOUS
