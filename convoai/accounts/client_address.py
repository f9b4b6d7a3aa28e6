"""Which network address a request comes from, as far as it can be trusted."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

# Stands for a client whose address is not known (a unix socket without a proxy header).
UNKNOWN = "0.0.0.0"  # noqa: S104 - a placeholder, nothing is bound to it


def client_address(request: HttpRequest) -> str:
    """The address that counts for limits: IPv4 in full, IPv6 by its /64, "0.0.0.0" if unknown.

    X-Forwarded-For is believed only as far as NUM_PROXIES of our own proxies wrote it; anything
    further left was written by the client.
    """
    claimed = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if settings.NUM_PROXIES and claimed:
        hops = claimed.split(",")
        forwarded = network_of(hops[-min(settings.NUM_PROXIES, len(hops))])
        if forwarded != UNKNOWN:
            return forwarded
    return network_of(request.META.get("REMOTE_ADDR", ""))


def network_of(text: str) -> str:
    """The network to count, for an address that may carry a port, brackets or a zone."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return UNKNOWN
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    # One household or server owns a whole /64 and may change inside it at will.
    return str(IPv6Network((address, 64), strict=False).network_address)


def is_loopback(text: str) -> bool:
    """Whether this address is the machine itself."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
