"""Notifications 通知: what customer and staff were told, by which transport, and how it ended."""

from typing import ClassVar, Literal

from shared.events.base import Event, Moment

Purpose = Literal[
    "accepted",
    "progress",
    "result",
    "reopened",
    "survey",
    "handover",
    "assigned",
    "warning",
    "breach",
    "sign_request",
    "satisfaction",
    "report",
]


class NotificationStep(Event):
    """The end of one attempt to tell one recipient one thing; the address is masked (R-NT-04)."""

    notification_id: str
    cause_id: str
    work_order_id: str | None = None
    purpose: Purpose
    audience: Literal["customer", "staff"]
    transport: str
    to_masked: str
    attempt: int
    at: Moment
    reason: str | None = None


class NotificationSent(NotificationStep):
    """The transport took the message."""

    TYPE: ClassVar[str] = "yingda.notification.sent.v1"


class NotificationFailed(NotificationStep):
    """The last attempt failed; an operator can retry it (R-NT-06)."""

    TYPE: ClassVar[str] = "yingda.notification.failed.v1"


class NotificationSuppressed(NotificationStep):
    """Nothing was sent, with the reason: no address, unsubscribed, invalid (R-NT-07)."""

    TYPE: ClassVar[str] = "yingda.notification.suppressed.v1"


class NotificationUnknown(NotificationStep):
    """The provider's answer is unknown; flagged for review and not sent again blindly (R-NT-04)."""

    TYPE: ClassVar[str] = "yingda.notification.unknown.v1"


class NotificationDelivered(NotificationStep):
    """The provider's receipt: the message has reached the recipient's device or mailbox (R-NT-05)."""

    TYPE: ClassVar[str] = "yingda.notification.delivered.v1"
