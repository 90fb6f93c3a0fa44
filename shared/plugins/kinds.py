"""The kinds of plugin: where each registers, where the policy configures it, which versions of its Protocol are known."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of plugin.

    `apis` are the versions that are known here. A version stands for the Protocol and for what `build` is given: a
    plugin that was written for one of them works, whatever else has changed. `protocol` says where to read it.
    """

    name: str
    protocol: str
    apis: tuple[int, ...] = (1,)

    @property
    def section(self) -> str:
        """The key of this kind under `plugins` in the policy."""
        return f"{self.name}s"

    @property
    def group(self) -> str:
        """The entry point group in which plugins of this kind register."""
        return f"yingda.{self.section}"


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("channel", "services.intake.ports:Channel"),
        Kind("classifier", "services.routing.ports:Classifier"),
        Kind("assigner", "services.routing.ports:Assigner"),
        Kind("calendar", "shared.policy.ports:Calendar"),
        Kind("transport", "services.notify.ports:Transport"),
        Kind("knowledge_builder", "services.feedback.ports:KnowledgeBuilder"),
        Kind("escalation_action", "services.sla.ports:EscalationAction"),
        Kind("endpoint", "shared.adapters:Endpoint"),
        Kind("adapter", "shared.adapters:Adapter"),
    )
}
"""Every kind by its name."""

GROUPS: Final = {kind.name: kind.group for kind in KINDS.values()}
"""The entry point group of each kind."""
