"""The configuration as it may be given away: what the file says, without its comments and its secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from opsbot import redact
from opsbot.config.yaml_loader import load_file

NO_FILE = "# There is no configuration file: opsbot runs with what is built in.\n"


def shown(path: Path | None) -> str:
    """The file as it is now. References such as `${NAME}` stay, values of keys that are called like a secret
    do not; the reader hides what else is secret.

    Raises:
        ConfigError: it cannot be read (any more).
    """
    if path is None:
        return NO_FILE
    return str(yaml.safe_dump(_without(load_file(path).data), sort_keys=False, allow_unicode=True, width=110))


def _without(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without(inner, name) for inner in value]
    if value is not None and redact.is_secret_name(name) and not _reference(value):
        return redact.HIDDEN
    return value


def _reference(value: Any) -> bool:
    """Whether it only names where the secret is."""
    return isinstance(value, str) and value.startswith("${") and value.endswith("}") and ":-" not in value
