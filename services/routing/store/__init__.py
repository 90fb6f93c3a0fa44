"""The schema `routing`: its tables, and queries that take any number of rows in one round trip."""

from services.routing.store.collaborations import collaboration, collaborations_of, promises_of
from services.routing.store.counts import live_counts, presence_counts
from services.routing.store.examples import examples
from services.routing.store.handover import claim_due, next_cutoff, record_batches
from services.routing.store.history import history_rows
from services.routing.store.numbers import advance_numbers, lock_numbers
from services.routing.store.presence import in_hand, save_presence, seen
from services.routing.store.rota import lock_rotas, people, save_turns
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
    "collaboration",
    "collaborations_of",
    "complaints_between",
    "examples",
    "find",
    "history_rows",
    "in_hand",
    "insert",
    "known_contacts",
    "live_counts",
    "load",
    "lock_numbers",
    "lock_rotas",
    "matter",
    "metadata",
    "next_cutoff",
    "people",
    "presence_counts",
    "promises_of",
    "record_batches",
    "runtime",
    "save",
    "save_presence",
    "save_turns",
    "seen",
]
