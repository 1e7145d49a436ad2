"""How values of alerts and metrics are said."""

from __future__ import annotations

from opsbot.domain.incident import AlertLine
from opsbot.text import bytes_text, number_text, one_line, percent_text, safe_text, seconds_text

_UNIT_LENGTH = 12

_LABELS = {
    "cpu_percent": "CPU",
    "cpu_machine_percent": "CPU, share of the machine",
    "memory_percent": "Memory",
    "rss_bytes": "RSS",
    "vms_bytes": "Virtual memory",
    "threads": "Threads",
    "open_fds": "Open files",
    "health_response_seconds": "Health answer",
    "log_size_bytes": "Log size",
    "log_errors_total": "Errors in log",
    "log_warnings_total": "Warnings in log",
    "log_lines_total": "Lines in log",
    "log_lost_bytes_total": "Log bytes not read",
    "sockets_established": "Gateway connections",
    "sockets_close_wait": "Gateway connections, dead",
    "gateway_last_event_age_seconds": "Last word about the gateway, age",
}
_UNITS = ("percent", "bytes", "seconds", "total")


def value_text(value: float, unit: str) -> str:
    """A number with the unit that its condition used: "92.4%", "2,340 ms", "21/min"."""
    unit = safe_text(unit, _UNIT_LENGTH)
    gap = "" if unit[:1] in ("%", "/", "") else " "
    return f"{number_text(value)}{gap}{unit}"


def against(line: AlertLine) -> str:
    """ "92.4% (limit 85%)", or "" for an alert without a number."""
    if line.value is None:
        return ""
    value = value_text(line.value, line.unit)
    return value if line.limit is None else f"{value} (limit {value_text(line.limit, line.unit)})"


def metric_label(name: str) -> str:
    """What people call a metric: "RSS" for `rss_bytes`; an unknown one by its own words. Secrets go first:
    in words they would not be known any more."""
    words = one_line(name, 120).split("_")
    if len(words) > 1 and words[-1] in _UNITS:
        words = words[:-1]
    own = one_line(" ".join(words), 60)
    return _LABELS.get(name) or own[:1].upper() + own[1:] or "?"


def metric_text(name: str, value: float | None) -> str:
    """A metric's value in the unit that its name ends with; "–" for none."""
    if value is None:
        return "–"
    for unit, said in (("_percent", percent_text), ("_bytes", bytes_text), ("_seconds", seconds_text)):
        if name.endswith(unit):
            return said(value)
    return number_text(value)
