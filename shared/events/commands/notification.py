"""Commands on notifications and addresses, answered by notify (R-NT-05 to R-NT-07)."""

from typing import ClassVar, Literal

from pydantic import Field

from shared.events.commands.base import Command
from shared.events.notification import Purpose

NotificationState = Literal["queued", "waiting", "sending", "sent", "failed", "unknown", "suppressed", "discarded"]


class ListNotifications(Command):
    """List notifications in one state, the newest first; by default those that failed (R-NT-06)."""

    SUBJECT: ClassVar[str] = "yingda.command.notification.list"

    state: NotificationState | None = Field(default="failed", description="null: in any state")
    work_order_id: str | None = None
    purpose: Purpose | None = None
    audience: Literal["customer", "staff"] | None = None
    limit: int = Field(default=50, ge=1, le=500)


class NotificationCommand(Command):
    """A command on one notification."""

    notification_id: str = Field(min_length=1, max_length=200)


class ShowNotification(NotificationCommand):
    """Read one notification with everything that happened to it; addresses are masked (R-NT-06)."""

    SUBJECT: ClassVar[str] = "yingda.command.notification.show"


class RetryNotification(NotificationCommand):
    """Send a failed notification, or one of unknown fate, again (R-NT-06)."""

    SUBJECT: ClassVar[str] = "yingda.command.notification.retry"


class DiscardNotification(NotificationCommand):
    """Give up a notification that is not sent: the recipient was told in another way, or need not be (R-NT-06)."""

    SUBJECT: ClassVar[str] = "yingda.command.notification.discard"

    reason: str = Field(min_length=1, max_length=500)


class RecordReceipt(Command):
    """Tell what a provider says of a message it took (R-NT-05); `by` is staff or `transport:<name>`."""

    SUBJECT: ClassVar[str] = "yingda.command.notification.receipt"

    notification_id: str | None = Field(default=None, max_length=200)
    provider_id: str | None = Field(default=None, max_length=200, description="the provider's own name for the message")
    state: Literal["delivered", "failed", "bounced"]
    reason: str | None = Field(default=None, max_length=500)


class AddressCommand(Command):
    """A command on one address: written out, or the one that a notification went to."""

    channel: str | None = Field(default=None, max_length=32, description="of `address`; by default email or sms")
    address: str | None = Field(default=None, max_length=254)
    notification_id: str | None = Field(default=None, max_length=200)


class SuppressAddress(AddressCommand):
    """Send nothing to an address any more (R-NT-07)."""

    SUBJECT: ClassVar[str] = "yingda.command.notification.suppress"

    reason: Literal["invalid", "bounced", "blocked"] = "blocked"


class Unsubscribe(AddressCommand):
    """Note that a customer wants no more messages at an address (R-NT-07); `by` is staff or `transport:<name>`."""

    SUBJECT: ClassVar[str] = "yingda.command.notification.unsubscribe"


class UnsuppressAddress(AddressCommand):
    """Take an address from the suppression list (R-NT-07)."""

    SUBJECT: ClassVar[str] = "yingda.command.notification.unsuppress"


class ListSuppressions(Command):
    """List the suppressed addresses, masked, the newest first (R-NT-07)."""

    SUBJECT: ClassVar[str] = "yingda.command.notification.suppressions"

    reason: Literal["unsubscribed", "invalid", "bounced", "blocked"] | None = None
    limit: int = Field(default=50, ge=1, le=500)
