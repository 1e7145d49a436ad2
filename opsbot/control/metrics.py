"""The answers to `performance` and `metrics`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any

from opsbot.control.answers import target_of
from opsbot.control.reports import Line
from opsbot.domain.actor import Actor
from opsbot.domain.metrics import MetricsReport, Window
from opsbot.draw.metrics import metrics_text
from opsbot.draw.performance import NO_SAMPLES, csv_text, file_name
from opsbot.errors import UsageError
from opsbot.runtime.port import Operations
from opsbot.runtime.spans import from_to, seconds_of


async def performance_line(
    operations: Operations, request: dict[str, Any], _: Actor
) -> AsyncGenerator[Line, None]:
    """One look of the performance monitor, as data."""
    target = target_of(operations, request)
    yield {"data": {"target": target, **asdict(await operations.performance(target))}, "exit": 0}


async def metrics_line(
    operations: Operations, request: dict[str, Any], _: Actor
) -> AsyncGenerator[Line, None]:
    """Statistics of every metric, or of those that are named; with `csv` the performance monitor's file."""
    target, window = target_of(operations, request), _window(request)
    if request.get("csv"):
        looks = await operations.performances(target, window)
        if not any(look.measured for look in looks):
            yield {"error": NO_SAMPLES, "exit": 1}
            return
        yield {"data": {"name": file_name(looks[0].wall), "csv": csv_text(looks)}, "exit": 0}
        return
    wanted = [str(name) for name in request.get("metrics") or ()]
    report = await operations.metrics(target, window, wanted, every=not wanted)
    yield {"text": metrics_text(report), "data": _data(report), "exit": 0}


def _window(request: dict[str, Any]) -> Window:
    start, end = (str(request[key]) if request.get(key) else None for key in ("from", "to"))
    seconds = seconds_of(str(request.get("window") or "1h"))
    now = request.get("now")
    if (start or end) and not isinstance(now, float | int):
        raise UsageError("`now` is the asker's time in seconds since 1970 UTC: `from` and `to` need it.")
    return from_to(seconds, start, end, float(now or 0.0))


def _data(report: MetricsReport) -> dict[str, Any]:
    """For programs. Times in seconds since 1970 UTC; of counters rates per second and the `total`."""
    return {
        "target": report.target,
        "since": report.since,
        "until": report.until,
        "metrics": [
            {
                "name": metric.name,
                "kind": metric.kind.value,
                "current": metric.current,
                "mean": metric.mean,
                "min": metric.minimum,
                "max": metric.maximum,
                "total": metric.total,
            }
            for metric in report.metrics
        ],
    }
