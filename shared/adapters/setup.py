"""What the plugins of kind `adapter` and `endpoint` are built from."""

from dataclasses import dataclass

from shared.plugins import Setup
from shared.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterSetup(Setup):
    """A `Setup` with the policy in force, which names the endpoints of the gateway."""

    policy: Policy
