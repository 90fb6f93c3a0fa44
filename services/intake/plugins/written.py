"""Email 邮件 and SMS 短信, as far as their adapters write the generic form."""

from collections.abc import Mapping
from typing import Any

from services.intake.plugins.generic import prepared, read_form
from services.intake.ports import Reading
from shared.plugins import Plugin


class _WrittenChannel:
    """Reads the generic form that an adapter makes of what the customer wrote."""

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, or its faults."""
        return read_form(prepared(data))


class EmailChannel(_WrittenChannel):
    """A mail that its adapter has read."""

    name = "email"


class SmsChannel(_WrittenChannel):
    """An inbound short message that its adapter has read."""

    name = "sms"


email = Plugin(
    kind="channel", name="email", api=1, summary="Mails that an adapter has read", build=lambda _setup: EmailChannel()
)
sms = Plugin(kind="channel", name="sms", api=1, summary="Inbound short messages", build=lambda _setup: SmsChannel())
