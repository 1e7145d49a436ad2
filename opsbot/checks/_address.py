"""Where opsbot does not connect to, whatever a URL says: the addresses of clouds' metadata services."""

from __future__ import annotations

import ipaddress
import socket

_REFUSED = (
    ipaddress.ip_network("169.254.0.0/16"),  # link-local; 169.254.169.254 gives out a machine's credentials
    ipaddress.ip_network("fe80::/10"),  # link-local
    ipaddress.ip_network("fd00:ec2::254/128"),  # the same service over IPv6 (AWS)
    ipaddress.ip_network("fd20:ce::254/128"),  # (Google Cloud)
    ipaddress.ip_network("100.100.100.200/32"),  # (Alibaba Cloud)
    ipaddress.ip_network("192.0.0.192/32"),  # (Oracle Cloud)
    ipaddress.ip_network("168.63.129.16/32"),  # (Azure)
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Resolved = tuple[socket.AddressFamily, str, int]
"""Family, numeric address, port."""


class AddressRefused(OSError):
    """A name led to an address that is not connected to."""


def refuse_metadata(address: str) -> None:
    """Raises AddressRefused for a numeric address (also one mapped into IPv6) that is not connected to."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = _inner(ip)
    if any(ip in network for network in _REFUSED if network.version == ip.version):
        raise AddressRefused(f"{ip} is a link-local or metadata address: opsbot does not connect there")


def _inner(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    compatible = int(ip) >> 32 == 0 and int(ip) > 0xFFFF
    if compatible:  # ::169.254.169.254
        return ipaddress.IPv4Address(int(ip))
    return ip.ipv4_mapped or ip.sixtofour or ip


def resolve(host: str, port: int) -> list[Resolved]:
    """A name's addresses, all of them allowed. Blocks; decimal and octal forms are names here.

    Raises:
        AddressRefused: one of them is not connected to.
        OSError: the name is not known.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for _, _, _, _, address in found:
        refuse_metadata(str(address[0]))
    return [(family, str(address[0]), int(address[1])) for family, _, _, _, address in found]
