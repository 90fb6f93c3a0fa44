"""The schema `routing`: its tables, and queries that take any number of rows in one round trip."""

from services.routing.store.counts import live_counts
from services.routing.store.examples import examples
from services.routing.store.handover import claim_due, next_cutoff, record_batches
from services.routing.store.history import history_rows
from services.routing.store.numbers import advance_numbers, lock_numbers
from services.routing.store.tables import metadata, runtime
from services.routing.store.workorders import (
    complaints_between,
    find,
    insert,
    known_contacts,
    load,
    matter,
    save,
)

__all__ = [
    "advance_numbers",
    "claim_due",
    "complaints_between",
    "examples",
    "find",
    "history_rows",
    "insert",
    "known_contacts",
    "live_counts",
    "load",
    "lock_numbers",
    "matter",
    "metadata",
    "next_cutoff",
    "record_batches",
    "runtime",
    "save",
]
