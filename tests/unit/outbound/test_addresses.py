"""Addresses that no message is posted to, unless the operator trusts them (R-NT-05)."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.outbound.addresses import TrustedHosts, is_public


@pytest.mark.parametrize(
    "inner",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",  # Aliyun answers questions about its machines there
        "169.254.169.254",  # and others here
        "169.254.0.23",  # Tencent
        "168.63.129.16",  # Azure
        "192.0.0.192",  # Oracle
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "2002:7f00:1::",
        "2002:808:808::",
        "2001:0:808:808::1",
    ],
)
def test_inner_addresses_are_no_public_ones_however_they_are_wrapped(inner: str) -> None:
    assert not is_public(ip_address(inner))


@pytest.mark.parametrize("public", ["8.8.8.8", "47.95.0.1", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_the_public_internet_is_open(public: str) -> None:
    assert is_public(ip_address(public))


@given(st.ip_addresses(v=4))
def test_an_address_is_as_public_as_what_it_wraps(address: IPv4Address) -> None:
    mapped = IPv6Address(f"::ffff:{address}")
    assert is_public(mapped) == is_public(address) == is_public(IPv6Address(f"64:ff9b::{address}"))


@given(st.sampled_from(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"]), st.data())
def test_no_address_of_an_inner_network_is_public(network: str, data: st.DataObject) -> None:
    assert not is_public(data.draw(st.ip_addresses(network=network)))


def test_hosts_addresses_and_networks_can_be_trusted() -> None:
    trusted = TrustedHosts.of(["Gateway.Example.", "10.0.0.5", "10.1.0.0/16", "[fd00::1]"])
    assert all(map(trusted.name, ["gateway.example", "GATEWAY.example.", "10.0.0.5", "10.1.2.3", "fd00::1"]))
    assert not any(map(trusted.name, ["example", "evil.gateway.example", "10.0.0.6", "10.2.0.1", "fd00::2"]))
    assert trusted.address(ip_address("10.1.2.3"))


@pytest.mark.parametrize("entry", ["", " ", "10.0.0.0/33", "10.0.0.1/8", "a/b"])
def test_what_is_neither_host_nor_network_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="neither a host nor a network"):
        TrustedHosts.of([entry])
