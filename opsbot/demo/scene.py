"""The demo's configuration: an ordinary file, loaded like any other, so that the demo is the real program."""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from opsbot.config.load import load
from opsbot.config.settings import Settings

TARGET = "summarybot"

FILE = "opsbot.yml"
"""Name of the configuration file in the scene's folder."""

SERVICE = "opsbot.demo.service"
"""The module of the watched stand-in."""

RESTART_SECONDS = 8.0
"""How long the service takes to come back, so that a watcher can read the alert and press its buttons."""

# The built-in rules in short: durations and windows fit into a watcher's minute. Everything else is what a
# real file would say.
TEMPLATE = """\
version: "1.0"
state_dir: {folder}/state
retention: {{logs: {{path: {folder}/archive}}}}
discord:
  guild: {guild}
  ops_channel: {ops}
  roles: {{viewer: {viewer}, operator: {operator}, admin: {admin}}}
targets:
  {target}:
    title: Summary Bot NG
    supervisor:
      type: process
      command: {command}
      cwd: {folder}
    restart: {{max_per_hour: 100, backoff_max_seconds: 2, healthy_reset_seconds: 30, handover_seconds: 5}}
    checks:
      process: {{type: process, interval_seconds: 1}}
      health: {{type: http, url: "http://127.0.0.1:{port}/health", interval_seconds: 1, timeout_seconds: 4}}
      port: {{type: port, port: {port}, title: Webhook API, interval_seconds: 5}}
      log: {{type: log, path: {folder}/summarybot.log, interval_seconds: 1}}
      gateway: {{type: gateway, path: {folder}/summarybot.log, interval_seconds: 1}}
      sockets: {{type: sockets, remote_port: {gateway_port}, interval_seconds: 1}}
      openrouter: {{type: upstream, path: {folder}/summarybot.log, interval_seconds: 1}}
      disk: {{type: disk, path: {folder}, interval_seconds: 60}}
{dependents}{incidents}outages: {{control: [], lookup: "", discord_status_url: ""}}
builtin_rules: false
thresholds:
  response_time: {{warning: 2000, critical: 5000, samples: 2}}
rules:
  - name: bot_process_down
    condition: process_not_running
    severity: critical
    message: The process is not running.
    action: restart
  - name: api_health_failure
    condition: health_check_failed
    severity: critical
    message: The health check fails.
    action: restart
  - name: service_degraded
    condition: health_degraded
    severity: info
    message: It works, but its health check has warnings.
    for_seconds: 4
  - name: slow_response_time
    condition: response_time > thresholds.response_time.warning
    severity: warning
    message: "The health check took {{response_time:.0f}} ms, more than {{threshold:.0f}} ms."
    recover_seconds: 2
  - name: elevated_error_rate
    condition: rate(log_errors_total, 15s) > 60/min
    severity: warning
    message: "{{value:.0f}} errors per minute, more than {{threshold:.0f}}."
    recover_seconds: 2
  - name: high_error_rate
    condition: rate(log_errors_total, 15s) > 100/min
    severity: critical
    message: "{{value:.0f}} errors per minute, more than {{threshold:.0f}}."
    recover_seconds: 2
  - name: high_cpu_usage
    condition: cpu > 50
    severity: critical
    message: "CPU usage is {{cpu:.0f}}%, above {{threshold:.0f}}%."
    for_seconds: 4
    recover_seconds: 3
  - name: high_memory_usage
    condition: rss > 60MB
    severity: critical
    message: "Memory is {{rss:.0f}} MB, more than {{threshold:.0f}} MB."
    for_seconds: 3
    recover_seconds: 2
  - name: discord_gateway_disconnected
    condition: no_gateway_heartbeat_for_5s
    severity: critical
    message: The Discord gateway is gone.
  - name: openrouter_down
    condition: openrouter_failed
{only}    severity: warning
    message: OpenRouter does not answer as it should.
"""


DEPENDENTS = ("archive", "dashboard", "newsletter")
"""Targets that cannot do without the service; their own health is its answer."""

DEPENDENT = """\
  {name}:
    depends_on: [{target}]
    checks: {{health: {{type: http, url: "http://127.0.0.1:{port}/health", interval_seconds: 1}}}}
"""


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids of the simulated server, and the port that stands for Discord's gateway."""

    guild: int
    ops: int
    viewer: int
    operator: int
    admin: int
    gateway_port: int


@dataclass(frozen=True, slots=True)
class Scene:
    """One demo: its folder, the service's port, and the settings made of the file in it."""

    folder: Path
    port: int
    settings: Settings


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def scene(
    folder: Path,
    ids: Ids,
    token: str,
    *,
    restart_seconds: float = RESTART_SECONDS,
    reopens: bool = True,
    shared: bool = False,
) -> Scene:
    """Writes the demo's configuration into `folder` and loads it. `reopens`: False where what comes back is
    always a new incident; `shared`: other targets depend on it."""
    port = free_port()
    command = [
        *(sys.executable, "-m", SERVICE, "--port", str(port)),
        *("--log", str(folder / "summarybot.log"), "--gateway", f"127.0.0.1:{ids.gateway_port}"),
        *("--restart-delay", str(restart_seconds)),
    ]
    text = TEMPLATE.format(
        folder=folder,
        target=TARGET,
        command=command,
        port=port,
        guild=ids.guild,
        ops=ids.ops,
        viewer=ids.viewer,
        operator=ids.operator,
        admin=ids.admin,
        gateway_port=ids.gateway_port,
        dependents="".join(
            DEPENDENT.format(name=name, target=TARGET, port=port) for name in DEPENDENTS * shared
        ),
        only=f"    targets: [{TARGET}]\n" * shared,
        incidents="" if reopens else "incidents: {reopen_minutes: 0}\n",
    )
    file = folder / FILE
    file.write_text(text)
    return Scene(folder, port, load(file, {"OPSBOT_DISCORD_TOKEN": token}))
