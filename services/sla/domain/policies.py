"""Which policy a clock lives by: the one in force when its work order was opened (R-SLA-12), with today's holidays (R-SLA-13)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.sla.domain.subject import targets_of
from shared.policy import Duration, Grade, Metric, Policy

_NONE: Final[Mapping[str, Policy]] = MappingProxyType({})


class Policies:
    """The policy in force and the earlier ones that clocks still live by.

    `edition` counts the changes of the holiday data: a clock computed with a smaller one is computed anew.
    """

    def __init__(self, current: Policy, edition: int = 1, earlier: Mapping[str, Policy] = _NONE) -> None:
        self.current: Final = current
        self.edition: Final = edition
        self._all: Final = {**earlier, current.policy_version: current}
        self._targets: Final[dict[tuple[str, str, Grade], Mapping[Metric, Duration]]] = {}

    def knows(self, version: str | None) -> bool:
        """Whether that version is at hand, so that nothing is computed with another one in its place."""
        return version in self._all

    def adopted(self, version: str | None) -> str:
        """Return the version that a new work order of `version` lives by: its own, or the one in force where it is unknown."""
        return version if version is not None and version in self._all else self.current.policy_version

    def targets(self, version: str | None, category: str, grade: Grade) -> Mapping[Metric, Duration]:
        """Return every target that the policy of that version has for such a work order."""
        adopted = self.adopted(version)
        found = self._targets.get((adopted, category, grade))
        if found is None:
            found = self._targets[adopted, category, grade] = targets_of(category, grade, self._all[adopted])
        return found

    def of(self, version: str | None) -> Policy:
        """Return the policy of that version, or the one in force where it is unknown."""
        return self._all.get(version, self.current) if version is not None else self.current
