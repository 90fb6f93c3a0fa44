"""What stands in for a classifier or an assigner that cannot be used: it fails, and what follows is known for that."""

from collections.abc import Sequence
from typing import NoReturn

from services.routing.ports import Candidate, Matter, Task
from shared.plugins import PluginError, UnusableError


class Unusable:
    """A work order is opened in triage for want of a classifier (R-RT-01), and is the supervisor's for want of an assigner."""

    def __init__(self, error: UnusableError) -> None:
        self.name = error.name
        self._why = error.why

    def classify(self, matter: Matter) -> NoReturn:
        """Raise why the plugin cannot be used."""
        del matter
        raise PluginError(self._why)

    def topic_of(self, matter: Matter, category: str) -> NoReturn:
        """Raise why the plugin cannot be used."""
        del matter, category
        raise PluginError(self._why)

    def choose(self, task: Task, candidates: Sequence[Candidate]) -> NoReturn:
        """Raise why the plugin cannot be used."""
        del task, candidates
        raise PluginError(self._why)
