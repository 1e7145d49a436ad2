"""The commented configuration that `opsbot init` writes (and that stands in `config/opsbot.yml`)."""

from __future__ import annotations

from pathlib import Path

TEMPLATE = Path(__file__).with_name("template.yml").read_text(encoding="utf-8")
"""Its text."""
