"""Commands on notifications, answered by notify (R-NT-05 to R-NT-07)."""

from typing import ClassVar, Literal

from pydantic import Field

from shared.events.commands.base import Command


class ListNotifications(Command):
    """List notifications that failed or whose fate is unknown (R-NT-06)."""

    SUBJECT: ClassVar[str] = "yingda.command.notification.list"

    state: Literal["failed", "unknown", "suppressed", "queued", "sent"] = "failed"
    limit: int = Field(default=50, ge=1, le=500)


class RetryNotification(Command):
    """Send a failed notification, or one of unknown fate, again (R-NT-06)."""

    SUBJECT: ClassVar[str] = "yingda.command.notification.retry"

    notification_id: str
