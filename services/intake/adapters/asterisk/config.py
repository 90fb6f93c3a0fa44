"""The settings of the adapter `asterisk` in the policy."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from shared.plugins import Config

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class AsteriskConfig(Config):
    """Where Asterisk is, which calls count, and who answers at which extension."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]*)?$")]
    """Address of its HTTP server, as in `http://pbx.example.com:8088`; `https` wherever others share the network."""
    user: Name
    """The user of ARI (`ari.conf`)."""
    password: Name
    """The name of the secret with that user's password (`ari.conf`)."""
    application: Name = "yingda"
    """The name of the Stasis application by which it listens."""
    system: Name = "main"
    """Names this telephone system in the contacts' ids, `phone/<system>`; never change it."""
    contexts: Annotated[tuple[str, ...], Field(min_length=1)]
    """The dialplan contexts in which customers' calls arrive, as in `from-trunk`."""
    agents: Annotated[Mapping[str, str], Field(default_factory=dict)]
    """Staff ids by extension, as in `1001: service-1`."""
    ring_seconds: Annotated[float, Field(ge=1, le=30)] = 5
    """From one ring to the next: 5 in China (1 s tone, 4 s pause), 6 in North America."""
    caller_number: Literal["volunteered", "transmitted"] = "volunteered"
    """Whether a number that was transmitted counts as given by the customer; else it is dropped (R-IN-03)."""
    channel: Literal["phone"] = "phone"
    """On which calls are published."""
