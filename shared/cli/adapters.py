"""The adapters of a suite on one machine: those that the policy in force names, each a process beside the services."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from shared.cli.survey import kept_port
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.policy import Policy

PORT_FILE: Final = "gateway.port"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which adapters shall run, and what they read of the policy: they are started again when it changes."""

    names: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def by(cls, policy: "Policy") -> Self:
        """Return what `policy` wants."""
        from shared.policy.adapters import adapter_names  # noqa: PLC0415 (slow: only where a file is named)

        settings = {
            "adapters": policy.plugins.named("adapter"),
            "endpoints": policy.plugins.named("endpoint"),
            "attachments": policy.intake.attachments,
        }
        return cls(adapter_names(policy), settings)


def gateway_environment(directory: Path, settings: Settings) -> Mapping[str, str]:
    """Return the variables of the gateway: its port is the same whenever the suite starts in `directory`."""
    port = settings.gateway_port or kept_port(directory / PORT_FILE, settings.gateway_host)
    return {"YINGDA_GATEWAY_PORT": str(port)}
