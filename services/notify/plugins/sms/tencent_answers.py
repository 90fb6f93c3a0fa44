"""Tencent's codes as outcomes: cloud.tencent.com/document/api/382/59177 and 52075.

What is wrong with the whole request stands in `Response.Error`, what is wrong with the number in its `SendStatusSet`;
the codes are the same ones.
"""

from typing import Any, Final

from services.notify.plugins.sms.verdicts import by_status, told
from services.notify.ports import Outcome, Rejected, Retry, Sent, Unknown
from shared.outbound import Answer

_LATER: Final = (
    "LimitExceeded",
    "RequestLimitExceeded",
    "AuthFailure",
    "UnauthorizedOperation",
    "IpInBlacklist",
    "IpNotInWhitelist",
    "ResourceInsufficient",
    "ResourceUnavailable",
    "FailedOperation.InsufficientBalanceInSmsPackage",
    "FailedOperation.JsonParseFail",
)
"""Too often, no right, no money: the same SMS passes once that is over or mended."""
_NOBODY: Final = frozenset({"InvalidParameterValue.IncorrectPhoneNumber", "FailedOperation.PhoneNumberInBlacklist"})
"""No such number; its owner wants no SMS (R-NT-07)."""
_NOT_KNOWN: Final = ("InternalError",)
_OURS: Final = (
    "FailedOperation",
    "InvalidParameter",
    "MissingParameter",
    "UnsupportedOperation",
    "UnknownParameter",
    "InvalidAction",
    "InvalidRequest",
    "NoSuchVersion",
    "NoSuchProduct",
    "UnsupportedRegion",
)


def outcome(answer: Answer) -> Outcome:
    """Return what an answer to SendSms for one number means."""
    response = answer.values().get("Response")
    if not isinstance(response, dict):
        return Unknown(f"answered with {answer.status}") if answer.taken else by_status(answer.status)
    error, statuses = response.get("Error"), response.get("SendStatusSet")
    if isinstance(error, dict):
        return _refused(error.get("Code"))
    if not isinstance(statuses, list) or len(statuses) != 1 or not isinstance(statuses[0], dict):
        return Unknown(f"answered with {answer.status}")
    code, serial = statuses[0].get("Code"), statuses[0].get("SerialNo")
    if code == "Ok":
        return Sent(serial if isinstance(serial, str) and serial else None)
    return _refused(code)


def _refused(code: Any) -> Outcome:
    reason = f"refused with {told(code)}"
    if not isinstance(code, str) or code.startswith(_NOT_KNOWN):
        return Unknown(f"answered with {told(code)}")
    if code in _NOBODY:
        return Rejected(reason, address=True)
    if code.startswith(_LATER):
        return Retry(reason)
    return Rejected(reason) if code.startswith(_OURS) else Unknown(f"answered with {told(code)}")
