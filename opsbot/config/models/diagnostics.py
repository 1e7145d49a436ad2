"""The section `diagnostics`: what bundles may hold, and when opsbot makes one by itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from opsbot.config.fields import Days, Section, no_switch

Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
"""Name of a variable of the environment."""

Megabytes = Annotated[float, BeforeValidator(no_switch), Field(allow_inf_nan=False, ge=0.25, le=500)]
"""From a quarter of one, in which a report has room, to Discord's largest upload."""


class DiagnosticsSection(Section):
    """Bundles of diagnostics, and looks into targets."""

    on_p1: bool = Field(True, description="collect diagnostics by itself when an incident becomes P1")
    profile: bool = Field(False, description="py-spy may look into targets (stacks, /profile)")
    max_mb: Megabytes = Field(10.0, description="size of one bundle: incidents in Discord take 10")
    environment: tuple[Variable, ...] = Field((), description="variables of targets whose values are told")
    keep: Annotated[int, BeforeValidator(no_switch), Field(ge=1, le=10_000)] = Field(
        100, description="bundles of incidents kept, at most"
    )
    keep_mb: Annotated[float, BeforeValidator(no_switch), Field(allow_inf_nan=False, ge=1)] = Field(
        200.0, description="what they may take on disk"
    )
    keep_days: Days = Field(90.0, description="days for which they are kept")
