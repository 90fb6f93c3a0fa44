"""The schema `routing`: its tables, and queries that take any number of rows in one round trip."""

from services.routing.store.beside import Beside, beside
from services.routing.store.collaborations import collaboration, collaborations_of, promises_of
from services.routing.store.counts import live_counts, presence_counts
from services.routing.store.early import keep_early, take_early
from services.routing.store.examples import examples
from services.routing.store.handover import claim_due, next_cutoff, record_batches
from services.routing.store.history import history_rows
from services.routing.store.identities import (
    identity_key,
    known_of,
    record_wrong_answer,
    remember,
    wrong_answers_since,
)
from services.routing.store.listing import customer_tags, linked_with, listed, verification
from services.routing.store.matters import ids_of_contacts, matter, matters_of, open_matters, replace_matters
from services.routing.store.numbers import give_back_numbers, take_numbers
from services.routing.store.presence import in_hand, save_presence, seen
from services.routing.store.rota import lock_rotas, people, save_turns
from services.routing.store.tables import metadata, runtime
from services.routing.store.threads import earlier, join, remember_messages
from services.routing.store.workorders import (
    Key,
    find,
    insert,
    load,
    save,
)

__all__ = [
    "Beside",
    "Key",
    "beside",
    "claim_due",
    "collaboration",
    "collaborations_of",
    "customer_tags",
    "earlier",
    "examples",
    "find",
    "give_back_numbers",
    "history_rows",
    "identity_key",
    "ids_of_contacts",
    "in_hand",
    "insert",
    "join",
    "keep_early",
    "known_of",
    "linked_with",
    "listed",
    "live_counts",
    "load",
    "lock_rotas",
    "matter",
    "matters_of",
    "metadata",
    "next_cutoff",
    "open_matters",
    "people",
    "presence_counts",
    "promises_of",
    "record_batches",
    "record_wrong_answer",
    "remember",
    "remember_messages",
    "replace_matters",
    "runtime",
    "save",
    "save_presence",
    "save_turns",
    "seen",
    "take_early",
    "take_numbers",
    "verification",
    "wrong_answers_since",
]
