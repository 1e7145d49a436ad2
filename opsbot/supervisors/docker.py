"""Supervisor `docker`: a container that exists already, started, stopped and watched through its engine.

opsbot creates no containers. How a run of one is told from the next is in docs/supervisors.md.
"""

from __future__ import annotations

from opsbot.supervisors._docker.options import Options
from opsbot.supervisors.base import Supervisor, SupervisorContext

__all__ = ["Options", "build"]


def build(options: Options, context: SupervisorContext) -> Supervisor:
    """The registry's entry."""
    from opsbot.supervisors._docker.supervisor import DockerSupervisor  # with aiodocker, an extra

    return DockerSupervisor(options, context)
