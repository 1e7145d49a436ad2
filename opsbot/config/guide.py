"""Summary Bot NG: what is watched when a file names no target, and the guide's environment variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from opsbot.config.workshop import Workshop

TARGET = "summarybot"
"""The target's name."""

COMMAND = ("python", "-m", "src.main")
"""The guide's command."""

DEFAULT_URL = "http://localhost:5000"
DEFAULT_LOG = "summarybot.log"
DEFAULT_METRICS_DIR = "./metrics"
"""The guide's `WEBHOOK_URL`, `LOG_FILE` and `METRICS_DIR`."""

SCHEME_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, eq=False, repr=False)
class Guide:
    """What the guide's variables say: seconds, megabytes, files. None: not set."""

    url: str = DEFAULT_URL
    port: int = 5000
    log_file: str = DEFAULT_LOG
    metrics_dir: str = DEFAULT_METRICS_DIR
    interval: float | None = None
    max_size_mb: float | None = None
    keep_files: int | None = None


def read_guide(shop: Workshop) -> Guide:
    """Reads the guide's variables; a wrong one is a problem that names it."""
    environ = shop.environ
    url, port = _address(shop, environ.get("WEBHOOK_URL") or DEFAULT_URL)
    keep = _number(shop, "KEEP_FILES", 0, 10_000)
    return Guide(
        url=url,
        port=port,
        log_file=environ.get("LOG_FILE") or DEFAULT_LOG,
        metrics_dir=environ.get("METRICS_DIR") or DEFAULT_METRICS_DIR,
        interval=_number(shop, "INTERVAL", 0.2, 86400),
        max_size_mb=_number(shop, "MAX_SIZE_MB", 0.001, 1_000_000),
        keep_files=None if keep is None else int(keep),
    )


def _number(shop: Workshop, name: str, low: float, high: float) -> float | None:
    text = shop.environ.get(name, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        shop.wrong_variable(
            name, f"must be a number from {low:g} to {high:g}, not `{text}`: set it or unset it."
        )
        return None
    return value


def _address(shop: Workshop, url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or SCHEME_PORTS.get(parts.scheme, 0)
        right = bool(parts.hostname) and port > 0
    except ValueError:
        right, port = False, 0
    if not right:
        shop.wrong_variable("WEBHOOK_URL", "must be an address such as `http://localhost:5000`.")
        return DEFAULT_URL, 5000
    return url.rstrip("/"), port


def target(guide: Guide) -> dict[str, Any]:
    """Summary Bot NG as it would stand under `targets`."""
    return {
        "title": "Summary Bot NG",
        "supervisor": {"type": "process", "command": list(COMMAND), "log": guide.log_file},
        "checks": {
            "process": {},
            "health": {"type": "http", "url": f"{guide.url}/health"},
            "gateway": {"path": guide.log_file},
            "sockets": {},
            "log": {"path": guide.log_file},
            "port": {"port": guide.port},
            "openrouter": {"type": "upstream", "path": guide.log_file},
            "disk": {},
        },
        "credentials": {"openrouter": {"variable": "OPENROUTER_API_KEY"}},
    }


def notifications(shop: Workshop) -> dict[str, dict[str, Any]]:
    """The notifiers of a file without `notifications`: those whose variable is set, and the alert log."""
    found: dict[str, dict[str, Any]] = {"log": {"type": "log"}}
    for name, kind, key, variable in (
        ("discord", "discord_webhook", "webhook_url", "DISCORD_ALERT_WEBHOOK_URL"),
        ("slack", "slack", "webhook_url", "SLACK_WEBHOOK_URL"),
        ("pagerduty", "pagerduty", "routing_key", "PAGERDUTY_ROUTING_KEY"),
    ):
        if value := shop.environ.get(variable):
            found[name] = {"type": kind, key: value}
            shop.secrets[variable] = SecretStr(value)
            shop.expansion.values[variable] = value
    if "pagerduty" in found:
        found["pagerduty"]["alert_levels"] = ["critical"]
    return found
