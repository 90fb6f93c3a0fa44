"""How the rows of a working day look when the work is done: what is stored for years is not what is in hand."""

from collections.abc import Mapping
from typing import Final

_CLOSED: Final = "CASE WHEN t.status IN ('closed', 'cancelled', 'merged') THEN t.status ELSE 'closed' END"

FINISHED: Final[Mapping[str, Mapping[str, str]]] = {
    "routing.work_orders": {"status": _CLOSED, "batch_id": "coalesce(t.batch_id, 'bench')"},
    "routing.collaborations": {"state": "'delivered'"},
    "sla.clocks": {
        "state": "CASE WHEN t.state IN ('running', 'paused') THEN 'met' WHEN t.state = 'breached' THEN 'ended' "
        "ELSE t.state END",
        "next_at": "NULL",
        "next_mark": "NULL",
    },
    "sla.subjects": {"ended": "true"},
    "notify.work_orders": {"status": _CLOSED},
    "notify.notifications": {
        "state": "CASE WHEN t.state IN ('queued', 'waiting', 'sending') THEN 'sent' ELSE t.state END",
        "claimed_by": "NULL",
        "lease_until": "NULL",
    },
    "feedback.cases": {"status": _CLOSED, "ended_at": "coalesce(t.ended_at, t.opened_at)", "draft_waiting": "false"},
    "feedback.callbacks": {"state": "'completed'", "next_at": "NULL"},
    "feedback.surveys": {"state": "CASE t.state WHEN 'open' THEN 'answered' ELSE t.state END"},
    "feedback.quality_reviews": {"state": "'scored'", "scored_at": "coalesce(t.scored_at, t.last_at)"},
}
"""By table and column the value of a finished row, in SQL, from the row `t` of the day."""

NOT_COPIED: Final = frozenset(
    {
        "feedback.reports",
        "intake.reconciliations",
        "notify.suppressions",
        "routing.batches",
        "sla.agents",
        "sla.rebases",
    }
)
"""What does not grow with the contacts. Tables whose key names no contact are left out without being named here."""
NOT_COPIED_PREFIX: Final = "feedback.knowledge_"
