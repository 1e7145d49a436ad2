"""How performance is recorded where nobody says how. It stands alone so that `--help` loads nothing else."""

from __future__ import annotations

DURATION, INTERVAL = 3600.0, 60.0
"""Seconds of a recording and between two looks, as in the monitoring guide."""
