"""What routing accepts from plugins: classifiers that read a contact and suggest where it belongs (R-RT-01)."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from services.routing.domain.matter import Matter as Matter
from services.routing.domain.script import plain as plain


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
