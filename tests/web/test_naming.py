"""What metrics are called in Prometheus."""

from __future__ import annotations

import pytest

from opsbot.web.naming import Exposed, exposed


@pytest.mark.parametrize(
    ("metric", "name", "counter", "factor"),
    [
        ("rss_bytes", "opsbot_target_rss_bytes", False, 1.0),
        ("threads", "opsbot_target_threads", False, 1.0),
        ("health_response_seconds", "opsbot_target_health_response_seconds", False, 1.0),
        ("cpu_percent", "opsbot_target_cpu_ratio", False, 0.01),
        ("cache_mb", "opsbot_target_cache_bytes", False, 1024.0**2),
        ("query_ms", "opsbot_target_query_seconds", False, 0.001),
        ("percent", "opsbot_target_percent", False, 1.0),
        ("log_errors_total", "opsbot_target_log_errors_total", True, 1.0),
        ("sent_mb_total", "opsbot_target_sent_bytes_total", True, 1024.0**2),
    ],
)
def test_units_are_base_units_and_counters_are_counters(
    metric: str, name: str, counter: bool, factor: float
) -> None:
    assert exposed(metric) == Exposed(name, counter, factor)
