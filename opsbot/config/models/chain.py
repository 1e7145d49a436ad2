"""The keys `fallback` and `escalation` of the section `notifications`: who is called in."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from opsbot.config.fields import Section, no_switch, one_or_more
from opsbot.domain.levels import Priority

Minutes = Annotated[float, BeforeValidator(no_switch), Field(allow_inf_nan=False, gt=0, le=1440)]
"""Minutes, at most a day."""

Names = Annotated[tuple[str, ...], BeforeValidator(one_or_more), Field(min_length=1)]
"""One name or a list of them."""


class FallbackSection(Section):
    """Who is told when nobody was reached."""

    after_minutes: Minutes = Field(5.0, description="so long nobody was reached")
    notifiers: Names = Field(description="called in one after the other")


class EscalationSection(Section):
    """One step of the chain: who is told as well when nobody has acknowledged."""

    after_minutes: Minutes = Field(description="so long nobody has acknowledged it")
    notifiers: Names = Field(description="called in together")
    priorities: Annotated[frozenset[Priority], BeforeValidator(one_or_more), Field(min_length=1)] = Field(
        frozenset({Priority.P1}), description="of incidents of these priorities"
    )
