"""`python -m tests.measure.weighing`: prints how the weight of resemblance does on worked examples held out of it.

Each fold of the packaged examples is scored by what resembles the other folds, with the rules beside. The rules were written
with many of these examples in view, so their share is flattered; the order of the weights is what the table is for.
"""

import random
import sys

from services.routing.plugins.resemblance import Resemblance, packaged_examples
from services.routing.plugins.rules import RulesClassifier
from services.routing.ports import Matter

_FOLDS = 5
_WEIGHTS = (0.0, 0.1, 0.14, 0.18, 0.22, 0.26, 0.3, 0.4)


def held_out() -> list[tuple[str, dict[str, float], dict[str, float]]]:
    """Return of every example its label, the rules' scores and its resemblance to the other folds."""
    examples = packaged_examples()
    random.Random(1).shuffle(examples)
    rules = RulesClassifier()
    scored = []
    for fold in range(_FOLDS):
        others = [one for at, one in enumerate(examples) if at % _FOLDS != fold]
        alike = Resemblance(others)
        scored += [
            (label, rules.rule_scores(Matter(text)), dict(alike.scores(text))) for label, text in examples[fold::_FOLDS]
        ]
    return scored


def share_right(scored: list[tuple[str, dict[str, float], dict[str, float]]], weight: float) -> float:
    """Return the share of examples whose category is met with this weight of resemblance."""
    met = 0
    for label, rules, alike in scored:
        best = max(sorted(rules), key=lambda name: rules[name] + weight * alike.get(name, 0.0))
        met += best.partition("/")[0] == label.partition("/")[0]
    return met / len(scored)


def main() -> int:
    """Print the share of categories met for every weight."""
    scored = held_out()
    for weight in _WEIGHTS:
        sys.stdout.write(f"{weight:.2f}  {share_right(scored, weight):6.1%}  of {len(scored)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
