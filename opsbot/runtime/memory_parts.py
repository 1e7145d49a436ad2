"""What the composition root gives for postmortems and reports."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.charts.base import Painter
from opsbot.domain.levels import Priority
from opsbot.domain.report import ReportTime
from opsbot.runtime import deploys
from opsbot.runtime.postmortems import Files
from opsbot.runtime.reporting import Channel


@dataclass(frozen=True, slots=True)
class MemoryParts:
    """`postmortems`: the least urgent priority that gets one, None: none does; `files`: where they go.
    `reports`: when they are told, in `channel`; `deploys`: where it is told
    what became of one."""

    postmortems: Priority | None = None
    files: Files | None = None
    reports: tuple[ReportTime, ...] = ()
    channel: Channel | None = None
    painter: Painter | None = None
    deploys: deploys.Channel | None = None
