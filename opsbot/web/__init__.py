"""opsbot's web endpoint: `/metrics` for Prometheus, `/healthz` for whoever watches opsbot itself.

Off unless the configuration has a section `web`. It only reads, and hears the heartbeats of services and jobs
(`/heartbeat/…`); nothing can be asked of opsbot here. What
needs aiohttp's server or prometheus_client is imported when the endpoint opens, not before.
"""
