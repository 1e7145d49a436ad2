"""One entry of the section `rules`."""

from __future__ import annotations

from pydantic import Field

from opsbot.config.fields import Count, Seconds, Section, TargetName, Word
from opsbot.domain.levels import Priority, Severity

MAX_TEXT = 500
"""Longest message of a rule."""


class RuleSection(Section):
    """One rule."""

    name: Word = Field(description="its name; a built-in rule of this name is replaced")
    condition: str | None = Field(None, description="when it is true, such as `cpu > 85`")
    severity: Severity = Field(Severity.WARNING, description="info, warning or critical")
    message: str = Field("", max_length=MAX_TEXT, description="text with fields such as {cpu}")
    action: str = Field("none", description="what opsbot does")
    priority: Priority | None = Field(None, description="P1 to P4; default: from condition and severity")
    for_seconds: Seconds | None = Field(None, description="must be true that long without a gap")
    samples: Count | None = Field(None, description="must be true in that many samples …")
    of_samples: Count | None = Field(None, description="… of the last so many; default: the same")
    recover_seconds: Seconds | None = Field(None, description="must be false that long to resolve")
    targets: tuple[TargetName, ...] = Field((), description="only for these; default: all")
    enabled: bool = Field(True, description="false turns the rule (also a built-in one) off")
