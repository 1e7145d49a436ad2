"""What came of reading the configuration anew."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """`SAME`: the file means what it meant; `WOULD`: only asked what would change; `INVALID`: the file is
    wrong; `FAILED`: it is right and could not be put into effect. After the last two the old settings go
    on."""

    SAME = "same"
    WOULD = "would"
    APPLIED = "applied"
    INVALID = "invalid"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Reloaded:
    """`changes`: what is another than before, one sentence each, with old → new; `effects`: what that means
    for what runs; `later`: what takes effect only when opsbot is started anew; `problems`: what is wrong.
    Untrusted: they quote the file."""

    outcome: Outcome
    changes: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
