"""Classifier and assigner as the handlers use them: every call measured and limited in time (ADR 0035)."""

from collections.abc import Sequence

from services.routing.ports import Assigner, Candidate, Classifier, Matter, Suggestion, Task
from shared.plugins.guard import Guard

CHOOSE_SECONDS = 2.0
"""An assigner holds a transaction up that locks its department."""


class GuardedClassifier:
    """A classifier within its guard; what it raises is raised, and the work order goes to triage (R-RT-01)."""

    def __init__(self, classifier: Classifier) -> None:
        self.name = classifier.name
        self._classifier = classifier
        self._call = Guard("classifier", classifier.name).call

    def classify(self, matter: Matter) -> Suggestion:
        """Suggest category and topic."""
        return self._call(self._classifier.classify, matter)

    def topic_of(self, matter: Matter, category: str) -> tuple[str | None, float, tuple[str, ...]]:
        """Suggest the topic within a category."""
        return self._call(self._classifier.topic_of, matter, category)


class GuardedAssigner:
    """An assigner within its guard; what it raises is raised, and the supervisor gets the work order (R-RT-08)."""

    def __init__(self, assigner: Assigner) -> None:
        self.name = assigner.name
        self._assigner = assigner
        self._call = Guard("assigner", assigner.name, limit_seconds=CHOOSE_SECONDS).call

    def choose(self, task: Task, candidates: Sequence[Candidate]) -> str | None:
        """Return the id of one of `candidates`, or None."""
        return self._call(self._assigner.choose, task, candidates)
