"""What the models of the sections are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from opsbot.domain.quiet import SPAN
from opsbot.domain.typed_time import seconds_of


class Section(BaseModel):
    """Base of every section: unknown keys are errors, nothing changes after loading.

    Models are built when first used (`defer_build`), so a command that needs few of them starts fast.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def no_switch(value: Any) -> Any:
    """Refuses true and false where a number is wanted.

    Raises:
        ValueError: it is one of them.
    """
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    return value


def one_or_more(value: Any) -> Any:
    """One value stands for a list of it."""
    return [value] if isinstance(value, int | str) and not isinstance(value, bool) else value


Number = Annotated[float, BeforeValidator(no_switch), Field(allow_inf_nan=False)]
"""Any finite number."""

NotNegative = Annotated[float, BeforeValidator(no_switch), Field(allow_inf_nan=False, ge=0)]
"""A finite number from 0."""

Seconds = Annotated[float, BeforeValidator(no_switch), Field(allow_inf_nan=False, ge=0, le=31 * 86400)]
"""A duration of at most 31 days; 0 means at once."""

Interval = Annotated[float, BeforeValidator(no_switch), Field(allow_inf_nan=False, ge=0.2, le=86400)]
"""Seconds between two looks: faster than five a second only burns the target's time."""

Timeout = Annotated[float, BeforeValidator(no_switch), Field(allow_inf_nan=False, gt=0, le=3600)]
"""Seconds after which something is given up."""

Count = Annotated[int, BeforeValidator(no_switch), Field(ge=1, le=1000)]
"""How many, at least one."""

ExitCode = Annotated[int, BeforeValidator(no_switch), Field(ge=0, le=255)]
"""What a process can end with (exit(3))."""

Span = Annotated[
    float,
    BeforeValidator(seconds_of),
    Field(allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]}),
]
"""A time as people write it, such as `45m`, or in seconds."""

Days = Annotated[float, BeforeValidator(no_switch), Field(allow_inf_nan=False, gt=0, le=3660)]
"""Days, at most ten years."""

Snowflake = Annotated[int, BeforeValidator(no_switch), Field(ge=1, lt=2**64)]
"""An id of Discord (right click → Copy ID, with developer mode on)."""

Snowflakes = Annotated[tuple[Snowflake, ...], BeforeValidator(one_or_more)]
"""One id of Discord or a list of them."""

QuietSpan = Annotated[str, Field(pattern=SPAN)]
"""From–to of a day, such as "22:00-07:00"; it may go over midnight."""

TargetName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$")]
"""A name for people and files: letters, digits, `_` and `-`, at most 50."""

WORD = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"

Word = Annotated[str, Field(pattern=WORD)]
"""A name of a rule, check or notifier: a letter, then letters, digits, `_` and `-`."""
