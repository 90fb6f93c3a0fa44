"""What trains a classifier: the packaged examples, those of a file, and the decisions of the house's own triage."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing import store
from services.routing.domain.example import Example
from services.routing.plugins.evaluation import evaluate
from services.routing.plugins.learning import Labelled, learn
from services.routing.plugins.model_file import Model
from services.routing.plugins.resemblance import packaged_examples
from shared.policy import Policy


class ExamplesError(Exception):
    """The examples cannot be read."""


def packaged(policy: Policy) -> list[Labelled]:
    """Return the invented examples that ship with the plugins, as far as the policy knows their categories."""
    return _known([Labelled(label, text) for label, text in packaged_examples()], policy)


async def decided(connection: AsyncConnection) -> list[Example]:
    """Return what people decided in triage, the oldest first (R-RT-01)."""
    return await store.examples(connection)


def of_house(examples: Sequence[Example], policy: Policy) -> list[Labelled]:
    """Return decisions of triage as examples to learn from."""
    return _known(
        [Labelled(_label(one.category, one.topic), one.text, tuple(one.details), of_customer=True) for one in examples],
        policy,
    )


def of_file(path: Path, policy: Policy) -> list[Labelled]:
    """Return the examples of a JSONL file as `export` writes it: text, category, topic and details on every line.

    `ExamplesError` names the first line that is wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ExamplesError(f"{path} cannot be read: {error}") from None
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            example = _example(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ExamplesError(f"{path}, line {number}: an example has text, category, topic and details") from None
        if not _known([example], policy):
            raise ExamplesError(f"{path}, line {number}: the policy does not know {example.label}")
        found.append(example)
    return found


def _example(row: Any) -> Labelled:
    text, category, topic = row["text"], row["category"], row.get("topic")
    if not (isinstance(text, str) and isinstance(category, str) and isinstance(topic, str | None)):
        raise TypeError
    return Labelled(_label(category, topic), text, tuple(row.get("details") or {}), of_customer=True)


def exported(examples: Sequence[Example]) -> list[str]:
    """Return decisions as lines of JSONL; they hold what customers wrote, so whoever gets them has to guard them."""
    return [
        json.dumps(
            {
                "text": one.text,
                "details": dict(one.details),
                "category": one.category,
                "topic": one.topic,
                "suggested_category": one.suggested_category,
                "suggested_topic": one.suggested_topic,
            },
            ensure_ascii=False,
        )
        for one in examples
    ]


def department_by(policy: Policy) -> Callable[[str], str]:
    """Return what tells the department of a label; one that the employee decides stands for itself."""

    def department(label: str) -> str:
        category, _, topic = label.partition("/")
        entry = policy.category(category)
        return "employee" if entry.department_from == "employee" else policy.department_for(category, topic or None)

    return department


def train(examples: Sequence[Labelled], policy: Policy, *, folds: int, seed: int, now: datetime) -> Model:
    """Return the model of all examples, with the figures that its like reaches on held-out folds of them."""
    evaluation = evaluate(examples, department_by(policy), folds=folds, seed=seed)
    return Model(learn(examples, seed), evaluation, now.isoformat(timespec="seconds"))


def _label(category: str, topic: str | None) -> str:
    return f"{category}/{topic}" if topic else category


def _known(examples: Sequence[Labelled], policy: Policy) -> list[Labelled]:
    found = []
    for example in examples:
        category, _, topic = example.label.partition("/")
        entry = policy.categories.get(category)
        if entry is not None and (not topic or topic in entry.topics):
            found.append(example)
    return found
