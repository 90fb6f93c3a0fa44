"""Which telephone contacts are called back at once: nobody answered, or the call did not solve the matter (R-IN-10)."""

from dataclasses import dataclass
from datetime import datetime

from shared.events import ContactRegistered


@dataclass(frozen=True, slots=True)
class ReturnCall:
    """A customer waits for a call since `since`; `agent_id` is whom they spoke with, if anybody."""

    contact_id: str
    since: datetime
    agent_id: str | None


def wanted(event: ContactRegistered) -> ReturnCall | None:
    """Return the call that `event` asks for; None where the customer was helped, or does not want to be called.

    A missed call cannot decline. One who declines instead of being called back goes to the supervisor at once, which
    is routing's to do.
    """
    call = event.call
    if call is None:
        return None
    unfinished = (call.unresolved or call.callback_offered) and not call.callback_declined
    if not (call.missed or unfinished):
        return None
    return ReturnCall(event.contact_id, event.occurred_at, event.agent_id)
