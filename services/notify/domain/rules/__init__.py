"""The table: which event tells whom what (R-NT-01, R-NT-02, R-SLA-10, R-FB-03)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from services.notify.domain.facts import WorkOrder
from services.notify.domain.notice import Notice
from services.notify.domain.people import is_about
from services.notify.domain.rules import arrivals, clocks, opinions, work
from shared.events import (
    CallbackCompleted,
    Event,
    ReportPublished,
    SlaEscalated,
    SlaWarned,
    SurveyIssued,
    WorkorderAssigned,
    WorkorderClassified,
    WorkorderCollaborated,
    WorkorderConfirmed,
    WorkorderContacted,
    WorkorderDelivered,
    WorkorderEscalated,
    WorkorderHandedOver,
    WorkorderMerged,
    WorkorderOpened,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderReturned,
    WorkorderSigned,
    WorkorderTransferred,
)
from shared.policy import Policy

_TABLE: Final[Mapping[type[Event], Callable[[Any, Any, Policy], Iterable[Notice]]]] = {
    WorkorderOpened: arrivals.opened,
    WorkorderAssigned: arrivals.assigned,
    WorkorderTransferred: arrivals.transferred,
    WorkorderClassified: arrivals.classified,
    WorkorderReopened: arrivals.reopened,
    WorkorderHandedOver: arrivals.handed_over,
    WorkorderResponded: work.responded,
    WorkorderResolved: work.resolved,
    WorkorderReturned: work.returned,
    WorkorderSigned: work.signed,
    WorkorderConfirmed: work.confirmed,
    WorkorderMerged: work.merged,
    WorkorderContacted: work.contacted,
    WorkorderCollaborated: work.collaborated,
    WorkorderDelivered: work.delivered,
    WorkorderEscalated: work.escalated,
    SlaWarned: clocks.warned,
    SlaEscalated: clocks.escalated,
    CallbackCompleted: opinions.called_back,
    SurveyIssued: opinions.issued,
    ReportPublished: opinions.published,
}
CONSUMED: Final = tuple(_TABLE)
"""The events that give something to tell."""


def notices(event: Event, order: WorkOrder | None, policy: Policy) -> tuple[Notice, ...]:
    """Return what `event` gives to tell; `order` is its work order after the event, None where it is not known.

    The rules find somebody else where a complaint is about whoever they would tell; whatever they say, those whom it is
    about hear nothing of it (R-RT-07).
    """
    rule = _TABLE.get(type(event))
    told = rule(event, order, policy) if rule else ()
    return tuple(one for one in told if one.audience == "customer" or not is_about(one.recipient, order, policy))
