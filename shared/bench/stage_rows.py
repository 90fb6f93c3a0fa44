"""The rows of a baseline's stage: made of what a footprint says, and written either all at once or one by one."""

from collections import deque
from dataclasses import dataclass, field
from itertools import islice

from shared.bench.atomic import Outgoing
from shared.bench.stage import Stage

SCHEMA = "baseline"
_REMEMBERED = 5_000

INSERT_MANY = (
    "INSERT INTO {table} (id, kind, amount, body) SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[])"
)
UPDATE_MANY = "UPDATE {table} AS t SET amount = t.amount + 1 FROM unnest($1::text[]) AS given(id) WHERE t.id = given.id"
INSERT_ONE = "INSERT INTO {table} (id, kind, amount, body) VALUES ($1, $2, $3, $4)"
UPDATE_ONE = "UPDATE {table} SET amount = amount + 1 WHERE id = $1"

Row = tuple[str, str, int, str]


def create(table: str) -> str:
    """Return the statements for a stage's table: a primary key and one more index."""
    return (
        f"CREATE TABLE {table} (id text PRIMARY KEY, kind text NOT NULL, amount int NOT NULL, body text NOT NULL); "
        f"CREATE INDEX ON {table} (kind)"
    )


@dataclass(slots=True)
class Work:
    """Rows and messages that a number of consumed messages gives rise to; fractions are carried over to the next."""

    stage: Stage
    _consumed: int = 0
    _done: dict[str, int] = field(default_factory=dict)
    _made: int = 0
    _recent: deque[str] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    @property
    def table(self) -> str:
        """The stage's table."""
        return f"{SCHEMA}.{self.stage.name}"

    def take(self, messages: int) -> None:
        """Count further consumed messages."""
        self._consumed += messages

    def rows(self) -> list[Row]:
        """Return the rows to insert for what was taken."""
        body = "x" * self.stage.row_bytes
        made = []
        for _ in range(self._due("insert", self.stage.inserts_per_message)):
            self._made += 1
            made.append((f"{self._made:036}", f"{self._made * 7_919 % 1_000_003:08}", 1, body))
        self._recent.extend(row[0] for row in made)
        return made

    def updates(self) -> list[str]:
        """Return the ids of the rows to update for what was taken, each once: of the youngest ones."""
        wanted = self._due("update", self.stage.updates_per_message)
        return list(islice(reversed(self._recent), wanted))

    def messages(self) -> list[Outgoing]:
        """Return the messages to publish for what was taken."""
        return [
            Outgoing(one.subject, b"x" * one.body_bytes)
            for one in self.stage.emits
            for _ in range(self._due(one.subject, one.per_message))
        ]

    def _due(self, what: str, per_message: float) -> int:
        """Return how many of `what` are due by now, and count them as done."""
        whole = round(self._consumed * per_message)
        due = whole - self._done.get(what, 0)
        self._done[what] = whole
        return due
