"""What the usual checks give. Only a hint: each check says itself what it gives."""

USUAL_METRICS = frozenset(
    {
        "cpu_percent",
        "cpu_machine_percent",
        "memory_percent",
        "rss_bytes",
        "vms_bytes",
        "threads",
        "open_fds",
        "process_uptime_seconds",
        "process_up",
        "process_pid",
        "health_up",
        "health_status",
        "health_response_seconds",
        "port_listening",
        "log_size_bytes",
        "log_lines_total",
        "log_errors_total",
        "log_warnings_total",
        "gateway_connected",
        "gateway_disconnects_total",
        "gateway_resumes_total",
        "gateway_last_event_age_seconds",
        "sockets_established",
        "sockets_close_wait",
        "openrouter_successes_total",
        "openrouter_errors_total",
        "openrouter_last_success_age_seconds",
        "disk_free_bytes",
        "disk_used_percent",
    }
)
"""Metrics of the usual checks: known words while the targets themselves have mistakes."""
