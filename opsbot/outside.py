"""The composition root of probes: those that the configuration names. Only their modules are loaded."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from opsbot.probes.base import Probe


def outside(control: Iterable[str], lookup: str, status_url: str) -> list[Probe]:
    """Probes of what has nothing to do with opsbot's own bot. `control`: `host:port` or URLs, checked before;
    an empty `lookup` or `status_url` is not asked."""
    found: list[Probe] = [_control(each) for each in control]
    if lookup:
        from opsbot.probes.names import NamesProbe

        found.append(NamesProbe(lookup))
    if status_url:
        from opsbot.probes.status import StatusProbe

        found.append(StatusProbe(status_url))
    return found


def _control(text: str) -> Probe:
    from opsbot.probes.address import AddressProbe, PageProbe

    if "://" in text:
        return PageProbe(text)
    parts = urlsplit(f"//{text}")
    return AddressProbe(parts.hostname or "", parts.port or 0)
