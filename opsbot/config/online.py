"""Whether a target lives on the network, so that nothing can be told of it while opsbot itself is cut off."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from opsbot.domain.target import CheckSpec

ON_THE_NETWORK = frozenset({"gateway", "sockets", "upstream"})
"""Kinds of checks that watch what is elsewhere, whatever their options."""


def networked(checks: Iterable[CheckSpec]) -> bool:
    """Whether a target with these checks does: it has a connection to Discord or an upstream, or is asked at
    an address that is not this machine's."""
    return any(_elsewhere(spec) for spec in checks)


def _elsewhere(spec: CheckSpec) -> bool:
    if spec.kind == "http":
        host = urlsplit(str(getattr(spec.options, "url", ""))).hostname
        return not this_machine(host or "")
    return spec.kind in ON_THE_NETWORK


def this_machine(host: str) -> bool:
    """Whether a host is this machine, as far as that is known without asking anybody."""
    host = host.lower().rstrip(".")
    if host in ("", "localhost", socket.gethostname().lower()) or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified or _own(address)


def loopback(host: str) -> bool:
    """Whether only this machine itself can reach a host, by a name that no stranger's name server gives."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _own(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether one of the machine's own addresses: only those can be bound."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True
