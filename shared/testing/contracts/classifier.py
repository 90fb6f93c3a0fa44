"""What every classifier promises (services/routing/ports.py): a suggestion from the policy's own table, purely."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import given
from hypothesis import strategies as st

from services.routing.ports import Classifier, ClassifierSetup, Matter, Suggestion
from shared.plugins import Setup
from shared.policy import Policy, load_policy
from shared.testing.contracts.base import PLAIN, PluginContract

_TEXTS = st.text(max_size=60) | st.sampled_from(["", " ", "？！", "\x00", "\ud800", "a" * 10_000, "退" * 10_000])
_MATTERS = st.builds(
    Matter,
    text=_TEXTS,
    details=st.dictionaries(st.sampled_from(["product_name", "order_no", "reason", "x"]), _TEXTS, max_size=3),
    channel=st.sampled_from(["web", "phone", "fax"]),
    customer_name=st.none() | _TEXTS,
    tier=st.none() | st.sampled_from(["returning", "vip"]),
)

_BUILT: dict[type, Classifier] = {}


class ClassifierContract(PluginContract):
    """Subclass it as `Test…`, with `plugin` and at least one of `samples`: a text, its category and its topic or None.

    One that learns is built from `model`, and must reach `at_least`.
    """

    kind: ClassVar[str] = "classifier"
    samples: ClassVar[tuple[tuple[str, str, str | None], ...]] = ()

    model: ClassVar[Path] = Path("no model")
    at_least: ClassVar[Mapping[str, float]] = {}

    def setup(self, config: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> Setup:
        """Return the setup of a classifier, with its model."""
        return ClassifierSetup(**self.setup_values(config, secrets), model=self.model, at_least=self.at_least)

    def policy(self) -> Policy:
        """Return the policy whose categories count: the default one, unless yours is another."""
        return load_policy()

    def classifier(self) -> Classifier:
        """Return the classifier under test."""
        built: Classifier = self.typed(Classifier)
        return built

    def test_finds_its_own_samples(self) -> None:
        """R-RT-01: what it was made for."""
        assert self.samples, "give at least one sample: (text, category, topic or None)"
        classifier = self.classifier()
        for text, category, topic in self.samples:
            found = classifier.classify(Matter(text))
            assert (found.category, found.topic) == (category, topic), f"{text!r} was taken for {found}"

    @PLAIN
    @given(matter=_MATTERS)
    def test_any_text_gets_a_suggestion_of_the_policy(self, matter: Matter) -> None:
        """R-RT-01, R-RT-02: a known category, a topic of it or none, a confidence from 0 to 1, evidence in words."""
        classifier, policy = self._kept(), self.policy()
        found: object = classifier.classify(matter)
        assert isinstance(found, Suggestion), f"classify() returned {found!r}, no Suggestion"
        assert found.category in policy.categories, f"{found.category!r} is no category of the policy"
        self._fits(policy, found.category, found.topic, found.confidence, found.evidence)
        assert classifier.classify(matter) == found, "the same matter gave two suggestions"

    @PLAIN
    @given(matter=_MATTERS)
    def test_a_chosen_category_gets_one_of_its_topics(self, matter: Matter) -> None:
        """R-RT-02: an agent chooses the category, the classifier the topic within it."""
        classifier, policy = self._kept(), self.policy()
        for category in policy.categories:
            topic, confidence, evidence = told = classifier.topic_of(matter, category)
            self._fits(policy, category, topic, confidence, evidence)
            assert classifier.topic_of(matter, category) == told, "the same matter gave two topics"

    def test_a_new_one_says_the_same(self) -> None:
        """The replicas of routing agree with one another."""
        one, other = self.classifier(), self.classifier()
        for text, _, _ in self.samples:
            assert one.classify(Matter(text)) == other.classify(Matter(text))

    def _kept(self) -> Classifier:
        """Return one classifier for all examples: building may take long."""
        if type(self) not in _BUILT:
            _BUILT[type(self)] = self.classifier()
        return _BUILT[type(self)]

    @staticmethod
    def _fits(policy: Policy, category: str, topic: str | None, confidence: float, evidence: object) -> None:
        topics = policy.category(category).topics
        assert topic is None or topic in topics, f"{topic!r} is no topic of {category}"
        assert 0.0 <= confidence <= 1.0, f"a confidence of {confidence}"
        words = isinstance(evidence, tuple) and all(isinstance(one, str) and one.strip() for one in evidence)
        assert words, f"evidence is a tuple of words, not {evidence!r}"
