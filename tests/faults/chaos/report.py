"""A run's figures and findings as a person reads them."""

from collections import Counter
from collections.abc import Iterator

from tests.faults.chaos.run import Verdict

MOST_IDS = 20


def told(verdict: Verdict) -> str:
    """Return the figures, and of every kind of finding how many there are and the first ids."""
    return "\n".join(_lines(verdict))


def _lines(verdict: Verdict) -> Iterator[str]:
    for name, figure in verdict.figures.items():
        yield f"  {name}: {figure}"
    kinds = Counter(finding.kind for finding in verdict.findings)
    yield f"  findings: {dict(kinds) if kinds else 'none'}"
    for kind in kinds:
        some = [finding for finding in verdict.findings if finding.kind == kind][:MOST_IDS]
        for finding in some:
            yield f"    {kind}: {finding.id} – {finding.what}"
