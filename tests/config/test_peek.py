"""The fast path of the command line: which file, which state directory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from opsbot.config.load import load
from opsbot.config.peek import locate, state_dir
from opsbot.errors import ConfigError
from tests.config.kit import PACKAGES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version: '1.0'\n",
        "state_dir: /var/lib/opsbot\n",
        "state_dir: state\n",
        "state_dir: ../state\n",
        "'state_dir': \"quoted dir\"\n",
        "{version: '1.0', state_dir: flow}\n",
        "state_dir: ${STATE:-fallback}/x\n",
        "state_dir: ${SET}\n",
        "state_dir:\n",
        "targets: {state_dir: {checks: {disk: {}}}}\n",
        "# state_dir: commented\n",
        "state_dir: ~/opsbot\n",
    ],
)
def test_it_agrees_with_load(tmp_path: Path, text: str) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_text(text)
    environ = {"SET": "/srv/state"}
    assert state_dir(file, environ) == load(file, environ, packages=PACKAGES).state_dir


def test_the_default_is_beside_the_file_wherever_a_command_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf").mkdir()
    file = tmp_path / "conf" / "opsbot.yml"
    file.write_text("version: '1.0'\n")
    from_elsewhere = state_dir(file, {})
    monkeypatch.chdir(tmp_path)
    assert state_dir(Path("conf/opsbot.yml"), {}) == from_elsewhere == tmp_path / "conf" / ".opsbot"


def test_without_a_file_it_is_in_the_present_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert state_dir(None, {}) == tmp_path / ".opsbot" == load(None, {}, packages=PACKAGES).state_dir


def test_a_broken_file_that_names_none_still_finds_the_running_opsbot(tmp_path: Path) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_text("rules: [\n")
    assert state_dir(file, {}) == tmp_path / ".opsbot"
    file.write_text("state_dir: x\nrules: [\n")
    with pytest.raises(ConfigError):
        state_dir(file, {})


def test_a_missing_file_is_left_to_load(tmp_path: Path) -> None:
    assert state_dir(tmp_path / "nothing.yml", {}) == tmp_path / ".opsbot"


def test_the_file_is_looked_for_where_people_have_it(tmp_path: Path) -> None:
    assert locate({}, tmp_path) is None
    guide = tmp_path / "scripts" / "monitoring" / "alert-config.yml"
    guide.parent.mkdir(parents=True)
    guide.touch()
    assert locate({}, tmp_path) == guide
    (tmp_path / "opsbot.yml").touch()
    assert locate({}, tmp_path) == tmp_path / "opsbot.yml"
    assert locate({"OPSBOT_CONFIG": "other.yml"}, tmp_path) == tmp_path / "other.yml"


PEEK = "from pathlib import Path; from opsbot.config.peek import state_dir; state_dir(Path({!r}), {{}})"


def _modules_after(code: str) -> set[str]:
    shown = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_it_imports_neither_pydantic_nor_yaml_when_nothing_is_named(tmp_path: Path) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_text("version: '1.0'\n")
    code = PEEK.format(str(file))
    assert not {"pydantic", "yaml", "asyncio", "typer", "rich"} & _modules_after(code)


def test_it_never_imports_pydantic(tmp_path: Path) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_text("state_dir: here\n")
    code = PEEK.format(str(file))
    modules = _modules_after(code)
    assert "yaml" in modules
    assert "pydantic" not in modules


def test_the_configuration_itself_imports_no_network_and_no_terminal() -> None:
    heavy = {"aiohttp", "asyncio", "typer", "rich", "discord", "aiosqlite", "psutil"}
    assert not heavy & _modules_after(
        "import opsbot.config.load, opsbot.config.rules, opsbot.config.notifications"
    )
