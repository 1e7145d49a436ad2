"""Finds the configuration file and its state directory fast: standard library only, YAML when it must.

The command line starts here, before pydantic is imported: while opsbot runs, a command only needs to know
where the control socket is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

STATE_DIR_NAME = ".opsbot"
"""Beside the configuration file, unless `state_dir` says otherwise."""

VARIABLE = "OPSBOT_CONFIG"
"""Names the configuration file."""

PLACES = ("opsbot.yml", "config/opsbot.yml", "alert-config.yml", "scripts/monitoring/alert-config.yml")
"""Where the file is looked for, in the folder opsbot is started in; the last ones are the guide's."""


def locate(environ: Mapping[str, str], folder: Path) -> Path | None:
    """The configuration file: what `OPSBOT_CONFIG` names, else the first of `PLACES` that exists in
    `folder`, else None."""
    named = environ.get(VARIABLE)
    if named:
        return folder / Path(named).expanduser()
    return next((folder / place for place in PLACES if (folder / place).is_file()), None)


def state_dir(path: Path | None, environ: Mapping[str, str]) -> Path:
    """The state directory that `load` would give, and nothing else is looked at.

    Raises:
        ConfigError: the file names a state directory and cannot be read as YAML.
    """
    return resolve(None if path is None else _named(path, environ), path)


def resolve(named: str | None, path: Path | None) -> Path:
    """A `state_dir` as written → the directory: relative to the file's folder, absolute, unless it is
    written; so every command finds it, wherever it is started."""
    folder = Path.cwd() if path is None else path.absolute().parent
    return folder / Path(named or STATE_DIR_NAME).expanduser()


def _named(path: Path, environ: Mapping[str, str]) -> str | None:
    try:
        if not path.is_file() or b"state_dir" not in path.read_bytes():
            return None
    except OSError:
        return None  # `load` says what is wrong with the file
    return _from_yaml(path, environ)


def _from_yaml(path: Path, environ: Mapping[str, str]) -> str | None:
    from opsbot.config.environment import expand
    from opsbot.config.yaml_loader import load_file

    value = expand(load_file(path), environ).data.get("state_dir")
    return value if isinstance(value, str) else None
