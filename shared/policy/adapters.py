"""Which adapters a policy wants to run."""

from typing import Final

from shared.policy.schema import Policy

GATEWAY: Final = "gateway"
"""The adapter that serves the endpoints."""


def adapter_names(policy: Policy) -> tuple[str, ...]:
    """Return the adapters that `policy` names, sorted; where it names an endpoint, the gateway is one of them."""
    named = set(policy.plugins.named("adapter"))
    return tuple(sorted(named | ({GATEWAY} if policy.plugins.named("endpoint") else set())))
