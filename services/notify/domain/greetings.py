"""What is wished to a customer on a public holiday, where a wish is in place (R-IN-11)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from shared.events import Purpose
from shared.policy import Policy

_FRIENDLY = frozenset({"accepted", "progress", "result"})


def holiday_greeting(
    now: datetime, purpose: Purpose, category: str | None, outcome: str | None, language: str, policy: Policy
) -> str | None:
    """Return the greeting of today's holiday, None on other days and where it would not be kind.

    Nobody who complains, is in an emergency or hears that nothing can be done is wished a happy day.
    """
    if purpose not in _FRIENDLY or outcome == "unresolvable":
        return None
    known = policy.categories.get(category) if category else None
    if category in policy.notify.quiet_hours.exempt_categories or (known is not None and known.complaint):
        return None
    holiday = policy.holiday(now.astimezone(ZoneInfo(policy.timezone)).date())
    wish = policy.notify.holiday_greetings.get(holiday.name.zh) if holiday else None
    return wish.in_locale(language) if wish else None
