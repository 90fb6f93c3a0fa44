"""`python -m tests.measure.report`: prints how well contacts are understood on the samples beside the repository."""

import sys
import time

from services.routing.plugins.rules import RulesClassifier

from . import figures, folds, invented
from .samples import Sample, load


def _line(text: str = "") -> None:
    sys.stdout.write(f"{text}\n")


def _classifier(name: str, samples: list[Sample]) -> None:
    found = figures.accuracy(samples, RulesClassifier())
    _line(
        f"{name:<28}{len(samples):>5}  category {found.category:6.1%}  department {found.department:6.1%}  topic {found.topic:6.1%}"
    )
    for least, size, right in found.confident:
        _line(f"    confidence >= {least:.1f}: {size:>4} contacts, category right {right:6.1%}")
    for (expected, suggested), count in found.confused.most_common():
        _line(f"    {count} x {expected} taken for {suggested}")


def _rules(name: str, samples: list[Sample], earlier: dict[int, int]) -> None:
    scores = figures.sensitivity(samples, earlier)
    _line(
        f"{name:<28}{len(samples):>5}  grade {figures.grades(samples):6.1%}  sensitive: precision {scores.precision:6.1%} recall {scores.recall:6.1%}"
    )


def _decided(name: str, decided: list[folds.Decided]) -> None:
    found = folds.shares(decided)
    _line(
        f"{name:<28}{len(decided):>5}  category {found.category:6.1%}  department {found.department:6.1%}  in its queue {found.queue:6.1%}"
        f"  grade {found.grade:6.1%}  missing fields {found.missing:6.1%}"
    )
    for kind, scores in (("sensitive", found.sensitive), ("emergency", found.emergency)):
        _line(
            f"    {kind}: recall {scores.recall:6.1%}, precision {scores.precision:6.1%} ({scores.hits + scores.misses} of them)"
        )


def _register(name: str, samples: list[Sample]) -> None:
    exact, fields = figures.register(samples)
    _line(f"{name:<28}{len(samples):>5}  exact {exact:6.1%}")
    for field, score in fields.items():
        _line(f"    {field:<18} F1 {score.f1:5.2f}  (hits {score.hits}, alarms {score.alarms}, misses {score.misses})")


def main() -> int:
    """Print all tables; 1 where the samples are absent."""
    everything = load("contacts.zh.jsonl")
    real = load("real.zh.jsonl")
    if not everything or not real:
        _line("No samples beside the repository.")
        return 1
    halves = {
        "sample, even (written from)": load("contacts.zh.jsonl", parity=0),
        "sample, odd (judged)": load("contacts.zh.jsonl", parity=1),
    }
    earlier = figures.earlier_complaints(everything)
    _line("Classifier")
    for name, samples in {**halves, "real text": real}.items():
        _classifier(name, samples)
    _line("Held-out folds of both files: the weight of resemblance chosen by the other folds")
    for told, by_text in (("with the agent's choice", False), ("text only", True)):
        decided = folds.held_out(everything, real, by_text=by_text)
        _decided(f"both, {told}", decided)
        _decided(f"sample, {told}", decided[: len(everything)])
        _decided(f"real text, {told}", decided[len(everything) :])
    classifier = RulesClassifier()
    started = time.perf_counter()
    for sample in everything + real:
        classifier.classify(sample.matter)
    _line(f"    {(time.perf_counter() - started) / len(everything + real) * 1000:.3f} ms a contact")
    _line("The whole decision (rules: nothing is learnt from the samples; ngrams: held-out folds)")
    for name, samples in {"sample": everything, "real text": real}.items():
        _decided(f"rules, {name}", folds.decided_by(classifier, samples))
        _decided(f"rules, {name}, text only", folds.decided_by(classifier, samples, by_text=True))
        _decided(f"ngrams, {name}, text only", folds.learnt(samples))
    _classifier("invented by the house", invented.contacts())
    _line("Grade and sensitivity")
    for name, samples in halves.items():
        _rules(name, samples, earlier)
    _rules("real text", real, {})
    _line("Missing fields")
    for name, samples in halves.items():
        _register(name, samples)
    return 0


if __name__ == "__main__":
    sys.exit(main())
