"""Where the runbooks stand that come with opsbot."""

from __future__ import annotations

from pathlib import Path

_IN_PACKAGE = Path(__file__).with_name("shipped")
_IN_SOURCES = Path(__file__).parents[2] / "config" / "runbooks"

SHIPPED = _IN_PACKAGE if _IN_PACKAGE.is_dir() else _IN_SOURCES
"""A wheel has them beside this file (see `pyproject.toml`), the sources in `config/runbooks`."""
