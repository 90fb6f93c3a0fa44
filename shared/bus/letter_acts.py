"""The history of the dead letters: who did what to which one, when, and what the body was before and after (R-IN-08).

One table for all services, in the schema that belongs to none of them. Rows are only ever added: the table refuses
anything else, whoever asks.
"""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, MetaData, Table, Text, func

_metadata = MetaData(schema="suite")

acts = Table(
    "dead_letter_acts",
    _metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("by", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("letter", BigInteger, nullable=False),
    Column("message_id", Text),
    Column("before", Text, nullable=False),
    Column("after", Text),
    Column("note", Text),
    Column("selection", Text),
    Index("dead_letter_acts_of_letter", "service", "letter"),
    Index("dead_letter_acts_at", "at"),
)
"""`letter` is its number in `service`. `before` and `after` are SHA-256 of the kept and of the published body, so that a
body can be proved and is not kept twice; `after` is null where nothing was published. `selection` is what a bulk act was
given to choose by."""
