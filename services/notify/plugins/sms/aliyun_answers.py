"""Aliyun's codes as outcomes: help.aliyun.com/document_detail/101346.html (the API) and 101347.html (receipts).

`isv.` is a refusal of what we sent: certainly not taken. `isp.` is the vendor's own trouble: nobody knows, except where
the code says that the request was not let in.
"""

from typing import Final

from services.notify.plugins.sms.verdicts import by_status, told
from services.notify.ports import Outcome, Rejected, Retry, Sent, Unknown
from shared.outbound import Answer

_LATER: Final = frozenset(
    {
        "isv.BUSINESS_LIMIT_CONTROL",
        "isv.DAY_LIMIT_CONTROL",
        "isv.MONTH_LIMIT_CONTROL",
        "isv.AMOUNT_NOT_ENOUGH",
        "isv.OUT_OF_SERVICE",
        "isv.PRODUCT_UN_SUBSCRIPT",
        "isv.PRODUCT_UNSUBSCRIBE",
        "isv.ACCOUNT_NOT_EXISTS",
        "isv.ACCOUNT_ABNORMAL",
        "isv.DENY_IP_RANGE",
        "isp.RAM_PERMISSION_DENY",
    }
)
"""Too often for one number or in all, no money, no right: the same SMS passes once that is over or mended."""
_NO_SUCH_NUMBER: Final = frozenset({"isv.MOBILE_NUMBER_ILLEGAL"})
_NOT_LET_IN: Final = (
    "Throttling",
    "Signature",
    "InvalidTimeStamp",
    "InvalidAccessKeyId",
    "Forbidden",
    "MissingAccessKeyId",
)
"""Codes of the gateway before the service begin like this: too many requests, or a key or clock that is wrong."""


def outcome(answer: Answer) -> Outcome:
    """Return what an answer to SendSms means."""
    values = answer.values()
    code = values.get("Code")
    if not isinstance(code, str) or not code:
        return Unknown(f"answered with {answer.status}") if answer.taken else by_status(answer.status)
    if code == "OK":
        given = values.get("BizId")
        return Sent(given if isinstance(given, str) and given else None)
    return _refused(code, answer)


def _refused(code: str, answer: Answer) -> Outcome:
    reason = f"refused with {told(code)}"
    if code in _NO_SUCH_NUMBER:
        return Rejected(reason, address=True)
    if code in _LATER or code.startswith(_NOT_LET_IN):
        return Retry(reason)
    if code.startswith("isv."):
        return Rejected(reason)
    if code.startswith("isp.") or answer.taken:
        return Unknown(f"answered with {told(code)}")
    by_gateway = by_status(answer.status)
    return Rejected(reason) if isinstance(by_gateway, Rejected) else by_gateway
