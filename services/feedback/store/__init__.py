"""The schema `feedback`: its tables, and queries that take any number of rows in one round trip."""

from services.feedback.store.callbacks import (
    Call,
    insert_callbacks,
    lock_call,
    open_calls,
    open_counts,
    save_attempt,
    withdraw,
)
from services.feedback.store.cases import (
    find_case,
    insert_cases,
    load_cases,
    load_customers,
    save_answer,
    save_customers,
    update_cases,
)
from services.feedback.store.knowledge import Drafted, entry_counts, insert_drafts, lock_entry, save_review
from services.feedback.store.return_calls import meet
from services.feedback.store.search import Hit, search
from services.feedback.store.surveys import (
    Questioning,
    find_survey,
    insert_survey,
    open_surveys,
    save_answered,
    withdraw_surveys,
)
from services.feedback.store.tables import metadata, runtime

__all__ = [
    "Call",
    "Drafted",
    "Hit",
    "Questioning",
    "entry_counts",
    "find_case",
    "find_survey",
    "insert_callbacks",
    "insert_cases",
    "insert_drafts",
    "insert_survey",
    "load_cases",
    "load_customers",
    "lock_call",
    "lock_entry",
    "meet",
    "metadata",
    "open_calls",
    "open_counts",
    "open_surveys",
    "runtime",
    "save_answer",
    "save_answered",
    "save_attempt",
    "save_customers",
    "save_review",
    "search",
    "update_cases",
    "withdraw",
    "withdraw_surveys",
]
