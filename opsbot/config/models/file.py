"""The whole file. Only the schema for editors needs it in one piece."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from opsbot.config.fields import TargetName, Word
from opsbot.config.models.actions import Actions
from opsbot.config.models.diagnostics import DiagnosticsSection
from opsbot.config.models.discord import Discord
from opsbot.config.models.incidents import Incidents
from opsbot.config.models.maintenance import WindowSection
from opsbot.config.models.memory import PostmortemsSection, ReportsSection
from opsbot.config.models.outages import Outages
from opsbot.config.models.retention import Retention
from opsbot.config.models.rule import RuleSection
from opsbot.config.models.runbooks import Runbooks
from opsbot.config.models.schedules import Schedules
from opsbot.config.models.switch import SwitchSection
from opsbot.config.models.target import TargetSection
from opsbot.config.models.thresholds import Thresholds
from opsbot.config.models.top import Top
from opsbot.config.models.web import Web


class File(Top):
    """The whole file; every section may be left out."""

    discord: Discord | None = Field(None, description="opsbot's own bot")
    targets: dict[TargetName, TargetSection] = Field(default_factory=dict, description="what is watched")
    thresholds: Thresholds = Field(Thresholds.model_construct(), description="limits that rules name")
    rules: list[RuleSection] = Field(default_factory=list, description="conditions and what follows")
    notifications: dict[Word, dict[str, Any]] = Field(default_factory=dict, description="who else is told")
    schedules: Schedules = Field(Schedules.model_construct(), description="how often")
    actions: Actions = Field(Actions.model_construct(), description="what opsbot may do")
    incidents: Incidents = Field(default_factory=Incidents, description="deadlines, reopening, grouping")
    outages: Outages = Field(Outages.model_construct(), description="whose outage it is")
    retention: Retention = Field(Retention.model_construct(), description="how long data is kept")
    diagnostics: DiagnosticsSection = Field(
        DiagnosticsSection.model_construct(), description="what is collected for whoever helps"
    )
    web: Web | None = Field(None, description="the endpoint for Prometheus")
    dead_mans_switch: SwitchSection | None = Field(None, description="pinged as long as opsbot works")
    maintenance: list[WindowSection] = Field(
        default_factory=list, description="when targets are worked on, and nobody is told"
    )
    runbooks: Runbooks = Field(Runbooks.model_construct(), description="what people can walk through")
    postmortems: PostmortemsSection = Field(
        PostmortemsSection.model_construct(), description="what is written down when it is over"
    )
    reports: ReportsSection = Field(ReportsSection.model_construct(), description="reports by themselves")
