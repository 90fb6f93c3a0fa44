"""Category and topic of a contact: the agent's word wins, else a classifier's, else a person decides (R-RT-01)."""

from typing import Final, Protocol

from services.routing.domain.matter import Matter
from services.routing.domain.planned import may_be_given
from shared.policy import Category, Policy
from shared.values import frozen

AGENT: Final = "agent"
_FALLBACK: Final = "general"


class Suggested(Protocol):
    """What a classifier says of a matter (`ports.Suggestion`)."""

    @property
    def category(self) -> str:
        """The category it suggests."""

    @property
    def topic(self) -> str | None:
        """The topic, or None."""

    @property
    def confidence(self) -> float:
        """How sure it is, 0 to 1."""

    @property
    def evidence(self) -> tuple[str, ...]:
        """What in the text spoke for it."""


class Classifies(Protocol):
    """A classifier as the rules see it (`ports.Classifier`)."""

    name: str

    def classify(self, matter: Matter) -> Suggested:
        """Suggest category and topic."""

    def topic_of(self, matter: Matter, category: str) -> tuple[str | None, float, tuple[str, ...]]:
        """Suggest the topic within a category."""


@frozen
class Verdict:
    """Category and topic with their origin; `triage` where a person has to decide."""

    category: str
    topic: str | None
    classified_by: str
    confidence: float
    evidence: tuple[str, ...]
    triage: bool
    suggested: bool
    """Whether a classifier suggested the category, so that a person's later decision makes a labelled example."""


def judge(
    category: str | None,
    topic: str | None,
    matter: Matter,
    classifier: Classifies,
    policy: Policy,
    *,
    agent_id: str | None = None,
) -> Verdict:
    """Return the verdict on a contact that came with the agent's `category` and `topic`, each perhaps None or unknown.

    A category that the policy does not know counts as not given, which the evidence notes; so does an outbound one that
    no `agent_id` stands for. A classifier that fails
    does not stop the contact: a person decides then.
    """
    notes: tuple[str, ...] = ()
    entry = policy.categories.get(category) if category else None
    if entry is not None and may_be_given(entry, agent_id):
        return _by_agent(entry, topic, matter, classifier)
    if entry is not None:
        notes = (f"no customer writes in with {entry.id}",)
    elif category:
        notes = (f"the agent's category {category[:64]} is not in the policy",)
    return _by_classifier(topic, matter, classifier, policy, notes)


def _by_agent(entry: Category, topic: str | None, matter: Matter, classifier: Classifies) -> Verdict:
    notes: tuple[str, ...] = ()
    if topic in entry.topics:
        return Verdict(entry.id, topic, AGENT, 1.0, (), triage=False, suggested=False)
    if topic:
        notes = (f"{entry.id} has no topic {topic[:64]}",)
    if not entry.topics:
        return Verdict(entry.id, None, AGENT, 1.0, notes, triage=False, suggested=False)
    try:
        found, _, evidence = classifier.topic_of(matter, entry.id)
    except Exception:  # noqa: BLE001 (a stranger's plugin may raise anything; the contact must go on)
        found, evidence = None, (f"the classifier {classifier.name} failed",)
    found = found if found in entry.topics else None
    return Verdict(entry.id, found, AGENT, 1.0, (*notes, *evidence), triage=False, suggested=False)


def _by_classifier(
    topic: str | None, matter: Matter, classifier: Classifies, policy: Policy, notes: tuple[str, ...]
) -> Verdict:
    try:
        said = classifier.classify(matter)
    except Exception:  # noqa: BLE001 (as above)
        failed = (*notes, f"the classifier {classifier.name} failed")
        return Verdict(_fallback(policy), None, classifier.name, 0.0, failed, triage=True, suggested=False)
    entry = policy.categories.get(said.category)
    evidence = (*notes, *said.evidence)
    confidence = min(1.0, max(0.0, said.confidence))
    if entry is None or entry.outbound:
        odd = (*evidence, f"{classifier.name} suggested {said.category[:64]}, which no customer writes in with")
        return Verdict(_fallback(policy), None, classifier.name, 0.0, odd, triage=True, suggested=False)
    given = topic if topic in entry.topics else said.topic
    sure = confidence >= policy.routing.classifier.threshold
    return Verdict(
        entry.id,
        given if given in entry.topics else None,
        classifier.name,
        confidence,
        evidence,
        triage=not sure,
        suggested=True,
    )


def _fallback(policy: Policy) -> str:
    """Return the category of a contact about which nothing is known: a general question, where the policy has it."""
    if _FALLBACK in policy.categories:
        return _FALLBACK
    return next(entry.id for entry in policy.categories.values() if not entry.outbound)
