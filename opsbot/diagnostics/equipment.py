"""What a runtime needs to make bundles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from opsbot.charts.base import Painter
from opsbot.diagnostics.spy import Spy
from opsbot.domain.diagnostics import BundlePolicy


@dataclass(frozen=True, slots=True)
class Equipment:
    """What the composition root gives. `folder`: for attachments, None: this opsbot keeps no files;
    `configuration`: as it may be shown, may block; `painter`: of charts; `spy`: py-spy."""

    folder: Path | None = None
    policy: BundlePolicy = field(default_factory=BundlePolicy)
    configuration: Callable[[], str] | None = None
    painter: Painter | None = None
    spy: Spy = field(default_factory=Spy)
