"""The search over published entries, ranked in PostgreSQL by rarity of the terms shared (BM25, R-FB-04).

A question of nothing but single Chinese characters is rare and has no terms to look up: the texts are read for it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.domain.redact import MASKS
from services.feedback.store.tables import entries, terms

MOST_TERMS: Final = 200
"""Terms of the question that are looked up; a longer text has said what it is about by then."""
LEAST_SHARE: Final = 0.2
"""Of the question's worth, how much an entry must share to be an answer: chance resemblance stays below it."""
LEAST_TERMS: Final = 2
"""Terms that it must share, where the question has more than these: one word in common is chance."""

_FREQUENCY: Final = 1.2  # BM25's k1: how fast a repeated term stops adding
_LENGTH: Final = 0.4  # BM25's b: how much a long entry is discounted; low, since entries are short
_PRIOR: Final = 50  # entries imagined beside those there are: rarity means little in a small collection
_MASKS: Final = "|".join(map(re.escape, MASKS))  # what stands for personal data is no word of the entry


@dataclass(frozen=True, slots=True)
class Hit:
    """A published entry that answers a question; `score` lies between 0 and 1."""

    entry_id: str
    revision: int
    category: str
    problem: str
    solution: str
    score: float
    scenario: str
    useful: int
    useless: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """What moves an entry beside its words: ratings by up to the share `usefulness`, its category by `same`."""

    usefulness: float = 0.0
    category: str | None = None
    same: float = 0.0


async def search(
    connection: AsyncConnection, asked: Mapping[str, int], limit: int, ranking: Ranking | None = None
) -> Sequence[Hit]:
    """Return the published entries that share enough of the terms `asked`, the best first; one statement."""
    if not asked:
        return []
    moved = asdict(ranking or Ranking())
    if all(len(term) == 1 for term in asked):
        characters: dict[str, Any] = {
            "characters": list(asked)[:MOST_TERMS],
            "masks": _MASKS,
            "frequency": _FREQUENCY,
            "limit": limit,
        }
        characters |= moved
        return [Hit(*row) for row in await connection.execute(_CONTAINING, characters)]
    given: dict[str, Any] = {
        "terms": list(asked)[:MOST_TERMS],
        "share": LEAST_SHARE,
        "matches": max(1, min(LEAST_TERMS, len(asked) - 1)),
        "limit": limit,
        "frequency": _FREQUENCY,
        "length": _LENGTH,
        "prior": _PRIOR,
        **moved,
    }
    return [Hit(*row) for row in await connection.execute(_SEARCH, given)]


# An entry nobody has rated stays where its words put it; two imagined ratings each way keep the first from deciding.
_MOVED: Final = (
    "(1 + CAST(:usefulness AS float8) * (2 * (entry.useful + 2.0) / (entry.useful + entry.useless + 4.0) - 1))"
    " * (CASE WHEN entry.category = CAST(:category AS text) THEN 1 + CAST(:same AS float8) ELSE 1 END)"
)
_HIT: Final = "entry.id, entry.revision, entry.category, entry.problem, entry.solution"
_TAIL: Final = "entry.scenario, entry.useful, entry.useless"

# worth: what each term of the question weighs by its rarity; shared: what each entry has of that, once plainly
# (`covered`) and once by BM25 (`score`, at most `covered`). A term that no entry has still counts in the total.
_SEARCH: Final = text(f"""
WITH size AS (
  SELECT count(*) AS entries, greatest(avg(length), 1) AS mean FROM {entries.fullname} WHERE state = 'published'
), known AS (
  SELECT term, count(*) AS entries FROM {terms.fullname} WHERE term = ANY(CAST(:terms AS text[])) GROUP BY term
), worth AS (
  SELECT asked.term, ln(1 + (size.entries + :prior) / (coalesce(known.entries, 0) + 1.0)) AS worth
  FROM unnest(CAST(:terms AS text[])) AS asked(term) CROSS JOIN size LEFT JOIN known USING (term)
), shared AS (
  SELECT entry.id, sum(worth.worth) AS covered,
         sum(worth.worth * found.weight / (found.weight
             + CAST(:frequency AS real) * (1 - CAST(:length AS real) + CAST(:length AS real) * entry.length / size.mean)))
           * (1 + CAST(:frequency AS real)) AS score
  FROM worth JOIN {terms.fullname} AS found USING (term) JOIN {entries.fullname} AS entry ON entry.id = found.entry_id
  CROSS JOIN size
  WHERE entry.state = 'published'
  GROUP BY entry.id HAVING count(*) >= :matches
), total AS (SELECT sum(worth) AS worth FROM worth)
SELECT {_HIT}, CAST(round(CAST(least(shared.score / total.worth * {_MOVED}, 1) AS numeric), 3) AS float8), {_TAIL}
FROM shared JOIN {entries.fullname} AS entry USING (id) CROSS JOIN total
WHERE shared.covered >= CAST(:share AS real) * total.worth
ORDER BY shared.score * {_MOVED} DESC, entry.id
LIMIT :limit
""")

# Every character must occur; one of the solution counts half as much as one of the problem, as in the terms.
_CONTAINING: Final = text(f"""
WITH said AS (
  SELECT id, regexp_replace(problem, :masks, ' ', 'g') AS problem, regexp_replace(solution, :masks, ' ', 'g') AS solution
  FROM {entries.fullname} WHERE state = 'published'
), counted AS (
  SELECT said.id, length(problem) - length(replace(problem, one, ''))
         + (length(solution) - length(replace(solution, one, ''))) * 0.5 AS times
  FROM said CROSS JOIN unnest(CAST(:characters AS text[])) AS asked(one)
), scored AS (
  SELECT id, avg(times / (times + CAST(:frequency AS numeric))) AS score
  FROM counted GROUP BY id HAVING min(times) > 0
)
SELECT {_HIT}, CAST(round(CAST(least(score * {_MOVED}, 1) AS numeric), 3) AS float8), {_TAIL}
FROM scored JOIN {entries.fullname} AS entry USING (id)
ORDER BY score * {_MOVED} DESC, entry.id
LIMIT :limit
""")
