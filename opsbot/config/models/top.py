"""The keys at the top that hold one value."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from opsbot.config.fields import Section

VERSIONS = ("1", "1.0")
"""Versions of the file's shape that this opsbot reads."""


def _version(value: Any) -> str:
    text = str(value)
    if text not in VERSIONS:
        raise ValueError('must be "1.0": this opsbot reads no other version')
    return text


class Top(Section):
    """The keys at the top that hold one value."""

    version: Annotated[str, BeforeValidator(_version)] = Field("1.0", description='shape of the file: "1.0"')
    state_dir: str | None = Field(None, description="opsbot's own files; default: .opsbot beside this file")
    base_dir: str | None = Field(None, description="where relative paths begin; default: where it runs")
    reload: Literal["auto", "manual"] = Field(
        "auto", description="read this file anew when it changes (auto), or only when asked (manual)"
    )
    dry_run: bool = Field(
        False, description="everything is decided and recorded, nobody is told and nothing is done by itself"
    )
    builtin_rules: bool = Field(True, description="whether the built-in rules apply")
