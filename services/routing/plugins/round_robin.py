"""The assigner `round_robin`: one after the other (R-RT-08)."""

from collections.abc import Sequence

from services.routing.ports import Candidate, Task
from shared.plugins import Plugin


class RoundRobin:
    """Gives to whoever has waited longest, so that of any number of work orders nobody gets two more than another."""

    name = "round_robin"

    def choose(self, task: Task, candidates: Sequence[Candidate]) -> str | None:  # noqa: ARG002 (whose turn it is does not depend on it)
        """Return whoever has waited longest; of newcomers the first in the staff directory."""
        return min(candidates, key=lambda one: one.turn).id


plugin = Plugin(
    kind="assigner",
    name="round_robin",
    api=1,
    summary="To whoever has waited longest",
    build=lambda _setup: RoundRobin(),
)
