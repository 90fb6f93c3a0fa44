"""Who sent a request: the address of the connection, or what a trusted proxy says of it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

from services.intake.adapters.gateway.config import Network

UNKNOWN = "unknown"
_PREFIX = 64


class Clients:
    """Names the sender of each request; addresses of `trusted` networks are proxies of the house."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    def sender(self, scope: Scope) -> str:
        """Return the address that a request counts for: of IPv6 the network of 64 bits, which one customer has.

        `X-Forwarded-For` grows at its end with each proxy. From there the first address that is no proxy of ours is the
        sender: what stands before it the sender may have written itself.
        """
        peer = scope.get("client")
        address = _read(peer[0]) if peer else None
        if address is None:
            return UNKNOWN
        if self._is_proxy(address):
            forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
            for text in reversed(forwarded):
                told = _read(text)
                if told is None:
                    break
                address = told
                if not self._is_proxy(told):
                    break
        return _grouped(address)

    def _is_proxy(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    bare = text.strip()
    if bare.startswith("[") and "]" in bare:
        bare = bare[1 : bare.index("]")]
    elif bare.count(":") == 1:  # an IPv4 address with a port
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _grouped(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), _PREFIX), strict=False).network_address)
    return str(address)
