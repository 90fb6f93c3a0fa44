"""What routing accepts from plugins: classifiers and assigners.

A classifier reads a contact and suggests where it belongs (R-RT-01); an assigner says who of a department gets a work
order (R-RT-08).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from services.routing.domain.assignment import Candidate as Candidate
from services.routing.domain.assignment import Task as Task
from services.routing.domain.gated import Gated as Gated
from services.routing.domain.gated import Gates as Gates
from services.routing.domain.gated import Opened as Opened
from services.routing.domain.gated import each as each
from services.routing.domain.matter import Matter as Matter
from services.routing.domain.mentions import AnyOf as AnyOf
from services.routing.domain.neighbours import neighbours as neighbours
from services.routing.domain.script import plain as plain
from shared.plugins import PluginError, Setup


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A category with its topic (None where the category has none or the text does not tell).

    `confidence` is 0 to 1; below the policy's threshold the work order goes to triage. `evidence` names what in the
    text spoke for the suggestion, strongest first, for the agent who has to agree or disagree.
    """

    category: str
    topic: str | None
    confidence: float
    evidence: tuple[str, ...]


@runtime_checkable
class Classifier(Protocol):
    """Decides category and topic from a contact; pure: the same matter gives the same suggestion."""

    name: str

    def classify(self, matter: Matter) -> Suggestion:
        """Suggest category and topic. Never raises, whatever the text."""
        ...

    def topic_of(self, matter: Matter, category: str) -> tuple[str | None, float, tuple[str, ...]]:
        """Suggest the topic within a category an agent chose: topic or None, confidence 0 to 1, evidence."""
        ...


class ModelError(PluginError):
    """The trained model of a classifier cannot be used; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierSetup(Setup):
    """What a classifier is built from; one that learns reads the file of its model (`routing.classifier.model`).

    It raises `ModelError` where that may not be switched on: it may where the figures of its evaluation (shares from 0
    to 1) reach `at_least`.
    """

    model: Path
    at_least: Mapping[str, float]


@runtime_checkable
class Assigner(Protocol):
    """Says who gets a work order; pure and quick: it runs inside the transaction that opens work orders.

    Registered in the entry point group `yingda.assigners` and named by the policy (`routing.assignment`), for the whole
    house or by department. Whoever is away, off or at capacity is not among the candidates. A choice that is not one
    of them, or an error, counts as failed: the supervisor gets the work order then, and it is counted.
    """

    name: str

    def choose(self, task: Task, candidates: Sequence[Candidate]) -> str | None:
        """Return the id of one of `candidates`, of which there is at least one, or None where none of them suits."""
        ...
