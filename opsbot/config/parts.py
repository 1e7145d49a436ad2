"""The sections of a file once they are checked, before they are put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsbot.config.models.actions import Actions
from opsbot.config.models.schedules import Schedules
from opsbot.config.models.thresholds import Thresholds
from opsbot.config.models.top import Top

if TYPE_CHECKING:
    from opsbot.config.models.diagnostics import DiagnosticsSection
    from opsbot.config.models.discord import Discord
    from opsbot.config.models.incidents import Incidents
    from opsbot.config.models.outages import Outages
    from opsbot.config.models.retention import Retention
    from opsbot.config.models.switch import SwitchSection
    from opsbot.config.models.web import Web


@dataclass(frozen=True, eq=False, repr=False)
class Sections:
    """What can be None is so where it is not looked at, `discord` and `web` also where they are not there."""

    top: Top
    thresholds: Thresholds
    schedules: Schedules
    actions: Actions
    discord: Discord | None = None
    retention: Retention | None = None
    incidents: Incidents | None = None
    outages: Outages | None = None
    web: Web | None = None
    diagnostics: DiagnosticsSection | None = None
    switch: SwitchSection | None = None
