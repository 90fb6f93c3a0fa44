"""Reports of delivery, each vendor's as it documents them, as receipts of one form.

Aliyun, "SmsReport" (help.aliyun.com/zh/sms/developer-reference/smsreport-2): an array; `out_id` is the notification's id,
since the transport gave it. Tencent Cloud (cloud.tencent.com/document/product/382/59178): an array; `sid` is the SerialNo
that SendSms answered. Times are those of China, without an offset.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["delivered", "failed", "bounced"]
CHINA: Final = timezone(timedelta(hours=8))
_CODE: Final = re.compile(r"[A-Za-z0-9_:.\-]{1,60}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one message of a transport.

    It has the vendor's name, or ours, or both: then the vendor's comes first, since it is of one attempt, and ours where
    the vendor's is not known here because its answer never came.
    """

    transport: str
    state: State
    reason: str | None
    at: datetime | None
    """When the vendor knew; None where that cannot be read."""
    notification_id: str | None = None
    provider_id: str | None = None


class _Report(BaseModel):
    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)


class Aliyun(_Report):
    """A report as Aliyun pushes it."""

    success: bool
    biz_id: str = Field(min_length=1, max_length=200)
    out_id: str | None = Field(default=None, max_length=200)
    err_code: str | None = None
    report_time: str | None = None

    def receipt(self, no_such_number: Collection[str]) -> Receipt:
        """Return the receipt; `no_such_number` are codes that end the address."""
        state, reason = _told(self.success, self.err_code, no_such_number)
        at = moment(self.report_time)
        return Receipt("aliyun_sms", state, reason, at, self.out_id or None, self.biz_id)


class Tencent(_Report):
    """A report as Tencent Cloud pushes it."""

    report_status: Literal["SUCCESS", "FAIL"]
    sid: str = Field(min_length=1, max_length=200)
    errmsg: str | None = None
    user_receive_time: str | None = None

    def receipt(self, no_such_number: Collection[str]) -> Receipt:
        """Return the receipt; `no_such_number` are codes that end the address."""
        state, reason = _told(self.report_status == "SUCCESS", self.errmsg, no_such_number)
        return Receipt("tencent_sms", state, reason, moment(self.user_receive_time), provider_id=self.sid)


class Own(BaseModel):
    """A report in our own form, for gateways behind `webhook` and `http_sms`."""

    model_config = ConfigDict(extra="forbid")

    transport: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="the transport that sent the message")
    notification_id: str | None = Field(default=None, min_length=1, max_length=200, description="our name for it")
    provider_id: str | None = Field(default=None, min_length=1, max_length=200, description="the gateway's name for it")
    state: State = Field(description="`bounced` ends the address")
    reason: str | None = Field(default=None, max_length=200, description="a code; nothing personal")
    at: datetime | None = Field(default=None, description="RFC 3339")

    def receipt(self) -> Receipt:
        """Return the receipt."""
        at = self.at.replace(tzinfo=self.at.tzinfo or UTC) if self.at else None
        return Receipt(self.transport, self.state, self.reason, at, self.notification_id, self.provider_id)


def moment(text: Any) -> datetime | None:
    """Return a time of China as vendors write it, None where it is none."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
    except ValueError:
        return None


def _told(success: bool, code: str | None, no_such_number: Collection[str]) -> tuple[State, str | None]:
    """Return state and reason; of what the vendor wrote nothing but a code goes on, since words may be personal."""
    if success:
        return "delivered", None
    reason = f"reported as {code}" if code and _CODE.fullmatch(code) else "reported as failed"
    return ("bounced" if code in no_such_number else "failed"), reason
