"""The assigner `by_skill`: whoever is good at the category (R-RT-08)."""

from collections.abc import Sequence

from services.routing.ports import Candidate, Task
from shared.plugins import Plugin


class BySkill:
    """Gives to somebody with the category among their skills, else to anybody; among them by load, then by waiting."""

    name = "by_skill"

    def choose(self, task: Task, candidates: Sequence[Candidate]) -> str | None:
        """Return the least loaded of those who are good at it, or of all where none of them is free."""
        skilled = [one for one in candidates if task.category in one.skills]
        return min(skilled or candidates, key=lambda one: (one.load / one.capacity, one.turn)).id


plugin = Plugin(
    kind="assigner",
    name="by_skill",
    api=1,
    summary="To somebody who is good at the category",
    build=lambda _setup: BySkill(),
)
