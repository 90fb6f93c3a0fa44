"""The assigner `least_load`: whoever has the least to do (R-RT-08)."""

from collections.abc import Sequence

from services.routing.ports import Candidate, Task
from shared.plugins import Plugin


class LeastLoad:
    """Gives to whoever holds the smallest part of what they may hold; of equals to whoever has waited longest."""

    name = "least_load"

    def choose(self, task: Task, candidates: Sequence[Candidate]) -> str | None:  # noqa: ARG002 (the load alone decides)
        """Return whoever has the least to do."""
        return min(candidates, key=lambda one: (one.load / one.capacity, one.turn)).id


plugin = Plugin(
    kind="assigner", name="least_load", api=1, summary="To whoever has least to do", build=lambda _setup: LeastLoad()
)
