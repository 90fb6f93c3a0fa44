"""Settings of the gateway in the policy, `plugins.adapters.gateway`."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import Field

from shared.plugins import Config

Network = IPv4Network | IPv6Network
PerMinute = Annotated[int, Field(ge=1, le=10_000_000)]


class Rates(Config):
    """Requests a minute that an endpoint takes; a tenth of a minute's may come at once."""

    per_sender: PerMinute = 600
    """From one address, or one /64 of IPv6."""
    total: PerMinute = 60_000


class GatewayConfig(Config):
    """How much the gateway takes, and whom it believes."""

    largest_body: Annotated[int, Field(ge=1_000, le=100_000_000)] = 1_000_000
    """Bytes of one request, where an endpoint does not say otherwise."""
    body_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    """So long a sender may take for the body of a request."""
    patience_seconds: Annotated[float, Field(gt=0, le=60)] = 4.0
    """So long a request waits for a bus that is away; then its sender is told to come again. WeChat waits for five seconds."""
    connections: Annotated[int, Field(ge=1, le=20_000)] = 500
    """At the same time, of all senders together."""
    bytes_in_hand: Annotated[int, Field(ge=1_000_000)] = 64_000_000
    """Of all requests together; who comes when that much is in memory is told to come again."""
    rates: Rates = Rates()
    """What every endpoint takes that is not among the others."""
    endpoint_rates: Mapping[str, Rates] = Field(default_factory=dict)
    """Other rates for some endpoints, by name: a vendor sends everything from a few addresses."""
    trusted_proxies: tuple[Network, ...] = ()
    """Whose `X-Forwarded-For` is believed; without any, the address of the connection is the sender's."""
    title: str = "Yingda: channels"
    """Of `/openapi.json`."""
    public_url: Annotated[str | None, Field(pattern=r"^https?://[^\s?#]*[^\s?#/]$")] = None
    """Where senders reach the gateway, for `/openapi.json`."""
