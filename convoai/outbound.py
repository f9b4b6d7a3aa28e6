"""Where requests may go: never into a private network, unless the operator lists the host.

Looked at twice: the address as it is written, when convoai starts, and the numbers it resolves to,
each time a connection is made (convoai/transport.py), because a name may mean something else then.
"""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

# The setting with the hosts that may be private, as messages name it when nobody says better.
LISTED_IN = "the allowed hosts"
PORTS = {"https": 443, "http": 80}
# What people call their own machine; names under these never lead to a public one.
PRIVATE_NAMES = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class ForbiddenHost(Exception):
    """A request that would go where it must not; the message is one sentence with the fix."""


class RequestFailed(Exception):
    """A request was not answered in a way that is of use.

    The message is a short reason in words of this program only: what a provider wrote may hold
    secrets or people's words. `permanent` says that asking again is of no use until somebody
    changes something: a wrong key, a forbidden host. `after` is how many seconds the provider asks
    to be left alone.
    """

    def __init__(self, reason: str, *, permanent: bool = False, after: float = 0.0) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.after = after


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a URL leads to; `host` in lower case, without brackets and final dot."""

    scheme: str
    host: str
    port: int

    @property
    def listed_as(self) -> str:
        """The host and port as an allow-list spells them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def endpoint_of(url: str) -> Endpoint:
    """Take a URL apart. Raises ForbiddenHost for anything but http(s)://host[:port]/path."""
    try:
        parts = urlsplit(unicodedata.normalize("NFKC", url))
        port = parts.port
    except ValueError:
        raise ForbiddenHost("it cannot be read; it must look like https://host/v1") from None
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        raise ForbiddenHost("it must begin with https:// (or http:// for an allowed host)")
    if "@" in parts.netloc or "\\" in url or parts.query or parts.fragment:
        raise ForbiddenHost("it must hold no user name, backslash, ? or #")
    host = (parts.hostname or "").rstrip(".")
    if not host or not host.isascii() or any(sign.isspace() or sign == "%" for sign in host):
        raise ForbiddenHost("its host must be a name in ASCII (xn--…) or a number")
    return Endpoint(scheme, host, port if port is not None else PORTS[scheme])


def require_public(url: str, allowed: Collection[str], *, listed_in: str = LISTED_IN) -> Endpoint:
    """The endpoint of a URL that may be used, as far as its spelling tells.

    `allowed` holds host:port pairs that may be private; `listed_in` is the setting that says so.
    Raises ForbiddenHost.
    """
    endpoint = endpoint_of(url)
    if endpoint.listed_as in allowed:
        return endpoint
    number = written_number(endpoint.host)
    named = any(
        endpoint.host == name or endpoint.host.endswith(f".{name}") for name in PRIVATE_NAMES
    )
    if named or (number is not None and is_private(number)):
        raise ForbiddenHost(_private(endpoint, listed_in))
    if endpoint.scheme != "https":
        raise ForbiddenHost(
            "it would carry talks in the clear: use https://, or add "
            f"{endpoint.listed_as} to {listed_in}"
        )
    return endpoint


def public_addresses(
    endpoint: Endpoint,
    resolved: Sequence[str],
    allowed: Collection[str],
    *,
    listed_in: str = LISTED_IN,
) -> list[str]:
    """The resolved addresses, when a request may go to all of them.

    One private address among public ones is refused too: the next answer may hold it alone.
    Raises ForbiddenHost.
    """
    if not resolved:
        raise ForbiddenHost("its host has no address")
    listed = endpoint.listed_as in allowed
    if not listed and any(is_private(ipaddress.ip_address(one)) for one in resolved):
        raise ForbiddenHost(_private(endpoint, listed_in))
    return list(dict.fromkeys(resolved))


def resolve(endpoint: Endpoint) -> list[str]:
    """The addresses of a host, asked now; none when it is unknown."""
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(address[0]).partition("%")[0] for *_, address in found]


def written_number(host: str) -> Address | None:
    """The address that a host is a spelling of, as the system's resolver reads it; else None.

    Also 0, 2130706433, 0x7f.1 and 0177.1, which the resolver takes for addresses.
    """
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def is_private(address: Address) -> bool:
    """Whether an address is anything but one host of the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_private(inner)
        if address.teredo is not None:
            return True
    return not address.is_global or address.is_multicast


def _private(endpoint: Endpoint, listed_in: str) -> str:
    return (
        "it leads into a private network; if that is meant, add "
        f"{endpoint.listed_as} to {listed_in}"
    )
