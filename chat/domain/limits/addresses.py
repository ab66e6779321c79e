"""Where requests come from, as everything counts it that is bounded by address."""

import ipaddress

# The key of a WSGI environment under which `network` of its client stands; empty for one's own machine.
NETWORK = "chat.network"
UNKNOWN = "unknown"


def network(address: str) -> str:
    """The network that an address counts as: an IPv4 address as it is, an IPv6 one by its /64.

    A /64 is the least that one customer is given (RFC 6177), so whoever has one address of it has them all. A port or a
    zone is left out. All that is no address, such as the client of a Unix socket, counts as one network.
    """
    text = address.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((found, 64), strict=False))
        found = found.ipv4_mapped
    return str(found)


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
