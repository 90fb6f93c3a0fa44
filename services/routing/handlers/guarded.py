"""Classifier and assigner as the handlers use them: every call measured, limited in time, its answer looked at (ADR 0035)."""

from collections.abc import Callable, Sequence
from typing import Any

import structlog

from services.routing.ports import Assigner, Candidate, Classifier, Matter, Suggestion, Task
from shared import metrics
from shared.plugins import PluginError
from shared.plugins.guard import Guard
from shared.plugins.words import told

CHOOSE_SECONDS = 2.0
"""An assigner holds a transaction up that locks its department."""

log = structlog.get_logger()


class GuardedClassifier:
    """A classifier within its guard; what it raises is raised, and the work order goes to triage (R-RT-01).

    `PluginError` where its answer is none of the Protocol.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.name = classifier.name
        self._classifier = classifier
        self._guard = Guard("classifier", classifier.name)

    def classify(self, matter: Matter) -> Suggestion:
        """Suggest category and topic."""
        said: Suggestion = _asked(self._guard, _is_suggestion, self._classifier.classify, matter)
        return said

    def topic_of(self, matter: Matter, category: str) -> tuple[str | None, float, tuple[str, ...]]:
        """Suggest the topic within a category."""
        said: tuple[str | None, float, tuple[str, ...]] = _asked(
            self._guard, _is_topic, self._classifier.topic_of, matter, category
        )
        return said


class GuardedAssigner:
    """An assigner within its guard; what it raises is raised, and the supervisor gets the work order (R-RT-08)."""

    def __init__(self, assigner: Assigner) -> None:
        self.name = assigner.name
        self._assigner = assigner
        self._guard = Guard("assigner", assigner.name, limit_seconds=CHOOSE_SECONDS)

    def choose(self, task: Task, candidates: Sequence[Candidate]) -> str | None:
        """Return the id of one of `candidates`, or None."""
        said: str | None = _asked(self._guard, _is_choice, self._assigner.choose, task, candidates)
        return said


def _asked(guard: Guard, fits: Callable[[Any], bool], function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what the plugin answers; the log says where it failed, and then whoever asked goes on without it."""
    try:
        answer: object = guard.call(function, *arguments)
        if not fits(answer):
            metrics.PLUGIN_FAILURES.labels(guard.kind, guard.name, "wrong").inc()
            kind = type(answer).__name__
            raise PluginError(f'the {guard.kind} plugin "{guard.name}" answered with a {kind}')  # noqa: TRY301 (told below)
    except Exception as error:
        why = str(error) if isinstance(error, PluginError) else told(error)
        log.warning(f"{guard.kind} failed", plugin=guard.name, why=why)  # noqa: G004 (a sentence says it)
        raise
    return answer


def _is_suggestion(answer: object) -> bool:
    return (
        isinstance(answer, Suggestion)
        and _is_word(answer.category)
        and _is_topic((answer.topic, answer.confidence, answer.evidence))
    )


def _is_topic(answer: object) -> bool:
    """Return whether that is a topic or None, a confidence and words, as the types say: they hold nobody's plugin."""
    if not (isinstance(answer, tuple) and len(answer) == 3):  # noqa: PLR2004 (so many parts it has)
        return False
    topic, confidence, evidence = answer
    return (
        (topic is None or _is_word(topic))
        and isinstance(confidence, int | float)
        and isinstance(evidence, tuple | list)
        and all(map(_is_word, evidence))
    )


def _is_choice(answer: object) -> bool:
    return answer is None or _is_word(answer)


def _is_word(answer: object) -> bool:
    return isinstance(answer, str)
