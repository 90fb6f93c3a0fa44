"""The schema `intake`: its tables, and set-based statements: a batch takes the same few, whatever its size."""

from services.intake.store.calls import add_calls, calls_between
from services.intake.store.contacts import (
    Recorded,
    complete_contact,
    completions_of,
    count_contacts,
    insert_contacts,
    load_contact,
)
from services.intake.store.customers import Origin, Origins, complete_customers, correct_customer, insert_customers
from services.intake.store.erasures import take_erasures, want_erased
from services.intake.store.identifiers import Known, claim, load_known, reassign, release
from services.intake.store.tables import (
    agent_calls,
    completions,
    contacts,
    customers,
    erasures,
    identifiers,
    metadata,
    runtime,
)

__all__ = [
    "Known",
    "Origin",
    "Origins",
    "Recorded",
    "add_calls",
    "agent_calls",
    "calls_between",
    "claim",
    "complete_contact",
    "complete_customers",
    "completions",
    "completions_of",
    "contacts",
    "correct_customer",
    "count_contacts",
    "customers",
    "erasures",
    "identifiers",
    "insert_contacts",
    "insert_customers",
    "load_contact",
    "load_known",
    "metadata",
    "reassign",
    "release",
    "runtime",
    "take_erasures",
    "want_erased",
]
