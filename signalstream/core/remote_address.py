"""From which address a request comes, as something to count by.

Behind proxies each of them appends whom it was reached from to ``X-Forwarded-For``. Only what a trusted one says
counts: the rest of the header is whatever the sender wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

Networks = Sequence[IPv4Network | IPv6Network]
UNKNOWN = "unknown"
IPV6_SUBSCRIBER_BITS = 64  # what one subscriber has at the least: counting single addresses would count nothing


def remote_address(peer: str | None, forwarded_for: str, trusted: Networks) -> str:
    """Return the address nearest to us that no trusted proxy has; of IPv6 its network of 64 bits."""
    found = UNKNOWN
    for hop in (peer or "", *reversed([part.strip() for part in forwarded_for.split(",")])):
        try:
            address = ip_address(_without_port(hop))
        except ValueError:
            break
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        address = mapped or address
        found = _counted(address) if isinstance(address, IPv6Address) else str(address)
        if not any(address in network for network in trusted):
            break
    return found


def _without_port(hop: str) -> str:
    # Some proxies append the port they were reached from: 198.51.100.1:4711, [2001:db8::1]:4711.
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _counted(address: IPv6Address) -> str:
    return str(IPv6Network((int(address), IPV6_SUBSCRIBER_BITS), strict=False))
