"""The section `incidents`: deadlines, reopening, grouping."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from opsbot.config.fields import Section, no_switch
from opsbot.domain.levels import Priority
from opsbot.domain.policy import RESPONSE, IncidentPolicy

MINUTE = 60.0
DAY_MINUTES = 1440.0

Minutes = Annotated[float, BeforeValidator(no_switch), Field(allow_inf_nan=False, ge=0, le=7 * DAY_MINUTES)]
Count = Annotated[int, BeforeValidator(no_switch), Field(ge=0, le=100)]

_USUAL = IncidentPolicy()


class RespondSection(Section):
    """Minutes in which somebody should have acknowledged an incident of each priority."""

    P1: Minutes = Field(RESPONSE[Priority.P1] / MINUTE, description="completely down")
    P2: Minutes = Field(RESPONSE[Priority.P2] / MINUTE, description="badly degraded")
    P3: Minutes = Field(RESPONSE[Priority.P3] / MINUTE, description="intermittent trouble")
    P4: Minutes = Field(RESPONSE[Priority.P4] / MINUTE, description="minor")


class Incidents(Section):
    """How incidents are handled."""

    respond_minutes: RespondSection = Field(
        default_factory=RespondSection,
        description="not acknowledged for so long: people are pinged again; 0: never",
    )
    acknowledged_minutes: Minutes = Field(
        _USUAL.ack / MINUTE,
        description="acknowledged, and nothing done about it for so long (at least the time to respond): it "
        "waits for somebody again; 0: never",
    )
    reopen_minutes: Minutes = Field(
        _USUAL.reopen / MINUTE,
        description="what comes back so soon reopens its incident; 0: it is a new one",
    )
    flapping_times: Count = Field(
        _USUAL.flaps,
        description="begins that make an incident a flapping one, which stays open until it is calm; 0: none",
    )
    flapping_calm_minutes: Minutes = Field(
        _USUAL.calm / MINUTE, description="calm for so long, a flapping incident is over"
    )
    group_seconds: Annotated[float, BeforeValidator(no_switch)] = Field(
        _USUAL.group,
        allow_inf_nan=False,
        ge=0,
        le=600,
        description="trouble of several targets that begins within that time may be one incident; 0: never",
    )
    group_targets: Annotated[int, BeforeValidator(no_switch)] = Field(
        _USUAL.crowd,
        ge=1,
        le=1000,
        description="targets that are told each for itself before further ones fold into one incident",
    )
    deploy_minutes: Minutes = Field(
        _USUAL.after_deploy / MINUTE, description="an incident that begins so soon after a deploy names it"
    )
    deploy_watch_minutes: Annotated[float, BeforeValidator(no_switch)] = Field(
        _USUAL.deploy_watch / MINUTE,
        allow_inf_nan=False,
        ge=0,
        le=60,
        description="so long after a deploy's pause it is told whether all is well; 0: it is not",
    )


def policy(given: Incidents, *, dry_run: bool) -> IncidentPolicy:
    """What the engine goes by."""
    respond = given.respond_minutes
    return IncidentPolicy(
        response={priority: getattr(respond, priority.value) * MINUTE for priority in Priority},
        ack=given.acknowledged_minutes * MINUTE,
        reopen=given.reopen_minutes * MINUTE,
        flaps=given.flapping_times,
        calm=given.flapping_calm_minutes * MINUTE,
        group=given.group_seconds,
        crowd=given.group_targets,
        after_deploy=given.deploy_minutes * MINUTE,
        deploy_watch=given.deploy_watch_minutes * MINUTE,
        dry_run=dry_run,
    )
