"""Which addresses a request may go to: those of the public internet, and those that the operator has named."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

_INNER = (ip_network("168.63.129.16/32"), ip_network("192.0.0.0/24"))
"""Public by their numbers for Python, yet answered by the machine's own host (Azure, Oracle)."""
_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class TrustedHosts:
    """What the operator trusts beyond the public internet: names of hosts, and addresses or networks."""

    names: frozenset[str] = frozenset()
    networks: tuple[IpNetwork, ...] = field(default=())

    @classmethod
    def of(cls, entries: Iterable[str]) -> Self:
        """Return the trust in `entries`: `gateway.example`, `10.0.0.5`, `10.1.0.0/16`, `fd00::/8`; ValueError for another."""
        names: set[str] = set()
        networks: list[IpNetwork] = []
        for entry in entries:
            try:
                networks.append(ip_network(entry.strip("[]")))
            except ValueError:
                if "/" in entry or not entry.strip():
                    raise ValueError(f'"{entry}" is neither a host nor a network') from None
                names.add(plain_host(entry))
        return cls(frozenset(names), tuple(networks))

    def name(self, host: str) -> bool:
        """Whether `host` is trusted by its name, or is an address that is trusted."""
        if plain_host(host) in self.names:
            return True
        try:
            return self.address(ip_address(host))
        except ValueError:
            return False

    def address(self, address: IpAddress) -> bool:
        """Whether `address` is in a network that is trusted."""
        return any(address in network for network in self.networks)


def plain_host(host: str) -> str:
    """Return a host's name as it is compared."""
    return host.strip().lower().rstrip(".")


def is_public(address: IpAddress) -> bool:
    """Whether `address` is one of the public internet, whatever it is written or wrapped in.

    False for loopback, private, link-local, multicast, reserved and unspecified addresses and for those where clouds
    answer questions about their machines (169.254.169.254, 100.100.100.200, fd00:ec2::254, 168.63.129.16, 192.0.0.192).
    """
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    if (
        any(address in network for network in _INNER)
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    ):
        return False
    if isinstance(address, IPv6Address) and (address.is_site_local or address.sixtofour or address.teredo):
        return False  # tunnels: where such a packet comes out, nobody here knows
    return address.is_global


def _inner(address: IpAddress) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, None where it stands for itself."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None
