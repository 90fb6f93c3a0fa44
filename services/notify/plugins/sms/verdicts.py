"""What an HTTP answer means where the vendor's own words say nothing else (R-NT-04)."""

import re
from typing import Any, Final

from services.notify.plugins.sms.sending import AwayError
from services.notify.ports import Outcome, Rejected, Retry, Unknown
from shared.outbound import Answer, NotTaken, Result

_AGAIN: Final = frozenset({408, 425, 429, 503})
_SERVERS_OWN: Final = 500
_CODE: Final = re.compile(r"[A-Za-z0-9_.\-]{1,80}")


def answered(result: Result) -> Answer | Unknown | Rejected:
    """Return the answer, that nobody knows, or that it cannot be sent; `AwayError` where the vendor was not reached."""
    if isinstance(result, NotTaken) and result.for_good:
        return Rejected(f"it cannot be sent: {result.reason}")
    if isinstance(result, NotTaken):
        raise AwayError(f"the vendor cannot be reached: {result.reason}")
    if isinstance(result, Answer):
        return result
    return Unknown(f"no answer after the message was handed over: {result.reason}")


def by_status(status: int) -> Outcome:
    """Return what a status other than a 2xx means: asked again, refused for good, or nobody knows."""
    if status in _AGAIN:
        return Retry(f"refused with {status}")
    if status < _SERVERS_OWN:
        return Rejected(f"refused with {status}")
    return Unknown(f"answered with {status}")


def told(code: Any) -> str:
    """Return a vendor's code as it may stand in a reason: nothing but a code, whatever the vendor wrote there."""
    text = str(code) if isinstance(code, str | int) and not isinstance(code, bool) else ""
    return text if _CODE.fullmatch(text) else "an unreadable code"
