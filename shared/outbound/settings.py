"""How a config model of a plugin names what it trusts."""

from typing import Annotated

from pydantic import AfterValidator

from shared.outbound.addresses import TrustedHosts


def _readable(entries: tuple[str, ...]) -> tuple[str, ...]:
    TrustedHosts.of(entries)
    return entries


Trusted = Annotated[tuple[str, ...], AfterValidator(_readable)]
"""Hosts, addresses or networks that may be of an inner network, and be asked in clear text: checked with the policy."""
